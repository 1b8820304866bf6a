/**
 * What programs drive a running switch with: flows, groups and meters loaded and told, tracked connections, frames put
 * into memory ports and taken out again. With --json an answer is JSON lines, without it what ovs-ofctl and ovs-appctl
 * print.
 */
import { fromHex, OpenFlowError, RefusedError, TextError, toHex } from '../bytes/index.js';
import { type Connection, formatConnection, hasWords } from '../ct/index.js';
import { OFPP, parsePort, textNames } from '../nxm/index.js';
import { OFPPS } from '../pipeline/index.js';
import { MemoryPort } from '../ports/memory.js';
import type { Port } from '../ports/port.js';
import type { Switch } from '../switch.js';
import { flowJson, formatFlow, formatFrame, parseFlow, parsePacket } from '../text/index.js';
import { ANY_NUMBER, type Answer, type Call, type Command, command, Refused } from './command.js';

/** Lines told in one piece. */
const A_TURN = 256;

/** What is wrong in a text is a refusal. */
export function refusing<T>(job: () => T): T {
  try {
    return job();
  } catch (error) {
    const known = [TextError, OpenFlowError, RefusedError, RangeError].some((kind) => error instanceof kind);
    throw known ? new Refused((error as Error).message) : error;
  }
}

/** The number of a port that is called by its number or name. Throws Refused. */
export function portOf(text: string, { sw }: Pick<Call, 'sw'>): number {
  const number = parsePort(text, names(sw));
  if (number === null) throw new Refused(`"${text}" is no port`);
  return number;
}

function names(sw: Switch): Map<string, number> {
  return new Map(sw.ports().map(({ name, number }) => [name, number]));
}

/** Port numbers as the ports' names. */
function portNames(sw: Switch) {
  return textNames(new Map(sw.ports().map(({ number, name }) => [number, name])));
}

/** A port's number in JSON: LOCAL is a word. */
export function numberJson(number: number): number | 'LOCAL' {
  return number === OFPP.LOCAL ? 'LOCAL' : number;
}

/** Takes --json out of the words. */
function jsonOf(words: readonly string[]): { readonly json: boolean; readonly rest: readonly string[] } {
  return { json: words.includes('--json'), rest: words.filter((word) => word !== '--json') };
}

/** Flows that a text in ovs-ofctl's syntax names. Throws Refused. */
export function filterOf(text: string) {
  return refusing(() => {
    const { tableId, outPort, outGroup, cookie, cookieMask, match } = parseFlow(text, {
      command: 'delete',
      called: 'flows',
    });
    return { tableId, outPort, outGroup, cookie, cookieMask, match };
  });
}

/** Some lines at a time. */
function* inPieces<T>(all: Iterable<T>, line: (each: T) => string): Generator<string> {
  let piece = '';
  let count = 0;
  for (const each of all) {
    piece += `${line(each)}\n`;
    if (++count % A_TURN !== 0) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function flows(words: readonly string[], { sw }: Call): Iterable<string> {
  const { json, rest } = jsonOf(words);
  const list = sw.flows.list(rest.length > 0 ? filterOf(rest.join(' ')) : undefined);
  const shown = portNames(sw);
  return inPieces(list, (flow) => (json ? JSON.stringify(flowJson(flow, shown)) : formatFlow(flow)));
}

function connections(words: readonly string[], { sw }: Call): Iterable<string> {
  const { json, rest } = jsonOf(words);
  const wanted = (connection: Connection): boolean => rest.length === 0 || hasWords(connection, rest);
  function* steps(): Generator<string> {
    for (const some of sw.tracker.dumpSteps(sw.clock.now(), {}, A_TURN)) {
      const found = some.filter(wanted);
      yield found.map((each) => `${json ? JSON.stringify(each) : formatConnection(each)}\n`).join('');
    }
  }
  return steps();
}

/** A table that a text of changes, one a line, is made to: flows together or not at all. */
function loading(name: string, load: (sw: Switch, text: string) => void): Command {
  return command(name, 'TEXT', [1, 1], ([text], { sw }) => {
    refusing(() => load(sw, text));
    return '';
  });
}

function existing(text: string, call: Call): Port {
  const port = call.sw.portAt(portOf(text, call));
  if (port === undefined) throw new Refused(`there is no port ${text}`);
  return port;
}

/** Kinds of ports behind which nothing but this process is. */
const INSIDE: ReadonlySet<string> = new Set(['memory', 'host', 'link']);

/**
 * A frame comes in at a port inside the process: hexadecimal, or a packet in ovs-ofctl's words. Answers the frame, when
 * the switch is done with it.
 */
function inject([text, ...words]: readonly string[], call: Call): string {
  const port = existing(text, call);
  if (!INSIDE.has(port.kind)) throw new Refused(`port ${text} is ${port.kind}: frames come in there by themselves`);
  const packet = words.join(' ').trim();
  const frame = refusing(() => {
    if (/^(?:[0-9a-f]{2}\s*)+$/i.test(packet)) return fromHex(packet.replace(/\s+/g, ''));
    return parsePacket(packet, { ports: names(call.sw) }).frame;
  });
  if (port instanceof MemoryPort) {
    port.inject(frame);
    return `${toHex(frame)}\n`;
  }
  const { datapath } = call.sw.pipeline;
  const entry = datapath.ports.get(portOf(text, call));
  if (entry === undefined || entry.state & OFPPS.LINK_DOWN) throw new Refused(`the link of port ${text} is down`);
  datapath.receive(entry, frame.slice(), 0, frame.length);
  return `${toHex(frame)}\n`;
}

/** Takes out what was sent since the last time, of all memory ports or of one, in each port's order. */
function taken(words: readonly string[], call: Call): Answer {
  const { json, rest } = jsonOf(words);
  const { sw } = call;
  const numbers = rest.length > 0 ? rest.map((text) => portOf(text, call)) : sw.ports().map(({ number }) => number);
  for (const text of rest) {
    const { kind } = existing(text, call);
    if (kind !== 'memory') throw new Refused(`port ${text} is ${kind}: only memory ports keep what was sent`);
  }
  const shown = portNames(sw);
  const frames = numbers.flatMap((number) => {
    const port = sw.portAt(number);
    return port instanceof MemoryPort ? port.taken().map((frame) => ({ number, frame })) : [];
  });
  return inPieces(frames, ({ number, frame }) => {
    const hex = toHex(frame);
    if (!json) return `${shown.port(number)} ${hex}`;
    return JSON.stringify({ port: numberJson(number), frame: hex, packet: formatFrame(frame, null) });
  });
}

export const STATE_COMMANDS: readonly Command[] = [
  command('flows', '[--json] [FILTER]', [0, ANY_NUMBER], flows),
  loading('flows/load', (sw, text) => sw.flows.load(text, { ports: names(sw) })),
  command('groups', '', [0, 0], (_, { sw }) => inPieces(sw.groups.dump(), (line) => line)),
  loading('groups/load', (sw, text) => sw.groups.load(text)),
  command('meters', '', [0, 0], (_, { sw }) => inPieces(sw.meters.dump(), (line) => line)),
  loading('meters/load', (sw, text) => sw.meters.load(text)),
  command('conntrack', '[--json] [WORD...]', [0, ANY_NUMBER], connections),
  command('port/inject', 'PORT HEX|PACKET...', [2, ANY_NUMBER], inject),
  command('port/taken', '[--json] [PORT...]', [0, ANY_NUMBER], taken),
];
