/** Fills a packet's result: what its ct fields become, out of a stored connection or of the packet's own tuple. */
import type { Connections } from './connections.js';
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

  /** Zone, mark, label and tuple of a stored connection. */
  connection(slot: number): void {
    const { connections } = this;
    this.marks(connections.zone(slot), slot);
    connections.known(slot, this.scratch);
    this.tuple(this.scratch);
  }

  /** Zone and tuple of a packet of no stored connection; mark and label of `parent`, which announced it, or zero for -1. */
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
      result.label.fill(0);
      return;
    }
    result.serial = connections.serialOf(slot);
    result.mark = connections.mark(slot) >>> 0;
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
      writeWord(result.src, 0, tuple.src);
      writeWord(result.dst, 0, tuple.dst);
      return;
    }
    for (let i = 0; i < 4; i++) {
      writeWord(result.src, i * 4, tuple.src6[i]);
      writeWord(result.dst, i * 4, tuple.dst6[i]);
    }
  }
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}
