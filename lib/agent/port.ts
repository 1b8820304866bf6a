/** A port as OpenFlow describes and counts it (OpenFlow 1.3.5 §7.2.1, §7.3.5.6). */
import type { PortView } from '../pipeline/types.js';
import { type Port, type PortStats, splitDuration } from '../wire/index.js';

/** For port_desc and port_status. What a port could do besides, and its peer's abilities, aren't known. */
export function portDescription(port: PortView): Port {
  const { number, mac, name, config, state, current, speed_kbps } = port;
  const unknown = { advertised: 0, supported: 0, peer: 0 };
  return { number, mac, name, config, state, current, ...unknown, speed_kbps, maxSpeed_kbps: speed_kbps };
}

/** For port statistics. Errors aren't told apart by kind. */
export function portStatistics(port: PortView): PortStats {
  return {
    port: port.number,
    ...port.counters,
    rxFrameErrors: 0,
    rxOverrunErrors: 0,
    rxCrcErrors: 0,
    collisions: 0,
    ...splitDuration(port.duration_ms),
  };
}
