/** Fills a packet's result: what its ct fields become, out of a stored connection or of the packet's own tuple. */
import { keyWord } from '../packet/key.js';
import type { Connections } from './connections.js';
import { why } from './reasons.js';
import { DST, EXTRA, EXTRA_MASK, IPV6, MARK, PORTS, RELATED, REPLIED, SERIAL, SRC, WHAT } from './record.js';
import type { CtResult } from './request.js';
import { CS_INV, CS_TRK } from './states.js';
import { isQuery, Tuple } from './tuple.js';

export class Answerer {
  private readonly scratch = new Tuple();

  constructor(
    private readonly connections: Connections,
    private readonly result: CtResult,
  ) {}

  /** inv has no tuple; `slot` is the connection to which the packet would belong, or -1. */
  invalid(zone: number, reason: number, slot: number): void {
    const { result } = this;
    result.state = CS_INV | CS_TRK;
    result.why = reason;
    this.marks(zone, slot);
    result.family = 0;
    result.proto = 0;
    result.src.fill(0);
    result.dst.fill(0);
    result.tp_src = 0;
    result.tp_dst = 0;
  }

  /** Not tracked: all zero. */
  untracked(): CtResult {
    this.invalid(0, why.notrack, -1);
    this.result.state = 0;
    this.result.reply = false;
    this.result.anew = false;
    return this.result;
  }

  /** Zone, mark, label and tuple of a stored connection. */
  connection(slot: number): void {
    const { connections, result } = this;
    const words = connections.chunk(slot);
    const at = connections.placeOf(slot);
    const what = words[at + WHAT];
    if ((what & (IPV6 | RELATED)) !== 0 || isQuery(4, (what >>> 8) & 0xff)) {
      this.marks(what >>> 16, slot);
      connections.known(slot, this.scratch);
      this.tuple(this.scratch);
      return;
    }
    // Most connections, straight from the record.
    result.zone = what >>> 16;
    result.connection = slot;
    result.serial = words[at + SERIAL];
    result.mark = words[at + MARK] >>> 0;
    result.replied = (words[at + EXTRA] & REPLIED) !== 0;
    if ((words[at + EXTRA] & EXTRA_MASK) !== 0)
      for (let i = 0; i < 4; i++) result.label[i] = connections.label(slot, i);
    else this.noLabel();
    result.family = 4;
    result.proto = (what >>> 8) & 0xff;
    const ports = words[at + PORTS];
    result.tp_src = ports >>> 16;
    result.tp_dst = ports & 0xffff;
    result.srcWords[0] = keyWord(words[at + SRC]);
    result.dstWords[0] = keyWord(words[at + DST]);
  }

  private noLabel(): void {
    const { label } = this.result;
    label[0] = 0;
    label[1] = 0;
    label[2] = 0;
    label[3] = 0;
  }

  /**
   * Zone and tuple of a packet of no stored connection; mark and label of `parent`, which announced it, or zero for -1.
   */
  unstored(tuple: Tuple, zone: number, parent: number): void {
    this.marks(zone, parent);
    this.result.connection = -1;
    this.result.serial = 0;
    this.tuple(tuple);
  }

  /** Zone, and mark and label of the connection in `slot`, zero for -1. */
  private marks(zone: number, slot: number): void {
    const { result, connections } = this;
    result.zone = zone;
    result.connection = slot;
    if (slot < 0) {
      result.serial = 0;
      result.mark = 0;
      result.replied = false;
      this.noLabel();
      return;
    }
    result.serial = connections.serialOf(slot);
    result.mark = connections.mark(slot) >>> 0;
    result.replied = connections.replied(slot);
    for (let i = 0; i < 4; i++) result.label[i] = connections.label(slot, i);
  }

  private tuple(tuple: Tuple): void {
    const { result } = this;
    result.family = tuple.family;
    result.proto = tuple.proto;
    result.tp_src = tuple.ports >>> 16;
    // A query has code 0.
    result.tp_dst = isQuery(tuple.family, tuple.proto) ? 0 : tuple.ports & 0xffff;
    if (tuple.family === 4) {
      result.srcWords[0] = keyWord(tuple.src);
      result.dstWords[0] = keyWord(tuple.dst);
      return;
    }
    for (let i = 0; i < 4; i++) {
      result.srcWords[i] = keyWord(tuple.src6[i]);
      result.dstWords[i] = keyWord(tuple.dst6[i]);
    }
  }
}
