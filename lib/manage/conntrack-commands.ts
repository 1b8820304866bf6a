/**
 * dpctl's commands for connections, limits and fragments, as ovs-vswitchd 3.1 has them: names, arguments, answers
 * (ovs-dpctl(8)).
 */
import { formatConnection, type Tracker } from '../ct/index.js';
import { ANY_NUMBER, type Call, type Command, command, dpctlArguments, dpctlError, noMore } from './command.js';
import { fragmentCommands } from './fragment-commands.js';
import { agrees, isEmpty, parseTuples, wholeTuple } from './tuple-text.js';

/** Connections told in one piece. */
const A_TURN = 256;

/** "zone=5" → 5, taken out of the arguments; undefined: none. */
function zoneIn(rest: string[]): number | undefined {
  const i = rest.findIndex((arg) => arg.startsWith('zone='));
  if (i < 0) return undefined;
  const [text] = rest.splice(i, 1);
  const zone = Number(text.slice(5));
  if (/^zone=\d+$/.test(text) && zone <= 0xffff) return zone;
  return Number.NaN;
}

function* dump(args: readonly string[], call: Call): Generator<string> {
  const { rest, flags, sw } = dpctlArguments(args, call, 'ms');
  const list = [...rest];
  const zone = zoneIn(list);
  if (Number.isNaN(zone)) throw dpctlError('datapath not found');
  noMore(list);
  const options = { more: flags.has('m'), statistics: flags.has('s') };
  for (const some of sw.tracker.dumpSteps(sw.clock.now(), zone === undefined ? {} : { zone }, A_TURN)) {
    yield some.map((connection) => `${formatConnection(connection, options)}\n`).join('');
  }
}

function* flush(args: readonly string[], call: Call): Generator<string> {
  const { rest: given, sw } = dpctlArguments(args, call);
  const rest = [...given];
  const zone = rest[0]?.startsWith('zone=') ? zoneIn(rest) : undefined;
  if (Number.isNaN(zone)) throw dpctlError('failed to parse zone');
  if (rest.length > 2) {
    parseTuples(rest.slice(0, 1));
    throw dpctlError('invalid arguments');
  }
  const tuples = parseTuples(rest);
  const now = sw.clock.now();
  if (isEmpty(tuples)) {
    sw.tracker.flush(zone === undefined ? {} : { zone }, now);
    return;
  }
  const tuple = wholeTuple(tuples);
  if (tuple !== null) {
    const known = !('code' in tuple) || tuple.code === 0;
    if (known && sw.tracker.flush({ zone: zone ?? 0, tuple, untranslated: true }, now)) return;
    throw dpctlError('failed to flush conntrack', 'No such file or directory');
  }
  for (const some of sw.tracker.dumpSteps(now, zone === undefined ? {} : { zone }, A_TURN)) {
    for (const connection of some)
      if (agrees(tuples, connection)) sw.tracker.flush({ zone: connection.zone, tuple: connection.orig }, now);
    yield '';
  }
}

/** Names of the statistics, in Open vSwitch's order; what has no name is Other. */
const STATISTICS = ['tcp', 'udp', 'udplite', 'sctp', 'icmp', 'dccp', 'igmp'] as const;

function* statistics(args: readonly string[], call: Call): Generator<string> {
  const { rest, flags, sw } = dpctlArguments(args, call, 'm');
  const list = rest.filter((arg) => arg !== 'verbose');
  const zone = zoneIn(list);
  noMore(list);
  const steps = sw.tracker.statisticsSteps(sw.clock.now(), zone === undefined ? {} : { zone });
  let step = steps.next();
  for (; !step.done; step = steps.next()) yield '';
  const { total, protocols, tcp_states } = step.value;
  yield `Connections Stats:\n    Total: ${total}\n`;
  for (const name of STATISTICS) {
    const count = protocols[name] ?? 0;
    if (count === 0) continue;
    yield `  ${name.toUpperCase()}: ${count}\n`;
    if (name === 'tcp' && (flags.has('m') || rest.includes('verbose'))) yield tcpStates(tcp_states);
  }
  // As Open vSwitch's, which counts ICMPv6 and doesn't show it.
  const known = new Set<string>([...STATISTICS, 'icmpv6']);
  const other = Object.entries(protocols).reduce((sum, [name, count]) => sum + (known.has(name) ? 0 : count), 0);
  if (other > 0) yield `  Other: ${other}\n`;
}

/** States that are told as their neighbours. */
const COALESCED: Readonly<Record<string, string>> = { FIN_WAIT_2: 'TIME_WAIT', SYN_RECV: 'ESTABLISHED' };

function tcpStates(states: Readonly<Record<string, number>>): string {
  const sums = new Map<string, number>();
  for (const [state, count] of Object.entries(states)) {
    const name = COALESCED[state] ?? state;
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  const lines = [...sums].map(([state, count]) => `\t  [${state}]=${count}\n`);
  return `    Conn per TCP states:\n${lines.join('')}`;
}

/** Our table has no chains: every connection is in the one bucket that there is to tell of. */
function buckets(args: readonly string[], call: Call): string {
  const { rest, sw } = dpctlArguments(args, call);
  const list = [...rest];
  const last = list.at(-1);
  const gt = /^gt=(\d+)$/.exec(last ?? '')?.[1];
  if (gt !== undefined) list.pop();
  noMore(list);
  const count = sw.tracker.count;
  const heading = `Total Buckets: 1\nCurrent Connections: ${count}\n\n`;
  if (count === 0) return heading;
  const rule = `+-----------+${'-'.repeat(41)}+\n`;
  const shown = count > Number(gt ?? 0) ? String(count).padStart(5) : '.'.padStart(5);
  return `${heading}${rule}|  Buckets  |         Connections per Buckets         |\n${rule}   0..  7   | ${shown}\n\n`;
}

function getLimits(args: readonly string[], call: Call): string {
  const { rest, sw } = dpctlArguments(args, call);
  const { zones } = sw.tracker;
  const line = (zone: number): string => `zone=${zone},limit=${zones.limit(zone)},count=${zones.count(zone)}\n`;
  const named = rest.length > 0 ? zonesOf(rest.join(',')) : zones.limited().map(([zone]) => zone);
  return `default limit=${zones.defaultLimit}\n${named.map(line).join('')}`;
}

/** "zone=1,2,3" */
function zonesOf(text: string): number[] {
  const list = text.replace(/^zone=/, '').split(',');
  if (!text.startsWith('zone=')) throw dpctlError(`invalid argument ${text}`);
  return list.map((each) => {
    if (!/^\d+$/.test(each) || Number(each) > 0xffff) throw dpctlError('invalid zone');
    return Number(each);
  });
}

function setLimits(args: readonly string[], call: Call): string {
  const { rest, sw } = dpctlArguments(args, call);
  const { zones } = sw.tracker;
  const changes = rest.map((arg) => {
    if (!arg.startsWith('default=')) {
      const { zone, limit } = zoneLimit(arg);
      return () => zones.setLimit(zone, limit);
    }
    const text = arg.slice('default='.length);
    if (!/^\d+$/.test(text)) throw dpctlError('invalid default limit');
    return () => {
      zones.defaultLimit = whole(text, 0xffffffff);
    };
  });
  for (const change of changes) change();
  return '';
}

/** "zone=5,limit=30", in any order */
function zoneLimit(text: string): { readonly zone: number; readonly limit: number } {
  const found: { zone?: number; limit?: number } = {};
  for (const part of text.split(',')) {
    const [key, value = ''] = part.split(/=(.*)/s, 2);
    if (value === '') throw dpctlError(`field ${key} missing value`);
    if (key !== 'zone' && key !== 'limit') throw dpctlError(`invalid zone limit field: ${key}`);
    if (!/^\d+$/.test(value) || (key === 'zone' && Number(value) > 0xffff)) {
      throw dpctlError(`failed to parse field ${key}`);
    }
    found[key] = whole(value, 0xffffffff);
  }
  const { zone, limit } = found;
  if (zone === undefined || limit === undefined) throw dpctlError('failed to parse zone limit');
  return { zone, limit };
}

function whole(text: string, most: number): number {
  return Math.min(most, Number(text));
}

function deleteLimits(args: readonly string[], call: Call): string {
  const { rest, sw } = dpctlArguments(args, call);
  for (const zone of zonesOf(rest.join(','))) sw.tracker.zones.setLimit(zone, null);
  return '';
}

function setMaximum(args: readonly string[], call: Call): string {
  const { rest, sw } = dpctlArguments(args, call);
  const [text = '', ...more] = rest;
  noMore(more);
  if (!/^\d+$/.test(text) || Number(text) > 0xffffffff) throw dpctlError('maxconns missing or malformed');
  sw.tracker.limit = Number(text);
  return 'setting maxconns successful\n';
}

/** A command that sets TCP's sequence checks. */
function sequenceChecks(name: string, on: boolean): Command {
  return command(name, '[dp]', [0, 1], (args, call) => {
    const { rest, sw } = dpctlArguments(args, call);
    noMore(rest);
    sw.tracker.tcpSequenceChecks = on;
    return `${on ? 'enabling' : 'disabling'} TCP sequence checking successful\n`;
  });
}

/** A command that tells one thing of the tracker. */
function told(name: string, tell: (tracker: Tracker) => string | number): Command {
  return command(name, '[dp]', [0, 1], (args, call) => {
    const { rest, sw } = dpctlArguments(args, call);
    noMore(rest);
    return `${tell(sw.tracker)}\n`;
  });
}

export const CONNTRACK_COMMANDS: readonly Command[] = [
  command('dpctl/dump-conntrack', '[-m] [-s] [dp] [zone=N]', [0, 4], dump),
  command('dpctl/flush-conntrack', '[dp] [zone=N] [ct-orig-tuple] [ct-reply-tuple]', [0, 4], flush),
  command('dpctl/ct-stats-show', '[dp] [zone=N]', [0, 3], statistics),
  command('dpctl/ct-bkts', '[dp] [gt=N]', [0, 2], buckets),
  told('dpctl/ct-get-nconns', (tracker) => tracker.count),
  told('dpctl/ct-get-maxconns', (tracker) => tracker.limit),
  command('dpctl/ct-set-maxconns', '[dp] maxconns', [1, 2], setMaximum),
  command('dpctl/ct-get-limits', '[dp] [zone=N1[,N2]...]', [0, ANY_NUMBER], getLimits),
  command('dpctl/ct-set-limits', '[dp] [default=L] [zone=N,limit=L]...', [1, ANY_NUMBER], setLimits),
  command('dpctl/ct-del-limits', '[dp] zone=N1[,N2]...', [1, 2], deleteLimits),
  sequenceChecks('dpctl/ct-enable-tcp-seq-chk', true),
  sequenceChecks('dpctl/ct-disable-tcp-seq-chk', false),
  told(
    'dpctl/ct-get-tcp-seq-chk',
    ({ tcpSequenceChecks }) => `TCP sequence checking: ${tcpSequenceChecks ? 'enabled' : 'disabled'}`,
  ),
  ...fragmentCommands,
];
