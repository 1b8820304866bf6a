/**
 * What `--update` writes into a scenario file: expectations that are empty get what came. Nothing that is written is
 * touched: new text goes in between, so comments and form stay.
 */
import { fromBigInt, TextError, toHex } from '../bytes/index.js';
import { formatConnection } from '../ct/index.js';
import { Frame, NAMES, NUMBERS } from '../frames/index.js';
import { fieldNamed, formatValue } from '../nxm/index.js';
import { formatFrame } from '../text/index.js';
import { type Entry, isEmpty, type MapTree, type Tree } from '../yaml/index.js';
import { stateText } from './ct-pattern.js';
import { matchDifferences, WORDS } from './difference.js';
import type { Outcome } from './outcome.js';
import { parsePacket } from './packet-text.js';
import { type Sent, sameAs } from './packets.js';
import type { ScenarioResult, StepResult } from './run.js';

interface Insertion {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The file's text with everything filled in that was empty; the same text where nothing was. */
export function updated(text: string, results: readonly ScenarioResult[]): string {
  const insertions = results.flatMap(({ steps }) => steps.flatMap((step) => insertionsOf(text, step)));
  let filled = text;
  for (const { from, to, text: inserted } of insertions.sort((a, b) => b.from - a.from)) {
    filled = filled.slice(0, from) + inserted + filled.slice(to);
  }
  return filled;
}

function insertionsOf(text: string, { step, outcome }: StepResult): Insertion[] {
  const { tree } = step;
  const expect = tree.entries.find(({ key }) => key === 'expect');
  if (!expect) {
    const send = tree.entries.find(({ key }) => key === 'send');
    return send ? [behind(text, tree, send, `expect: ${whole(outcome)}`)] : [];
  }
  if (isEmpty(expect.value)) return [filling(text, expect, whole(outcome))];
  if (expect.value.kind !== 'map') return [];
  return expect.value.entries
    .filter(({ value }) => isEmpty(value))
    .map((entry) => filling(text, entry, filledValue(entry.key, outcome)));
}

/** Everything that came, as the value of `expect`. */
function whole(outcome: Outcome): string {
  const entries = [...outcome.outputs.keys()].map((port) => `${port}: ${filledValue(port, outcome)}`);
  if (outcome.packetIns.length > 0) entries.push(`controller: ${filledValue('controller', outcome)}`);
  return entries.length === 0 ? 'drop' : `{${entries.join(', ')}}`;
}

function filledValue(key: string, outcome: Outcome): string {
  switch (key) {
    case 'ct': {
      const lines = outcome.connections.map((each) => quoted(formatConnection(each)));
      return lines.length === 0 ? 'none' : list(lines);
    }
    case 'connections':
      return String(outcome.connections.length);
    case 'state':
      return list(outcome.verdicts.map(({ state }) => quoted(stateText(state))));
    case 'controller':
      return frames(
        outcome,
        outcome.packetIns.map(({ frame }) => frame),
      );
    default:
      return frames(outcome, outcome.outputs.get(key) ?? []);
  }
}

function list(items: readonly string[]): string {
  return items.length === 1 ? items[0] : `[${items.join(', ')}]`;
}

/** A plain word stands as it is. */
function quoted(text: string): string {
  return /^[a-z]+$/.test(text) ? text : JSON.stringify(text);
}

/** Frames in the shortest words that say all of them. */
function frames(outcome: Outcome, got: readonly Uint8Array[]): string {
  if (got.length === 0) return 'drop';
  const sent = outcome.sent.flatMap((each) => each.sent.frames);
  const from = new Set(outcome.sent.map(({ port }) => port));
  if (from.size === 1 && equal(sent, got)) return 'same';
  const changed = from.size === 1 && outcome.sent.length === 1 ? changedText(outcome.sent[0].sent, got) : null;
  return changed === null ? list(got.map((frame) => quoted(frameText(frame)))) : quoted(changed);
}

function equal(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((frame, i) => toHex(frame) === toHex(b[i]));
}

/** "same,nw_src=…" where that says it all, or null. */
function changedText(sent: Sent, got: readonly Uint8Array[]): string | null {
  const [before, after] = [new Frame(sent.frames[0]), new Frame(got[0])];
  const parts = NAMES.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is || name.includes('checksum')) return [];
    if (is === null) return name === 'vlan_vid' ? ['vlan_tci=0'] : [];
    const field = fieldNamed(name);
    if (!field && !Object.hasOwn(NUMBERS, name)) return [];
    return [
      `${WORDS[name] ?? name}=${field && name !== 'vlan_vid' ? formatValue(field, fromBigInt(is, field.bytes), null) : is}`,
    ];
  });
  const text = ['same', ...parts].join(',');
  try {
    return equal(sameAs(sent, parsePacket({ text, line: 1, column: 1 })), got) ? text : null;
  } catch (error) {
    if (error instanceof TextError) return null;
    throw error;
  }
}

/** A match text that the frame meets; hex where there is none. */
function frameText(bytes: Uint8Array): string {
  const frame = new Frame(bytes);
  if (frame.version === 0 && !frame.isArp) return toHex(bytes);
  const text = formatFrame(bytes, null);
  try {
    return matchDifferences(parsePacket({ text, line: 1, column: 1 }), bytes).length === 0 ? text : toHex(bytes);
  } catch (error) {
    if (error instanceof TextError) return toHex(bytes);
    throw error;
  }
}

/** Puts a value behind a key that has none. */
function filling(text: string, { keyAt, value }: Entry, filled: string): Insertion {
  if (value.kind === 'scalar' && value.source.trim() !== '') return { from: value.from, to: value.to, text: filled };
  const colon = /^\s*:/.exec(text.slice(keyAt.to));
  const at = keyAt.to + (colon?.[0].length ?? 0);
  const blank = /^ *(?=[,}])/.exec(text.slice(at))?.[0].length ?? 0;
  return { from: at, to: at + blank, text: colon ? ` ${filled}` : `: ${filled}` };
}

/** Puts a key behind another one of a step. */
function behind(text: string, step: MapTree, before: Entry, added: string): Insertion {
  if (step.inline) return { from: before.value.to, to: before.value.to, text: `, ${added}` };
  const end = text.slice(0, endOf(before.value)).trimEnd().length;
  const newline = text.indexOf('\n', end);
  const at = newline < 0 ? text.length : newline;
  return { from: at, to: at, text: `\n${' '.repeat(before.keyAt.column - 1)}${added}` };
}

/** Where a value really ends: a mapping may count the blanks behind it. */
function endOf(tree: Tree): number {
  if (tree.kind === 'map' && !tree.inline) {
    const last = tree.entries.at(-1);
    return last ? endOf(last.value) : tree.to;
  }
  const last = tree.kind === 'list' ? tree.items.at(-1) : undefined;
  return Math.max(tree.to, last ? endOf(last) : 0);
}
