/** Packet-outs from text (ovs-ofctl(8), "Packet-Out Syntax"): "in_port=controller,packet=HEX,actions=…". */
import { fromHex } from '../bytes/index.js';
import { type Action, didYouMean, keyValues, type NameMap, OFPP, parseActions, parsePort } from '../nxm/index.js';
import type { Unsent } from './client.js';
import { Misuse } from './outcome.js';

const NO_BUFFER = 0xffffffff;

/** A packet-out. */
export function packetOut(inPort: number, actions: readonly Action[], data: Uint8Array): Unsent {
  return { type: 'packet_out', bufferId: NO_BUFFER, inPort, actions, data };
}

/** The port a packet may be said to come from. Throws Misuse. */
export function inPortOf(text: string, ports: NameMap | undefined): number {
  const port = parsePort(text, ports);
  const allowed: readonly number[] = [OFPP.LOCAL, OFPP.ANY, OFPP.CONTROLLER];
  if (port !== null && (port <= OFPP.MAX || allowed.includes(port))) return port;
  throw new Misuse(`a packet can't come from port "${text}"`);
}

/** A frame's bytes. Throws Misuse. */
export function frameOf(text: string): Uint8Array {
  try {
    const frame = fromHex(text);
    if (frame.length >= 14) return frame;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Misuse(`packet: ${error.message}`);
  }
  throw new Misuse('packet: a frame has at least 14 bytes: two addresses and a type');
}

/** Where a packet-out stands, and the names that it may use. */
interface PacketOutPlace {
  readonly ports: NameMap | undefined;
  readonly file?: string;
  readonly line?: number;
  /** Column of its first character. */
  readonly column?: number;
}

/** Reads a packet-out. Throws Misuse or TextError. */
export function parsePacketOut(text: string, { ports, file, line = 1, column = 1 }: PacketOutPlace): Unsent {
  const at = text.search(/\bactions?\s*=/);
  const head = at < 0 ? text : text.slice(0, at);
  let inPort: number = OFPP.CONTROLLER;
  let frame: Uint8Array | null = null;
  for (const { key, value } of keyValues(head)) {
    if (key === 'in_port') inPort = inPortOf(value, ports);
    else if (key === 'packet') frame = frameOf(value);
    else throw new Misuse(`unknown keyword "${key}"${didYouMean(key, ['in_port', 'packet', 'actions'])}`);
  }
  if (!frame) throw new Misuse('a packet-out needs packet=HEX');
  const from = at < 0 ? text.length : text.indexOf('=', at) + 1;
  const actions = parseActions(text.slice(from), { line, column: column + from, file, ports });
  return packetOut(inPort, actions, frame);
}
