/**
 * The stored connections in order of their records: for dumps, statistics and everything else that looks at all of
 * them. A generator, so that whoever asks decides how many belong to one turn; connections that come or go meanwhile
 * may be missed.
 */
import { type Connection, describeConnection } from './connection.js';
import type { Connections } from './connections.js';
import { laterState, protocolName } from './dump.js';

/** Which connections; what is left out doesn't matter. */
export interface Filter {
  zone?: number;
}

/** The live connections that the filter lets through. */
export function* list(connections: Connections, now_ms: number, filter: Filter = {}): Generator<Connection> {
  for (let slot = 0; slot < connections.top; slot++) {
    if (!connections.used(slot) || !connections.alive(slot, now_ms)) continue;
    if (filter.zone !== undefined && connections.zone(slot) !== filter.zone) continue;
    yield describeConnection(connections, slot, now_ms);
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

/** Counts connections by protocol and state. */
export function tally(all: Iterable<Connection>): Tally {
  const counts: Tally = { total: 0, protocols: {}, tcp_states: {}, sctp_states: {} };
  const add = (to: Record<string, number>, name: string): void => {
    to[name] = (to[name] ?? 0) + 1;
  };
  for (const connection of all) {
    counts.total++;
    add(counts.protocols, protocolName(connection.orig.proto));
    if (connection.tcp !== null)
      add(counts.tcp_states, laterState(connection.tcp.orig.state, connection.tcp.reply.state));
    if (connection.sctp !== null) add(counts.sctp_states, connection.sctp.state);
  }
  return counts;
}
