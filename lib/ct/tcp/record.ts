/**
 * A connection's two TCP sides in the six state words of its record: seqlo, seqhi, and window, scaling, scale and
 * state in one.
 */
import type { Connections } from '../connections.js';
import { STATE } from '../record.js';
import type { TcpPeer } from './machine.js';

const WORDS = 3;

/** Reads side `side` (0: the creator) of a connection. */
export function loadPeer(connections: Connections, slot: number, side: number, out: TcpPeer): void {
  const words = connections.chunk(slot);
  const at = connections.placeOf(slot) + STATE + side * WORDS;
  out.seqlo = words[at];
  out.seqhi = words[at + 1];
  const packed = words[at + 2];
  out.window = packed >>> 16;
  out.scaling = (packed >>> 12) & 15;
  out.scale = (packed >>> 8) & 15;
  out.state = packed & 0xff;
}

export function storePeer(connections: Connections, slot: number, side: number, peer: TcpPeer): void {
  const words = connections.chunk(slot);
  const at = connections.placeOf(slot) + STATE + side * WORDS;
  words[at] = peer.seqlo;
  words[at + 1] = peer.seqhi;
  words[at + 2] = (peer.window << 16) | (peer.scaling << 12) | (peer.scale << 8) | peer.state;
}

/** The state of a side alone. */
export function peerState(connections: Connections, slot: number, side: number): number {
  return connections.word(slot, STATE + side * WORDS + 2) & 0xff;
}
