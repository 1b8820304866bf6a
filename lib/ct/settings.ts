/**
 * What can be set of the tracker, as plain data for people and for JSON. Where it is set: Tracker, Zones,
 * TimeoutPolicies.
 */
import type { FragmentMinimum } from './fragments.js';
import type { CtRule } from './rules.js';
import type { Timeouts } from './timeouts.js';
import type { Tracker } from './tracker.js';

/** What can be changed while the tracker runs. */
export interface CtSettings {
  /** Connections in all zones together. */
  limit: number;
  /** Connections of a zone without a limit of its own; 0: no limit. */
  zone_limit: number;
  /** Zones with a limit of their own, and how many connections they hold. */
  zone_limits: { zone: number; limit: number; count: number }[];
  /** Timeout policies, times in seconds; the first is every zone's that has no other. */
  policies: { name: string; timeouts: Timeouts }[];
  zone_policies: { zone: number; policy: string }[];
  /** Beyond Open vSwitch: what isn't tracked, and timeouts beside the zones'. */
  rules: readonly CtRule[];
  tcp_sequence_checks: boolean;
  nat_exhausted: 'continue' | 'drop';
  /** Bytes with the IP header, 0: any. */
  smallest_fragment: FragmentMinimum;
}

/** See Tracker.settings. */
export function settingsOf(tracker: Tracker): CtSettings {
  const { zones, timeouts } = tracker;
  return {
    limit: tracker.limit,
    zone_limit: zones.defaultLimit,
    zone_limits: zones.limited().map(([zone, limit]) => ({ zone, limit, count: zones.count(zone) })),
    policies: timeouts.names().map((name) => ({ name, timeouts: { ...(timeouts.get(name) as Timeouts) } })),
    zone_policies: timeouts.chosen().map(([zone, policy]) => ({ zone, policy })),
    rules: tracker.rules.list(),
    tcp_sequence_checks: tracker.tcpSequenceChecks,
    nat_exhausted: tracker.natExhausted,
    smallest_fragment: { ...tracker.fragments.minimum },
  };
}
