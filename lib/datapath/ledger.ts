/**
 * What cached programs counted, on its way to flows, groups and tables, and what programs hold that aren't cached any
 * more. Entries count by themselves, in the cache's columns; here the sums are pushed on before anyone reads them, and
 * before an entry goes.
 */
import type { Cache, EntryInfo } from './cache.js';
import type { Arena, ColdStore, Credits } from './program.js';
import type { CachedProgram, Upcalls } from './upcalls.js';

/** An entry that no packet used for so long is dropped, ms. */
export const ENTRY_IDLE_MS = 10_000;

export class Ledger {
  /** What entries have pushed to flows already. */
  private readonly told = new WeakMap<EntryInfo, { packets: number; bytes: number }>();
  /** Entries that went while programs were running: what they held is freed when the frame in hand is done. */
  private readonly gone: { readonly program: number; readonly info: EntryInfo }[] = [];

  constructor(
    private readonly cache: Cache,
    private readonly arena: Arena,
    private readonly cold: ColdStore,
    /** Programs that refer to recirculation ids went. */
    private readonly refer: Upcalls['refer'],
  ) {}

  /** Counts packets for whom a translation counts, and says when the last one came. */
  credit(info: EntryInfo, packets: number, bytes: number, used_ms: number): void {
    for (const credit of info.credits) if (used_ms > credit.used_ms) credit.used_ms = used_ms;
    this.count(info, packets, bytes);
  }

  /** Counts packets; fewer than none take back what was counted too soon. */
  count(info: Credits, packets: number, bytes: number): void {
    for (const credit of info.credits) {
      credit.packets += packets;
      credit.bytes += bytes;
    }
    for (const table of info.found) {
      table.lookups += packets;
      table.matched += packets;
    }
    for (const table of info.missed) table.lookups += packets;
  }

  /** Pushes all counters to flows and tables. */
  collect(): void {
    for (const entry of this.cache.entries()) this.collectEntry(entry, this.cache.info(entry));
  }

  private collectEntry(entry: number, info: EntryInfo): void {
    const { cache } = this;
    const packets = cache.packets(entry);
    const bytes = cache.bytes(entry);
    if (packets === 0) return;
    this.credit(info, packets, bytes, cache.used_ms(entry));
    const told = this.told.get(info) ?? { packets: 0, bytes: 0 };
    told.packets += packets;
    told.bytes += bytes;
    this.told.set(info, told);
    cache.reset(entry);
  }

  /** Drops entries that no packet used for a while. */
  sweep(now_ms: number): void {
    const { cache } = this;
    const before = now_ms - ENTRY_IDLE_MS;
    for (const entry of cache.entries()) if (cache.used_ms(entry) < before) cache.remove(entry);
  }

  /** An entry goes. `running`: its program may be under way, so that what it holds is freed later, by freeGone. */
  forget(entry: number, info: EntryInfo, running: boolean): void {
    this.collectEntry(entry, info);
    const program = this.cache.program(entry);
    if (running) this.gone.push({ program, info });
    else this.free(program, info);
  }

  /** No program is running any more. */
  freeGone(): void {
    if (this.gone.length === 0) return;
    for (const { program, info } of this.gone) this.free(program, info);
    this.gone.length = 0;
  }

  private free(program: number, info: EntryInfo): void {
    this.arena.drop(program, info.length);
    for (const index of info.cold) this.cold.drop(index);
    this.refer(info.recirculations, -1);
  }

  /** The programs in the cache, with what they counted since they were made. What changes meanwhile may be missed. */
  *programs(): Generator<CachedProgram> {
    const { cache } = this;
    for (const entry of cache.entries()) {
      const { shape, values, length } = cache.info(entry);
      const told = this.told.get(cache.info(entry));
      const packets = cache.packets(entry) + (told?.packets ?? 0);
      const bytes = cache.bytes(entry) + (told?.bytes ?? 0);
      const at = cache.program(entry);
      yield {
        shape,
        values,
        packets,
        bytes,
        used_ms: cache.used_ms(entry),
        steps: this.arena.words.slice(at, at + length),
      };
    }
  }
}
