/**
 * A switch's state out of what tools printed of it: dump-flows, dump-groups, dump-meters, show or dump-ports-desc,
 * dump-conntrack; verbatim, with any version's heading. What can't be read of a flow's actions is kept as a text that
 * does nothing and is marked in traces; what the dumps don't tell (a group that a flow names, ports) is made up as far
 * as a trace needs it, and said.
 */
import { OpenFlowError, parseMac, TextError } from '../bytes/index.js';
import { type Action, type FlowMod, type Instructions, keyValues, type NameMap, OFPP } from '../nxm/index.js';
import { parseFlow, parseGroup, parseMeter } from '../text/index.js';

/** A port as a dump describes it. */
export interface DumpedPort {
  readonly number: number;
  readonly name: string;
  readonly mac: Uint8Array | null;
  readonly up: boolean;
  /** Configured to be down. */
  readonly down: boolean;
}

/** Something that was left out or made up, for people. */
export type Remark = (text: string) => void;

/** Lines of a dump that tell something, with their numbers. */
export function* linesOf(text: string): Generator<readonly [text: string, line: number]> {
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const content = line.split('#', 1)[0].trim();
    if (content !== '' && !/^(NX|OF)P?(ST|T)_\w+|\(xid=0x[0-9a-f]+\)/i.test(content)) yield [content, i + 1];
  }
}

/** The flows of a dump, or of a flow file. Throws a TextError for what is no flow at all. */
export function dumpedFlows(text: string, file: string, ports: NameMap, remark: Remark): FlowMod[] {
  const flows: FlowMod[] = [];
  for (const [content, line] of linesOf(text)) {
    // bridge/dump-flows writes the table so, and shows tables that no controller sees.
    const plain = content.replace(/\btable_id=/, 'table=');
    if (/\btable=254\b/.test(plain)) continue;
    flows.push(flowOf(plain, { line, file, ports }, remark));
  }
  return flows;
}

interface Where {
  readonly line: number;
  readonly file: string;
  readonly ports: NameMap;
}

function flowOf(text: string, where: Where, remark: Remark): FlowMod {
  try {
    return parseFlow(text, { ...where, command: 'any' });
  } catch (error) {
    const at = text.search(/\bactions?\s*=/);
    if (!(error instanceof TextError) || at < 0 || error.column <= at) throw error;
    return piecemeal(text, at, where, remark);
  }
}

/** Reads the actions one by one, and keeps those that can't be read as texts. */
function piecemeal(text: string, at: number, where: Where, remark: Remark): FlowMod {
  const head = text.slice(0, at);
  const from = text.indexOf('=', at) + 1;
  const list = text.slice(from);
  let whole = parseFlow(`${head}actions=drop`, where);
  const apply: Action[] = [];
  let rest: Instructions = {};
  const parts = [...keyValues(list)];
  for (const [i, { keyAt, key }] of parts.entries()) {
    const end = parts[i + 1]?.keyAt ?? list.length;
    const one = list.slice(keyAt, end).replace(/[,\s]+$/, '');
    try {
      const { instructions } = parseFlow(`${head}actions=${one}`, where);
      apply.push(...(instructions.apply ?? []));
      const { apply: _, ...others } = instructions;
      rest = { ...rest, ...others };
    } catch (error) {
      if (!(error instanceof TextError)) throw error;
      remark(`${where.file}:${where.line}:${from + keyAt + 1}: ${error.why}; "${key}" does nothing in the trace`);
      apply.push({ type: 'unknown', number: 0, vendor: 0, data: new Uint8Array(0), text: one });
    }
  }
  whole = { ...whole, instructions: { ...rest, ...(apply.length > 0 ? { apply } : {}) } };
  return whole;
}

/** What takes the state in: a switch without controllers. */
export interface Target {
  readonly flows: { apply(change: FlowMod): void };
  readonly groups: { load(text: string): void; apply(change: ReturnType<typeof parseGroup>): void };
  readonly meters: { load(text: string): void; apply(change: ReturnType<typeof parseMeter>): void };
}

/** Loads flows; for a group or a meter that a flow names and no dump has, one that does nothing is made. */
export function loadFlows(target: Target, flows: readonly FlowMod[], file: string, remark: Remark): void {
  for (const flow of flows) {
    for (let tries = 0; ; tries++) {
      try {
        target.flows.apply(flow);
        break;
      } catch (error) {
        if (!(error instanceof OpenFlowError)) throw error;
        if (tries < 64 && makeUp(target, error, flow, remark)) continue;
        remark(`${file}: a flow of table ${flow.tableId}, priority ${flow.priority}, is left out: ${error.message}`);
        break;
      }
    }
  }
}

/** Makes the group or the meter that an error misses; false where that isn't what it misses. */
function makeUp(target: Target, { error, why }: OpenFlowError, flow: FlowMod, remark: Remark): boolean {
  const id = /\d+/.exec(why)?.[0];
  if (error === 'OFPMMFC_INVALID_METER' && flow.instructions.meter !== undefined) {
    remark(`meter ${flow.instructions.meter} is not in the dumps: it lets everything through`);
    target.meters.load(`meter=${flow.instructions.meter},pktps,bands=type=drop,rate=4294967295`);
    return true;
  }
  if (error !== 'OFPBAC_BAD_OUT_GROUP' || id === undefined) return false;
  remark(`group ${id} is not in the dumps: it does nothing`);
  target.groups.load(`group_id=${id},type=all`);
  return true;
}

/**
 * Loads groups out of dump-groups, in an order in which each is there before others name it. Left out, and said, are
 * those that the switch refuses, and what only OpenFlow 1.5 has.
 */
export function loadGroups(target: Target, text: string, file: string, ports: NameMap, remark: Remark): void {
  const later15 = new Set<string>();
  const leaveOut = (word: string): void => void later15.add(word);
  let left = [...linesOf(text)].map(([content, line]) => parseGroup(content, { line, file, ports, leaveOut }));
  if (later15.size > 0) remark(`${file}: left out, since OpenFlow 1.5 has it: ${[...later15].join(', ')}`);
  while (left.length > 0) {
    const later: typeof left = [];
    const refused: string[] = [];
    for (const group of left) {
      try {
        target.groups.apply(group);
      } catch (error) {
        if (!(error instanceof OpenFlowError)) throw error;
        refused.push(`${file}: group ${group.groupId} is left out: ${error.message}`);
        later.push(group);
      }
    }
    if (later.length === left.length) {
      for (const why of refused) remark(why);
      return;
    }
    left = later;
  }
}

/** Loads meters out of dump-meters. */
export function loadMeters(target: Target, text: string, file: string): void {
  for (const [content, line] of linesOf(text)) target.meters.apply(parseMeter(content, { line, file }));
}

/** The ports that `show` or `dump-ports-desc` printed. Throws a TextError where there is none. */
export function dumpedPorts(text: string, file: string): DumpedPort[] {
  const ports: { number: number; name: string; mac: Uint8Array | null; up: boolean; down: boolean }[] = [];
  for (const line of text.split(/\r?\n/)) {
    const port = /^\s*(\d+|LOCAL)\((.+)\):\s*addr:([0-9a-f:]{17})/i.exec(line) ?? /^\s*(\d+|LOCAL)\((.+)\):/.exec(line);
    const last = ports.at(-1);
    if (port) {
      const [, number, name, mac] = port;
      const own = number === 'LOCAL' ? OFPP.LOCAL : Number(number);
      ports.push({ number: own, name, mac: mac ? parseMac(mac) : null, up: true, down: false });
    } else if (last && /^\s*config:/.test(line)) {
      last.down = line.includes('PORT_DOWN');
    } else if (last && /^\s*state:/.test(line)) {
      last.up = !line.includes('LINK_DOWN');
    }
  }
  if (ports.length > 0) return ports;
  throw new TextError('no ports: this is not what show or dump-ports-desc prints', 1, 1, file);
}

/** Numbers of ports that flows send to or match: what there is, where no dump tells. */
export function namedPorts(flows: readonly FlowMod[]): number[] {
  const found = new Set<number>();
  const look = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > 8) return;
    if ('type' in value && value.type === 'output' && 'port' in value) found.add(Number(value.port));
    for (const member of Object.values(value)) look(member, depth + 1);
  };
  for (const { instructions, match } of flows) {
    look(instructions, 0);
    for (const { field, value } of match.fields()) {
      if (field.name === 'in_port_oxm') found.add(value.reduce((n, byte) => n * 256 + byte, 0));
    }
  }
  return [...found].filter((port) => port > 0 && (port < OFPP.MAX || port === OFPP.LOCAL)).sort((a, b) => a - b);
}
