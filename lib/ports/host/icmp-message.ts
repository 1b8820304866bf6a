/** ICMP and ICMPv6 messages as bytes (RFC 792, RFC 4443). */
import { checksum } from '../../bytes/index.js';
import { put16 } from './ethernet.js';
import { pseudoHeaderSum } from './ip-header.js';
import { PROTOCOL } from './stack.js';

function message(type: number, code: number, body: Uint8Array, sum: number): Uint8Array {
  const bytes = new Uint8Array(4 + body.length);
  bytes[0] = type;
  bytes[1] = code;
  bytes.set(body, 4);
  put16(bytes, 2, checksum(bytes, 0, bytes.length, sum));
  return bytes;
}

/** An ICMP message: `body` is all behind the checksum. */
export function icmpv4(type: number, code: number, body: Uint8Array): Uint8Array {
  return message(type, code, body, 0);
}

/** An ICMPv6 message between two addresses: `body` is all behind the checksum. */
export function icmpv6(from: Uint8Array, to: Uint8Array, type: number, code: number, body: Uint8Array): Uint8Array {
  return message(type, code, body, pseudoHeaderSum(from, to, PROTOCOL.icmpv6, 4 + body.length));
}

/** Whether a received message's checksum is right. */
export function icmpIsSound(from: Uint8Array, to: Uint8Array, payload: Uint8Array): boolean {
  const sum = from.length === 4 ? 0 : pseudoHeaderSum(from, to, PROTOCOL.icmpv6, payload.length);
  return payload.length >= 8 && checksum(payload, 0, payload.length, sum) === 0;
}
