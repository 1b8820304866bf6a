/**
 * The program for a key: out of the cache, as long as no change since makes it wrong, or made by a translation. What
 * programs do is the runner's (datapath.ts).
 */
import type { Key } from '../packet/key.js';
import type { Cache } from './cache.js';
import type { Journal } from './journal.js';
import type { Arena } from './program.js';
import type { DatapathCounters, Upcalls } from './upcalls.js';

export class ProgramFinder {
  constructor(
    private readonly cache: Cache,
    private readonly journal: Journal,
    private readonly arena: Arena,
    private readonly counters: DatapathCounters,
    private readonly upcalls: Upcalls,
  ) {}

  /** The place of the program for a key; a packet of `bytes` counts for it. */
  forKey(key: Key, bytes: number, now_ms: number): number {
    return this.chosen(this.cache.find(key), key, bytes, now_ms);
  }

  /** The same for a packet that goes on from recirculation `id`, tracked as `state`. */
  forKeyAgain(key: Key, id: number, state: number, bytes: number, now_ms: number): number {
    return this.chosen(this.cache.findAgain(key, id, state), key, bytes, now_ms);
  }

  /** The program in `entry`, or one that is made where that is -1 or not right any more. */
  private chosen(entry: number, key: Key, bytes: number, now_ms: number): number {
    const { cache } = this;
    let right = entry;
    if (right >= 0 && cache.generation(right) !== this.journal.generation && !this.isRight(right)) right = -1;
    if (right < 0) right = this.install(key, now_ms);
    else this.counters.hits++;
    cache.hit(right, bytes, now_ms);
    return cache.program(right);
  }

  /** Is an entry of an older generation still right? Else it is taken out. */
  private isRight(entry: number): boolean {
    const { cache, journal } = this;
    const info = cache.info(entry);
    const right = journal.stillRight(cache.generation(entry), info.visited, info.shape, info.values, info.rewritten);
    if (right) {
      cache.renew(entry, journal.generation);
    } else {
      cache.remove(entry);
      this.counters.renewed++;
    }
    return right;
  }

  private install(key: Key, now_ms: number): number {
    this.counters.misses++;
    const t = this.upcalls.translate(key);
    this.upcalls.refer(t.recirculations, 1);
    return this.cache.add(t, this.arena.put(t.steps), this.journal.generation, now_ms);
  }
}
