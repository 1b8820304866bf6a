/** What a network says when it is ready: its switches, hosts and links, and what was opened. */
import { formatMac } from '../bytes/index.js';
import type { FailMode } from '../switch.js';
import type { Network } from '../topology/index.js';
import { portJson } from './events.js';
import type { Output } from './output.js';
import { failModeRows, ofctlHints, pageRows, row } from './ready.js';
import { VERSION } from './version.js';

export interface NetworkFacts {
  readonly net: Network;
  /** As it was typed. */
  readonly topo: string;
  readonly failMode: FailMode;
  /** Addresses as they were bound, by switch. */
  readonly listening: ReadonlyMap<string, readonly string[]>;
  readonly controllers: readonly string[];
  /** The management socket; null: there is none. */
  readonly ctl: string | null;
  /** The page in the browser; null: there is none. */
  readonly http: string | null;
}

/** The first JSON line. */
export function networkJson({ net, topo, failMode, listening, controllers, ctl, http }: NetworkFacts) {
  const { plan } = net;
  return {
    version: VERSION,
    pid: process.pid,
    topology: topo,
    switches: [...net.switches].map(([name, sw]) => ({
      name,
      datapath_id: sw.datapathIdText,
      ports: sw.ports().map(portJson),
      listening: listening.get(name) ?? [],
    })),
    hosts: [...net.hosts.values()].map(({ name, mac, addresses }) => ({ name, mac: formatMac(mac), addresses })),
    links: net.links.map(({ ends }, i) => {
      const { delay_ms = 0, loss = 0, rate_bps = null } = plan.links[i];
      return { ends, delay_ms, loss, rate_bps };
    }),
    listening: [...listening.values()].flat(),
    controllers,
    ctl,
    http,
    fail_mode: failMode,
    standalone: [...net.switches.values()].every((sw) => sw.standalone),
  };
}

/** "h1 to h16, 10.0.0.1 to 10.0.0.16" for the first and the last of several. */
function span(all: readonly string[]): string {
  return all.length > 2 ? `${all[0]} to ${all.at(-1)}` : all.join(' and ');
}

function counted(n: number, what: string): string {
  return n === 1 ? `1 ${what}` : `${n} ${what}${what.endsWith('h') ? 'es' : 's'}`;
}

/** The same as lines for people. */
export function networkText(facts: NetworkFacts, output: Output): string {
  const { net, topo, listening, controllers } = facts;
  const { switches, hosts, links } = net.plan;
  const sizes = [counted(switches.length, 'switch'), counted(hosts.length, 'host'), counted(links.length, 'link')];
  const waiting = [...listening.values()].flat();
  const addresses = [...net.hosts.values()].map((host) => host.addresses[0] ?? '');
  return [
    `${output.style('bold', `ctswitch ${VERSION}`)}: network ${topo}: ${sizes.join(', ')}`,
    row(
      'switches',
      `${span(switches.map(({ name }) => name))}, datapath ids ${span(switches.map(({ dpid }) => dpid.toString(16)))}`,
    ),
    ...(hosts.length > 0 ? [row('hosts', `${span(hosts.map(({ name }) => name))}, ${span(addresses)}`)] : []),
    ...(waiting.length > 0 ? [row('listens on', span(waiting))] : []),
    ...controllers.map((address) => row('controller', `${address}, dialled by each switch until it answers`)),
    ...failModeRows({ failMode: facts.failMode, controllers }, output),
    ...pageRows(facts),
    ...(waiting.length > 0 ? ['', 'Try, from another terminal:', ...ofctlHints(waiting[0])] : []),
  ].join('\n');
}
