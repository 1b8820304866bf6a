/**
 * Groups as ovs-ofctl reads and prints them (ovs-ofctl(8), "Group Syntax"): "group_id=1,type=select,bucket=weight:50,
 * actions=output:1,bucket=…". A bucket's actions begin at "actions=" and go on to the next bucket. What only OpenFlow
 * 1.5 has (bucket ids, selection methods) is refused, or left out where a dump may have it.
 */
import {
  type Action,
  type Bucket,
  checkOutside,
  didYouMean,
  formatActions,
  type GroupCommand,
  type GroupMod,
  type GroupType,
  type KeyValue,
  keyValues,
  OFPG,
  OFPP,
  PLAIN_NAMES,
  parseAction,
  parseActions,
  parseNumber,
  parsePort,
  type TextNames,
} from '../nxm/index.js';
import { formatDuration } from './flow-printer.js';
import { mistake, type Place, type PlaceOptions, placeOf } from './place.js';

export interface GroupTextOptions extends PlaceOptions {
  /** What the group is for; 'any': the text may begin with a command's name, else it is added. Default: add. */
  readonly command?: GroupCommand | 'any';
  /** Called for each word that only OpenFlow 1.5 has, which is left out then; without it, one is refused. */
  readonly leaveOut?: (word: string) => void;
}

/** Where a group's text stands, and what becomes of OpenFlow 1.5's words in it. */
interface Within extends Place {
  readonly leaveOut: GroupTextOptions['leaveOut'];
}

const TYPES: Readonly<Record<string, GroupType>> = {
  all: 'all',
  select: 'select',
  indirect: 'indirect',
  ff: 'ff',
  fast_failover: 'ff',
};
const ONLY_15 = ['bucket_id', 'command_bucket_id', 'selection_method', 'selection_method_param', 'fields'];
const COMMANDS: readonly GroupCommand[] = ['add', 'delete', 'add_or_mod', 'modify'];
const BUCKET = 'bucket=';

function number(part: KeyValue, most: number, place: Place): number {
  const value = parseNumber(part.value);
  if (value === null || value > BigInt(most)) {
    throw mistake(place, part.valueAt, `${part.key} is a number up to ${most}, not "${part.value}"`);
  }
  return Number(value);
}

/** Is it a word of OpenFlow 1.5 that is left out? */
function isLeftOut({ key }: KeyValue, { leaveOut }: Within): boolean {
  if (leaveOut === undefined || !ONLY_15.includes(key)) return false;
  leaveOut(key);
  return true;
}

function unknown(part: KeyValue, known: readonly string[], place: Place): Error {
  const why = ONLY_15.includes(part.key)
    ? `${part.key} needs OpenFlow 1.5`
    : `unknown keyword "${part.key}"${didYouMean(part.key, known)}`;
  return mistake(place, part.keyAt, why);
}

/** Reads one group. Throws TextError: what is wrong, and where. */
export function parseGroup(text: string, options: GroupTextOptions = {}): GroupMod {
  const place: Within = { ...placeOf(options), leaveOut: options.leaveOut };
  const wanted = options.command ?? 'add';
  const { command, length } = wanted === 'any' ? commandOf(text) : { command: wanted, length: 0 };
  const rest = text.slice(length);
  const within = { ...place, column: place.column + length };
  const first = rest.indexOf(BUCKET);
  const head = first < 0 ? rest : rest.slice(0, first);
  if (command === 'delete' && rest.trim() === '') {
    return { command, groupType: 'all', groupId: OFPG.ALL, buckets: [] };
  }
  if (command === 'delete' && first >= 0) throw mistake(within, first, 'delete takes no buckets');
  const { groupId, groupType } = headOf(head, command, within);
  const buckets = first < 0 ? [] : bucketsOf(rest, first, groupType, within);
  if (groupType === 'indirect' && buckets.length > 1) {
    throw mistake(within, first, 'an indirect group has at most one bucket');
  }
  return { command, groupType, groupId, buckets };
}

function commandOf(text: string): { command: GroupCommand; length: number } {
  const [, blank, word] = /^(\s*)([^,\s]*)/.exec(text) ?? ['', '', ''];
  const command = word === '' ? undefined : COMMANDS.find((name) => name.startsWith(word));
  return command ? { command, length: blank.length + word.length } : { command: 'add', length: 0 };
}

function headOf(text: string, command: GroupCommand, place: Within): { groupId: number; groupType: GroupType } {
  let groupId = -1;
  let groupType: GroupType | undefined;
  for (const part of keyValues(text)) {
    if (part.key === 'group_id') {
      groupId = part.value === 'all' ? OFPG.ALL : number(part, OFPG.MAX, place);
    } else if (part.key === 'type' && command !== 'delete') {
      groupType = Object.hasOwn(TYPES, part.value) ? TYPES[part.value] : undefined;
      if (!groupType) throw mistake(place, part.valueAt, `"${part.value}" is no group type: all, select, indirect, ff`);
    } else if (!isLeftOut(part, place)) {
      throw unknown(part, command === 'delete' ? ['group_id'] : ['group_id', 'type', 'bucket'], place);
    }
  }
  if (groupId < 0) throw mistake(place, 0, 'a group needs group_id=…');
  if (!groupType && command !== 'delete') throw mistake(place, 0, 'a group needs type=…');
  return { groupId, groupType: groupType ?? 'all' };
}

function bucketsOf(text: string, first: number, type: GroupType, place: Within): Bucket[] {
  const buckets: Bucket[] = [];
  for (let at = first; at >= 0; ) {
    const from = at + BUCKET.length;
    const next = text.indexOf(BUCKET, from);
    const bucket = text.slice(from, next < 0 ? undefined : next);
    buckets.push(parseBucket(bucket, type, { ...place, column: place.column + from }));
    at = next;
  }
  return buckets;
}

function parseBucket(text: string, type: GroupType, place: Within): Bucket {
  const bucket = { weight: type === 'select' ? 1 : 0, watchPort: OFPP.ANY as number, watchGroup: OFPG.ANY as number };
  const actions: Action[] = [];
  const facts = { tags: 0, nwProto: 0 };
  let acts = false;
  for (const part of keyValues(text)) {
    const key = part.key.toLowerCase();
    if (key === 'weight') {
      bucket.weight = number(part, 0xffff, place);
      if (bucket.weight && type !== 'select') throw mistake(place, part.keyAt, 'only select groups have weights');
    } else if (key === 'watch_port') {
      const port = parsePort(part.value, place.ports);
      if (port === null) throw mistake(place, part.valueAt, `"${part.value}" is no port`);
      bucket.watchPort = port;
    } else if (key === 'watch_group') {
      bucket.watchGroup = number(part, OFPG.MAX, place);
    } else if (ONLY_15.includes(key)) {
      if (!isLeftOut(part, place)) throw unknown(part, [], place);
    } else if (key === 'actions' || key === 'action') {
      acts = true;
      actions.push(...parseActions(part.value, { ...place, column: place.column + part.valueAt, facts }));
    } else {
      acts = true;
      for (const action of parseAction(part, { ...place, facts })) {
        checkOutside(action, part, place);
        actions.push(action);
      }
    }
  }
  if (!acts) throw mistake(place, 0, 'a bucket needs actions=…');
  if (type === 'ff' && bucket.watchPort === OFPP.ANY && bucket.watchGroup === OFPG.ANY) {
    throw mistake(place, 0, 'a fast failover bucket needs watch_port or watch_group');
  }
  return { ...bucket, actions };
}

/** Reads a file of groups: a group a line, "#" begins a comment, empty lines are left out. Throws TextError. */
export function parseGroups(text: string, options: GroupTextOptions = {}): GroupMod[] {
  const groups: GroupMod[] = [];
  const first = options.line ?? 1;
  for (const [i, line] of text.split('\n').entries()) {
    const group = line.split('#', 1)[0];
    if (group.trim() === '') continue;
    groups.push(parseGroup(group, { command: 'any', ...options, line: first + i, column: 1 }));
  }
  return groups;
}

/** A group, or what is needed of it to print it. */
export type PrintableGroup = Pick<GroupMod, 'groupId' | 'groupType' | 'buckets'>;

/** As ovs-ofctl dump-groups prints it, without the blank in front; parseGroup reads it back. */
export function formatGroup({ groupId, groupType, buckets }: PrintableGroup, names: TextNames = PLAIN_NAMES): string {
  const parts = [`group_id=${groupId}`, `type=${groupType}`];
  for (const bucket of buckets) {
    const settings: string[] = [];
    if (bucket.weight !== (groupType === 'select' ? 1 : 0)) settings.push(`weight:${bucket.weight}`);
    if (bucket.watchPort !== OFPP.ANY) settings.push(`watch_port:${names.port(bucket.watchPort)}`);
    if (bucket.watchGroup !== OFPG.ANY) settings.push(`watch_group:${bucket.watchGroup}`);
    const actions = bucket.actions.length > 0 ? formatActions(bucket.actions, names) : 'drop';
    parts.push(`bucket=${[...settings, `actions=${actions}`].join(',')}`);
  }
  return parts.join(',');
}

/** null: not counted. */
interface Counted {
  readonly packets: number | null;
  readonly bytes: number | null;
}

/** A group's counters as ovs-ofctl dump-group-stats prints them, without the blank in front. */
export function formatGroupStats(
  group: Counted & {
    readonly groupId: number;
    readonly references: number;
    readonly duration_ms: number;
    readonly buckets: readonly Counted[];
  },
): string {
  const counts = ({ packets, bytes }: Counted) => `packet_count=${packets ?? '?'},byte_count=${bytes ?? '?'}`;
  const { groupId, references, duration_ms, buckets } = group;
  const parts = [`group_id=${groupId}`, `duration=${formatDuration(duration_ms)}s`, `ref_count=${references}`];
  return [...parts, counts(group), ...buckets.map((bucket, i) => `bucket${i}:${counts(bucket)}`)].join(',');
}
