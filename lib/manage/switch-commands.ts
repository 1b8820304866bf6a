/**
 * What ovs-vsctl would do, on a running switch: ports, links, controllers, timeouts of zones; the prompt's words; and
 * `wait`, which answers when a condition holds, so that tests need no sleep.
 */
import { formatMac } from '../bytes/index.js';
import { TIMEOUT_NAMES, type TimeoutName } from '../ct/index.js';
import { formatPort } from '../nxm/index.js';
import { OFPPC, OFPPS, type PortView } from '../pipeline/index.js';
import { PortError } from '../ports/port.js';
import type { Switch } from '../switch.js';
import { ANY_NUMBER, type Call, type Command, command, Refused } from './command.js';
import { hasWords } from './conntrack-commands.js';
import { filterOf, numberJson, portOf } from './state-commands.js';

/** How often `wait` looks, and how long it may wait, s. */
const LOOK_MS = 20;
const DEFAULT_WAIT_S = 10;
const MAX_WAIT_S = 3600;

/** Switches that are named in a message. */
const MAX_NAMED = 8;

/** What a client that waited in vain is told. */
export const TIMED_OUT = 'timed out';

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

function linkOf({ config, state }: Pick<PortView, 'config' | 'state'>): string {
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

/** A condition of `wait`: what it is called, and whether it holds. */
type Condition = (words: readonly string[], call: Call) => () => boolean;

const CONDITIONS: Readonly<Record<string, { readonly form: string; readonly holds: Condition }>> = {
  controller: {
    form: 'controller [ADDRESS]: one is connected',
    holds:
      ([address], { sw }) =>
      () =>
        sw.controllers().some((each) => each.state === 'open' && (address === undefined || each.address === address)),
  },
  flow: {
    form: 'flow FILTER [packets=N]: a flow is there (and N packets met it)',
    holds: (words, { sw }) => {
      const packets = words.find((word) => word.startsWith('packets='))?.slice('packets='.length);
      if (packets !== undefined && !/^\d+$/.test(packets)) throw new Refused(`packets=N, not "packets=${packets}"`);
      const least = Number(packets ?? 0);
      const filter = filterOf(words.filter((word) => !word.startsWith('packets=')).join(','));
      return () => sw.flows.list(filter).some(({ packets }) => packets >= least);
    },
  },
  ct: {
    form: 'ct WORD…: a connection whose dump has all these words: udp zone=5 src=10.0.0.1 state=ESTABLISHED',
    holds:
      (words, { sw }) =>
      () => {
        for (const connection of sw.tracker.dump(sw.clock.now())) if (hasWords(connection, words)) return true;
        return false;
      },
  },
  port: {
    form: 'port N [up|down]',
    holds: ([text, state], call) => {
      if (text === undefined || (state !== undefined && state !== 'up' && state !== 'down'))
        throw new Refused('wait port N [up|down]');
      return () => {
        const view = call.sw.ports().find(({ number, name }) => name === text || formatPort(number) === text);
        if (!view || state === undefined) return view !== undefined;
        return (state === 'up') === ((view.state & OFPPS.LINK_DOWN) === 0 && (view.config & OFPPC.PORT_DOWN) === 0);
      };
    },
  },
};

async function wait(args: readonly string[], call: Call): Promise<string> {
  const words = args.flatMap((arg) => arg.split(/\s+/)).filter((word) => word !== '');
  const at = words.indexOf('--timeout');
  const seconds = at < 0 ? DEFAULT_WAIT_S : Number(words[at + 1]);
  if (!(seconds >= 0 && seconds <= MAX_WAIT_S)) throw new Refused(`--timeout is 0 to ${MAX_WAIT_S} seconds`);
  if (at >= 0) words.splice(at, 2);
  const negated = words[0] === 'no';
  if (negated) words.shift();
  const [name = '', ...rest] = words;
  const condition = Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name] : undefined;
  if (!condition) {
    const forms = Object.values(CONDITIONS).map(({ form }) => `  ${form}`);
    throw new Refused(`"${name}" is no condition; there are, each with "no" before it, too:\n${forms.join('\n')}`);
  }
  // Without a switch's name it is to hold at all of them.
  let left = call.each.map((each) => ({ name: each.name, holds: condition.holds(rest, each) }));
  const several = left.length > 1;
  const { clock } = call.daemon;
  const until = clock.now() + seconds * 1000;
  for (;;) {
    left = left.filter(({ holds }) => holds() === negated);
    if (left.length === 0 || call.signal.aborted) return '';
    if (clock.now() >= until) {
      const what = [...(negated ? ['no'] : []), name, ...rest].join(' ');
      throw new Refused(`${TIMED_OUT} after ${seconds} s: ${what}${several ? ` at ${some(left)}` : ''}`);
    }
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
}

/** "s1, s2" or, of many, "s1, s2, s3 and 7 more". */
function some(places: readonly { readonly name: string }[]): string {
  const names = places.slice(0, MAX_NAMED).map(({ name }) => name);
  const more = places.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
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
  command('wait', '[no] CONDITION... [--timeout S]', [1, ANY_NUMBER], wait),
  command('type', 'WORD...', [1, ANY_NUMBER], typed),
];
