/** The switch's ports: numbers, configuration, link state and counters. A port has a slot, which programs name. */
import type { Port } from '../ports/port.js';
import type { PortQueues } from './queues.js';

/** Counters of a port, in the order they stand in the counter array. */
export const COUNTER = {
  rxPackets: 0,
  txPackets: 1,
  rxBytes: 2,
  txBytes: 3,
  rxDropped: 4,
  txDropped: 5,
  rxErrors: 6,
  txErrors: 7,
} as const;
const COUNTERS = 8;

/** OFPPC_* and OFPPS_* bits. */
export const OFPPC = { PORT_DOWN: 1, NO_RECV: 4, NO_FWD: 32, NO_PACKET_IN: 64 } as const;
export const OFPPS = { LINK_DOWN: 1, BLOCKED: 2, LIVE: 4 } as const;

export interface PortEntry {
  readonly slot: number;
  readonly number: number;
  readonly port: Port;
  /** The device's own where it has one. */
  mac: Uint8Array;
  /** OFPPC_* bits. */
  config: number;
  /** OFPPS_LINK_DOWN, or 0. */
  state: number;
  readonly since_ms: number;
  /** Where the port has queues, or is held to a rate. */
  queues: PortQueues | null;
}

/** Most ports of a switch. */
export const MAX_PORTS = 4096;
/** Ports that counters are made for at first; more make them longer. */
const FEW_PORTS = 16;

/** A table whose ports another one shows, and what stands there in the place of each. */
export interface Lender {
  readonly table: PortTable;
  replaced(entry: PortEntry): Port;
}

export class PortTable {
  private readonly slots: (PortEntry | null)[] = [];
  private readonly byNumber = new Map<number, PortEntry>();
  private counters = new Float64Array(FEW_PORTS * COUNTERS);

  /** With a lender its ports count as being here, each under its number and slot from when it is first looked up. */
  constructor(private readonly lender: Lender | null = null) {}

  /** Gives a port a number and a slot. Throws a RangeError where the number is taken or the table is full. */
  add(number: number, port: Port, mac: Uint8Array, now_ms: number): PortEntry {
    const taken = this.byNumber.get(number);
    if (taken) throw new RangeError(`port ${number} is taken by ${taken.port.name}`);
    let slot = this.slots.indexOf(null);
    if (slot < 0) slot = this.slots.length;
    if (slot >= MAX_PORTS) throw new RangeError(`a switch has at most ${MAX_PORTS} ports`);
    return this.put({ slot, number, port, mac, config: 0, state: 0, since_ms: now_ms, queues: null });
  }

  private put(entry: PortEntry): PortEntry {
    const { slot } = entry;
    this.slots[slot] = entry;
    this.byNumber.set(entry.number, entry);
    if ((slot + 1) * COUNTERS > this.counters.length) {
      const longer = new Float64Array(Math.max(this.counters.length * 2, (slot + 1) * COUNTERS));
      longer.set(this.counters);
      this.counters = longer;
    }
    this.counters.fill(0, slot * COUNTERS, (slot + 1) * COUNTERS);
    return entry;
  }

  /** The same port here as in the lender's table. */
  private lent(entry: PortEntry | null | undefined): PortEntry | null {
    if (!entry || this.lender === null) return null;
    return this.put({ ...entry, port: this.lender.replaced(entry), queues: null });
  }

  remove(entry: PortEntry): void {
    entry.queues?.close();
    entry.queues = null;
    this.slots[entry.slot] = null;
    this.byNumber.delete(entry.number);
  }

  get(number: number): PortEntry | undefined {
    return this.byNumber.get(number) ?? this.lent(this.lender?.table.get(number)) ?? undefined;
  }

  at(slot: number): PortEntry | null {
    return this.slots[slot] ?? this.lent(this.lender?.table.at(slot));
  }

  /** The lowest number that is free. */
  nextNumber(): number {
    let number = 1;
    while (this.byNumber.has(number)) number++;
    return number;
  }

  /** All ports by number. */
  list(): PortEntry[] {
    for (const { number } of this.lender?.table.list() ?? []) this.get(number);
    return [...this.byNumber.values()].sort((a, b) => a.number - b.number);
  }

  /** Numbers of ports by name, gathered when somebody asks for one. */
  names(): { get(name: string): number | undefined } {
    let map: Map<string, number> | null = null;
    return {
      get: (name) => {
        map ??= new Map(this.list().map(({ number, port }) => [port.name, number]));
        return map.get(name);
      },
    };
  }

  count(slot: number, counter: number, by: number): void {
    this.counters[slot * COUNTERS + counter] += by;
  }

  counter(slot: number, counter: number): number {
    return this.counters[slot * COUNTERS + counter];
  }
}
