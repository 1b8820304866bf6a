/** What the switch shows at the prompt: flows, ports, connections, hosts, controllers. */
import { formatMac } from '../../bytes/index.js';
import { formatFlow } from '../../text/index.js';
import { portNames, portNumber, portState } from '../events.js';
import type { Place, Scene } from './outcome.js';

/** Rows as aligned columns, two spaces apart; columns of numbers stand to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const right = rows[0].map((_, i) => rows.slice(1).every((row) => /^\d+$/.test(row[i])));
  const cell = (text: string, i: number) => (right[i] ? text.padStart(widths[i]) : text.padEnd(widths[i]));
  return rows.map((row) => `  ${row.map(cell).join('  ')}`.trimEnd());
}

/** As ovs-ofctl dump-flows, with ports' names. */
export function flowLines({ name, sw, target }: Place, several: boolean): string[] {
  const names = portNames(sw);
  const lines = sw.flows.list().map((flow) => formatFlow(flow, { names }));
  if (lines.length > 0) return lines;
  return [
    sw.standalone
      ? 'no flows: packets are switched as by NORMAL, since no controller is connected'
      : 'no flows: every packet is dropped',
    'add one here, or outside:',
    `  add-flow ${several ? `${name} ` : ''}${EXAMPLE}`,
    `  ovs-ofctl -O OpenFlow13 add-flow ${target} ${EXAMPLE}`,
  ];
}

const EXAMPLE = 'in_port=1,actions=drop';

export function portLines({ sw }: Place): string[] {
  const head = ['port', 'name', 'link', 'rx', 'bytes', 'lost', 'tx', 'bytes', 'lost', 'address'];
  const rows = sw.ports().map((port) => {
    const { rxPackets, rxBytes, rxDropped, txPackets, txBytes, txDropped } = port.counters;
    const counts = [rxPackets, rxBytes, rxDropped, txPackets, txBytes, txDropped].map(String);
    return [portNumber(port.number), port.name, portState(port), ...counts, formatMac(port.mac)];
  });
  return columns([head, ...rows]);
}

/** As ovs-appctl dpctl/dump-conntrack. */
export function connectionLines({ name, sw, target }: Place, several: boolean): string[] {
  const lines = sw.conntrackText();
  if (lines.length > 0) return lines;
  return [
    'no connection is tracked; a flow with ct(commit) tracks what it matches:',
    `  add-flow ${several ? `${name} ` : ''}ip,actions=ct(commit),NORMAL`,
    'or outside:',
    `  ovs-ofctl -O OpenFlow13 add-flow ${target} ip,actions='ct(commit),NORMAL'`,
  ];
}

export function hostLines(scene: Scene): string[] {
  const several = scene.places.length > 1;
  const rows = [...scene.hosts.values()].map((host) => {
    const plugged = scene.portOf(host.name);
    const number = plugged ? portNumber(plugged.port.number) : '';
    const open = (['tcp', 'udp'] as const).map((protocol) => `${protocol} ${host.openPorts(protocol).join(',')}`);
    return [
      host.name,
      plugged && several ? `${plugged.at.name}:${number}` : number,
      formatMac(host.mac),
      ...addresses(host.addresses),
      open.join(', '),
    ];
  });
  return columns([['host', 'port', 'address', 'IPv4', 'IPv6', 'echoes on'], ...rows]);
}

function addresses([ipv4 = '', ipv6 = '']: readonly string[]): string[] {
  return [ipv4, ipv6];
}

export function controllerLines({ sw }: Place): string[] {
  const all = sw.controllers();
  if (all.length === 0) return ['nobody is dialled, and nobody is connected'];
  const rows = all.map(({ address, kind, state, role, why }) => [address, kind, state, role ?? '', why]);
  return columns([['address', '', 'state', 'role', 'last failure'], ...rows]);
}

/** The switches of a network. */
export function switchLines({ places }: Scene): string[] {
  const rows = places.map(({ name, sw, target }) => {
    const control = sw.standalone
      ? 'standalone'
      : sw
          .controllers()
          .map(({ state }) => state)
          .join(', ');
    return [name, sw.datapathIdText, String(sw.ports().length), String(sw.flows.list().length), target, control];
  });
  return columns([['switch', 'datapath id', 'ports', 'flows', 'listens', 'controllers'], ...rows]);
}

/** The cables of a network. */
export function linkLines({ links }: Scene): string[] {
  const rows = links.map(({ ends: [a, b], isUp, plan: { delay_ms = 0, loss = 0, rate_bps } }) => {
    const rate = rate_bps === undefined ? '' : `${rate_bps / 1e6} Mbit/s`;
    return [a, b, isUp ? 'up' : 'down', delay_ms ? `${delay_ms} ms` : '', loss ? `${loss * 100} %` : '', rate];
  });
  return columns([['link', '', '', 'delay', 'loss', 'rate'], ...rows]);
}
