/** Ports and their queues as statistics show them. */
import { COUNTER, OFPPC, OFPPS, type PortEntry, type PortTable } from '../datapath/index.js';
import type { PortView, QueueView } from './types.js';

/** A port with its counters. */
export function portView(ports: PortTable, entry: PortEntry, now_ms: number): PortView {
  const counters = Object.fromEntries(
    Object.entries(COUNTER).map(([name, index]) => [name, ports.counter(entry.slot, index)]),
  ) as Record<keyof typeof COUNTER, number>;
  const live = entry.state === 0 && !(entry.config & OFPPC.PORT_DOWN);
  return {
    number: entry.number,
    name: entry.port.name,
    mac: entry.mac,
    config: entry.config,
    state: entry.state | (live ? OFPPS.LIVE : 0),
    current: 0,
    speed_kbps: entry.port.speed_kbps ?? 0,
    counters,
    duration_ms: now_ms - entry.since_ms,
  };
}

/** All queues, or those of one port, by port and id. */
export function queueViews(ports: PortTable, now_ms: number, port?: number): QueueView[] {
  const entries = ports.list().filter(({ number }) => port === undefined || number === port);
  return entries.flatMap(({ number, queues, port: { speed_kbps = 0 } }) =>
    (queues?.list() ?? []).map(({ id, packets, bytes, errors, rates, since_ms }) => {
      const port_rate_bps = queues?.rate_bps ?? speed_kbps * 1000;
      return {
        port: number,
        queueId: id,
        ...rates,
        port_rate_bps,
        packets,
        bytes,
        errors,
        duration_ms: now_ms - since_ms,
      };
    }),
  );
}
