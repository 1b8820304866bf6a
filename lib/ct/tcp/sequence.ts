/**
 * TCP's sequence numbers: 32 bits that wrap (RFC 9293 §3.4). Held as signed numbers, so that a difference is `(a - b)
 * | 0`.
 */

/** a ≥ b, as far as less than half the circle lies between them. */
export function atLeast(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0;
}

/** a > b. */
export function after(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

/** a + n. */
export function plus(a: number, n: number): number {
  return (a + n) | 0;
}

/** How far a lies behind b: positive where a is the later one. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}
