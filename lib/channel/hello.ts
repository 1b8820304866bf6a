/**
 * HELLO and the choice of a version (OpenFlow 1.3.5 §6.3.1, §7.5.1). Hello is the one message that may have any version, so it
 * is read here and not by lib/wire. This end speaks 1.3 and nothing else.
 */
import { errorNumbers, Reader, Writer } from '../bytes/index.js';

/** OpenFlow 1.3's version number. */
export const VERSION = 4;
/** Message types that the channel itself deals with. */
export const TYPE = { hello: 0, error: 1, echo_request: 2, echo_reply: 3 } as const;
const VERSION_BITMAP = 1;

/** A HELLO with a bitmap that offers 1.3. */
export function writeHello(xid: number): Uint8Array {
  const w = new Writer(16).u8(VERSION).u8(TYPE.hello).u16(16).u32(xid);
  return w
    .u16(VERSION_BITMAP)
    .u16(8)
    .u32(1 << VERSION)
    .done();
}

/** Reads a HELLO of any version: the versions offered, ascending. Elements that can't be read are passed over. */
export function readHello(bytes: Uint8Array): number[] {
  const bitmap = readBitmap(new Reader(bytes, 8));
  if (bitmap) return bitmap;
  return Array.from({ length: bytes[0] }, (_, i) => i + 1);
}

/** The versions of the first bitmap element, or null where there is none. */
function readBitmap(r: Reader): number[] | null {
  while (r.left >= 4) {
    const type = r.u16();
    const length = r.u16();
    if (length < 4 || length - 4 > r.left) return null;
    const body = r.sub(length - 4);
    if (type === VERSION_BITMAP && body.left >= 4) {
      const bits = body.u32();
      return Array.from({ length: 32 }, (_, i) => i).filter((i) => bits & (1 << i));
    }
    r.skip(Math.min(r.left, (8 - (length % 8)) % 8));
  }
  return null;
}

/** HELLO_FAILED with a text for people, in a version that the peer can read. */
export function writeHelloFailed(version: number, xid: number, text: string): Uint8Array {
  const data = new TextEncoder().encode(text);
  const { type, code } = errorNumbers('OFPHFC_INCOMPATIBLE');
  const w = new Writer(12 + data.length)
    .u8(version)
    .u8(TYPE.error)
    .u16(12 + data.length);
  return w.u32(xid).u16(type).u16(code).put(data).done();
}

/** "1.0, 1.3" for version numbers. */
export function formatVersions(versions: readonly number[]): string {
  const names = versions.map((version) =>
    version >= 1 && version <= 6 ? `1.${version - 1}` : `0x${version.toString(16)}`,
  );
  return names.length > 0 ? names.join(', ') : 'no version';
}
