/** The benchmarks by name, in the report's order, which is that of the goals. */
import { allocations } from './measure/allocations.js';
import { connectionMemory } from './measure/connection-memory.js';
import { flowMemory, flows } from './measure/flows.js';
import { forwarding } from './measure/forwarding.js';
import { growing } from './measure/growth.js';
import { connections, disturbed, ping, tcp } from './measure/live.js';
import { extraction, packets, translation } from './measure/memory.js';
import { networks } from './measure/network.js';
import { packetIns } from './measure/packet-ins.js';
import { start } from './measure/start.js';
import type { Benchmark } from './measure/table.js';
import { tracker } from './measure/tracker.js';

export const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  forwarding,
  connections,
  tcp,
  disturbed,
  flows,
  'packet-ins': packetIns,
  ping,
  'flow-memory': flowMemory,
  packets,
  allocations,
  ct: tracker,
  'ct-memory': connectionMemory,
  start,
  growth: growing,
  translation,
  extraction,
  networks,
};
