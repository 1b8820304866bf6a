/**
 * Which bits of the flow key count: word indexes ascending, and the bits of each. A match and a cached entry have one.
 */
export interface MaskShape {
  readonly words: Uint16Array;
  readonly bits: Uint32Array;
}

/** Do two shapes have the same words and bits? */
export function sameShape(a: MaskShape, b: MaskShape): boolean {
  if (a === b) return true;
  if (a.words.length !== b.words.length) return false;
  for (let i = 0; i < a.words.length; i++) if (a.words[i] !== b.words[i] || a.bits[i] !== b.bits[i]) return false;
  return true;
}

/** The words and bits of a whole key that aren't zero. */
export function shapeOf(mask: Uint32Array): MaskShape {
  let count = 0;
  let same = true;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    same &&= latest.words[count] === i && latest.bits[count] === mask[i];
    scratch[count++] = i;
  }
  // Flows come one after the other with the same shape: it is made once.
  if (same && count === latest.words.length) return latest;
  const words = scratch.slice(0, count);
  const bits = new Uint32Array(count);
  for (let n = 0; n < count; n++) bits[n] = mask[words[n]];
  latest = { words, bits };
  return latest;
}

let latest: MaskShape = { words: new Uint16Array(0), bits: new Uint32Array(0) };

/** Longer than a key. */
const scratch = new Uint16Array(1024);

/** The masked values of a key for a shape. */
export function valuesFor(shape: MaskShape, key: Uint32Array): Uint32Array {
  const values = new Uint32Array(shape.words.length);
  for (let i = 0; i < values.length; i++) values[i] = key[shape.words[i]] & shape.bits[i];
  return values;
}

/** A hash of a key's masked words, 32 bits, signed: the engine would box half of the unsigned ones. */
export function hashMasked(shape: MaskShape, key: Uint32Array): number {
  const { words, bits } = shape;
  let hash = words.length;
  for (let i = 0; i < words.length; i++) hash = mix(hash, key[words[i]] & bits[i]);
  return finish(hash);
}

/** The same hash over values that are masked already. */
export function hashValues(values: Uint32Array): number {
  return hashOf(values, 0, values.length);
}

/** The same of `count` values that begin at `from`. */
export function hashOf(values: Uint32Array, from: number, count: number): number {
  let hash = count;
  for (let i = from; i < from + count; i++) hash = mix(hash, values[i]);
  return finish(hash);
}

/** One round of murmur3's 32-bit hash. */
export function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Spreads a hash over all its bits, signed. */
export function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
