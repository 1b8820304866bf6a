/** dpctl's commands for fragments (ipf-*), as ovs-vswitchd 3.1 has them. */
import type { FragmentFamily, Tracker } from '../ct/index.js';
import { type Call, type Command, command, dpctlArguments, dpctlError, noMore } from './command.js';

/** The smallest "smallest fragment", and the most pieces, that may be set (Open vSwitch's bounds). */
const LEAST_SIZE = 400;
const MOST_PIECES = 5000;

type Family = 'v4' | 'v6';
const isFamily = (text: string | undefined): text is Family => text === 'v4' || text === 'v6';

function familyOf(tracker: Tracker, name: Family): FragmentFamily {
  return name === 'v4' ? tracker.fragments.ipv4 : tracker.fragments.ipv6;
}

function status(args: readonly string[], call: Call): string {
  const { rest, flags, sw } = dpctlArguments(args, call, 'm');
  noMore(rest);
  const { fragments } = sw.tracker;
  const lines = [
    'Fragmentation Module Status',
    '---------------------------',
    `v4 enabled: ${Number(fragments.ipv4.enabled)}`,
    `v6 enabled: ${Number(fragments.ipv6.enabled)}`,
    `max num frags (v4/v6): ${fragments.limit}`,
    `num frag: ${fragments.counters.held}`,
    ...counted('v4', fragments.minimum.ipv4, fragments.ipv4),
    ...counted('v6', fragments.minimum.ipv6, fragments.ipv6),
  ].map((line) => `        ${line}\n`);
  return `${lines.join('')}${flags.has('m') ? '\n        Fragment Lists:\n\n' : ''}`;
}

function counted(name: Family, minimum: number, { counters }: FragmentFamily): string[] {
  return [
    `min ${name} frag size: ${minimum}`,
    `${name} frags accepted: ${counters.accepted}`,
    `${name} frags completed: ${counters.completed}`,
    `${name} frags expired: ${counters.expired}`,
    `${name} frags too small: ${counters.too_small}`,
    `${name} frags overlapped: ${counters.overlapped}`,
    `${name} frags purged: ${counters.purged}`,
  ];
}

function enable(name: string, on: boolean): Command {
  return command(name, '[dp] v4|v6', [1, 2], (args, call) => {
    const { rest, sw } = dpctlArguments(args, call);
    const [family, ...more] = rest;
    if (!isFamily(family)) throw dpctlError("parameter missing: 'v4' for IPv4 or 'v6' for IPv6");
    noMore(more);
    familyOf(sw.tracker, family).enabled = on;
    return `${on ? 'enabling' : 'disabling'} fragmentation reassembly successful\n`;
  });
}

function setMinimum(args: readonly string[], call: Call): string {
  const { rest, sw } = dpctlArguments(args, call);
  const [family, size, ...more] = rest;
  if (!isFamily(family)) throw dpctlError('parameter missing: v4 for IPv4 or v6 for IPv6');
  if (!/^\d+$/.test(size ?? '')) throw dpctlError('parameter missing for minimum fragment size');
  noMore(more);
  if (Number(size) < LEAST_SIZE) {
    throw dpctlError('requested minimum fragment size too small; see documentation', 'Operation not permitted');
  }
  sw.tracker.fragments.minimum[family === 'v4' ? 'ipv4' : 'ipv6'] = Number(size);
  return 'setting minimum fragment size successful\n';
}

function setMaximum(args: readonly string[], call: Call): string {
  const { rest, sw } = dpctlArguments(args, call);
  const [text = '', ...more] = rest;
  if (!/^\d+$/.test(text)) throw dpctlError('parameter missing for maximum fragments');
  noMore(more);
  if (Number(text) > MOST_PIECES) throw dpctlError('setting maximum fragments failed', 'Operation not permitted');
  sw.tracker.fragments.limit = Number(text);
  return 'setting maximum fragments successful\n';
}

export const fragmentCommands: readonly Command[] = [
  command('dpctl/ipf-get-status', '[dp]', [0, 2], status),
  enable('dpctl/ipf-set-enabled', true),
  enable('dpctl/ipf-set-disabled', false),
  command('dpctl/ipf-set-min-frag', '[dp] v4|v6 minfragment', [2, 3], setMinimum),
  command('dpctl/ipf-set-max-nfrags', '[dp] maxfrags', [1, 2], setMaximum),
];
