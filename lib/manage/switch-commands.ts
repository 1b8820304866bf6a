/**
 * What ovs-vsctl would do, on a running switch: ports, links, controllers, timeouts of zones; and the prompt's words.
 */
import { formatMac } from '../bytes/index.js';
import { TIMEOUT_NAMES, type TimeoutName } from '../ct/index.js';
import { formatPort } from '../nxm/index.js';
import { OFPPC, OFPPS, type PortView } from '../pipeline/index.js';
import { PortError } from '../ports/port.js';
import type { Switch } from '../switch.js';
import { ANY_NUMBER, type Call, type Command, command, Refused } from './command.js';
import { numberJson, portOf } from './state-commands.js';

function existing(text: string, call: Call): number {
  const number = portOf(text, call);
  if (call.sw.portAt(number)) return number;
  throw new Refused(`there is no port ${text}`);
}

async function addPort([number, ...spec]: readonly string[], call: Call): Promise<string> {
  const own = /^local$/i.test(number) ? 'LOCAL' : Number(number);
  if (own !== 'LOCAL' && !/^\d+$/.test(number)) throw new Refused(`"${number}" is no port number`);
  const { daemon, sw } = call;
  if (!daemon.openPort) throw new Refused("ports can't be added here");
  const port = daemon.openPort(spec.join(' '), sw);
  try {
    sw.addPort(own, port);
    await sw.ready();
  } catch (error) {
    if (error instanceof RangeError || error instanceof PortError) throw new Refused(error.message);
    throw error;
  }
  return '';
}

async function deletePort([text]: readonly string[], call: Call): Promise<string> {
  await call.sw.removePort(existing(text, call));
  return '';
}

function listPorts([json]: readonly string[], { sw }: Call): string {
  if (json !== undefined && json !== '--json') throw new Refused(`"${json}": port/list takes --json`);
  if (json)
    return sw
      .ports()
      .map((port) => `${JSON.stringify(portJson(port, sw))}\n`)
      .join('');
  const lines = sw.ports().map(({ number, name, config, state, counters }) => {
    const up = linkOf({ config, state });
    const kind = sw.portAt(number)?.kind ?? '';
    const frames = `rx=${counters.rxPackets} tx=${counters.txPackets}`;
    return `${formatPort(number).padStart(5)}  ${name.padEnd(15)}  ${kind.padEnd(8)}  ${up.padEnd(10)}  ${frames}\n`;
  });
  return ` port  name             kind      link        frames\n${lines.join('')}`;
}

/** "up", "down", or "admin-down" where OpenFlow says so. */
export function linkOf({ config, state }: Pick<PortView, 'config' | 'state'>): string {
  return config & OFPPC.PORT_DOWN ? 'admin-down' : state & OFPPS.LINK_DOWN ? 'down' : 'up';
}

/** A port as programs read it; LOCAL is a word. */
function portJson(port: PortView, sw: Switch): object {
  const { number, name, mac, counters } = port;
  return {
    number: numberJson(number),
    name,
    kind: sw.portAt(number)?.kind ?? null,
    mac: formatMac(mac),
    link: linkOf(port),
    rx_packets: counters.rxPackets,
    tx_packets: counters.txPackets,
    rx_bytes: counters.rxBytes,
    tx_bytes: counters.txBytes,
    rx_dropped: counters.rxDropped,
    tx_dropped: counters.txDropped,
  };
}

function link([text, to]: readonly string[], call: Call): string {
  const number = existing(text, call);
  if (to !== 'up' && to !== 'down') throw new Refused(`"${to}" is neither up nor down`);
  const port = call.sw.portAt(number);
  // A virtual host's cable is pulled at the host, so that it knows.
  if (port && 'link' in port && typeof port.link === 'function') port.link(to === 'up');
  else call.sw.setLink(number, to === 'up');
  return '';
}

async function setControllers(addresses: readonly string[], { sw }: Call): Promise<string> {
  const wanted = addresses.filter((address) => address !== 'none');
  try {
    await sw.setControllers(wanted);
  } catch (error) {
    throw new Refused(error instanceof Error ? error.message : String(error));
  }
  return '';
}

function showControllers(_: readonly string[], { sw }: Call): string {
  return sw
    .controllers()
    .map(({ address, state, role }) => `${address} ${state}${role ? ` ${role}` : ''}\n`)
    .join('');
}

/** "zone/timeout 5 udp_first=10 tcp_established=60", "zone/timeout 5": what it has. */
function zoneTimeout([text, ...settings]: readonly string[], { sw }: Call): string {
  const zone = Number(text);
  if (!/^\d+$/.test(text) || zone > 0xffff) throw new Refused(`"${text}" is no zone: 0 to 65535`);
  const { timeouts } = sw.tracker;
  const policy = (): string => timeouts.chosen().find(([of]) => of === zone)?.[1] ?? 'default';
  if (settings.length > 0) {
    const times: Partial<Record<TimeoutName, number>> = {};
    for (const setting of settings) {
      const [, name, value] = /^(\w+)=(\d+)$/.exec(setting) ?? [];
      if (!TIMEOUT_NAMES.includes(name as TimeoutName)) {
        throw new Refused(`"${setting}": NAME=SECONDS, where NAME is one of ${TIMEOUT_NAMES.join(', ')}`);
      }
      times[name as TimeoutName] = Number(value);
    }
    try {
      timeouts.set(`zone-${zone}`, times);
      timeouts.choose(zone, `zone-${zone}`);
    } catch (error) {
      throw error instanceof RangeError ? new Refused(error.message) : error;
    }
    return '';
  }
  const times = timeouts.get(policy());
  return `${Object.entries(times ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(',')}\n`;
}

/** A line of the prompt. */
async function typed(args: readonly string[], call: Call): Promise<string> {
  const said = await call.daemon.typed?.(args.join(' '), call.signal);
  if (said === undefined || said === null) throw new Refused('there is no prompt here, whose words these could be');
  return said;
}

export const SWITCH_COMMANDS: readonly Command[] = [
  command('port/add', 'N|LOCAL SPEC', [2, ANY_NUMBER], addPort),
  command('port/del', 'PORT', [1, 1], deletePort),
  command('port/list', '[--json]', [0, 1], listPorts),
  command('link', 'PORT up|down', [2, 2], link),
  command('controller/set', 'ADDRESS...|none', [1, ANY_NUMBER], setControllers),
  command('controller/show', '', [0, 0], showControllers),
  command('zone/timeout', 'ZONE [NAME=SECONDS]...', [1, ANY_NUMBER], zoneTimeout),
  command('type', 'WORD...', [1, ANY_NUMBER], typed),
];
