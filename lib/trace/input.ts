/**
 * What can be traced, in the forms that people and programs have it: a text, a frame, a frame of which more is known,
 * with actions.
 */
import { fromHex, TextError } from '../bytes/index.js';
import { type NameMap, parseActions } from '../nxm/index.js';
import { Key, slots } from '../packet/index.js';
import { givenFrame, parseMatch, parsePacket } from '../text/index.js';
import type { TracedPacket } from './trace.js';

/** A packet in ovs-ofctl's words, or a frame at a port; with actions it is a packet-out. */
export type TraceInput =
  | string
  | { readonly flow: string; readonly actions?: string }
  | {
      readonly in_port: number;
      /** The whole frame, or hexadecimal. */
      readonly frame: Uint8Array | string;
      /** What no frame shows, in ovs-ofctl's words: "reg0=5,ct_state=+trk+est". */
      readonly beside?: string;
      readonly actions?: string;
    };

/** Reads it. Throws a TextError with its place. */
export function tracedPacket(input: TraceInput, ports?: NameMap): TracedPacket {
  if (typeof input === 'string') return parsePacket(input, { ports });
  const packet = 'flow' in input ? parsePacket(input.flow, { ports }) : framed(input, ports);
  return input.actions === undefined ? packet : { ...packet, actions: actionsOf(input.actions, ports) };
}

function framed(
  { in_port, frame, beside = '' }: Extract<TraceInput, { in_port: number }>,
  ports?: NameMap,
): TracedPacket {
  const [key, mask] = [new Key(), new Key()];
  parseMatch(beside, { ports }).expand(key, mask);
  const bytes = typeof frame === 'string' ? bytesOf(frame) : frame.slice();
  const inPort = mask.get(slots.in_port) ? key.get(slots.in_port) : in_port;
  return { ...givenFrame(inPort, bytes, key), sequenced: true };
}

function bytesOf(text: string): Uint8Array {
  try {
    return fromHex(text);
  } catch (error) {
    throw error instanceof RangeError ? new TextError(`the frame: ${error.message}`, 1, 1) : error;
  }
}

function actionsOf(text: string, ports?: NameMap): TracedPacket['actions'] {
  return parseActions(text, { line: 1, column: 1, ports });
}
