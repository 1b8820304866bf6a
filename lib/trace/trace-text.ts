/**
 * A trace as people read it, in the manner of ovs-appctl ofproto/trace: the flow, each table with the flow that matched
 * and its actions below it, remarks behind "->", final flow, megaflow and datapath actions; then the same for each
 * recirculation, with why connection tracking said what it said; at the end what became of the packet.
 */
import { PLAIN_NAMES } from '../nxm/index.js';
import { changeText } from './recorder.js';
import type { Trace, TraceEffect, TraceNode, TracePass, TraceVerdict } from './types.js';

const RULE = '='.repeat(79);

/** The lines of a trace, without the last line's end. */
export function formatTrace(trace: Trace, bridge = 'br0'): string {
  const heading = `bridge("${bridge}")`;
  const lines: string[] = [];
  if (trace.passes.length === 0) lines.push(`Flow: ${trace.flow}`, '');
  trace.passes.forEach((pass, i) => {
    if (i > 0) lines.push('', ...recirculation(pass), '');
    lines.push(`Flow: ${pass.flow}`, '', heading, '-'.repeat(heading.length));
    lines.push(...pass.nodes.flatMap((node) => nodeLines(node, 0)));
    lines.push('', `Final flow: ${pass.final_flow ?? 'unchanged'}`);
    lines.push(`Megaflow: ${pass.megaflow}`, `Datapath actions: ${pass.datapath_actions}`);
    lines.push(...committed(trace, pass));
  });
  const learned = trace.effects.filter((effect) => effect.kind === 'mac');
  if (trace.passes.length > 0) lines.push('');
  for (const { mac, vlan, port } of learned)
    lines.push(`Learns: ${mac}${vlan ? ` in VLAN ${vlan}` : ''} at port ${PLAIN_NAMES.port(port)}`);
  for (const effect of trace.effects) {
    if (effect.kind !== 'controller') continue;
    const { reason, table_id, cookie, max_len } = effect;
    lines.push(`Controller: reason=${reason}, table ${table_id}, cookie ${cookie}, max_len=${max_len}`);
  }
  lines.push(`Verdict: ${trace.outcome.verdict}: ${trace.outcome.reason}`);
  return lines.join('\n');
}

function recirculation({ recirc_id, conntrack }: TracePass): string[] {
  const id = `recirc(0x${recirc_id.toString(16)})`;
  if (conntrack === null) return [RULE, `${id} - the packet is read anew`, RULE];
  return [RULE, `${id} - resume conntrack with ct_state=${conntrack.ct_state}`, ...verdictLines(conntrack), RULE];
}

const SOURCES: Readonly<Record<TraceVerdict['source'], string>> = {
  table: '',
  assumed: 'no connection table: empty, new assumed; ',
  supposed: 'supposed by --ct-next; else: ',
};

function verdictLines({ source, reason, connection, zone, events }: TraceVerdict): string[] {
  const lines = [` -> zone ${zone}: ${SOURCES[source]}${reason}`];
  if (connection !== null && !reason.includes('orig=(')) lines.push(` -> connection: ${connection}`);
  for (const { event, connection: of } of events) lines.push(` -> ${event}: ${of}`);
  return lines;
}

/** Verdicts of ct actions behind which nothing goes on, by the pass that asked. */
function committed(trace: Trace, pass: TracePass): string[] {
  if (pass !== trace.passes.at(-1)) return [];
  const alone = trace.effects.flatMap((e: TraceEffect) =>
    e.kind === 'conntrack' && !trace.passes.some(({ conntrack }) => conntrack === e.verdict) ? [e.verdict] : [],
  );
  return alone.flatMap((verdict) => [`Conntrack: ct_state=${verdict.ct_state}`, ...verdictLines(verdict)]);
}

function nodeLines(node: TraceNode, indent: number): string[] {
  const pad = ' '.repeat(indent);
  switch (node.kind) {
    case 'note':
      return [`${pad}     -> ${node.note}`];
    case 'table':
      return [`${pad}${tableHeading(node)}`, ...tableBody(node, indent)];
    case 'bucket':
      return [`${pad}    bucket ${node.bucket}`, ...node.nodes.flatMap((child) => nodeLines(child, indent + 8))];
    case 'action_set':
      return [`${pad}--. Executing action set:`, ...node.nodes.flatMap((child) => nodeLines(child, indent))];
    case 'action':
      return [
        `${pad}    ${node.action}`,
        ...(node.changes.length > 0 ? [`${pad}     -> ${node.changes.map(changeText).join(', ')}`] : []),
        ...node.nodes.flatMap((child) => nodeLines(child, child.kind === 'table' ? indent + 4 : indent)),
      ];
  }
}

function tableHeading({ table_id, flow }: Extract<TraceNode, { kind: 'table' }>): string {
  const number = `${String(table_id).padStart(2)}.`;
  if (flow === null) return `${number} No match.`;
  const match = flow.match === '' ? '' : `${flow.match}, `;
  const cookie = flow.cookie === '0x0' ? '' : `, cookie ${flow.cookie}`;
  return `${number} ${match}priority ${flow.priority}${cookie}`;
}

function tableBody({ flow, nodes }: Extract<TraceNode, { kind: 'table' }>, indent: number): string[] {
  const lines = nodes.flatMap((node) => nodeLines(node, indent));
  const drops = lines.length === 0 && (flow === null || flow.actions === 'drop');
  return drops ? [`${' '.repeat(indent)}    drop`] : lines;
}
