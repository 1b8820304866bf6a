/**
 * The machine of everything that has no states of its own: UDP, ICMP queries, other IP protocols. A connection is
 * seen once, again, or answered.
 */

import { timeout } from './timeouts.js';
import { isQuery } from './tuple.js';

export const FIRST = 0;
export const REPEATED = 1;
export const ANSWERED = 2;

/** The state after a packet: answered from the first reply on. */
export function nextDatagramState(state: number, reply: boolean): number {
  return reply || state === ANSWERED ? ANSWERED : REPEATED;
}

const QUERY_TIMEOUTS = [timeout.icmp_first, timeout.icmp_first, timeout.icmp_reply];
const OTHER_TIMEOUTS = [timeout.udp_first, timeout.udp_single, timeout.udp_multiple];

/** The timeout of a connection in `state`; protocols without a row of their own have UDP's. */
export function datagramTimeout(family: number, proto: number, state: number): number {
  return (isQuery(family, proto) ? QUERY_TIMEOUTS : OTHER_TIMEOUTS)[state];
}
