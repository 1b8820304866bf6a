/**
 * The stored connections in order of their records: for dumps, statistics and everything else that looks at all of
 * them. Generators, so that whoever asks decides how much belongs to one turn; connections that come or go meanwhile
 * may be missed.
 */
import { type Connection, describeConnection } from './connection.js';
import type { Connections } from './connections.js';
import { protocolName } from './dump.js';
import { STATE } from './record.js';
import { SCTP_STATES } from './sctp/machine.js';
import { PROTO_SCTP, PROTO_TCP } from './states.js';
import { TCP_STATES } from './tcp/machine.js';
import { peerState } from './tcp/record.js';

/** Which connections; what is left out doesn't matter. */
export interface Filter {
  zone?: number;
  /** Bits of markMask (all, where there is none) that the mark has. */
  mark?: number;
  markMask?: number;
  /** IP protocol. */
  proto?: number;
}

function passes(connections: Connections, slot: number, now_ms: number, filter: Filter): boolean {
  if (!connections.used(slot) || !connections.alive(slot, now_ms)) return false;
  if (filter.zone !== undefined && connections.zone(slot) !== filter.zone) return false;
  if (filter.proto !== undefined && connections.proto(slot) !== filter.proto) return false;
  return filter.mark === undefined || ((connections.mark(slot) ^ filter.mark) & (filter.markMask ?? -1)) === 0;
}

/** The live connections that the filter lets through. */
export function* list(connections: Connections, now_ms: number, filter: Filter = {}): Generator<Connection> {
  for (let slot = 0; slot < connections.top; slot++) {
    if (passes(connections, slot, now_ms, filter)) yield describeConnection(connections, slot, now_ms);
  }
}

/** The same; each step looks at up to `budget` records. */
export function* listSteps(
  connections: Connections,
  now_ms: number,
  filter: Filter,
  budget: number,
): Generator<Connection[]> {
  for (let first = 0; first < connections.top; first += budget) {
    const found: Connection[] = [];
    for (let slot = first; slot < Math.min(first + budget, connections.top); slot++) {
      if (passes(connections, slot, now_ms, filter)) found.push(describeConnection(connections, slot, now_ms));
    }
    yield found;
  }
}

/** Numbers of live connections. */
export interface Tally {
  total: number;
  /** By the protocol's name. */
  protocols: Record<string, number>;
  /** TCP's by the later of the two sides' states, all eleven names possible. */
  tcp_states: Record<string, number>;
  /** SCTP's by the association's state. */
  sctp_states: Record<string, number>;
}

/** Counts connections by protocol and state; each step looks at up to `budget` records. */
export function* tallySteps(
  connections: Connections,
  now_ms: number,
  filter: Filter,
  budget: number,
): Generator<void, Tally> {
  const protocols = new Uint32Array(256);
  const tcp = new Uint32Array(TCP_STATES.length);
  const sctp = new Uint32Array(SCTP_STATES.length);
  let left = budget;
  for (let slot = 0; slot < connections.top; slot++) {
    if (left-- === 0) {
      yield;
      left = budget - 1;
    }
    if (!passes(connections, slot, now_ms, filter)) continue;
    const proto = connections.proto(slot);
    protocols[proto]++;
    if (proto === PROTO_TCP) tcp[Math.max(peerState(connections, slot, 0), peerState(connections, slot, 1))]++;
    else if (proto === PROTO_SCTP) sctp[connections.word(slot, STATE)]++;
  }
  return {
    total: protocols.reduce((sum, count) => sum + count, 0),
    protocols: named(protocols, protocolName),
    tcp_states: named(tcp, (state) => TCP_STATES[state]),
    sctp_states: named(sctp, (state) => SCTP_STATES[state]),
  };
}

/** Counts that aren't zero, by name. */
function named(counts: Uint32Array, name: (index: number) => string): Record<string, number> {
  return Object.fromEntries([...counts].flatMap((count, i) => (count === 0 ? [] : [[name(i), count]])));
}

/** Runs steps to their end. */
export function allSteps<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
