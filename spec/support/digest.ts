/** A digest of everything that an object holds, however deep and private: did anything change? */
import { createHash, type Hash } from 'node:crypto';

/** All that `root` leads to, but for members of these names (`Class.member`, or a member of any class). */
export function digest(root: unknown, except: ReadonlySet<string> = new Set()): string {
  const hash = createHash('sha1');
  walk(root, hash, new Map(), except);
  return hash.digest('hex');
}

function walk(value: unknown, hash: Hash, seen: Map<object, number>, except: ReadonlySet<string>): void {
  if (typeof value === 'function') return;
  if (typeof value !== 'object' || value === null) {
    hash.update(`${typeof value} ${String(value)};`);
    return;
  }
  const known = seen.get(value);
  hash.update(`#${known ?? seen.size};`);
  if (known !== undefined) return;
  seen.set(value, seen.size);
  if (ArrayBuffer.isView(value)) {
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    return;
  }
  if (value instanceof Map || value instanceof Set) for (const entry of value) walk(entry, hash, seen, except);
  const { name } = value.constructor ?? {};
  for (const [key, member] of Object.entries(value)) {
    if (except.has(key) || except.has(`${name}.${key}`) || typeof member === 'function') continue;
    hash.update(`${key}:`);
    walk(member, hash, seen, except);
  }
}
