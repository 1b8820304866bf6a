/**
 * What happens to one packet, written down as it happens: the translations' tables, actions and changes, ct verdicts,
 * and what left the switch. It only listens. One packet is recorded at a time; how the whole is read is
 * trace-text.ts's.
 */
import { formatMac, toHex } from '../bytes/index.js';
import type { CtRequest } from '../ct/index.js';
import { OP, STEP_WORDS, type Translation } from '../datapath/index.js';
import { type Action, formatActions, formatValue, type Instructions, type TextNames } from '../nxm/index.js';
import { Key, slots } from '../packet/index.js';
import type { PacketIn, ScratchListener } from '../pipeline/index.js';
import { flowJson, formatFlow, formatInstructions, formatMasked, givenFrame } from '../text/index.js';
import { formatSteps, type StepNames } from './datapath-actions.js';
import { changes, type FieldChange, formatFlowKey } from './flow-text.js';
import type { TraceEffect, TraceNode, TraceOutcome, TracePass, TraceVerdict } from './types.js';

/** What the recorder is told of flows; the pipeline's own are these. */
type Heard<K extends keyof ScratchListener> = Parameters<ScratchListener[K]>;

/** Most nodes of one packet's trace: more are counted, not kept. */
export const MAX_NODES = 20_000;

/** What all packets of a program agree in, while it is told. */
const MASK = new Key();
const VALUE = new Key();

export class Recorder implements ScratchListener {
  readonly passes: TracePass[] = [];
  readonly effects: TraceEffect[] = [];
  private nodes: TraceNode[] = [];
  /** The lists around the one that is filled. */
  private readonly outer: TraceNode[][] = [];
  /** Actions that are under way, and what the packet was when they began. */
  private readonly before: Key[] = [];
  private headers: { readonly flow: Key } | null = null;
  private recirculation = 0;
  /** The packet as the pipeline saw it first in this pass; null until then. */
  private start: Key | null = null;
  /** The same when something was last heard. */
  private last: Key | null = null;
  /** The table to resume from was told; it comes as an instruction again. */
  private resuming = false;
  /** Recirculation ids of ct actions' requests. */
  private readonly recirculations = new Map<CtRequest, number>();
  private verdict: TraceVerdict | null = null;
  private count = 0;
  /** Why nothing came of the packet: the last thing that stopped it. */
  private stopped: string | null = null;

  constructor(
    private readonly names: TextNames,
    private readonly steps: StepNames,
  ) {}

  began(...[key, headers]: Heard<'began'>): void {
    this.recirculation = key.get(slots.recirc_id);
    this.headers = headers;
    this.start = null;
    this.last = null;
    this.nodes = [];
    this.outer.length = 0;
    this.before.length = 0;
  }

  /** The packet as it is now, the same object as long as nothing changes; the first one is where the pass begins. */
  private now(): Key {
    const { last } = this;
    if (last !== null && this.headers !== null && last.equals(this.headers.flow)) return last;
    const now = new Key();
    if (this.headers) now.copy(this.headers.flow);
    this.start ??= now;
    this.last = now;
    return now;
  }

  resumed(...[rest]: Heard<'resumed'>): void {
    this.now();
    const [{ actions, after }] = rest;
    const table = actions.length === 0 ? after?.goto : undefined;
    const note = table === undefined ? 'goes on where the action list was left' : `resuming from table ${table}`;
    this.add({ kind: 'note', note });
    this.resuming = table !== undefined;
  }

  private add(node: TraceNode): void {
    if (++this.count <= MAX_NODES) this.nodes.push(node);
    if (this.count === MAX_NODES + 1)
      this.nodes.push({ kind: 'note', note: `more than ${MAX_NODES} steps: not shown` });
  }

  /** What comes until `done` belongs to the node. */
  private open(node: TraceNode & { readonly nodes: TraceNode[] }): void {
    this.before.push(this.now());
    this.add(node);
    this.outer.push(this.nodes);
    this.nodes = node.nodes;
  }

  table(...[table_id, flow]: Heard<'table'>): void {
    this.open({ kind: 'table', table_id, flow: flow && flowJson(flow.view(flow.created_ms), this.names), nodes: [] });
    if (flow === null) this.stopped = `no flow of table ${table_id} matches`;
    else if (isNothing(flow.instructions)) this.stopped = `a flow of table ${table_id} drops it`;
  }

  action(action: Action): void {
    this.open({ kind: 'action', action: formatActions([action], this.names), changes: [], nodes: [] });
    if (action.type === 'unknown') this.note('an action that is not known here: it does nothing in this trace');
    if (action.type !== 'ct') return;
    if (action.table !== null)
      this.note(`a copy is tracked and goes on at table ${action.table}; the packet itself, untracked`);
  }

  instruction(instruction: Instructions): void {
    const told = this.resuming;
    this.resuming = false;
    if (told) return;
    const before = this.last;
    const now = this.now();
    const action = formatInstructions(instruction, this.names);
    this.add({ kind: 'action', action, changes: before === null ? [] : changes(before, now), nodes: [] });
  }

  bucket(...[group, bucket]: Heard<'bucket'>): void {
    this.open({ kind: 'bucket', group_id: group.id, bucket, nodes: [] });
  }

  actionSet(): void {
    this.open({ kind: 'action_set', nodes: [] });
  }

  done(): void {
    const nodes = this.outer.pop();
    const before = this.before.pop();
    if (!nodes || !before) return;
    const node = nodes.at(-1);
    this.nodes = nodes;
    const now = this.now();
    if (node?.kind !== 'action' || node.nodes.some(({ kind }) => kind !== 'note')) return;
    // That a packet goes on untracked behind ct is no news.
    const own = /^ct[(_]|^ct$/.test(node.action);
    node.changes = changes(before, now).filter(({ field }) => !own || !field.startsWith('ct_'));
  }

  teaches(...[flow, added]: Heard<'teaches'>): void {
    const row = { ...flow, duration_ms: 0, packets: null, bytes: null };
    const text = formatFlow(row, { names: this.names, stats: false }).trim();
    this.note(added ? text : `${text} (not learned: its limit is reached)`);
    this.effects.push({ kind: 'flow', flow: flowJson(row, this.names), added });
  }

  note(note: string): void {
    this.now();
    this.add({ kind: 'note', note });
    if (/^(dropped|not sent|no live|there is no|resubmits)/.test(note)) this.stopped = note;
  }

  finished(translation: Translation): void {
    const now = this.now();
    const start = this.start ?? now;
    const { shape, values, steps, length } = translation;
    for (let at = 0; at < length; at += STEP_WORDS[steps[at]]) {
      const cold = steps[at] === OP.ct ? this.steps.cold(steps[at + 1]) : null;
      if (cold?.kind === 'ct') this.recirculations.set(cold.request, steps[at + 2]);
    }
    const [mask, value] = [MASK, VALUE];
    mask.clear();
    value.clear();
    shape.words.forEach((word, i) => {
      mask.words[word] = shape.bits[i];
      value.words[word] = values[i];
    });
    this.passes.push({
      recirc_id: this.recirculation,
      conntrack: this.recirculation !== 0 && this.recirculation === this.verdict?.recirc_id ? this.verdict : null,
      flow: formatFlowKey(start, this.names),
      nodes: this.nodes,
      final_flow: changes(start, now).length === 0 ? null : formatFlowKey(now, this.names),
      megaflow: formatMasked(value, mask, this.names),
      datapath_actions: formatSteps(steps.slice(0, length), this.steps, { mask, value }),
    });
  }

  /** The recirculation id behind which a ct action's tracked copy goes on; 0: there is none. */
  recirculationOf(request: CtRequest): number {
    return this.recirculations.get(request) ?? 0;
  }

  /** A ct action was run. */
  tracked(verdict: TraceVerdict, dropped: string | null): void {
    this.verdict = verdict;
    this.effects.push({ kind: 'conntrack', verdict });
    if (dropped !== null) this.stopped = dropped;
  }

  sent(port: number, frame: Uint8Array): void {
    this.effects.push({
      kind: 'output',
      port,
      frame: toHex(frame),
      flow: formatFlowKey(givenFrame(port, frame).key, this.names),
    });
  }

  packetIn({ reason, tableId, cookie, maxLen, frame, fields }: PacketIn): void {
    this.effects.push({
      kind: 'controller',
      reason,
      table_id: tableId,
      cookie: `0x${cookie.toString(16)}`,
      max_len: maxLen,
      frame: toHex(frame),
      fields: Object.fromEntries(fields.map((f) => [f.field.name, formatValue(f.field, f.value, f.mask)])),
    });
  }

  learned(vlan: number, mac: Uint8Array, port: number): void {
    this.effects.push({ kind: 'mac', vlan, mac: formatMac(mac), port });
  }

  /** The packet never reached a table. */
  refused(reason: string): void {
    this.stopped = reason;
  }

  /** What became of the packet in the end. */
  outcome(): TraceOutcome {
    const ports = this.effects.flatMap((effect) => (effect.kind === 'output' ? [effect.port] : []));
    const controllers = this.effects.some(({ kind }) => kind === 'controller');
    if (ports.length > 0) {
      const to = ports.map((port) => this.names.port(port)).join(', ');
      return { verdict: 'output', reason: `sent to ${to}${controllers ? ', and to controllers' : ''}`, ports };
    }
    if (controllers) return { verdict: 'controller', reason: 'sent to controllers alone', ports };
    const held = this.stopped?.startsWith('held');
    const reason = this.stopped ?? 'no action sends it anywhere';
    return { verdict: held ? 'held' : 'drop', reason, ports };
  }
}

/** No instruction does anything. */
function isNothing(instructions: Instructions): boolean {
  return Object.keys(instructions).length === 0 || (instructions.apply?.length === 0 && !('goto' in instructions));
}

/** What changed, as a trace shows it: "nw_ttl 64 → 63". */
export function changeText({ field, from, to }: FieldChange): string {
  return `${field} ${from} → ${to}`;
}
