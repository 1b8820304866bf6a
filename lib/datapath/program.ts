/**
 * Programs: what happens to a packet, as steps of a few numbers. A translation makes one for all packets that agree in
 * the bits it looked at; the runner executes it, `describe` prints it. Steps live in one Int32Array (the arena); what
 * doesn't fit in a number (packet-ins, ct arguments) is a cold argument, and a step holds its index.
 */

import type { CtRequest } from '../ct/index.js';
import type { Key } from '../packet/key.js';
import type { TunnelOut } from '../packet/tunnel.js';
import type { Credit, Lookup } from './cache.js';
import type { Meter } from './meter.js';

export const OP = {
  /** End of the program. */
  end: 0,
  /** port */
  output: 1,
  /** unit, value, mask: masked write of a header word (lib/packet/rewrite). */
  rewrite: 2,
  /** tpid, tci */
  pushVlan: 3,
  popVlan: 4,
  /** cold: to the controllers. */
  controller: 5,
  /** vlan, in_port: NORMAL learns the source address of the frame as it came in. */
  learn: 6,
  /** cold, recirculation id or 0, whether the frame is needed afterwards */
  ct: 7,
  ctClear: 8,
  /** kind and two arguments (lib/packet/tags): labels, backbone headers, TTLs, types. */
  tags: 9,
  /** recirculation id, whether the frame is needed afterwards: the packet is read anew and goes on from there. */
  recirculate: 10,
  /** words of the steps that follow, their end included: they run on a copy of the packet. */
  clone: 11,
  /** cold: measures; for a packet that a band drops the steps end here. */
  meter: 12,
  /** port, queue */
  enqueue: 13,
  /** port, queue or -1, cold: into a tunnel. */
  tunnel: 14,
  /** bytes: the next output, enqueue or tunnel sends no more of the frame. */
  truncate: 15,
  /** so many packets of 65535 are counted as samples. */
  sample: 16,
  /**
   * bytes, words of the steps that follow, their end included: they run, and no others, where the frame has more bytes.
   */
  larger: 17,
  /** cold: something happens outside of the packet (a flow is learned). */
  effect: 18,
  /** cold, bytes that stand in front, EtherType: a whole header (lib/packet/encapsulation). */
  header: 19,
  /** kind, EtherType of what is behind: a whole header goes. */
  encap: 20,
} as const;

/** Words of a step, its number included. */
export const STEP_WORDS: readonly number[] = [1, 2, 4, 3, 1, 2, 3, 4, 1, 4, 3, 2, 2, 3, 4, 2, 2, 3, 2, 4, 3];

const NAMES = Object.keys(OP);

/** A growing list of steps, before they are sealed into the arena. */
export class Steps {
  words: number[] = [];

  push(...step: number[]): void {
    for (const word of step) this.words.push(word | 0);
  }

  get empty(): boolean {
    return this.words.length === 0;
  }
}

/** Text of a program, a step a line: for traces, dumps and tests. */
export function describe(words: ArrayLike<number>, from = 0): string[] {
  const lines: string[] = [];
  let depth = 0;
  for (let at = from; at < words.length; at += STEP_WORDS[words[at]]) {
    if (words[at] === OP.end && depth-- === 0) break;
    const parts = [NAMES[words[at]]];
    if (words[at] === OP.clone || words[at] === OP.larger) depth++;
    for (let i = 1; i < STEP_WORDS[words[at]]; i++) parts.push(String(words[at + i] >>> 0));
    lines.push(parts.join(' '));
  }
  return lines;
}

/** Memory for programs: blocks of a power of two words, freed ones are used again. */
export class Arena {
  words = new Int32Array(1 << 12);
  private top = 1;
  private readonly free: number[][] = [];

  /** Copies a program in and ends it; returns its place. */
  put(steps: readonly number[]): number {
    const size = sizeClass(steps.length + 1);
    const at = this.free[size]?.pop() ?? this.grow(1 << size);
    this.words.set(steps, at);
    this.words[at + steps.length] = OP.end;
    return at;
  }

  /** Gives a program of `length` words (without its end) back. */
  drop(at: number, length: number): void {
    const size = sizeClass(length + 1);
    if (!this.free[size]) this.free[size] = [];
    this.free[size].push(at);
  }

  private grow(n: number): number {
    const at = this.top;
    this.top += n;
    if (this.top > this.words.length) {
      const bigger = new Int32Array(Math.max(this.words.length * 2, this.top));
      bigger.set(this.words);
      this.words = bigger;
    }
    return at;
  }
}

function sizeClass(n: number): number {
  return Math.max(2, 32 - Math.clz32(n - 1));
}

/** Why a frame goes to the controllers, and with what. */
export interface ControllerCold {
  readonly kind: 'controller';
  readonly reason: 'no_match' | 'action' | 'invalid_ttl';
  readonly tableId: number;
  readonly cookie: bigint;
  readonly maxLen: number;
  readonly controllerId: number;
  readonly userdata: Uint8Array | null;
  /** A meter of its own has measured it. */
  readonly metered: boolean;
  /** What the packet goes on with, for the pipeline; null: it isn't paused. */
  readonly paused: object | null;
  /** What the pipeline has set, by key word: it stands above what the key holds. */
  readonly written: readonly (readonly [word: number, bits: number, value: number])[];
}

/** A ct action's arguments. */
export interface CtCold {
  readonly kind: 'ct';
  readonly request: CtRequest;
}

/** Whom packets count for. */
export interface Credits {
  readonly credits: readonly Credit[];
  readonly found: readonly Lookup[];
  readonly missed: readonly Lookup[];
}

/** A meter, and whom a packet that it drops doesn't count for after all: what was found behind it. */
export interface MeterCold {
  readonly kind: 'meter';
  readonly meter: Meter;
  after: Credits;
}

/** What is put around a frame that goes into a tunnel. */
export interface TunnelCold {
  readonly kind: 'tunnel';
  readonly out: TunnelOut;
}

/** What a packet brings about beside its own way. Runs once a packet, so it allocates nothing where nothing changes. */
export interface Effect {
  /** `key` is the packet's as it came in, or was last read. */
  happen(key: Key, now_ms: number): void;
}

export interface EffectCold {
  readonly kind: 'effect';
  readonly effect: Effect;
}

/** The bytes of a header. */
export interface HeaderCold {
  readonly kind: 'header';
  readonly bytes: Uint8Array;
}

export type Cold = HeaderCold | ControllerCold | CtCold | MeterCold | TunnelCold | EffectCold;

/** Cold arguments by index. */
export class ColdStore {
  private readonly items: (Cold | null)[] = [];
  private readonly free: number[] = [];

  put(item: Cold): number {
    const index = this.free.pop() ?? this.items.length;
    this.items[index] = item;
    return index;
  }

  get(index: number): Cold {
    return this.items[index] as Cold;
  }

  drop(index: number): void {
    this.items[index] = null;
    this.free.push(index);
  }
}
