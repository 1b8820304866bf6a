/**
 * Flows from text: a line of a flow file, or an argument of ovs-ofctl's (ovs-ofctl(8), "Flow Syntax"). The part before
 * "actions=" is keys and fields in any order, the part behind it instructions. What a dump prints of statistics is read
 * and left out.
 */
import type { TextError } from '../bytes/index.js';
import {
  ALL_TABLES,
  ANY_GROUP,
  DEFAULT_PRIORITY,
  didYouMean,
  type FlowCommand,
  type FlowMod,
  type Instructions,
  type KeyValue,
  keyValues,
  NO_BUFFER_ID,
  OFPFF,
  OFPP,
  parseNumber,
  parsePort,
  parseTable,
} from '../nxm/index.js';
import { slots, VLAN_CFI } from '../packet/key.js';
import { parseInstructions, parseNumber64 } from './instruction-text.js';
import { MatchReader, matchWords } from './match-reader.js';
import { mistake, type Place, type PlaceOptions, placeOf } from './place.js';

export interface FlowTextOptions extends PlaceOptions {
  /** What the flow is for; 'any': the text may begin with a command's name, else it is added. Default: add. */
  readonly command?: FlowCommand | 'any';
  /** What messages call the command, its own name unless told: a filter reads like a delete. */
  readonly called?: string;
}

type Draft = { -readonly [K in keyof FlowMod]: FlowMod[K] };

interface Context {
  readonly part: KeyValue;
  readonly place: Place;
  /** What messages call the command. */
  readonly called: string;
}

/** A mistake in a key's value. */
function bad({ part, place }: Context, why: string): TextError {
  return mistake(place, part.valueAt, why);
}

function number16(context: Context): number {
  const { key, value } = context.part;
  const number = parseNumber(value);
  if (number === null || number > 0xffffn) throw bad(context, `${key} is 0 to 65535, not "${value}"`);
  return Number(number);
}

function number64(text: string, context: Context): bigint {
  const number = parseNumber64(text);
  if (number === null) throw bad(context, `"${text}" is no number of 64 bits`);
  return number;
}

function cookie(flow: Draft, context: Context): void {
  const { value } = context.part;
  const [first, mask] = value.split('/', 2);
  if (mask !== undefined) {
    if (flow.command === 'add') throw bad(context, 'a flow that is added has a cookie without a mask');
    flow.cookieMask = number64(mask, context);
    flow.cookie = number64(first, context) & flow.cookieMask;
    return;
  }
  if (flow.command.startsWith('delete')) {
    throw bad(context, `to match on a cookie, write a mask: cookie=${value}/-1`);
  }
  // A modify sends its cookie only with a mask, as ovs-ofctl does; the cookie of a flow stays.
  const cookie = number64(first, context);
  if (flow.command === 'add') flow.cookie = cookie;
}

type Commands = readonly FlowCommand[];
const WITH_ACTIONS: Commands = ['add', 'modify', 'modify_strict'];
const DELETES: Commands = ['delete', 'delete_strict'];
const WITH_PRIORITY: Commands = [...WITH_ACTIONS, 'delete_strict'];
const ALL: Commands = [...WITH_ACTIONS, ...DELETES];

interface Key {
  readonly commands: Commands;
  /** Keys without a value are flags. */
  readonly flag?: number;
  read?(flow: Draft, context: Context): void;
}

/** Printed by dumps, and no part of a flow that is sent. */
const statistic: Key = { commands: ALL, read() {} };
const flag = (bit: number): Key => ({ commands: WITH_ACTIONS, flag: bit });

const KEYS: Readonly<Record<string, Key>> = {
  table: {
    commands: ALL,
    read(flow, context) {
      const { value } = context.part;
      const table = parseTable(value, context.place.tables);
      if (table === null) throw bad(context, `"${value}" is no table`);
      flow.tableId = table;
    },
  },
  priority: {
    commands: WITH_PRIORITY,
    read(flow, context) {
      flow.priority = number16(context);
    },
  },
  cookie: { commands: ALL, read: cookie },
  idle_timeout: {
    commands: WITH_ACTIONS,
    read(flow, context) {
      flow.idleTimeout_s = number16(context);
    },
  },
  hard_timeout: {
    commands: WITH_ACTIONS,
    read(flow, context) {
      flow.hardTimeout_s = number16(context);
    },
  },
  // OpenFlow 1.3 has no importance: ovs-ofctl reads it and sends nothing.
  importance: {
    commands: ['add'],
    read(_, context) {
      number16(context);
    },
  },
  out_port: {
    commands: DELETES,
    read(flow, context) {
      const port = parsePort(context.part.value, context.place.ports);
      if (port === null) throw bad(context, `"${context.part.value}" is no port`);
      flow.outPort = port;
    },
  },
  out_group: {
    commands: DELETES,
    read(flow, context) {
      const { value } = context.part;
      const named = { any: ANY_GROUP, all: 0xfffffffc }[value.toLowerCase()];
      const number = named ?? (/^\d+$/.test(value) ? Number(value) : -1);
      if (number < 0 || number > 0xffffffff) throw bad(context, `"${value}" is no group`);
      flow.outGroup = number;
    },
  },
  send_flow_rem: flag(OFPFF.SEND_FLOW_REM),
  check_overlap: flag(OFPFF.CHECK_OVERLAP),
  reset_counts: flag(OFPFF.RESET_COUNTS),
  no_packet_counts: flag(OFPFF.NO_PKT_COUNTS),
  no_byte_counts: flag(OFPFF.NO_BYT_COUNTS),
  duration: statistic,
  n_packets: statistic,
  n_bytes: statistic,
  idle_age: statistic,
  hard_age: statistic,
};
/** Words that ovs-ofctl reads and leaves out. */
const IGNORED = new Set(['no_readonly_table', 'allow_hidden_fields']);

/** A command's name, or the beginning of one, at the start of a line. */
const COMMANDS: readonly FlowCommand[] = ['add', 'delete', 'delete_strict', 'modify', 'modify_strict'];

function commandOf(text: string): { command: FlowCommand; length: number } {
  const [, blank, word] = /^(\s*)([^,\s]*)/.exec(text) ?? ['', '', ''];
  const command = word === '' ? undefined : COMMANDS.find((name) => name.startsWith(word));
  return command ? { command, length: blank.length + word.length } : { command: 'add', length: 0 };
}

/** Where "actions=" begins, and what follows it. */
function actionsIn(text: string): { at: number; valueAt: number } | null {
  const at = text.indexOf('action');
  const equals = at < 0 ? -1 : text.indexOf('=', at);
  return equals < 0 ? null : { at, valueAt: equals + 1 };
}

function actionsMistake(command: FlowCommand, called: string): string {
  return WITH_ACTIONS.includes(command) ? 'actions needs "="' : `${called} takes no actions`;
}

function take(flow: Draft, match: MatchReader, context: Context): void {
  const { part, place, called } = context;
  const known = Object.hasOwn(KEYS, part.key) ? KEYS[part.key] : undefined;
  if (known?.commands.includes(flow.command)) {
    if (known.flag !== undefined) {
      flow.flags |= known.flag;
      return;
    }
    if (part.value === '') throw mistake(place, part.keyAt, `${part.key} needs a value`);
    known.read?.(flow, context);
    return;
  }
  if (known) throw mistake(place, part.keyAt, `${part.key} is not for ${called}`);
  if (IGNORED.has(part.key) || match.take(part)) return;
  if (/^actions?$/.test(part.key)) throw mistake(place, part.keyAt, actionsMistake(flow.command, called));
  const words = [...Object.keys(KEYS), ...matchWords(), 'actions'];
  throw mistake(place, part.keyAt, `unknown keyword "${part.key}"${didYouMean(part.key, words)}`);
}

/** Reads one flow. Throws TextError: what is wrong, and where. */
export function parseFlow(text: string, options: FlowTextOptions = {}): FlowMod {
  const whole = placeOf(options);
  const wanted = options.command ?? 'add';
  const { command, length } = wanted === 'any' ? commandOf(text) : { command: wanted, length: 0 };
  const place = { ...whole, column: whole.column + length };
  const rest = text.slice(length);
  const flow: Draft = {
    command,
    tableId: ALL_TABLES,
    priority: DEFAULT_PRIORITY,
    cookie: 0n,
    cookieMask: 0n,
    idleTimeout_s: 0,
    hardTimeout_s: 0,
    bufferId: NO_BUFFER_ID,
    outPort: OFPP.ANY,
    outGroup: ANY_GROUP,
    flags: 0,
    match: undefined as never,
    instructions: {},
  };
  const acts = WITH_ACTIONS.includes(command);
  const called = options.called ?? command;
  const actions = acts ? actionsIn(rest) : null;
  const match = new MatchReader(place);
  for (const part of keyValues(actions ? rest.slice(0, actions.at) : rest)) take(flow, match, { part, place, called });
  if (acts && !actions) throw mistake(place, rest.trimEnd().length, 'a flow needs actions=…');
  flow.match = match.build();
  if (actions) flow.instructions = instructions(rest.slice(actions.valueAt), actions.valueAt, match, place);
  if (flow.tableId === ALL_TABLES && acts) flow.tableId = 0;
  return flow;
}

function instructions(text: string, at: number, match: MatchReader, place: Place): Instructions {
  const { value, mask } = match;
  return parseInstructions(
    text,
    { ...place, column: place.column + at },
    {
      tags: value.get(slots.vlan_tci) & mask.get(slots.vlan_tci) & VLAN_CFI ? 1 : 0,
      nwProto: mask.get(slots.nw_proto) ? value.get(slots.nw_proto) : 0,
    },
  );
}

/** Reads a flow file: a flow a line, "#" begins a comment, empty lines are left out. Throws TextError. */
export function parseFlows(text: string, options: FlowTextOptions = {}): FlowMod[] {
  const flows: FlowMod[] = [];
  const first = options.line ?? 1;
  for (const [i, line] of text.split('\n').entries()) {
    const flow = line.split('#', 1)[0];
    if (flow.trim() === '') continue;
    flows.push(parseFlow(flow, { command: 'any', ...options, line: first + i, column: 1 }));
  }
  return flows;
}
