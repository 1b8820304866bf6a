/**
 * What a switch counts, in Prometheus's form: asked for when somebody scrapes, so counting costs nothing meanwhile.
 * Names follow Prometheus's conventions (https://prometheus.io/docs/practices/naming/); `switch` is the label of all.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { OFPPC, OFPPS, type PortView } from '../pipeline/types.js';
import type { Switch } from '../switch.js';
import type { LastPacketIns } from './facts.js';

type Labels = Record<string, string | number>;
type Sample = readonly [labels: Labels, value: number];

/** A switch and what is kept of it. */
export interface Watched {
  readonly sw: Switch;
  readonly packetIns: LastPacketIns;
}

interface Row {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly type: 'counter' | 'gauge';
  of(watched: Watched): Sample[];
}

const isUp = ({ config, state }: PortView): number =>
  (config & OFPPC.PORT_DOWN) === 0 && (state & OFPPS.LINK_DOWN) === 0 ? 1 : 0;

/** A row about every port. */
function port(type: Row['type'], name: string, help: string, value: (view: PortView) => number): Row {
  return {
    ...{ type, name: `ctswitch_port_${name}`, help, labels: ['port', 'name'] },
    of: ({ sw }) => sw.ports().map((view) => [{ port: view.number, name: view.name }, value(view)]),
  };
}

/** A row about every table that was used or has flows. */
function table(type: Row['type'], name: string, help: string, value: 'active' | 'lookups' | 'matched'): Row {
  return {
    ...{ type, name: `ctswitch_table_${name}`, help, labels: ['table'] },
    of: ({ sw }) =>
      sw.pipeline
        .tables()
        .filter(({ active, lookups }) => active > 0 || lookups > 0)
        .map((view) => [{ table: view.tableId }, view[value]]),
  };
}

/** A row with one number. */
function single(type: Row['type'], name: string, help: string, value: (watched: Watched) => number): Row {
  return { type, name: `ctswitch_${name}`, help, of: (watched) => [[{}, value(watched)]] };
}

/** Of Switch.counters(): those that go down again. */
const LEVELS = new Set(['programs', 'masks', 'macs', 'connections']);
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const ROWS: readonly Row[] = [
  port('gauge', 'up', '1: the link is up and the port not switched off', isUp),
  port('counter', 'receive_packets_total', 'Frames that came in', ({ counters }) => counters.rxPackets),
  port('counter', 'receive_bytes_total', 'Bytes that came in', ({ counters }) => counters.rxBytes),
  port(
    'counter',
    'receive_dropped_total',
    'Frames that came in and were dropped',
    ({ counters }) => counters.rxDropped,
  ),
  port('counter', 'receive_errors_total', 'Frames that came in broken', ({ counters }) => counters.rxErrors),
  port('counter', 'transmit_packets_total', 'Frames that went out', ({ counters }) => counters.txPackets),
  port('counter', 'transmit_bytes_total', 'Bytes that went out', ({ counters }) => counters.txBytes),
  port('counter', 'transmit_dropped_total', 'Frames that could not go out', ({ counters }) => counters.txDropped),
  port('counter', 'transmit_errors_total', 'Frames that failed to go out', ({ counters }) => counters.txErrors),
  table('gauge', 'flows', 'Flows in the table', 'active'),
  table('counter', 'lookups_total', 'Packets looked up in the table', 'lookups'),
  table('counter', 'matched_total', 'Packets that a flow of the table matched', 'matched'),
  single('gauge', 'groups', 'Groups', ({ sw }) => sw.groups.list().length),
  single('gauge', 'meters', 'Meters', ({ sw }) => sw.meters.list().length),
  single('gauge', 'connections', 'Tracked connections', ({ sw }) => sw.tracker.count),
  single('gauge', 'standalone', '1: no controller is in charge, and NORMAL stands in', ({ sw }) =>
    Number(sw.standalone),
  ),
  single('counter', 'packet_ins_total', 'Packets sent to controllers', ({ packetIns }) => packetIns.count),
  {
    ...{ type: 'gauge', name: 'ctswitch_controllers', help: 'Controllers, by the state of their connection' },
    labels: ['state'],
    of: ({ sw }) => {
      const states = new Map<string, number>();
      for (const { state } of sw.controllers()) states.set(state, (states.get(state) ?? 0) + 1);
      return [...states].map(([state, count]) => [{ state }, count]);
    },
  },
  {
    ...{ type: 'gauge', name: 'ctswitch_cached', help: 'What the datapath keeps: programs, masks, learned addresses' },
    labels: ['what'],
    of: ({ sw }) => ['programs', 'masks', 'macs'].map((what): Sample => [{ what }, sw.counters()[what] ?? 0]),
  },
  {
    ...{ type: 'counter', name: 'ctswitch_events_total', help: 'What caches did, and what bounds refused, by name' },
    labels: ['event'],
    of: ({ sw }) =>
      Object.entries(sw.counters())
        .filter(([name]) => !LEVELS.has(name))
        .map(([name, count]): Sample => [{ event: snake(name) }, count]),
  },
];

/** A registry of these switches, and of the process. */
export function metricsOf(switches: ReadonlyMap<string, Watched>): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { type, name, help, labels = [], of } of ROWS) {
    const configuration = { name, help, labelNames: ['switch', ...labels], registers: [registry] };
    const samples = () =>
      [...switches].flatMap(([own, watched]) =>
        of(watched).map(([label, value]): Sample => [{ switch: own, ...label }, value]),
      );
    if (type === 'gauge') {
      new Gauge({
        ...configuration,
        collect() {
          this.reset();
          for (const [label, value] of samples()) this.set(label, value);
        },
      });
    } else {
      new Counter({
        ...configuration,
        collect() {
          this.reset();
          for (const [label, value] of samples()) this.inc(label, value);
        },
      });
    }
  }
  return registry;
}
