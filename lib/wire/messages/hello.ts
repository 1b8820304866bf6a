/**
 * hello: OpenFlow 1.3.5 §7.5.1. Comes in any version; elements that aren't known or make no sense are passed over, as
 * §6.3.1 asks.
 */
import type { Reader, Writer } from '../../bytes/index.js';
import { message } from '../kind.js';

export interface Hello {
  readonly type: 'hello';
  readonly xid: number;
  /** The header's version: the highest that the sender speaks. */
  readonly version: number;
  /** The versions of the bitmap, ascending; null where the sender sent none (OpenFlow 1.0 to 1.3.0). */
  readonly versions: readonly number[] | null;
}

const VERSION_BITMAP = 1;
const ELEMENT_HEADER = 4;
/** A version is one byte, so longer bitmaps say nothing more. */
const MAX_BITMAP_WORDS = 8;

function readBitmap(r: Reader): number[] {
  const versions: number[] = [];
  for (let word = 0; word < MAX_BITMAP_WORDS && r.left >= 4; word++) {
    const bits = r.u32();
    for (let bit = 0; bit < 32; bit++) if ((bits >>> bit) & 1) versions.push(word * 32 + bit);
  }
  return versions;
}

function writeBitmap(w: Writer, versions: readonly number[]): void {
  const words = new Uint32Array(Math.floor(Math.max(0, ...versions) / 32) + 1);
  for (const version of versions) words[version >> 5] |= 1 << (version & 31);
  const start = w.at;
  w.u16(VERSION_BITMAP).u16(ELEMENT_HEADER + 4 * words.length);
  for (const word of words) w.u32(word);
  w.pad(8, start);
}

export const hello = message<Hello>({
  type: 'hello',
  number: 0,
  read(r, c) {
    let versions: number[] | null = null;
    while (r.left >= ELEMENT_HEADER) {
      const type = r.u16();
      const length = r.u16();
      if (length < ELEMENT_HEADER || length - ELEMENT_HEADER > r.left) break;
      const element = r.sub(length - ELEMENT_HEADER);
      if (type === VERSION_BITMAP) versions = readBitmap(element);
      r.skip(Math.min(r.left, -length & 7));
    }
    r.skip(r.left);
    return { type: 'hello', xid: c.xid, version: c.version, versions };
  },
  write(m, w) {
    if (m.versions) writeBitmap(w, m.versions);
  },
});
