/**
 * What bridges and their datapaths do: fdb/*, bridge/dump-flows, dpif/*, dpctl/show, dpctl/dump-flows, ofproto/*, in
 * the forms of ovs-vswitchd 3.1.
 */
import { formatMac, OpenFlowError, TextError } from '../bytes/index.js';
import { parseState } from '../ct/index.js';
import type { CachedProgram } from '../datapath/index.js';
import { formatPort, OFPP } from '../nxm/index.js';
import { Key } from '../packet/index.js';
import { formatBridgeFlow } from '../text/index.js';
import {
  formatDatapathFlow,
  formatSteps,
  formatTrace,
  type StepNames,
  type Trace,
  type TraceInput,
} from '../trace/index.js';
import {
  bridge,
  type Call,
  type Command,
  command,
  datapathName,
  dpctlArguments,
  dpctlWords,
  noMore,
  Refused,
} from './command.js';

/** Packets traced by one request; between them the switch goes on. */
const MAX_TRACED = 256;
/** Programs told in one piece. */
const A_TURN = 64;

function* addresses([name]: readonly string[], call: Call): Generator<string> {
  const { sw } = bridge(name, call);
  yield ' port  VLAN  MAC                Age\n';
  for (const { port, vlan, mac, age_ms } of sw.pipeline.macs.list(sw.clock.now())) {
    const age = String(Math.floor(age_ms / 1000)).padStart(3);
    yield `${formatPort(port).padStart(5)}  ${String(vlan).padStart(4)}  ${formatMac(mac)}  ${age}\n`;
  }
}

function flushAddresses([name]: readonly string[], call: Call): string {
  const meant = name === undefined ? call : bridge(name, call);
  for (const sw of meant.chosen.values()) sw.pipeline.macs.flush();
  return 'table successfully flushed\n';
}

/** Ports by name, with their numbers in the datapath, which are OpenFlow's own. */
function portLines({ sw }: Call, line: (name: string, number: number, kind: string) => string): string {
  const ports = [...sw.ports()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const number = (port: number) => (port === OFPP.LOCAL ? 65534 : port);
  return ports.map((port) => line(port.name, number(port.number), sw.portAt(port.number)?.kind ?? 'memory')).join('');
}

/** An answer about each switch, one behind the other. */
function everySwitch(tell: (call: Call) => string) {
  return (_: readonly string[], call: Call): string => call.each.map(tell).join('');
}

function show(call: Call): string {
  const { hits, misses } = call.sw.pipeline.datapath.counters;
  const ports = portLines(call, (name, number, kind) => `    ${name} ${number}/${number}: (${kind})\n`);
  return `${datapathName(call)}: hit:${hits} missed:${misses}\n  ${call.name}:\n${ports}`;
}

function datapathShow(args: readonly string[], call: Call): string {
  const { rest, call: meant } = dpctlWords(args, call, 's');
  noMore(rest);
  return meant.each.map(datapathLines).join('');
}

function datapathLines(call: Call): string {
  const { counters, cached } = call.sw.pipeline.datapath;
  const ports = portLines(call, (name, number, kind) => `  port ${number}: ${name} (${kind})\n`);
  const lookups = `  lookups: hit:${counters.hits} missed:${counters.misses} lost:${counters.waitingDropped}\n`;
  return `${datapathName(call)}:\n${lookups}  flows: ${cached.entries}\n${ports}`;
}

/** "[--offload-stats] bridge": as Open vSwitch, which takes any word before the bridge's name. */
function* bridgeFlows(args: readonly string[], call: Call): Generator<string> {
  const { sw } = bridge(args[args.length - 1], call, 'Unknown bridge');
  const offload = args.slice(0, -1).includes('--offload-stats');
  let piece = '';
  let count = 0;
  for (const flow of sw.flows.list()) {
    piece += `${formatBridgeFlow(flow, offload)}\n`;
    if (++count % A_TURN !== 0) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function programLine(
  { shape, values, packets, bytes, used_ms, steps }: CachedProgram,
  call: Call,
  names: StepNames,
): string {
  const now = call.sw.clock.now();
  const used = packets === 0 ? 'never' : `${((now - used_ms) / 1000).toFixed(3)}s`;
  const agreed = { mask: new Key(), value: new Key() };
  shape.words.forEach((word, i) => {
    agreed.mask.words[word] = shape.bits[i];
    agreed.value.words[word] = values[i];
  });
  const actions = formatSteps(steps, names, agreed);
  return `${formatDatapathFlow(shape, values)}, packets:${packets}, bytes:${bytes}, used:${used}, actions:${actions}\n`;
}

function* programs(call: Call): Generator<string> {
  const { datapath } = call.sw.pipeline;
  const meters = new Map(call.sw.meters.list().map(({ meterId }) => [call.sw.pipeline.meter(meterId), meterId]));
  const names: StepNames = {
    port: (slot) => datapath.ports.at(slot)?.number ?? 0,
    cold: (index) => datapath.cold.get(index),
    meterId: (meter) => meters.get(meter) ?? 0,
  };
  let piece = '';
  let count = 0;
  for (const program of datapath.programs()) {
    piece += programLine(program, call, names);
    if (++count % A_TURN !== 0) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function bridgePrograms(args: readonly string[], call: Call): Iterable<string> {
  noMore(dpctlWords(args.slice(0, -1), call, 'mn').rest);
  return programs(bridge(args[args.length - 1], call));
}

function* datapathFlows(args: readonly string[], call: Call): Generator<string> {
  const { rest, call: meant } = dpctlArguments(args, call, 'mn');
  noMore(rest);
  yield 'flow-dump from the main thread:\n';
  yield* programs(meant);
}

/** What stands behind the options of ofproto/trace. */
interface TraceArguments {
  readonly words: readonly string[];
  readonly ctNext: readonly number[];
  readonly json: boolean;
}

function traceArguments(args: readonly string[]): TraceArguments {
  const words: string[] = [];
  const ctNext: number[] = [];
  let json = false;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--ct-next') {
      const state = parseState(args[++i] ?? '');
      if (state === null) throw new Refused(`invalid ct_state: ${args[i]}`);
      ctNext.push(state);
    } else if (args[i] === '--json') json = true;
    else if (!/^-?-(consistent|generate)$/.test(args[i])) {
      if (/^--/.test(args[i])) throw new Refused(`${args[i]}: unknown option`);
      words.push(args[i]);
    }
  }
  return { words, ctNext, json };
}

/** Runs a trace; what is wrong in its text is said in Open vSwitch's words. */
function traced(input: TraceInput, { ctNext, json }: TraceArguments, call: Call): string {
  try {
    const trace: Trace = call.sw.trace(input, { ctNext });
    return `${json ? JSON.stringify(trace) : formatTrace(trace, call.name)}\n`;
  } catch (error) {
    if (error instanceof TextError) throw new Refused(`Bad openflow flow syntax: ${error.message}`);
    if (error instanceof OpenFlowError) throw new Refused(error.message);
    throw error;
  }
}

/** The bridge that the first of some words names, and the other words. */
function bridgeOf(words: readonly string[], call: Call): { readonly on: Call; readonly rest: readonly string[] } {
  const [name, ...rest] = words;
  if (rest.length === 0) throw new Refused(`syntax error at ${name ?? ''} (or the bridge name was omitted)`);
  return { on: bridge(name, call, `${name}: unknown bridge`), rest };
}

function trace(args: readonly string[], call: Call): string {
  const parsed = traceArguments(args);
  const { on, rest } = bridgeOf(parsed.words, call);
  const [flow, packet] = rest;
  return traced(inputOf(flow, packet), parsed, on);
}

function tracePacketOut(args: readonly string[], call: Call): string {
  const parsed = traceArguments(args);
  const { on, rest } = bridgeOf(parsed.words, call);
  const actions = rest.at(-1);
  if (rest.length < 2 || actions === undefined) throw new Refused('trace-packet-out needs a flow and actions');
  return traced({ ...inputOf(rest[0], rest.length > 2 ? rest[1] : undefined), actions }, parsed, on);
}

function inputOf(flow: string, packet: string | undefined): Exclude<TraceInput, string> {
  if (packet === undefined) return { flow };
  if (!/^([0-9a-f]{2}|\s)+$/i.test(packet)) throw new Refused('Trailing garbage in packet data');
  return { in_port: OFPP.ANY, frame: packet, beside: flow };
}

const all = <T>(value: unknown, is: (each: unknown) => each is T): value is T[] =>
  Array.isArray(value) && value.every(is);
const isNumber = (value: unknown): value is number => typeof value === 'number';

function isInput(value: unknown): value is TraceInput {
  if (typeof value !== 'object' || value === null) return typeof value === 'string';
  const { flow, frame, in_port, beside = '', actions = '' } = value as Record<string, unknown>;
  if (typeof beside !== 'string' || typeof actions !== 'string') return false;
  return typeof flow === 'string' || (typeof frame === 'string' && isNumber(in_port));
}

/** What a request for traces says: { packets: TraceInput[], ctNext: number[] }. Throws Refused. */
function wanted(text: string): { readonly packets: TraceInput[]; readonly ctNext: number[] } {
  const { packets, ctNext = [] } = (JSON.parse(text) ?? {}) as Record<string, unknown>;
  if (!all(packets, isInput) || !all(ctNext, isNumber))
    throw new Refused(
      'a trace wants {"packets": ["in_port=1,udp"], "ctNext": []}; a packet may be {"in_port", "frame"}',
    );
  return { packets, ctNext };
}

/** Packets one after the other, as JSON; answers JSON lines. */
function* traceMany([text]: readonly string[], { sw }: Call): Generator<string> {
  try {
    const { packets, ctNext } = wanted(text);
    if (packets.length > MAX_TRACED)
      throw new Refused(`${packets.length} packets: at most ${MAX_TRACED} are traced at once`);
    for (const traces of sw.traceSteps(packets, { ctNext }))
      yield traces.map((trace) => `${JSON.stringify(trace)}\n`).join('');
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TextError || error instanceof OpenFlowError) {
      throw new Refused(error.message);
    }
    throw error;
  }
}

export const DATAPATH_COMMANDS: readonly Command[] = [
  command('trace', 'JSON', [1, 1], traceMany),
  command('fdb/show', 'bridge', [1, 1], addresses),
  command('fdb/flush', '[bridge]', [0, 1], flushAddresses),
  command('dpif/show', '', [0, 0], everySwitch(show)),
  command(
    'dpif/dump-dps',
    '',
    [0, 0],
    everySwitch(({ name }) => `netdev@${name}\n`),
  ),
  command('dpif/dump-flows', '[-m] [--names | --no-names] bridge', [1, 3], bridgePrograms),
  command('bridge/dump-flows', '[--offload-stats] bridge', [1, 2], bridgeFlows),
  command('dpctl/show', '[-s] [dp...]', [0, 3], datapathShow),
  command(
    'dpctl/dump-dps',
    '',
    [0, 0],
    everySwitch((call) => `${datapathName(call)}\n`),
  ),
  command('dpctl/dump-flows', '[-m] [--names] [dp]', [0, 4], datapathFlows),
  command(
    'ofproto/list',
    '',
    [0, 0],
    everySwitch(({ name }) => `${name}\n`),
  ),
  command('ofproto/trace', '[--ct-next STATE] [--json] bridge br_flow [packet]', [1, 12], trace),
  command('ofproto/trace-packet-out', '[OPTIONS...] bridge br_flow [packet] actions', [1, 12], tracePacketOut),
];
