/** What a person types for a port: `--port LOCAL=SPEC`, `--port N=SPEC`, and the SPECs of each kind of port. */
import { parseMac } from '../bytes/index.js';
import { type FilePort, file } from './file.js';
import { type HostPort, host } from './host.js';
import { type MemoryPort, memory } from './memory.js';
import { type PcapPort, pcap } from './pcap.js';
import { type Port, PortError } from './port.js';
import { type TapPort, tap } from './tap.js';
import { readTunnelText, TunnelTextError } from './tunnel/text.js';
import { type TunnelPort, tunnel } from './tunnel.js';

/**
 * The highest number that a port may have (OFPP_MAX, OpenFlow 1.3.5 §7.2.1, as far as Open vSwitch goes: below 0xff00).
 */
export const MAX_PORT_NUMBER = 0xfeff;
/** Characters of an interface's name: IFNAMSIZ less the terminating zero. */
const MAX_INTERFACE_NAME = 15;

/** A mistake in a port's text: `column` counts from 1 in the whole text. */
export class PortTextError extends PortError {
  constructor(
    text: string,
    readonly column: number,
    readonly why: string,
  ) {
    super(text, `at column ${column}: ${why}`);
    this.name = 'PortTextError';
  }
}

/** A port as typed: its number, where one was given, and the port, not yet started. */
export interface PortText {
  number?: number | 'LOCAL';
  port: Port;
}

/** The text of a SPEC behind its kind, and where it stands. */
interface Rest {
  text: string;
  column: number;
  /** Names that other ports have. */
  taken: ReadonlySet<string>;
  error(why: string, column?: number): PortTextError;
}

type AnyPort = FilePort | HostPort | MemoryPort | PcapPort | TapPort | TunnelPort;

/** Kind → how it is written, and what reads the rest. */
const KINDS: Readonly<Record<string, { form: string; read(rest: Rest): AnyPort }>> = {
  pcap: { form: 'pcap:IFACE', read: (rest) => pcap(interfaceName(rest)) },
  'pcap+lib': { form: 'pcap+lib:IFACE', read: (rest) => pcap(interfaceName(rest), { driver: 'lib' }) },
  tap: { form: 'tap:NAME', read: (rest) => tap(interfaceName(rest)) },
  file: { form: 'file:IN.pcap[,OUT.pcap][,paced]', read: readFile },
  host: { form: 'host:NAME,MAC,IP[,IP6]', read: readHost },
  memory: { form: 'memory[:NAME]', read: readMemory },
  vxlan: {
    form: 'vxlan:REMOTE[:PORT][,local=ADDRESS][,key=N|flow][,OPTION=VALUE]',
    read: (rest) => readTunnel('vxlan', rest),
  },
  geneve: {
    form: 'geneve:REMOTE[:PORT][,local=ADDRESS][,key=N|flow][,OPTION=VALUE]',
    read: (rest) => readTunnel('geneve', rest),
  },
};

/** How each kind of port is written, for help texts. */
export const PORT_FORMS: readonly string[] = Object.values(KINDS).map(({ form }) => form);

/**
 * Reads `[LOCAL=|N=]SPEC`. A port whose text doesn't say its name gets one that isn't among those `taken`. Throws a
 * PortTextError that names the place, and the kind that was probably meant.
 */
export function parsePort(text: string, taken: ReadonlySet<string> = new Set()): PortText {
  const equals = /^[^:,]*=/.exec(text);
  if (equals === null) return { port: parseSpec(text, text, 1, taken) };
  const name = text.slice(0, equals[0].length - 1);
  const port = parseSpec(text.slice(equals[0].length), text, equals[0].length + 1, taken);
  if (name.toUpperCase() === 'LOCAL') return { number: 'LOCAL', port };
  const number = /^\d+$/.test(name) ? Number(name) : 0;
  if (number < 1 || number > MAX_PORT_NUMBER) {
    throw new PortTextError(text, 1, `"${name}" is neither LOCAL nor a number from 1 to ${MAX_PORT_NUMBER}`);
  }
  return { number, port };
}

function parseSpec(spec: string, whole: string, column: number, taken: ReadonlySet<string>): Port {
  const colon = spec.indexOf(':');
  const kind = colon < 0 ? spec : spec.slice(0, colon);
  const known = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  const error = (why: string, at: number) => new PortTextError(whole, at, why);
  if (known === undefined) {
    const near = nearest(kind);
    const hint = near === null ? `known are ${PORT_FORMS.join(', ')}` : `did you mean ${KINDS[near].form}?`;
    throw error(`"${kind}" is no kind of port: ${hint}`, column);
  }
  const start = column + (colon < 0 ? kind.length : colon + 1);
  const rest: Rest = {
    text: colon < 0 ? '' : spec.slice(colon + 1),
    column: start,
    taken,
    error: (why, at = start) => error(`${why} (${known.form})`, at),
  };
  try {
    return known.read(rest);
  } catch (cause) {
    throw cause instanceof PortError && !(cause instanceof PortTextError) ? rest.error(cause.message) : cause;
  }
}

function interfaceName(rest: Rest): string {
  const { text } = rest;
  if (text === '') throw rest.error('a name is missing');
  const bad = text.search(/[\s/:,=]/);
  if (bad >= 0) throw rest.error(`"${text[bad]}" can't be in a name`, rest.column + bad);
  if (text.length > MAX_INTERFACE_NAME || text === '.' || text === '..') {
    throw rest.error(`"${text}" can't be a name: it has 1 to ${MAX_INTERFACE_NAME} characters`);
  }
  return text;
}

function readFile(rest: Rest): FilePort {
  const parts = rest.text.split(',');
  const paced = parts.length > 1 && parts.at(-1) === 'paced';
  const [input, output, ...more] = paced ? parts.slice(0, -1) : parts;
  if (more.length > 0) throw rest.error('more than two files', rest.column + rest.text.indexOf(more[0]));
  if (input === '' && !output) throw rest.error('a file is missing');
  if (output === '') throw rest.error('a file is missing behind the comma', rest.column + input.length + 1);
  const options = { input: input || undefined, output, paced };
  const port = file(options);
  return rest.taken.has(port.name) ? file({ ...options, name: another(port.name, rest.taken) }) : port;
}

function readMemory(rest: Rest): MemoryPort {
  if (rest.text !== '') return memory({ name: interfaceName(rest) });
  const port = memory();
  return rest.taken.has(port.name) ? memory({ name: another(port.name, rest.taken) }) : port;
}

function readTunnel(kind: 'vxlan' | 'geneve', rest: Rest): TunnelPort {
  try {
    const options = readTunnelText(kind, rest.text);
    const name = options.name ?? (rest.taken.has(kind) ? another(kind, rest.taken) : kind);
    if (options.name !== undefined) interfaceName({ ...rest, text: name });
    return tunnel({ ...options, name });
  } catch (error) {
    throw error instanceof TunnelTextError ? rest.error(error.message, rest.column + error.at) : error;
  }
}

/** "in.pcap-2" where "in.pcap" is taken, and so on. */
function another(name: string, taken: ReadonlySet<string>): string {
  for (let n = 2; ; n++) {
    const end = `-${n}`;
    const found = name.slice(0, MAX_INTERFACE_NAME - end.length) + end;
    if (!taken.has(found)) return found;
  }
}

function readHost(rest: Rest): HostPort {
  const parts = rest.text.split(',');
  const [name, mac, ip, ip6] = parts;
  const at = (index: number) =>
    rest.column + Math.min(parts.slice(0, index).join(',').length + (index > 0 ? 1 : 0), rest.text.length);
  if (parts.length > 4) throw rest.error('too much', at(4));
  if (!name || name.length > MAX_INTERFACE_NAME) throw rest.error(`a name has 1 to ${MAX_INTERFACE_NAME} characters`);
  if (mac === undefined || parseMac(mac) === null) throw rest.error(`"${mac ?? ''}" is no MAC address`, at(1));
  if (!ip) throw rest.error('an IP address is missing', at(2));
  const [ipv4, ipv6] = ip.includes(':') ? [undefined, ip] : [ip, ip6];
  if (ipv6 === ip && ip6 !== undefined) throw rest.error('a second IPv6 address', at(3));
  return host({ name, mac, ipv4, ipv6 });
}

/** The kind that differs least from what was typed, where it differs little. */
function nearest(typed: string): string | null {
  let best: string | null = null;
  let least = 3;
  for (const kind of Object.keys(KINDS)) {
    const changes = distance(typed.toLowerCase(), kind);
    if (changes < least && changes < kind.length) [best, least] = [kind, changes];
  }
  return best;
}

/** Levenshtein's distance, where exchanged neighbours count as one change (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, rows[i - 2][j - 2] + 1);
      rows[i].push(cost);
    }
  }
  return rows[a.length][b.length];
}
