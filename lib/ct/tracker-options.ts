/** What a tracker is made with, what it counts, and what it tells. */
import type { Log, Random } from '../bytes/index.js';
import type { AdmissionCounters } from './admission.js';
import type { Connection } from './connection.js';
import type { EndReason } from './connections.js';
import type { FragmentMinimum } from './fragments.js';
import type { ReplyCounters } from './replies.js';
import type { Tracker } from './tracker.js';

/** Connections stored in all zones together, unless another limit is given (Open vSwitch's). */
export const DEFAULT_LIMIT = 3_000_000;

/** How much is stored at most. */
export interface CtLimits {
  /** Connections in all zones together. */
  connections: number;
  /** Connections of a zone that has no limit of its own; 0: no limit. */
  zone: number;
}

/** What happened to a connection. */
export type CtEvent =
  | { type: 'new' | 'updated'; connection: Connection }
  | { type: 'destroyed'; why: EndReason; connection: Connection };

/** What a tracker is made with. */
export interface TrackerOptions {
  random: Random;
  limits?: Partial<CtLimits>;
  log?: Log;
  /** What becomes of a packet for whose translation nothing is free: it goes on untranslated (the default), or not. */
  natExhausted?: 'continue' | 'drop';
  /** The smallest fragments, but for last ones, in bytes with the IP header; smaller ones are invalid. 0 by default. */
  smallestFragment?: Partial<FragmentMinimum>;
  /** Begins with what another tracker stores, and leaves that one as it is; see Tracker.scratch. */
  scratchOf?: Tracker;
}

/** What the tracker counted since its beginning. */
export interface CtCounters extends ReplyCounters, AdmissionCounters {
  /** Packets with a verdict of inv. */
  invalid: number;
  /** Connections stored. */
  committed: number;
  /** Packets that a rule let pass untracked. */
  notrack: number;
}
