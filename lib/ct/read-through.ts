/**
 * A table of connections that shows another one, too: what is looked for there is copied when it is first found, and
 * from then on lives here. The other one isn't changed. Where it goes on meanwhile, what was copied stays as it was,
 * and what wasn't is found as it is by then.
 */
import type { Connections } from './connections.js';
import { DNAT, FTP, KEPT_WORDS, RELATED, SNAT, TFTP } from './record.js';
import { Tuple } from './tuple.js';
import type { Zones } from './zones.js';

export class ReadThrough {
  /** Records there → serial numbers there, and records here. */
  private readonly adopted = new Map<number, { readonly serial: number; readonly own: number }>();

  /** `zones` count what is stored there already; `onAdopt` is told a connection's record there and here. */
  constructor(
    private readonly own: Connections,
    private readonly other: Connections,
    private readonly zones: Zones,
    private readonly onAdopt: (slot: number, own: number) => void,
  ) {}

  /** The connection with this tuple, as Connections.find answers: it isn't here, but there, maybe gone. */
  find(tuple: Tuple, now_ms: number): number {
    const { own, other, adopted } = this;
    const found = other.find(tuple, now_ms);
    const there = found >= 0 ? found : other.stale;
    if (there < 0 || adopted.get(there)?.serial === other.serialOf(there)) return -1;
    this.adopt(there);
    return own.find(tuple, now_ms);
  }

  /** The record here of the connection in `slot` there. */
  adopt(slot: number): number {
    const { own, other, adopted } = this;
    const known = adopted.get(slot);
    const serial = other.serialOf(slot);
    if (known?.serial === serial) return known.own;
    const [tuple, reply] = [new Tuple(), new Tuple()];
    other.original(slot, tuple);
    other.replyOf(slot, reply);
    const flags = other.flags(slot);
    const record = own.insert(tuple, other.hasOwnReply(slot) ? reply : null, flags & (SNAT | DNAT | FTP | TFTP));
    this.zones.moved(tuple.zone);
    for (let i = 0; i < 4; i++) own.setLabel(record, i, other.label(slot, i));
    if (flags & RELATED) {
      other.known(slot, tuple);
      own.setParent(record, tuple);
    }
    for (const word of KEPT_WORDS) own.setWord(record, word, other.word(slot, word));
    if (other.replied(slot)) own.setReplied(record);
    own.setRule(record, other.rule(slot));
    adopted.set(slot, { serial, own: record });
    this.onAdopt(slot, record);
    return record;
  }
}
