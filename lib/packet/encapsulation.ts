/**
 * Whole headers in front of a frame and taken away: NSH (RFC 8300), labels in front of Ethernet, and Ethernet itself. A
 * packet that has no Ethernet header stands behind one of zeros all the while, so that everything else finds its way;
 * no port ever sees that.
 */
import type { Packet } from './packet.js';

/** Changes of encap and decap, as numbers of a program's step; with their argument. */
export const ENCAP = {
  /** Ethernet addresses, tags and LLC go; the type stays, behind zeros. */
  popEthernet: 0,
  /** What follows an NSH header: an EtherType, or 0 for a frame. */
  popNsh: 1,
  /** What follows a label: an EtherType, or 0 for a frame. */
  popLabel: 2,
  /** The zeros in front go: what a controller sees of a packet without an Ethernet header. */
  bare: 3,
  /** The zeros in front count from here on. */
  ethernet: 4,
} as const;

const ETHERNET_BYTES = 14;
const TYPE_AT = 12;
const LABEL_BYTES = 4;

/**
 * Puts a header in front of the frame (`behind` 0), or behind the Ethernet header of zeros (14), whose type is set
 * then.
 */
export function pushHeader(packet: Packet, header: Uint8Array, behind: number, ethType: number): void {
  packet.insert(packet.start + behind, header.length);
  const { bytes, start } = packet;
  bytes.set(header, start + behind);
  bytes[start + TYPE_AT] = ethType >> 8;
  bytes[start + TYPE_AT + 1] = ethType;
  packet.bare = ETHERNET_BYTES;
  place(packet);
}

/** Nothing is known of the frame but its Ethernet header. */
function place(packet: Packet): void {
  packet.typeAt = packet.start + TYPE_AT;
  packet.l3 = packet.start + ETHERNET_BYTES;
  packet.l4 = -1;
  packet.protoAt = -1;
}

/** Takes a header away. A frame that is too short for it stays as it is. */
export function popHeader(packet: Packet, kind: number, ethType: number): void {
  switch (kind) {
    case ENCAP.popEthernet:
      popEthernet(packet);
      break;
    case ENCAP.popNsh:
      uncover(packet, nshLength(packet), ethType);
      break;
    case ENCAP.popLabel:
      uncover(packet, LABEL_BYTES, ethType);
      break;
    case ENCAP.bare:
      packet.start += ETHERNET_BYTES;
      packet.bare = 0;
      break;
    case ENCAP.ethernet:
      packet.bare = 0;
      break;
  }
}

/** A copy of a packet of a type, behind an Ethernet header of zeros where it has none (0: it has one). */
export function behindZeros(packet: Uint8Array, packetType: number): Uint8Array {
  if (packetType === 0) return packet.slice();
  const frame = new Uint8Array(ETHERNET_BYTES + packet.length);
  frame.set([(packetType >> 8) & 0xff, packetType & 0xff], TYPE_AT);
  frame.set(packet, ETHERNET_BYTES);
  return frame;
}

function popEthernet(packet: Packet): void {
  if (packet.typeAt < 0) return;
  packet.start = packet.typeAt - TYPE_AT;
  packet.bytes.fill(0, packet.start, packet.typeAt);
  packet.bare = ETHERNET_BYTES;
}

/** Bytes of the NSH header behind the Ethernet header. */
function nshLength({ bytes, start, end }: Packet): number {
  return end - start < ETHERNET_BYTES + 2 ? 0 : (bytes[start + ETHERNET_BYTES + 1] & 0x3f) * 4;
}

function uncover(packet: Packet, length: number, ethType: number): void {
  if (packet.end - packet.start < ETHERNET_BYTES + length) return;
  if (ethType === 0) {
    packet.start += ETHERNET_BYTES + length;
    packet.bare = 0;
    packet.typeAt = -1;
    packet.l3 = -1;
    packet.l4 = -1;
    return;
  }
  packet.remove(packet.start + ETHERNET_BYTES, length);
  packet.bytes[packet.start + TYPE_AT] = ethType >> 8;
  packet.bytes[packet.start + TYPE_AT + 1] = ethType;
  place(packet);
}
