/** What the datapath is made of from outside: what it asks of the pipeline, its options, and what it counts. */
import type { Clock, Log, Random } from '../bytes/index.js';
import type { Tracker } from '../ct/index.js';
import type { Key } from '../packet/key.js';
import type { MaskShape } from '../packet/shape.js';
import type { TunnelIn } from '../packet/tunnel.js';
import type { EntryInfo } from './cache.js';
import type { PortTable } from './port-table.js';
import type { ControllerCold } from './program.js';

/** What a translation gives: the steps, for whom they hold, and whom they count for. */
export interface Translation extends EntryInfo {
  readonly steps: readonly number[];
}

/** A packet whose way is known, and that waits. */
export interface Prepared {
  run(): void;
  forget(): void;
}

/** What the datapath asks of the pipeline. */
export interface Upcalls {
  /** The program for a key; pure. */
  translate(key: Key): Translation;
  /** A frame for the controllers. */
  controller(cold: ControllerCold, key: Key, frame: Uint8Array): void;
  /** NORMAL saw a source address, six bytes at `at`. */
  learn(vlan: number, bytes: Uint8Array, at: number, inPort: number): void;
  /** Programs that refer to recirculation ids came or went. */
  refer(recirculations: readonly number[], by: 1 | -1): void;
  /** Puts Geneve options into a key; false: the frame is dropped. */
  options(tunnel: TunnelIn, key: Key): boolean;
}

/** What packets ask of connection tracking; see Tracker. */
export type PacketTracker = Pick<Tracker, 'process' | 'released'>;

export interface DatapathOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly tracker: PacketTracker;
  /** For samples. */
  readonly random: Random;
  /** Frames that processing made shorter than this are padded with zeros; 0: never. */
  readonly minFrame: number;
  /** False: translate for every packet, for comparison. */
  readonly caching: boolean;
  /** Most programs in the cache; MAX_ENTRIES by default. */
  readonly maxEntries?: number;
  /** Ports to begin with; none by default. */
  readonly ports?: PortTable;
}

/** A program in the cache, for people. */
export interface CachedProgram {
  readonly shape: MaskShape;
  readonly values: Uint32Array;
  readonly packets: number;
  readonly bytes: number;
  /** On the datapath's clock. */
  readonly used_ms: number;
  readonly steps: Int32Array;
}

/** What the datapath counts, beside ports and entries. */
export interface DatapathCounters {
  hits: number;
  misses: number;
  /** Entries that a change made wrong, translated again. */
  renewed: number;
  recirculationsDropped: number;
  /** Packets that a sample action chose. */
  samples: number;
  waitingDropped: number;
}

export function nothingCounted(): DatapathCounters {
  return { hits: 0, misses: 0, renewed: 0, recirculationsDropped: 0, samples: 0, waitingDropped: 0 };
}
