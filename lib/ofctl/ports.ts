/** Commands about ports and queues: dump-ports, dump-ports-desc, mod-port, queue-stats, queue-get-config. */
import { formatMac } from '../bytes/index.js';
import { type NameMap, OFPP, PLAIN_NAMES, parsePort, type TextNames } from '../nxm/index.js';
import { OFPPF, type Port, type PortStats, type Queue, type QueueProperty, type QueueStats } from '../wire/index.js';
import {
  bitNames,
  bitText,
  type Command,
  counterText,
  durationText,
  heading,
  milliseconds,
  type Scene,
} from './command.js';
import { Misuse } from './outcome.js';

/** OFPPC_* and OFPPS_* (OpenFlow 1.3.5 §7.2.1). */
const CONFIG = [
  [1, 'PORT_DOWN'],
  [4, 'NO_RECV'],
  [32, 'NO_FWD'],
  [64, 'NO_PACKET_IN'],
] as const;
const STATE = [
  [1, 'LINK_DOWN'],
  [2, 'BLOCKED'],
  [4, 'LIVE'],
] as const;
/** OFPPF_* as ovs-ofctl names them. */
const RENAMED: Readonly<Record<string, string>> = {
  AUTONEG: 'AUTO_NEG',
  PAUSE: 'AUTO_PAUSE',
  PAUSE_ASYM: 'AUTO_PAUSE_ASYM',
};
const FEATURES = Object.entries(OFPPF).map(
  ([name, bit]) => [bit, RENAMED[name] ?? name.replace(/_(?=[HF]D$)/, '-')] as const,
);
const ALL_QUEUES = 0xffffffff;

/** A port as ovs-ofctl show prints it: a line, and more below it, each with a blank in front. */
export function portText(port: Port): string {
  const name = /^[\x20-\x7e]*/.exec(port.name)?.[0] ?? '';
  const rows: [string, string][] = [
    ['config', bitText(port.config, CONFIG)],
    ['state', bitText(port.state, STATE)],
  ];
  for (const key of ['current', 'advertised', 'supported', 'peer'] as const) {
    if (port[key] !== 0) rows.push([key, bitText(port[key], FEATURES)]);
  }
  const mbps = (kbps: number): string => `${Math.floor(kbps / 1000)} Mbps`;
  return [
    ` ${PLAIN_NAMES.port(port.number)}(${name}): addr:${formatMac(port.mac)}`,
    ...rows.map(([key, value]) => `     ${`${key}:`.padEnd(11)} ${value}`),
    `     speed: ${mbps(port.speed_kbps)} now, ${mbps(port.maxSpeed_kbps)} max`,
  ].join('\n');
}

/** A port's number in JSON: reserved ones are words. */
export function numberJson(port: number): number | string {
  return port >= OFPP.MAX ? PLAIN_NAMES.port(port) : port;
}

export function portJson(port: Port) {
  return {
    number: numberJson(port.number),
    name: port.name,
    mac: formatMac(port.mac),
    state: port.config & 1 ? 'off' : port.state & 1 ? 'down' : 'up',
    config: bitNames(port.config, CONFIG),
    states: bitNames(port.state, STATE),
    current: bitNames(port.current, FEATURES),
    advertised: bitNames(port.advertised, FEATURES),
    supported: bitNames(port.supported, FEATURES),
    peer: bitNames(port.peer, FEATURES),
    speed_kbps: port.speed_kbps,
    max_speed_kbps: port.maxSpeed_kbps,
  };
}

/** Ports in the order of their numbers, LOCAL last. */
export function sortedPorts(ports: readonly Port[]): Port[] {
  return [...ports].sort((a, b) => a.number - b.number);
}

/** The number that a text means. Throws Misuse. */
export function portOf(text: string, ports: NameMap | undefined): number {
  const number = parsePort(text, ports);
  if (number === null) throw new Misuse(`the switch has no port "${text}"`);
  return number;
}

async function stats({ client, print, names, ports }: Scene, [port]: readonly string[]): Promise<void> {
  const rows = await client.list({ kind: 'port_stats', port: port === undefined ? OFPP.ANY : portOf(port, ports) });
  print.say(`${heading('OFPST_PORT reply', client.xid)} ${rows.length} ports`);
  for (const row of rows) {
    print.say(statsText(row, names));
    print.tell('port-stats@1', statsJson(row));
  }
}

function statsText(row: PortStats, names: TextNames): string {
  const counts = (pairs: readonly (readonly [string, number | null])[]): string =>
    pairs.map(([name, value]) => `${name}=${counterText(value)}`).join(', ');
  const { rxPackets, rxBytes, rxDropped, rxErrors, rxFrameErrors, rxOverrunErrors, rxCrcErrors } = row;
  const received = counts([
    ['pkts', rxPackets],
    ['bytes', rxBytes],
    ['drop', rxDropped],
    ['errs', rxErrors],
    ['frame', rxFrameErrors],
    ['over', rxOverrunErrors],
    ['crc', rxCrcErrors],
  ]);
  const sent = counts([
    ['pkts', row.txPackets],
    ['bytes', row.txBytes],
    ['drop', row.txDropped],
    ['errs', row.txErrors],
    ['coll', row.collisions],
  ]);
  const indent = ' '.repeat(11);
  return [
    `  port ${row.port < 10 ? ' ' : ''}${names.port(row.port)}: rx ${received}`,
    `${indent}tx ${sent}`,
    `${indent}duration=${durationText(row)}`,
  ].join('\n');
}

function statsJson(row: PortStats) {
  return {
    port: numberJson(row.port),
    rx_packets: row.rxPackets,
    rx_bytes: row.rxBytes,
    rx_dropped: row.rxDropped,
    rx_errors: row.rxErrors,
    rx_frame_errors: row.rxFrameErrors,
    rx_overrun_errors: row.rxOverrunErrors,
    rx_crc_errors: row.rxCrcErrors,
    tx_packets: row.txPackets,
    tx_bytes: row.txBytes,
    tx_dropped: row.txDropped,
    tx_errors: row.txErrors,
    collisions: row.collisions,
    duration_ms: milliseconds(row),
  };
}

async function descriptions({ client, print, ports }: Scene, [port]: readonly string[]): Promise<void> {
  const wanted = port === undefined ? OFPP.ANY : portOf(port, ports);
  const rows = sortedPorts(await client.list({ kind: 'port_desc' }));
  print.say(heading('OFPST_PORT_DESC reply', client.xid));
  for (const row of rows.filter(({ number }) => wanted === OFPP.ANY || number === wanted)) {
    print.say(portText(row));
    print.tell('port-desc@1', portJson(row));
  }
}

/** Action → the bit it changes, and what the bit becomes. */
const PORT_ACTIONS: Readonly<Record<string, readonly [bit: number, on: boolean]>> = {
  up: [1, false],
  down: [1, true],
  receive: [4, false],
  'no-receive': [4, true],
  forward: [32, false],
  'no-forward': [32, true],
  'packet-in': [64, false],
  'no-packet-in': [64, true],
};
const ONLY_10 = /^(no-)?(stp|receive-stp|flood)$/;

async function modify({ client, ports }: Scene, [port, action]: readonly string[]): Promise<void> {
  const change = Object.hasOwn(PORT_ACTIONS, action) ? PORT_ACTIONS[action] : undefined;
  if (!change) {
    throw new Misuse(
      ONLY_10.test(action)
        ? `${action} is OpenFlow 1.0's: OpenFlow 1.3 has no such bit`
        : `"${action}" is nothing to do with a port: ${Object.keys(PORT_ACTIONS).join(', ')}`,
    );
  }
  const number = portOf(port, ports);
  const found = (await client.list({ kind: 'port_desc' })).find((each) => each.number === number);
  if (!found) throw new Misuse(`the switch has no port "${port}"`);
  const [mask, on] = change;
  await client.changes([{ type: 'port_mod', port: number, mac: found.mac, config: on ? mask : 0, mask, advertise: 0 }]);
}

function queueOf(text: string | undefined): number {
  if (text === undefined || /^all$/i.test(text)) return ALL_QUEUES;
  if (!/^\d{1,10}$/.test(text) || Number(text) > ALL_QUEUES) throw new Misuse(`"${text}" is no queue`);
  return Number(text);
}

async function queueStats({ client, print, names, ports }: Scene, [port, queue]: readonly string[]): Promise<void> {
  const number = port === undefined || /^all$/i.test(port) ? OFPP.ANY : portOf(port, ports);
  const rows = await client.list({ kind: 'queue', port: number, queueId: queueOf(queue) });
  print.say(`${heading('OFPST_QUEUE reply', client.xid)} ${rows.length} queues`);
  for (const row of rows) {
    print.say(queueText(row, names));
    print.tell('queue-stats@1', {
      port: numberJson(row.port),
      queue: row.queueId,
      tx_bytes: row.txBytes,
      tx_packets: row.txPackets,
      tx_errors: row.txErrors,
      duration_ms: row.duration_s === 0xffffffff ? null : milliseconds(row),
    });
  }
}

function queueText(row: QueueStats, names: TextNames): string {
  const duration = row.duration_s === 0xffffffff ? '?' : durationText(row);
  const counts = `bytes=${counterText(row.txBytes)}, pkts=${counterText(row.txPackets)}`;
  const rest = `errors=${counterText(row.txErrors)}, duration=${duration}`;
  return `  port ${names.port(row.port)} queue ${row.queueId}: ${counts}, ${rest}`;
}

async function queueConfig({ client, print, names, ports }: Scene, [port]: readonly string[]): Promise<void> {
  const number = port === undefined || /^(all|any)$/i.test(port) ? OFPP.ANY : portOf(port, ports);
  const reply = await client.request({ type: 'queue_get_config_request', port: number }, 'queue_get_config_reply');
  print.say(heading('OFPT_QUEUE_GET_CONFIG_REPLY', reply.xid));
  for (const { port: own, queueId, properties } of reply.queues) {
    print.say(`port=${names.port(own)} queue ${queueId}:${properties.map(rateText).join('')}`);
    print.tell('queue@1', { port: numberJson(own), queue: queueId, ...rates(properties) });
  }
}

/** A rate in tenths of a percent; above 1000 it is switched off. */
function rateText(property: QueueProperty): string {
  if (property.type !== 'min_rate' && property.type !== 'max_rate') return '';
  const { type, rate } = property;
  if (rate > 1000) return rate === 0xffff ? '' : ` ${type}:(disabled)`;
  return ` ${type}:${Math.floor(rate / 10)}.${rate % 10}%`;
}

function rates(properties: Queue['properties']): Record<string, number> {
  const all: Record<string, number> = {};
  for (const p of properties) if (p.type === 'min_rate' || p.type === 'max_rate') all[`${p.type}_permille`] = p.rate;
  return all;
}

export const PORT_COMMANDS: readonly Command[] = [
  { name: 'dump-ports', args: '[PORT]', count: [0, 1], about: 'statistics of ports', named: true, run: stats },
  {
    name: 'dump-ports-desc',
    args: '[PORT]',
    count: [0, 1],
    about: 'addresses, configuration and state of ports',
    named: true,
    run: descriptions,
  },
  {
    name: 'mod-port',
    args: 'PORT ACTION',
    count: [2, 2],
    about: `change a port: ${Object.keys(PORT_ACTIONS).join(', ')}`,
    named: true,
    run: modify,
  },
  {
    name: 'queue-stats',
    args: '[PORT [QUEUE]]',
    count: [0, 2],
    about: 'statistics of queues',
    named: true,
    run: queueStats,
  },
  {
    name: 'queue-get-config',
    args: '[PORT]',
    count: [0, 1],
    about: 'rates of queues',
    named: true,
    run: queueConfig,
  },
];
