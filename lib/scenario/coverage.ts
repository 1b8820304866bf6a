/**
 * Which flows of a file no step hit, and which can never be: another flow of their table takes all their packets first.
 */
import { formatFlow } from '../text/index.js';
import type { FlowUse, ScenarioResult } from './run.js';

/** How often a flow of a scenario file was used. */
export interface FlowCoverage {
  readonly file: string;
  /** Where the flow stands. */
  readonly line: number;
  readonly flow: string;
  /** Packets in all scenarios of the file. */
  readonly packets: number;
  /** The line of a flow of higher priority that matches every packet of this one, where one does in every scenario. */
  readonly hidden_by: number | null;
}

interface Row {
  packets: number;
  text: string;
  hiddenBy: number | null;
  scenarios: number;
  hidden: number;
}

/**
 * The flows of a file's scenarios, by line. Flows without a line, that a packet or a controller's action made, don't
 * count.
 */
export function coverage(file: string, results: readonly ScenarioResult[]): FlowCoverage[] {
  const rows = new Map<string, Row & { line: number }>();
  for (const { flows } of results) {
    for (const use of flows) {
      if (use.line === null) continue;
      const text = formatFlow(use.flow, { stats: false }).trim();
      // What a conjunction's parts match counts for the flow of its id.
      if (text.includes('conjunction(')) continue;
      const id = `${use.line} ${text}`;
      const row = rows.get(id) ?? { line: use.line, packets: 0, text, hiddenBy: null, scenarios: 0, hidden: 0 };
      rows.set(id, row);
      row.packets += use.flow.packets;
      row.scenarios++;
      const by = hiding(use, flows);
      if (by === null) continue;
      row.hidden++;
      row.hiddenBy = by;
    }
  }
  return [...rows.values()]
    .sort((a, b) => a.line - b.line)
    .map(({ line, text, packets, hiddenBy, hidden, scenarios }) => ({
      file,
      line,
      flow: text,
      packets,
      hidden_by: hidden === scenarios ? hiddenBy : null,
    }));
}

/** The line of a flow that takes all packets of another before it. */
function hiding({ flow }: FlowUse, flows: readonly FlowUse[]): number | null {
  const found = flows.find(
    ({ flow: other }) =>
      other.tableId === flow.tableId && other.priority > flow.priority && flow.match.isWithin(other.match),
  );
  return found ? (found.line ?? 0) : null;
}

/** What a person wants to know of it. */
export function coverageLines(flows: readonly FlowCoverage[]): string[] {
  const [first] = flows;
  if (!first) return [];
  const hit = flows.filter(({ packets }) => packets > 0).length;
  const lines = flows
    .filter(({ packets, hidden_by }) => packets === 0 || hidden_by !== null)
    .map(({ file, line, flow, packets, hidden_by }) => {
      const why = hidden_by === null ? 'no step hits' : `the flow of line ${hidden_by} hides`;
      return `  ${file}:${line} ${packets === 0 ? why : `the flow of line ${hidden_by} may hide`} ${flow}`;
    });
  return [`${first.file}: ${hit} of ${flows.length} flows were hit`, ...lines];
}
