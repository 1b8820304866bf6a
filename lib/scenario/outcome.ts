/** What came of a step, and in what it isn't what was expected. */
import { type Connection, formatConnection } from '../ct/index.js';
import { MatchBuilder } from '../nxm/match.js';
import { meets } from '../nxm/prerequisite.js';
import type { PacketIn } from '../pipeline/types.js';
import { formatMatch, parseMatch } from '../text/index.js';
import type { Spot } from '../yaml/index.js';
import { differences, fitsPattern, fitsState, stateText } from './ct-pattern.js';
import { frameDifferences, frameLine, matchDifferences } from './difference.js';
import type { PacketText } from './packet-text.js';
import { literal, type ReadCapture, type Sent, sameAs } from './packets.js';
import type { ControllerExpectation, Expectation, Expected, Scenario, Step } from './scenario.js';

/** What came of a step. */
export interface Outcome {
  /** Frames by port, in order. */
  readonly outputs: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly packetIns: readonly PacketIn[];
  /** ct_state as each ct action found it, and why. */
  readonly verdicts: readonly { readonly state: number; readonly why: string }[];
  /** Those that are there, where the step asks for them. */
  readonly connections: readonly Connection[];
  /** What came in. */
  readonly sent: readonly { readonly port: string; readonly sent: Sent }[];
}

/** One thing that isn't as expected. */
export interface Failure extends Spot {
  /** "outside", "controller", "ct" … */
  readonly where: string;
  /** What is wrong; further lines say more. */
  readonly lines: readonly string[];
}

/** A frame that is expected: its bytes, or what it must meet. */
type Wanted =
  | { readonly bytes: Uint8Array; readonly text: string }
  | { readonly match: PacketText; readonly text: string };

export class Judge {
  private readonly failures: Failure[] = [];

  constructor(
    private readonly scenario: Scenario,
    private readonly step: Step,
    private readonly outcome: Outcome,
    private readonly capture: ReadCapture,
  ) {}

  /**
   * All that isn't as expected; empty where the step passed. Throws a TextError for a text that makes no sense here.
   */
  failed(): readonly Failure[] {
    const { step, outcome } = this;
    const { expect } = step;
    for (const port of this.scenario.ports.keys()) {
      this.port(port, expect?.ports.get(port) ?? null, outcome.outputs.get(port) ?? []);
    }
    this.controller(expect?.controller ?? null);
    if (expect) this.connections(expect);
    if (expect?.state) this.state(expect.state);
    return this.failures;
  }

  private fail(at: Spot, where: string, ...lines: string[]): void {
    this.failures.push({ line: at.line, column: at.column, where, lines });
  }

  private port(port: string, expected: Expected<PacketText> | null, got: readonly Uint8Array[]): void {
    const wanted = expected?.items.flatMap((text) => this.wanted(text)) ?? [];
    const at = expected?.at ?? this.step.at;
    for (let i = 0; i < Math.max(wanted.length, got.length); i++) {
      const ordinal = wanted.length > 1 || got.length > 1 ? ` ${i + 1}` : '';
      if (i >= wanted.length) this.fail(at, port, `frame${ordinal} isn't expected: ${frameLine(got[i])}`);
      else if (i >= got.length) this.fail(at, port, `frame${ordinal} is missing: ${wanted[i].text}`);
      else {
        const lines = this.compare(wanted[i], got[i]);
        if (lines.length > 0) this.fail(at, port, `frame${ordinal} differs from ${wanted[i].text}`, ...lines);
      }
    }
  }

  private wanted(text: PacketText): Wanted[] {
    if (text.base === 'match') return [{ match: text, text: text.text }];
    if (text.base !== 'same') return [{ bytes: literal(text, this.capture), text: text.text }];
    const { sent } = this.outcome;
    const [first] = sent;
    const from = new Set(sent.map(({ port }) => port));
    if (!first || from.size > 1) {
      const why = first ? 'is one of several ports' : 'is nothing: this step sends no packet';
      return [{ bytes: new Uint8Array(0), text: `"same", which ${why}` }];
    }
    return sent.flatMap((each) => sameAs(each.sent, text)).map((bytes) => ({ bytes, text: text.text }));
  }

  private compare(wanted: Wanted, got: Uint8Array): string[] {
    return 'bytes' in wanted ? frameDifferences(wanted.bytes, got) : matchDifferences(wanted.match, got);
  }

  private controller(expected: Expected<ControllerExpectation> | null): void {
    const got = this.outcome.packetIns;
    // `same` stands for as many as frames were sent.
    const items = (expected?.items ?? []).flatMap((item): { item: ControllerExpectation; frame: Wanted | null }[] =>
      item.packet ? this.wanted(item.packet).map((frame) => ({ item, frame })) : [{ item, frame: null }],
    );
    for (let i = 0; i < Math.max(items.length, got.length); i++) {
      const ordinal = items.length > 1 || got.length > 1 ? ` ${i + 1}` : '';
      const at = items[i]?.item ?? expected?.at ?? this.step.at;
      if (i >= items.length) {
        const { reason, tableId, frame } = got[i];
        const line = `${reason}, table ${tableId}: ${frameLine(frame)}`;
        this.fail(at, 'controller', `packet-in${ordinal} isn't expected: ${line}`);
      } else if (i >= got.length) this.fail(at, 'controller', `packet-in${ordinal} is missing`);
      else {
        const { item, frame } = items[i];
        const lines = [...(frame ? this.compare(frame, got[i].frame) : []), ...this.packetIn(item, got[i])];
        if (lines.length > 0) this.fail(at, 'controller', `packet-in${ordinal} differs`, ...lines);
      }
    }
  }

  /** In what a packet-in differs, beside its frame. */
  private packetIn(wanted: ControllerExpectation, got: PacketIn): string[] {
    const lines: string[] = [];
    const plain = [
      ['reason', wanted.reason, got.reason],
      ['table', wanted.table, got.tableId],
      ['cookie', wanted.cookie, got.cookie],
      ['max_len', wanted.maxLen, got.maxLen],
    ] as const;
    for (const [name, value, there] of plain) {
      if (value !== undefined && value !== there) lines.push(`${name} is ${there}, not ${value}`);
    }
    if (wanted.match && !this.meets(wanted.match.text, got, wanted.match)) {
      lines.push(`match is ${packetInText(got)}, which doesn't meet ${wanted.match.text}`);
    }
    return lines;
  }

  private meets(text: string, packetIn: PacketIn, at: Spot): boolean {
    const ports = this.scenario.ports;
    const match = parseMatch(text, { line: at.line, column: at.column, file: this.scenario.file, ports });
    return match.fits(matchOf(packetIn).value.words);
  }

  private connections(expect: Expectation): void {
    const { connections } = this.outcome;
    const there = connections.map((each) => `  ${formatConnection(each, { statistics: true })}`);
    if (expect.connections && (expect.connections.count ?? connections.length) !== connections.length) {
      const { at, count } = expect.connections;
      this.fail(at, 'connections', `there are ${connections.length} connections, not ${count}`, ...there);
    }
    const { ct } = expect;
    if (!ct) return;
    if (ct.items.length === 0 && !ct.open && connections.length > 0) {
      this.fail(ct.at, 'ct', 'no connection is expected, but there are:', ...there);
    }
    const left = [...connections];
    for (const pattern of ct.items) {
      const index = left.findIndex((each) => fitsPattern(each, pattern));
      if (index >= 0) left.splice(index, 1);
      else if (left.length === 1)
        this.fail(
          pattern,
          'ct',
          `the connection differs from ${pattern.text}`,
          ...differences(left[0], pattern),
          ...there,
        );
      else
        this.fail(
          pattern,
          'ct',
          `no connection is ${pattern.text}; there are${left.length > 0 ? ':' : ' no others'}`,
          ...there,
        );
    }
  }

  private state({ at, items }: NonNullable<Expectation['state']>): void {
    const { verdicts } = this.outcome;
    items.forEach((wanted, i) => {
      const ordinal = items.length > 1 ? ` of ct action ${i + 1}` : '';
      const verdict = verdicts[i];
      if (!verdict)
        this.fail(at, 'state', `the packet met ${verdicts.length} ct actions, so there is no state${ordinal}`);
      else if (!fitsState(verdict.state, wanted)) {
        this.fail(at, 'state', `the state${ordinal} is ${stateText(verdict.state)}, not ${wanted.text}`, verdict.why);
      }
    });
  }
}

/** A packet-in's fields in one key. */
function matchOf(packetIn: PacketIn): MatchBuilder {
  const builder = new MatchBuilder();
  for (const { field, value } of packetIn.fields) {
    if (meets(field.needs, builder.value, builder.mask)) builder.add(field, value);
  }
  return builder;
}

/** A packet-in's fields as a match text. */
export function packetInText(packetIn: PacketIn): string {
  return formatMatch(matchOf(packetIn).build());
}
