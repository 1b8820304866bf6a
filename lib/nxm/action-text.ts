/**
 * Lists of actions as ovs-ofctl reads and writes them (ovs-actions(7)): names and arguments; what an argument says is
 * the action's own. Instructions (goto_table …) are left to lib/text.
 */
import { TextError } from '../bytes/index.js';
import type { TextArgument, TextNames } from './action.js';
import { ACTION_KINDS, type Action, kindOf } from './actions/index.js';
import { type KeyValue, keyValues } from './key-values.js';
import { LEGACY_ACTIONS, type PacketFacts } from './legacy-action-text.js';
import { type NameMap, parsePort, parseTable } from './port-text.js';
import { didYouMean } from './suggestion.js';
import { written } from './written-field.js';

/** Where a text stands, and the names in it. */
export interface ActionTextContext {
  /** Place of the text's first character, from 1. */
  readonly line: number;
  readonly column: number;
  readonly file?: string;
  readonly ports?: NameMap;
  readonly tables?: NameMap;
  /** What is known of the flow's packets; changes as the actions before change them. */
  readonly facts?: PacketFacts;
}

/** How deep actions may stand inside actions. */
const MAX_DEPTH = 8;

/** What lib/text reads, beside plain actions. */
const INSTRUCTIONS = ['meter', 'clear_actions', 'write_actions', 'write_metadata', 'goto_table'];

type Read = (arg: TextArgument, facts: PacketFacts) => Action | readonly Action[];

const readers = new Map<string, Read>();
/** The kinds are looked up late: actions that nest actions import this file. */
function known(): Map<string, Read> {
  if (readers.size === 0) {
    for (const [name, read] of Object.entries(LEGACY_ACTIONS)) readers.set(name, read);
    for (const kind of ACTION_KINDS) {
      for (const [name, read] of Object.entries(kind.texts)) readers.set(name.toLowerCase(), read);
    }
  }
  return readers;
}

/** Every name that an action may have in a text, in lower case. */
export function actionNames(): string[] {
  return [...known().keys()];
}

/** "output:1,resubmit(,2)"; "" for no actions (a flow prints "drop"). */
export function formatActions(actions: readonly Action[], names: TextNames): string {
  return actions.map((action) => kindOf(action).format(action, names)).join(',');
}

class Argument implements TextArgument {
  readonly name: string;
  readonly text: string;

  constructor(
    private readonly part: KeyValue,
    private readonly context: ActionTextContext,
    private readonly depth: number,
  ) {
    this.name = part.key;
    this.text = part.value;
  }

  error(why: string, offset = 0): TextError {
    const { line, column, file } = this.context;
    return new TextError(why, line, column + this.part.valueAt + offset, file);
  }

  port(text: string): number | null {
    return parsePort(text, this.context.ports);
  }

  table(text: string): number | null {
    return parseTable(text, this.context.tables);
  }

  actions(text: string, offset: number): Action[] {
    if (this.depth >= MAX_DEPTH) throw this.error(`actions more than ${MAX_DEPTH} deep in each other`, offset);
    const column = this.context.column + this.part.valueAt + offset;
    return parseList(text, { ...this.context, column }, this.depth + 1, this.name === 'ct');
  }
}

function mistake(why: string, part: KeyValue, context: ActionTextContext): TextError {
  return new TextError(why, context.line, context.column + part.keyAt, context.file);
}

/** Reads one action out of a list; it may stand for several, or none ("drop"). Throws TextError. */
export function parseAction(part: KeyValue, context: ActionTextContext, depth = 0): readonly Action[] {
  if (!part.closed) throw mistake(`"${part.key}(" has no ")"`, part, context);
  const name = part.key.toLowerCase();
  if (name === 'drop') return [];
  const facts = context.facts ?? { tags: 0, nwProto: 0 };
  const read = known().get(name);
  const arg = new Argument(part, context, depth);
  if (read) {
    const result = read(arg, facts);
    const list = Array.isArray(result) ? (result as readonly Action[]) : [result as Action];
    for (const action of list) follow(action, facts);
    return list;
  }
  const port = parsePort(part.key, context.ports);
  if (port === null) throw mistake(unknown(part.key), part, context);
  if (part.delimiter !== '') throw arg.error(`port ${part.key} takes no argument`);
  return [{ type: 'output', port, maxLen: 0 }];
}

function unknown(name: string): string {
  if (INSTRUCTIONS.includes(name.toLowerCase())) return `${name} is an instruction: it can't stand inside an action`;
  return `unknown action "${name}"${didYouMean(name, [...actionNames(), 'drop', ...INSTRUCTIONS])}`;
}

/** Notes what an action makes of a packet. */
function follow(action: Action, facts: PacketFacts): void {
  if (action.type === 'push_vlan') facts.tags = Math.min(facts.tags + 1, 2);
  else if (action.type === 'pop_vlan') facts.tags = Math.max(facts.tags - 1, 0);
  else if (action.type === 'set_field' && action.field.name === 'vlan_tci') {
    facts.tags = action.value[0] & 0x10 ? Math.max(facts.tags, 1) : 0;
  }
}

function parseList(text: string, context: ActionTextContext, depth: number, insideCt = false): Action[] {
  const list: Action[] = [];
  let drop: KeyValue | null = null;
  let count = 0;
  for (const part of keyValues(text)) {
    count++;
    if (part.key.toLowerCase() === 'drop') drop = part;
    for (const action of parseAction(part, context, depth)) {
      if (!insideCt) checkOutside(action, part, context);
      list.push(action);
    }
  }
  if (drop && count > 1) throw mistake('drop stands alone, without any other action', drop, context);
  return list;
}

/** ct_mark and ct_label are written by ct alone, and nat is a part of it. */
export function checkOutside(action: Action, part: KeyValue, context: ActionTextContext): void {
  if (action.type === 'nat') throw mistake('nat can only stand inside ct(…)', part, context);
  const field = written(action);
  if (field?.access !== 'inside-ct') return;
  throw mistake(`${field.name} can only be set inside ct(commit,exec(…))`, part, context);
}

/** Reads a list of actions. Throws TextError with the place and the reason. */
export function parseActions(text: string, context: ActionTextContext): Action[] {
  return parseList(text, context.facts ? context : { ...context, facts: { tags: 0, nwProto: 0 } }, 0);
}
