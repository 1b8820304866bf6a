/**
 * Which tracked connections end because a controller says so (NXT_CT_FLUSH, ovs-ofctl(8) ct-flush). Whole zones, marks
 * and whole tuples end at once; for parts of tuples all connections have to be looked at, a bounded number a turn.
 */
import { type Clock, formatIpv4, formatIpv6, type Timer } from '../bytes/index.js';
import type { Connection, ConnectionTuple, Tracker } from '../ct/index.js';
import type { ConnectionFlush, FlushedTuple } from './types.js';

/** Records that are looked at in a turn, and the first ones, which are looked at at once. */
const STEP = 512;
const AT_ONCE = 4 * STEP;
/** Flushes at most that go on in later turns; one more, and the oldest is brought to its end. */
export const MAX_FLUSHES = 16;

const ICMP = new Set([1, 58]);

export class ConnectionFlushes {
  private readonly waiting: Generator<void, void>[] = [];
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly tracker: Tracker,
  ) {}

  flush(what: ConnectionFlush): void {
    const { zone, orig, reply } = what;
    const now = this.clock.now();
    const named = zone === null ? {} : { zone };
    const tuple = isAny(reply) ? wholeTuple(what) : null;
    if (tuple) {
      this.tracker.flush({ ...named, tuple }, now);
    } else if (isAny(orig) && isAny(reply) && what.proto === 0 && what.label === null) {
      const marked = what.mark === null ? {} : { mark: what.mark, markMask: what.markMask ?? 0xffffffff };
      this.tracker.flush({ ...named, ...marked }, now);
    } else {
      this.begin(this.steps(what));
    }
  }

  private *steps(what: ConnectionFlush): Generator<void, void> {
    const now = this.clock.now();
    for (const found of this.tracker.dumpSteps(now, filterOf(what), STEP)) {
      for (const connection of found) {
        if (meets(connection, what)) this.tracker.flush({ zone: connection.zone, tuple: connection.orig }, now);
      }
      yield;
    }
  }

  private begin(steps: Generator<void, void>): void {
    for (let seen = 0; seen < AT_ONCE; seen += STEP) if (steps.next().done) return;
    if (this.waiting.length >= MAX_FLUSHES) for (const _ of this.waiting.shift() ?? []);
    this.waiting.push(steps);
    this.goOn();
  }

  private goOn(): void {
    if (this.timer || this.waiting.length === 0) return;
    this.timer = this.clock.after(0, () => {
      this.timer = null;
      if (this.waiting[0].next().done) this.waiting.shift();
      this.goOn();
    });
  }

  close(): void {
    this.timer?.cancel();
    this.waiting.length = 0;
  }
}

/** What the tracker can look for by itself. */
function filterOf({ zone, proto, mark, markMask }: ConnectionFlush) {
  return {
    ...(zone === null ? {} : { zone }),
    ...(proto === 0 ? {} : { proto }),
    ...(mark === null ? {} : { mark, markMask: markMask ?? 0xffffffff }),
  };
}

function isAny(part: FlushedTuple | null): boolean {
  return part === null || (!part.src && !part.dst && !part.srcPort && !part.dstPort && !part.icmpType && !part.icmpId);
}

/** The original tuple where all of it is there: it has an index. */
function wholeTuple({ proto, orig, mark, label }: ConnectionFlush): ConnectionTuple | null {
  if (!orig?.src || !orig.dst || proto === 0 || mark !== null || label !== null) return null;
  const base = {
    family: orig.src.length === 4 ? 4 : 6,
    proto,
    src: addressText(orig.src),
    dst: addressText(orig.dst),
  } as const;
  const { icmpId: id, icmpType: type, srcPort: sport, dstPort: dport } = orig;
  if (ICMP.has(proto)) return id ? { ...base, id, type, code: 0 } : null;
  return sport && dport ? { ...base, sport, dport } : null;
}

function meets({ orig, reply, label }: Connection, what: ConnectionFlush): boolean {
  if (what.label !== null && !sameBits(label, what.label, what.labelMask)) return false;
  return fits(orig, what.orig) && fits(reply, what.reply);
}

function fits(tuple: ConnectionTuple, part: FlushedTuple | null): boolean {
  if (part === null) return true;
  if (part.src && addressText(part.src) !== tuple.src) return false;
  if (part.dst && addressText(part.dst) !== tuple.dst) return false;
  if ('id' in tuple)
    return (!part.icmpType || part.icmpType === tuple.type) && (!part.icmpId || part.icmpId === tuple.id);
  return (!part.srcPort || part.srcPort === tuple.sport) && (!part.dstPort || part.dstPort === tuple.dport);
}

function addressText(bytes: Uint8Array): string {
  return bytes.length === 4 ? formatIpv4(bytes) : formatIpv6(bytes);
}

/** Does a label of 32 hexadecimal digits agree with 16 bytes in the mask's bits? */
function sameBits(label: string, bytes: Uint8Array, mask: Uint8Array | null): boolean {
  return bytes.every(
    (byte, i) => ((Number.parseInt(label.slice(2 * i, 2 * i + 2), 16) ^ byte) & (mask?.[i] ?? 0xff)) === 0,
  );
}
