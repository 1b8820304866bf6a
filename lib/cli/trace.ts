/**
 * `ctswitch trace`: what a switch would do with packets, and why. The switch is one that runs (through its management
 * socket), or one made of what tools printed of another: its flows, groups, meters, ports and connections.
 */
import { readFileSync } from 'node:fs';
import { ManualClock, plainText, TextError, toHex } from '../bytes/index.js';
import { parseConnections, parseState, restoreConnection } from '../ct/index.js';
import { type ManagementClient, RefusedError } from '../manage/index.js';
import { CT_STATE_NAMES, type FlowMod, type NameMap, PLAIN_NAMES, parseActions, parsePort } from '../nxm/index.js';
import { didYouMean } from '../nxm/suggestion.js';
import { CaptureError, CaptureReader } from '../pcap-file/index.js';
import { OFPPC } from '../pipeline/index.js';
import { memory } from '../ports/memory.js';
import { Switch } from '../switch.js';
import {
  dumpedFlows,
  dumpedPorts,
  formatTrace,
  loadFlows,
  loadGroups,
  loadMeters,
  namedPorts,
  type Trace,
  type TraceInput,
} from '../trace/index.js';
import { openClient } from './ctl.js';
import { EXIT, Failure, unreadable } from './exit.js';
import { caret } from './flow-file.js';

export interface TraceCommandOptions {
  readonly flows?: string;
  readonly groups?: string;
  readonly meters?: string;
  readonly ports?: string;
  readonly conntrack?: string;
  readonly ctNext?: readonly string[];
  /** Of a packet-out. */
  readonly actions?: string;
  readonly inPort?: string;
  readonly json?: boolean;
  readonly ctl?: string;
  readonly rundir?: string;
  /** Of a running network. */
  readonly switch?: string;
}

/** Most frames of a capture that are traced. */
const MAX_FRAMES = 10_000;

/** Traces packets. Resolves to an exit status; throws what `failureOf` knows. */
export async function trace(packets: readonly string[], options: TraceCommandOptions): Promise<number> {
  if (packets.length === 0) {
    throw new Failure(
      EXIT.usage,
      "trace needs a packet: 'in_port=1,tcp,nw_src=10.0.0.1', hexadecimal, or FILE.pcap[:N]",
    );
  }
  const read = (['flows', 'groups', 'meters', 'ports', 'conntrack'] as const).filter((name) => options[name] === '-');
  if (read.length > 1) throw new Failure(EXIT.usage, `standard input is one of --${read.join(', --')}, not several`);
  if (options.flows === undefined) return running(packets, options);
  if (options.switch !== undefined)
    throw new Failure(EXIT.usage, '--switch is for a network that runs: leave out --flows');
  const remarks: string[] = [];
  const sw = offline(options, packets, (text) => remarks.push(text));
  const inputs = packets.flatMap((text) => inputsOf(text, options));
  const traces = guarded(packets, options, () =>
    sw.trace(inputs, {
      assumeNew: options.conntrack === undefined,
      ctNext: (options.ctNext ?? []).map(ctState),
    }),
  );
  for (const remark of remarks) process.stderr.write(`ctswitch: ${remark}\n`);
  tell(traces, options.json ?? false);
  return EXIT.ok;
}

/** Asks a running switch. */
async function running(packets: readonly string[], options: TraceCommandOptions): Promise<number> {
  const needless = (['groups', 'meters', 'ports', 'conntrack'] as const).find((name) => options[name] !== undefined);
  if (needless) throw new Failure(EXIT.usage, `--${needless} needs --flows: what dump-flows printed`);
  const request = {
    packets: packets.flatMap((text) => inputsOf(text, options)).map(plain),
    ctNext: (options.ctNext ?? []).map(ctState),
  };
  const client = await openClient(options).catch((error: unknown) => {
    if (!(error instanceof Failure) || options.ctl !== undefined) throw error;
    throw new Failure(error.status, `${error.message}\n--flows FILE traces without a switch that runs`);
  });
  try {
    const [method, ...params] = [...(await named(client, options.switch)), 'trace', JSON.stringify(request)];
    const lines = (await client.call(method, ...params)).trimEnd().split('\n');
    tell(
      lines.map((line) => JSON.parse(line) as Trace),
      options.json ?? false,
    );
    return EXIT.ok;
  } catch (error) {
    throw error instanceof RefusedError ? new Failure(EXIT.usage, error.message) : error;
  } finally {
    client.close();
  }
}

/** The words that name the switch of a running process; none where it is the only one. Throws a Failure. */
async function named(client: ManagementClient, wanted: string | undefined): Promise<string[]> {
  const all = (await client.call('ofproto/list')).trimEnd().split('\n');
  const few = all.length > 12 ? '' : `; there are ${all.join(', ')}`;
  if (wanted === undefined) {
    if (all.length === 1) return [];
    throw new Failure(EXIT.usage, `there are several switches: name one with --switch${few}`);
  }
  if (all.includes(wanted)) return [wanted];
  throw new Failure(EXIT.usage, `--switch ${wanted}: there is no such switch${didYouMean(wanted, all) || few}`);
}

/** A packet as JSON holds it. */
function plain(input: TraceInput): TraceInput {
  if (typeof input === 'string' || !('frame' in input) || typeof input.frame === 'string') return input;
  return { ...input, frame: toHex(input.frame) };
}

/** Writes traces: JSON lines, or as people read them. */
export function tell(traces: readonly Trace[], json: boolean): void {
  const texts = traces.map((each) => (json ? JSON.stringify(each) : formatTrace(each)));
  process.stdout.write(`${texts.join(json ? '\n' : '\n\n')}\n`);
}

function ctState(text: string): number {
  const state = parseState(text);
  if (state !== null) return state;
  const wrong = text.split(/[\s,|+]+/).find((word) => word !== '' && parseState(word) === null) ?? '';
  const near = didYouMean(wrong, CT_STATE_NAMES);
  throw new Failure(EXIT.usage, `--ct-next ${text}: "${wrong}" is none of ${CT_STATE_NAMES.join(', ')}${near}`);
}

/** A mistake in a packet's text, or in the actions, shows the text. */
function guarded<T>(packets: readonly string[], { actions }: TraceCommandOptions, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    if (actions !== undefined && isOf(actions, error))
      throw new Failure(EXIT.usage, `--actions: ${error.message}\n${caret(actions, error.column)}`);
    if (packets.length > 1) throw error;
    throw new Failure(EXIT.usage, `${error.message}\n${caret(packets[0], error.column)}`);
  }
}

/** A packet of the command line: a text, hexadecimal, or frames of a capture. */
function inputsOf(text: string, { actions, inPort }: TraceCommandOptions): TraceInput[] {
  const acts = actions === undefined ? {} : { actions };
  const port = inPort === undefined ? 1 : parsePort(inPort, undefined);
  if (port === null) throw new Failure(EXIT.usage, `--in-port ${inPort} is no port`);
  const [, file, place] = /^([^=\s]*\.p?cap(?:ng)?)(?::(.*))?$/i.exec(text) ?? [];
  if (place !== undefined && !/^\d+$/.test(place))
    throw new Failure(EXIT.usage, `${text}: "${place}" is no frame's number: FILE.pcap:1 is the first`);
  if (file !== undefined) return framesOf(file, place).map((frame) => ({ in_port: port, frame, ...acts }));
  // "in_port=1 HEX", as ofproto/trace takes a flow and a frame.
  const [, beside, hex] = /^(?:(.*?)\s+)?([0-9a-f]{28,})$/i.exec(text.trim()) ?? [];
  if (hex !== undefined) return [{ in_port: port, frame: hex, ...(beside ? { beside } : {}), ...acts }];
  const flow = inPort !== undefined && !/\bin_port\s*=/.test(text) ? `in_port=${inPort},${text}` : text;
  return [{ flow, ...acts }];
}

/** Is that what is wrong with these actions? */
function isOf(actions: string, mistake: TextError): boolean {
  try {
    parseActions(actions, { line: 1, column: 1 });
    return false;
  } catch (error) {
    return error instanceof TextError && error.message === mistake.message;
  }
}

/** The frames of a capture, or the one with a number, from 1. */
function framesOf(file: string, place: string | undefined): Uint8Array[] {
  const reader = new CaptureReader();
  const frames: Uint8Array[] = [];
  try {
    reader.push(readBytes(file));
    for (let r = reader.next(); r !== null && frames.length < MAX_FRAMES; r = reader.next()) {
      frames.push(r.bytes.slice(r.start, r.end));
    }
  } catch (error) {
    if (error instanceof CaptureError) throw new Failure(EXIT.usage, `${file}: ${error.message}`);
    throw error;
  }
  if (place === undefined) return frames;
  const frame = frames[Number(place) - 1];
  if (frame === undefined) throw new Failure(EXIT.usage, `${file} has ${frames.length} frames, no frame ${place}`);
  return [frame];
}

function readBytes(file: string): Uint8Array {
  try {
    return Uint8Array.from(file === '-' ? readInput() : readFileSync(file));
  } catch (error) {
    throw unreadable(file === '-' ? 'standard input' : file, error);
  }
}

/**
 * Standard input: opened anew, since a pipe may be set not to wait; a socket, as other programs of Node's give, can't
 * be.
 */
function readInput(): Uint8Array {
  try {
    return readFileSync('/dev/stdin');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    return readFileSync(0);
  }
}

function readText(file: string): string {
  return plainText(new TextDecoder().decode(readBytes(file)), file);
}

/** A switch made of dumps. */
function offline(options: TraceCommandOptions, packets: readonly string[], remark: (text: string) => void): Switch {
  const { flows, groups, meters, ports, conntrack } = options;
  if (flows === undefined) throw new Failure(EXIT.usage, 'trace needs --flows FILE');
  const clock = new ManualClock();
  const sw = new Switch({ clock });
  const known = ports === undefined ? null : dumpedPorts(readText(ports), ports);
  const names = new Map((known ?? []).map(({ name, number }) => [name, number]));
  const list = flowsOf(flows, names, known === null, remark);
  const numbers = known?.map(({ number }) => number) ?? [...new Set([...namedPorts(list), ...inPorts(packets)])];
  if (known === null) {
    const there = numbers.map((number) => PLAIN_NAMES.port(number)).join(', ');
    remark(`no --ports: those that flows and packets name are taken to be there (${there || 'none'})`);
  }
  for (const number of numbers) {
    const dumped = known?.find((port) => port.number === number);
    sw.addPort(number === LOCAL ? 'LOCAL' : number, memory({ name: dumped?.name ?? `p${number}` }));
    if (dumped && !dumped.up) sw.setLink(number, false);
    if (dumped?.down) configureDown(sw, number);
  }
  if (meters !== undefined) loadMeters(sw, readText(meters), meters);
  if (groups !== undefined) loadGroups(sw, readText(groups), groups, names, remark);
  loadFlows(sw, list, flows, remark);
  if (conntrack !== undefined) {
    sw.tracker.tcpSequenceChecks = false;
    for (const connection of parseConnections(readText(conntrack), conntrack)) {
      restoreConnection(sw.tracker.connections, connection, clock.now());
    }
  }
  return sw;
}

/** The flows of a dump. Where it names ports, and nothing tells their numbers, the message says what would. */
function flowsOf(file: string, names: NameMap, alone: boolean, remark: (text: string) => void): FlowMod[] {
  try {
    return dumpedFlows(readText(file), file, names, remark);
  } catch (error) {
    if (!alone || !(error instanceof TextError) || !/no port number or name/.test(error.message)) throw error;
    throw new Failure(EXIT.usage, `${error.message}; --ports FILE tells the numbers of names`);
  }
}

const LOCAL = 0xfffffffe;

function inPorts(packets: readonly string[]): number[] {
  return packets.flatMap((text) => {
    const port = parsePort(/\bin_port\s*=\s*([\w-]+)/.exec(text)?.[1] ?? '1', undefined);
    return port !== null && port > 0 && (port < 0xff00 || port === LOCAL) ? [port] : [];
  });
}

function configureDown(sw: Switch, number: number): void {
  const view = sw.pipeline.port(number);
  if (!view) return;
  sw.pipeline.modifyPort({ port: number, mac: view.mac, config: OFPPC.PORT_DOWN, mask: OFPPC.PORT_DOWN, advertise: 0 });
}
