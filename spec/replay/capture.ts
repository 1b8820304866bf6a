/**
 * Captures made for specs: a TCP connection with an OpenFlow session, frame by frame, to be shuffled, doubled and cut.
 */
import { captureHeader, captureRecord } from '../../lib/pcap-file/index.js';
import { encode, type Message } from '../../lib/wire/index.js';
import { tcp4 } from '../support/frames.js';

export interface Said {
  readonly by: 'controller' | 'switch';
  readonly message: Message;
}

const CONTROLLER = { src: '127.0.0.1', sport: 6653 };
const SWITCH = { src: '127.0.0.2', sport: 40_000 };

/** Frames of a session that the switch dialled, each direction's bytes cut at `cuts` bytes. */
export function framesOf(session: readonly Said[], cut = 1460): Uint8Array[] {
  const next = { controller: 1, switch: 1 };
  const frame = (by: Said['by'], flags: string, payload: Uint8Array, seq: number, ack: number): Uint8Array => {
    const [from, to] = by === 'switch' ? [SWITCH, CONTROLLER] : [CONTROLLER, SWITCH];
    return tcp4({ ...from, dst: to.src, dport: to.sport, seq, ack, flags, payload });
  };
  const nothing = new Uint8Array(0);
  const frames = [frame('switch', 'syn', nothing, 0, 0), frame('controller', 'syn|ack', nothing, 0, 1)];
  for (const { by, message } of session) {
    const bytes = encode(message);
    for (let at = 0; at < bytes.length; at += cut) {
      const part = bytes.slice(at, at + cut);
      frames.push(frame(by, 'psh|ack', part, next[by], next[by === 'switch' ? 'controller' : 'switch']));
      next[by] += part.length;
    }
  }
  frames.push(frame('switch', 'fin|ack', nothing, next.switch, next.controller));
  frames.push(frame('controller', 'fin|ack', nothing, next.controller, next.switch + 1));
  return frames;
}

/** A pcap file, a millisecond between frames. */
export function captureOf(frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([captureHeader(), ...frames.map((frame, i) => captureRecord(1_700_000_000_000 + i, frame))]);
}
