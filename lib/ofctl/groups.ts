/** Commands about groups and meters. */
import { GROUP_TYPES, type GroupCommand, type MeterCommand, OFPG, OFPM, OFPMBT, OFPMF } from '../nxm/index.js';
import {
  formatGroup,
  formatGroupStats,
  formatMeter,
  formatMeterStats,
  parseGroup,
  parseGroups,
  parseMeter,
  parseMeters,
} from '../text/index.js';
import type { GroupDesc, GroupFeatures, MeterFeatures } from '../wire/index.js';
import { actionNamesOf } from './ability-names.js';
import { changeOf } from './client.js';
import { bitNames, type Command, heading, milliseconds, type Scene } from './command.js';
import { apply } from './flows.js';
import { Misuse } from './outcome.js';

/** "7" as the text that says the same: "group_id=7". */
function keyed(key: string, text: string): string {
  return /^(\d+|all|controller|slowpath)$/i.test(text) ? `${key}=${text.toLowerCase()}` : text;
}

function groupOf(text: string | undefined): number {
  return text === undefined ? OFPG.ALL : parseGroup(keyed('group_id', text), { command: 'delete' }).groupId;
}

function meterOf(text: string | undefined): number {
  return text === undefined ? OFPM.ALL : parseMeter(keyed('meter', text), { command: 'delete' }).meterId;
}

/** A group's type by its name; one that has none is printed as a number. */
function typeOf({ groupType }: GroupDesc): (typeof GROUP_TYPES)[number] {
  return groupType as (typeof GROUP_TYPES)[number];
}

async function groups({ client, print, names }: Scene, [group]: readonly string[]): Promise<void> {
  const wanted = groupOf(group);
  const rows = await client.list({ kind: 'group_desc' });
  print.say(heading('OFPST_GROUP_DESC reply', client.xid));
  for (const row of rows.filter(({ groupId }) => wanted === OFPG.ALL || groupId === wanted)) {
    const own = { ...row, groupType: typeOf(row) };
    print.say(` ${formatGroup(own, names)}`);
    print.tell('group@1', {
      group_id: row.groupId,
      type: row.groupType,
      buckets: row.buckets.length,
      group: formatGroup(own),
    });
  }
}

async function groupStats({ client, print }: Scene, [group]: readonly string[]): Promise<void> {
  const rows = await client.list({ kind: 'group', groupId: groupOf(group) });
  print.say(heading('OFPST_GROUP reply', client.xid));
  for (const row of rows) {
    const { groupId, references, packets, bytes, buckets } = row;
    const duration_ms = milliseconds(row);
    print.say(` ${formatGroupStats({ ...row, duration_ms })}`);
    print.tell('group-stats@1', { group_id: groupId, references, packets, bytes, duration_ms, buckets });
  }
}

const GROUP_NAMES = ['all', 'select', 'indirect', 'fast failover'] as const;
const GROUP_CAPABILITIES = [
  [1, 'select_weight'],
  [2, 'select_liveness'],
  [4, 'chaining'],
  [8, 'chaining_checks'],
] as const;

async function groupFeatures({ client, print }: Scene): Promise<void> {
  const body = { kind: 'group_features' } as const;
  const reply = await client.request({ type: 'multipart_request', more: false, body }, 'multipart_reply');
  if (reply.body.kind !== 'group_features') return;
  print.say(heading('OFPST_GROUP_FEATURES reply', reply.xid));
  print.say(groupFeaturesText(reply.body));
  const { types, capabilities, maxGroups, actions } = reply.body;
  print.tell('group-features@1', {
    capabilities: bitNames(capabilities, GROUP_CAPABILITIES),
    types: GROUP_TYPES.filter((_, i) => (types >>> i) & 1).map((type) => {
      const i = GROUP_TYPES.indexOf(type);
      return { type, max_groups: maxGroups[i], actions: actionNamesOf(bitsOf(actions[i])) };
    }),
  });
}

function bitsOf(bits: number): number[] {
  return Array.from({ length: 32 }, (_, i) => i).filter((i) => (bits >>> i) & 1);
}

function groupFeaturesText({ types, capabilities, maxGroups, actions }: GroupFeatures): string {
  const lines = [
    ' Group table:',
    `    Types:  0x${types.toString(16)}`,
    `    Capabilities:  0x${capabilities.toString(16)}`,
  ];
  for (const [i, name] of GROUP_NAMES.entries()) {
    if (!((types >>> i) & 1)) continue;
    lines.push(`    ${name} group:`, `       max_groups=0x${maxGroups[i].toString(16)}`);
    lines.push(`       actions: ${actionNamesOf(bitsOf(actions[i])).join(' ')}`);
  }
  return lines.join('\n');
}

async function addGroups(scene: Scene, [file]: readonly string[]): Promise<void> {
  await apply(scene, await groupFile(scene, file, 'any'));
}

async function groupFile(scene: Scene, file: string, command: GroupCommand | 'any') {
  const text = await scene.read(file);
  const name = file === '-' ? 'standard input' : file;
  return text.split('\n').flatMap((line, i) => {
    const groups = parseGroups(line, { file: name, line: i + 1, ports: scene.ports, command });
    return groups.map((change) => changeOf({ type: 'group_mod', change }, `${name}:${i + 1}`));
  });
}

function groupCommand(called: GroupCommand) {
  return async (scene: Scene, [text = '']: readonly string[]): Promise<void> => {
    const command = scene.options.mayCreate ? 'add_or_mod' : called;
    if (text === '-') {
      await apply(scene, await groupFile(scene, '-', command === 'add' ? 'any' : command));
      return;
    }
    const own = command === 'delete' ? keyed('group_id', text) : text;
    const change = parseGroup(own, { command, ports: scene.ports });
    await apply(scene, [changeOf({ type: 'group_mod', change })]);
  };
}

async function meters({ client, print }: Scene, [meter]: readonly string[]): Promise<void> {
  const rows = await client.list({ kind: 'meter_config', meterId: meterOf(meter) });
  print.say(heading('OFPST_METER_CONFIG reply', client.xid));
  for (const [i, row] of rows.entries()) {
    print.say(`${i > 0 ? '\n' : ''}${formatMeter(row)}`);
    const bands = row.bands.map((band) => {
      const level = band.type === 'dscp_remark' ? { prec_level: band.precLevel } : {};
      return { type: band.type, rate: band.rate, burst_size: band.burst, ...level };
    });
    print.tell('meter@1', { meter_id: row.meterId, flags: bitNames(row.flags, METER_FLAGS), bands });
  }
}

async function meterStats({ client, print }: Scene, [meter]: readonly string[]): Promise<void> {
  const rows = await client.list({ kind: 'meter', meterId: meterOf(meter) });
  print.say(heading('OFPST_METER reply', client.xid));
  for (const [i, row] of rows.entries()) {
    const { meterId, flows, packetsIn: packets, bytesIn: bytes, bands } = row;
    const duration_ms = milliseconds(row);
    const text = formatMeterStats({ meterId, flows, packets, bytes, duration_ms, bands });
    print.say(`${i > 0 ? '\n' : ''}${text}`);
    print.tell('meter-stats@1', { meter_id: meterId, flows, packets, bytes, duration_ms, bands });
  }
}

const METER_FLAGS = [
  [OFPMF.KBPS, 'kbps'],
  [OFPMF.PKTPS, 'pktps'],
  [OFPMF.BURST, 'burst'],
  [OFPMF.STATS, 'stats'],
] as const;
const BAND_TYPES = [
  [1 << OFPMBT.DROP, 'drop'],
  [1 << OFPMBT.DSCP_REMARK, 'dscp_remark'],
] as const;

async function meterFeatures({ client, print }: Scene): Promise<void> {
  const body = { kind: 'meter_features' } as const;
  const reply = await client.request({ type: 'multipart_request', more: false, body }, 'multipart_reply');
  if (reply.body.kind !== 'meter_features') return;
  const f: MeterFeatures = reply.body;
  const bands = bitNames(f.bandTypes, BAND_TYPES);
  const capabilities = bitNames(f.capabilities, METER_FLAGS);
  print.say(
    [
      heading('OFPST_METER_FEATURES reply', reply.xid),
      `max_meter:${f.maxMeter} max_bands:${f.maxBands} max_color:${f.maxColor}`,
      `band_types: ${bands.join(' ') || '0'}`,
      `capabilities: ${capabilities.join(' ') || '0'}`,
    ].join('\n'),
  );
  const { maxMeter: max_meter, maxBands: max_bands, maxColor: max_color } = f;
  print.tell('meter-features@1', { max_meter, max_bands, max_color, band_types: bands, capabilities });
}

function meterCommand(command: MeterCommand) {
  return async (scene: Scene, [text = '']: readonly string[]): Promise<void> => {
    const own = command === 'delete' && text !== '-' ? keyed('meter', text) : text;
    const mods =
      text === '-'
        ? parseMeters(await scene.read('-'), { command, file: 'standard input' })
        : [parseMeter(own, { command })];
    if (mods.length === 0) throw new Misuse('there is no meter on standard input');
    await apply(
      scene,
      mods.map((change) => changeOf({ type: 'meter_mod', change })),
    );
  };
}

const ONE = [1, 1] as const;
const ONE_OR_NONE = [0, 1] as const;

export const GROUP_COMMANDS: readonly Command[] = [
  { name: 'dump-groups', args: '[GROUP]', count: ONE_OR_NONE, about: 'groups', named: true, run: groups },
  { name: 'dump-group-stats', args: '[GROUP]', count: ONE_OR_NONE, about: 'their counters', run: groupStats },
  { name: 'dump-group-features', about: 'what groups can be', run: groupFeatures },
  {
    name: 'add-group',
    args: 'GROUP|-',
    count: ONE,
    about: 'add a group, or those on standard input',
    options: ['bundle'],
    named: true,
    run: groupCommand('add'),
  },
  {
    name: 'add-groups',
    args: 'FILE|-',
    count: ONE,
    about: 'add groups of a file; a line may begin with add, modify, add_or_mod, delete',
    options: ['bundle'],
    named: true,
    run: addGroups,
  },
  {
    name: 'mod-group',
    args: 'GROUP|-',
    count: ONE,
    about: 'change a group',
    options: ['bundle', 'mayCreate'],
    named: true,
    run: groupCommand('modify'),
  },
  {
    name: 'del-groups',
    args: '[GROUP|-]',
    count: ONE_OR_NONE,
    about: 'delete groups: all, or one',
    options: ['bundle'],
    run: groupCommand('delete'),
  },
];

export const METER_COMMANDS: readonly Command[] = [
  { name: 'dump-meters', aka: ['dump-meter'], args: '[METER]', count: ONE_OR_NONE, about: 'meters', run: meters },
  { name: 'meter-stats', args: '[METER]', count: ONE_OR_NONE, about: 'their counters', run: meterStats },
  { name: 'meter-features', about: 'what meters can be', run: meterFeatures },
  { name: 'add-meter', args: 'METER|-', count: ONE, about: 'add a meter', run: meterCommand('add') },
  { name: 'mod-meter', args: 'METER|-', count: ONE, about: 'change a meter', run: meterCommand('modify') },
  {
    name: 'del-meters',
    aka: ['del-meter'],
    args: '[METER]',
    count: ONE_OR_NONE,
    about: 'delete meters',
    run: meterCommand('delete'),
  },
];
