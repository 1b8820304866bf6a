/** The connection tracker: `Tracker`, what goes into it and what comes out. */

export { type CtConfiguration, configure } from './configuration.js';
export type { Connection, ConnectionTuple, TcpSide } from './connection.js';
export type { EndReason } from './connections.js';
export { type DumpOptions, formatConnection, formatTuple, protocolName, protocolNumber } from './dump.js';
export { type ExpectationCounters, MAX_EXPECTATIONS, MAX_OF_PARENT } from './expectations.js';
export {
  type FamilyCounters,
  type FragmentCounters,
  type FragmentFamily,
  type FragmentMinimum,
  HOLD_MS,
  MAX_PIECES,
  type Origin,
  type Piece,
} from './fragments.js';
export type { Filter, Tally } from './listing.js';
export { WHY_TEXT, why } from './reasons.js';
export {
  BARE_NAT,
  type CtRequest,
  CtResult,
  FATE,
  lookupRequest,
  type NatRequest,
  Prior,
  type Released,
} from './request.js';
export { parseConnection, parseConnections, restoreConnection } from './restore.js';
export { type CtRule, type CtRuleMatch, MAX_RULES } from './rules.js';
export { hasWords, Search } from './search.js';
export type { CtSettings } from './settings.js';
export * from './states.js';
export { DEFAULT_TIMEOUTS, TIMEOUT_NAMES, type TimeoutName, type Timeouts } from './timeouts.js';
export { Tracker } from './tracker.js';
export {
  type CtCounters,
  type CtEvent,
  type CtLimits,
  DEFAULT_LIMIT,
  type TrackerOptions,
} from './tracker-options.js';
export { type CtListener, Watchers } from './watchers.js';
