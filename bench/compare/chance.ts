/** Choices out of a seeded stream. */
import type { Random } from '../../lib/bytes/index.js';

export class Chance {
  constructor(private readonly random: Random) {}

  /** 0 ≤ n < bound. */
  below(bound: number): number {
    return this.random.below(bound);
  }

  /** low ≤ n ≤ high. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in so many of a hundred cases. */
  percent(n: number): boolean {
    return this.below(100) < n;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  /** One of the values, each as often as its weight says. */
  weighted<T>(rows: readonly (readonly [weight: number, value: T])[]): T {
    let at = this.below(rows.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of rows) {
      if (at < weight) return value;
      at -= weight;
    }
    throw new RangeError('no weights');
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.below(16).toString(16)).join('');
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  shuffled<T>(list: readonly T[]): T[] {
    const left = [...list];
    return Array.from({ length: left.length }, () => left.splice(this.below(left.length), 1)[0]);
  }
}
