/**
 * One direction of a cable inside the process: frames leave it in the order in which they came, after the time that
 * their rate and the cable's delay ask for, or are lost by seeded chance. Frames are copied once, into buffers that are
 * used again.
 *
 * A cable without delay hands on at once, but not by calling: what arrives while another frame is handed over waits its
 * turn (Handover), so that a loop in a network neither grows a stack nor holds the event loop.
 */
import type { Clock, Random, Timer } from '../bytes/index.js';

/** Frames that may be under way in one direction of a cable; what is more is lost. */
export const MAX_ON_WIRE = 4096;
/** Frames that are handed over at once in a network; what is left waits a millisecond. A loop needs such a bound. */
export const MAX_HANDED_AT_ONCE = 4096;
/** Room before a frame, for headers that a switch puts on. */
const HEADROOM = 128;
const BUFFER_BYTES = 2048;
const MAX_FREE = 1024;

/** Delay, loss and rate of a cable. */
export interface WireSettings {
  /** Time that each frame takes, in milliseconds; 0 unless told. */
  readonly delay_ms?: number;
  /** Share of frames that are lost, 0 to 1. */
  readonly loss?: number;
  /** Bits a second; what comes faster waits. */
  readonly rate_bps?: number;
}

/** A frame under way. */
interface Flight {
  bytes: Uint8Array;
  end: number;
  due_ms: number;
  /** Of the wire's cuts: frames from before the last one are lost. */
  cuts: number;
}

type Deliver = (bytes: Uint8Array, start: number, end: number) => void;

/** Hands frames over one after the other; shared by all wires of a network. */
export class Handover {
  private readonly waiting: { flight: Flight; wire: Wire }[] = [];
  private next = 0;
  private busy = false;
  private readonly free: Flight[] = [];

  constructor(readonly clock: Clock) {}

  /** A copy of a frame, in a buffer that is used again. */
  take(bytes: Uint8Array, start: number, end: number, due_ms: number, cuts: number): Flight {
    const length = end - start;
    const flight = this.free.pop() ?? { bytes: new Uint8Array(BUFFER_BYTES), end: 0, due_ms: 0, cuts: 0 };
    if (flight.bytes.length < HEADROOM + length) flight.bytes = new Uint8Array(HEADROOM + length);
    flight.bytes.set(bytes.subarray(start, end), HEADROOM);
    flight.end = HEADROOM + length;
    flight.due_ms = due_ms;
    flight.cuts = cuts;
    return flight;
  }

  /** A frame's buffer is free again. */
  drop(flight: Flight): void {
    if (this.free.length < MAX_FREE && flight.bytes.length === BUFFER_BYTES) this.free.push(flight);
  }

  /** Hands a frame over, now or behind those that wait. */
  hand(flight: Flight, wire: Wire): void {
    this.waiting.push({ flight, wire });
    if (!this.busy) this.run();
  }

  private run(): void {
    this.busy = true;
    try {
      for (let n = 0; this.next < this.waiting.length && n < MAX_HANDED_AT_ONCE; n++) {
        const { flight, wire } = this.waiting[this.next++];
        wire.arrive(flight);
        this.drop(flight);
      }
    } finally {
      this.waiting.splice(0, this.next);
      this.next = 0;
      this.busy = false;
    }
    if (this.waiting.length === 0) return;
    this.busy = true;
    this.clock.after(1, () => this.run());
  }
}

/** One direction of a cable. */
export class Wire {
  private readonly flights: Flight[] = [];
  private timer: Timer | null = null;
  /** When the last frame has left the sender. */
  private sent_ms = 0;
  /** Frames of this wire that wait to be handed over. */
  private handing = 0;
  private cuts = 0;

  constructor(
    private readonly handover: Handover,
    private readonly random: Random,
    private readonly settings: WireSettings,
    private readonly deliver: Deliver,
    /** Frames were lost on the way. */
    private readonly lost: (count: number) => void,
  ) {}

  /** Takes a frame, whose bytes are the caller's again when this returns. */
  carry(bytes: Uint8Array, start: number, end: number): void {
    const { delay_ms = 0, loss = 0, rate_bps } = this.settings;
    if ((loss > 0 && this.random.u32() < loss * 2 ** 32) || this.flights.length + this.handing >= MAX_ON_WIRE) {
      this.lost(1);
      return;
    }
    const { handover } = this;
    if (delay_ms === 0 && rate_bps === undefined) {
      this.handing++;
      handover.hand(handover.take(bytes, start, end, 0, this.cuts), this);
      return;
    }
    const now_ms = handover.clock.now();
    const takes_ms = rate_bps === undefined ? 0 : ((end - start) * 8000) / rate_bps;
    this.sent_ms = Math.max(now_ms, this.sent_ms) + takes_ms;
    this.flights.push(handover.take(bytes, start, end, this.sent_ms + delay_ms, this.cuts));
    if (this.timer === null) this.wait();
  }

  /** What is under way is lost: the cable was pulled. */
  cut(): void {
    this.cuts++;
    this.timer?.cancel();
    this.timer = null;
    this.sent_ms = 0;
    const gone = this.flights.splice(0);
    for (const flight of gone) this.handover.drop(flight);
    if (gone.length > 0) this.lost(gone.length);
  }

  /** A frame is handed over, unless the cable was pulled meanwhile. */
  arrive(flight: Flight): void {
    this.handing--;
    if (flight.cuts === this.cuts) this.deliver(flight.bytes, HEADROOM, flight.end);
    else this.lost(1);
  }

  private wait(): void {
    const { clock } = this.handover;
    this.timer = clock.after(Math.max(0, this.flights[0].due_ms - clock.now()), () => this.due());
  }

  private due(): void {
    this.timer = null;
    const now_ms = this.handover.clock.now();
    // A timer may come a moment early.
    while (this.flights.length > 0 && this.flights[0].due_ms <= now_ms + EARLY_MS) {
      const flight = this.flights.shift() as Flight;
      this.handing++;
      this.handover.hand(flight, this);
    }
    if (this.timer === null && this.flights.length > 0) this.wait();
  }
}

const EARLY_MS = 1e-6;
