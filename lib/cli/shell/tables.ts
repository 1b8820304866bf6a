/** What the switch shows at the prompt: flows, ports, connections, hosts, controllers. */
import { formatMac } from '../../bytes/index.js';
import { formatFlow } from '../../text/index.js';
import { portNames, portNumber, portState } from '../events.js';
import type { Scene } from './outcome.js';

/** Rows as aligned columns, two spaces apart; columns of numbers stand to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const right = rows[0].map((_, i) => rows.slice(1).every((row) => /^\d+$/.test(row[i])));
  const cell = (text: string, i: number) => (right[i] ? text.padStart(widths[i]) : text.padEnd(widths[i]));
  return rows.map((row) => `  ${row.map(cell).join('  ')}`.trimEnd());
}

/** As ovs-ofctl dump-flows, with ports' names. */
export function flowLines({ sw, target }: Scene): string[] {
  const names = portNames(sw);
  const lines = sw.flows.list().map((flow) => formatFlow(flow, { names }));
  if (lines.length > 0) return lines;
  return [
    sw.standalone
      ? 'no flows: every packet is switched as by NORMAL, since no controller is connected'
      : 'no flows: every packet is dropped',
    `  add one here: add-flow ${EXAMPLE}`,
    `  or outside:   ovs-ofctl -O OpenFlow13 add-flow ${target} ${EXAMPLE}`,
  ];
}

const EXAMPLE = 'priority=10,in_port=1,actions=drop';

export function portLines({ sw }: Scene): string[] {
  const head = ['port', 'name', 'link', 'rx packets', 'bytes', 'dropped', 'tx packets', 'bytes', 'dropped', 'address'];
  const rows = sw.ports().map((port) => {
    const { rxPackets, rxBytes, rxDropped, txPackets, txBytes, txDropped } = port.counters;
    const counts = [rxPackets, rxBytes, rxDropped, txPackets, txBytes, txDropped].map(String);
    return [portNumber(port.number), port.name, portState(port), ...counts, formatMac(port.mac)];
  });
  return columns([head, ...rows]);
}

/** As ovs-appctl dpctl/dump-conntrack. */
export function connectionLines({ sw, target }: Scene): string[] {
  const lines = sw.conntrackText();
  if (lines.length > 0) return lines;
  return [
    'no connection is tracked; a flow with ct(commit) tracks what it matches:',
    '  add-flow priority=10,ip,actions=ct(commit),NORMAL',
    `  ovs-ofctl -O OpenFlow13 add-flow ${target} 'priority=10,ip,actions=ct(commit),NORMAL'   (outside)`,
  ];
}

export function hostLines({ sw, hosts }: Scene): string[] {
  const rows = [...hosts.values()].map((host) => {
    const port = sw.ports().find(({ name }) => name === host.name);
    const open = (['tcp', 'udp'] as const).map((protocol) => `${protocol} ${host.openPorts(protocol).join(',')}`);
    return [
      host.name,
      port ? portNumber(port.number) : '',
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

export function controllerLines({ sw }: Scene): string[] {
  const all = sw.controllers();
  if (all.length === 0) return ['nobody is dialled, and nobody is connected'];
  const rows = all.map(({ address, kind, state, role, why }) => [address, kind, state, role ?? '', why]);
  return columns([['address', '', 'state', 'role', 'last failure'], ...rows]);
}
