/**
 * A packet's headers and metadata while they are translated: what the pipeline sees (`flow`), which bits of the
 * original packet that depended on (`mask`), which bits the pipeline itself wrote (`written`), and which of those the
 * frame doesn't have yet (`pending`). Reading a bit that was written marks nothing: it is a constant of the program.
 */
import {
  copyBits,
  type Field,
  type FieldValue,
  markBits,
  readBits,
  readNumber,
  type Subfield,
  slotOf,
  storeMask,
  storeValue,
  writeBits,
} from '../nxm/index.js';
import { GROUPS, KEY_WORDS, Key, optionPresent, type Slot, slots } from '../packet/key.js';
import { HEADER_WORDS, type HeaderKinds, unitOf } from './header-units.js';

/** Emits a masked write of a header word. */
export type EmitRewrite = (unit: number, value: number, mask: number) => void;

export class Headers implements HeaderKinds {
  readonly flow = new Key();
  readonly mask = new Uint32Array(KEY_WORDS);
  readonly written = new Uint32Array(KEY_WORDS);
  private readonly pending = new Uint32Array(KEY_WORDS);
  /** What the frame's headers are, as far as is known. */
  private readonly frame = new Uint32Array(KEY_WORDS);
  /** Bits that this program wrote into the frame: known, whatever the packet was. */
  private readonly committed = new Uint32Array(KEY_WORDS);
  /** A step behind which addresses and ports in the frame may be others than the pipeline sees. */
  private natted = false;
  /** The packet's key as it came. */
  readonly original = new Uint32Array(KEY_WORDS);
  /** Words that a lookup saw with another value for a while. */
  private readonly lent = new Set<number>();
  /** Scratch: the bits that one operation touches. */
  private readonly touched = new Key();

  /** Begins with a packet's key. */
  begin(key: Key): void {
    this.flow.copy(key);
    this.frame.set(key.words);
    this.original.set(key.words);
    this.mask.fill(0);
    this.written.fill(0);
    this.pending.fill(0);
    this.lent.clear();
    this.committed.fill(0);
    this.natted = false;
  }

  /**
   * The frame was handed to a translation of addresses and ports. The pipeline goes on with what it saw: a field set to
   * that value later leaves the frame as it is, a field set to another one is written whole.
   */
  translated(): void {
    this.natted = true;
  }

  /** Marks bits as looked at. */
  look(words: Uint32Array): void {
    for (let i = 0; i < KEY_WORDS; i++) if (words[i] !== 0) this.mask[i] |= words[i] & ~this.written[i];
  }

  private mark(slot: Slot, bits: number): void {
    const { touched } = this;
    touched.set(slot, bits);
    const first = slot.at >> 2;
    const last = (slot.at + slot.size - 1) >> 2;
    for (let i = first; i <= last; i++) {
      this.mask[i] |= touched.words[i] & ~this.written[i];
      touched.words[i] = 0;
    }
  }

  /** Reads a slot of at most 32 bits. */
  read(slot: Slot): number {
    this.mark(slot, slot.width === 32 ? 0xffffffff : (1 << slot.width) - 1);
    return this.flow.get(slot);
  }

  /** Marks all of a slot of any size. */
  lookAt(slot: Slot): void {
    const first = slot.at >> 2;
    for (let i = 0; i < slot.size; i++) this.touched.bytes[slot.at + i] = 0xff;
    for (let i = first; i <= (slot.at + slot.size - 1) >> 2; i++) {
      this.mask[i] |= this.touched.words[i] & ~this.written[i];
      this.touched.words[i] = 0;
    }
  }

  /** Marks a slot of whole words as the packet brought it, whatever was written since. */
  lookAtOriginal({ at, size }: Slot): void {
    for (let i = at >> 2; i < (at + size) >> 2; i++) this.mask[i] = 0xffffffff;
  }

  readBits(s: Subfield): number {
    this.lookAtBits(s);
    return readBits(this.flow, s);
  }

  private lookAtBits(s: Subfield): void {
    markBits(this.touched, s);
    this.settle((word, bits) => {
      this.mask[word] |= bits & ~this.written[word];
    }, slotOf(s.field));
  }

  /** The number in any bits of a field. */
  number(s: Subfield): bigint {
    this.lookAtBits(s);
    return readNumber(this.flow, s);
  }

  /** Writes a slot of at most 32 bits. */
  write(slot: Slot, value: number): void {
    this.touched.set(slot, slot.width === 32 ? 0xffffffff : (1 << slot.width) - 1);
    this.flow.set(slot, value);
    this.wrote(slot);
  }

  /** Writes the masked bits of a field. */
  writeValue({ field, value, mask }: FieldValue): void {
    const slot = slotOf(field);
    this.appear(field);
    if (slot.size === 0) return;
    storeMask(this.touched, field, mask);
    const { flow, touched } = this;
    const merged = new Key();
    storeValue(merged, field, value);
    for (let i = slot.at; i < slot.at + slot.size; i++) {
      flow.bytes[i] = (flow.bytes[i] & ~touched.bytes[i]) | (merged.bytes[i] & touched.bytes[i]);
    }
    flow.touched(slot.at >> 2);
    this.wrote(slot);
  }

  /** A Geneve option that is written is there. */
  private appear({ option }: Field): void {
    if (option !== undefined) this.fix(optionPresent(option), 1);
  }

  /** Takes a Geneve option off. */
  remove({ option }: Field): void {
    if (option !== undefined) this.fix(optionPresent(option), 0);
  }

  writeBits(to: Subfield, value: bigint): void {
    this.appear(to.field);
    markBits(this.touched, to);
    writeBits(this.flow, to, value);
    this.wrote(slotOf(to.field));
  }

  move(from: Subfield, to: Subfield): void {
    this.lookAtBits(from);
    this.appear(to.field);
    copyBits(this.flow, from, this.flow, to);
    markBits(this.touched, to);
    this.wrote(slotOf(to.field));
  }

  /** Counts the touched bits of a slot as written. */
  private wrote(slot: Slot): void {
    this.settle((word, bits) => {
      this.written[word] |= bits;
      this.pending[word] |= bits;
    }, slot);
  }

  private settle(each: (word: number, bits: number) => void, slot: Slot): void {
    const { words } = this.touched;
    for (let i = slot.at >> 2; i <= (slot.at + slot.size - 1) >> 2; i++) {
      if (words[i] !== 0) each(i, words[i]);
      words[i] = 0;
    }
  }

  /** A constant for the whole program, that no frame shows: metadata restored, ct fields cleared. */
  constant(first: number, end: number, value: (word: number) => number): void {
    for (let i = first; i < end; i++) {
      this.flow.words[i] = value(i);
      this.written[i] = 0xffffffff;
      this.pending[i] = 0;
    }
    this.flow.touched(first);
  }

  /** Words that a step has just written into the frame. */
  inFrame(first: number, end: number, value: (word: number) => number): void {
    this.constant(first, end, value);
    for (let i = first; i < end; i++) {
      this.frame[i] = this.flow.words[i];
      this.committed[i] = 0xffffffff;
    }
  }

  /** The same for a slot of at most 32 bits. */
  inFrameValue(slot: Slot, value: number): void {
    this.write(slot, value);
    this.settled(slot);
  }

  /** Brings the frame up to date: a write for each header word that was set and may differ. */
  commit(emit: EmitRewrite): void {
    if (this.natted) for (const field of NAT_FIELDS) this.commitTranslated(field, emit);
    for (const word of HEADER_WORDS) {
      const bits = this.pending[word];
      if (bits === 0) continue;
      this.pending[word] = 0;
      // Bits that are known to stand in the frame already need no write.
      const known = (this.mask[word] | this.committed[word]) & ~(this.frame[word] ^ this.flow.words[word]);
      const needed = (bits & ~known) >>> 0;
      this.settleWord(word, bits);
      if (needed !== 0) emit(unitOf(word, this), this.flow.words[word], needed);
    }
  }

  /** The bits of a word stand in the frame now. */
  private settleWord(word: number, bits: number): void {
    this.frame[word] = (this.frame[word] & ~bits) | (this.flow.words[word] & bits);
    this.committed[word] |= bits;
    this.pending[word] &= ~bits;
  }

  /** A field that was translated meanwhile: nothing where it was set to what it was, else all that was set. */
  private commitTranslated({ words, bits: own }: NatField, emit: EmitRewrite): void {
    let differs = false;
    for (const word of words) {
      const bits = this.pending[word] & own;
      this.mask[word] |= bits & ~this.committed[word];
      if ((this.frame[word] ^ this.flow.words[word]) & bits) differs = true;
    }
    for (const word of words) {
      const bits = (this.pending[word] & own) >>> 0;
      if (bits === 0) continue;
      this.settleWord(word, bits);
      if (differs) emit(unitOf(word, this), this.flow.words[word], bits);
    }
  }

  /** Nothing of a word is pending: it was brought into the frame by other means (a pushed tag). */
  settled(slot: Slot): void {
    const word = slot.at >> 2;
    this.pending[word] = 0;
    this.frame[word] = this.flow.words[word];
  }

  /**
   * Is a word worth keeping? Of the tunnel's, that came with the packet, all that was written; of others what isn't
   * zero.
   */
  keep(word: number): boolean {
    const [tunnel, end] = GROUPS.tunnel;
    if (word < tunnel || word >= end) return this.flow.words[word] !== 0;
    this.mask[word] |= ~this.written[word];
    return true;
  }

  /** Sets a slot to a constant that no frame shows. */
  fix(slot: Slot, value: number): void {
    this.write(slot, value);
    this.pending[slot.at >> 2] = 0;
  }

  /** Lends a slot another value; the function that is returned puts everything back. */
  lend(slot: Slot, value: number): () => void {
    const restore = this.borrow([slot]);
    this.lent.add(slot.at >> 2);
    this.write(slot, value);
    return restore;
  }

  /** Says that a lookup saw other values in slots than they have. */
  lentOut(list: readonly Slot[]): void {
    for (const { at, size } of list) for (let i = at >> 2; i <= (at + size - 1) >> 2; i++) this.lent.add(i);
  }

  /**
   * Remembers all but what was looked at; the function that is returned puts it back: another copy of the packet goes
   * on.
   */
  save(): () => void {
    const flow = new Key();
    flow.copy(this.flow);
    const { natted } = this;
    const arrays = [this.written, this.pending, this.frame, this.committed];
    const saved = arrays.map((array) => array.slice());
    return () => {
      // Lookups may have seen what the copy wrote.
      for (let i = 0; i < KEY_WORDS; i++) if (this.written[i] !== saved[0][i]) this.lent.add(i);
      this.flow.copy(flow);
      arrays.forEach((array, i) => {
        array.set(saved[i]);
      });
      this.natted = natted;
    };
  }

  /** Remembers slots, with nothing pending in them; the function that is returned puts them back. */
  borrow(list: readonly Slot[]): () => void {
    const saved = list.flatMap((slot) =>
      range([slot.at >> 2, (slot.at + slot.size + 3) >> 2]).map((word) => {
        const was = [word, this.flow.words[word], this.written[word], this.pending[word]] as const;
        this.pending[word] = 0;
        return was;
      }),
    );
    return () => {
      for (const [word, flow, written, pending] of saved) {
        this.flow.words[word] = flow;
        this.written[word] = written;
        this.pending[word] = pending;
      }
    };
  }

  /** The bits of a slot of at most 32 bits that were written since it was borrowed. */
  pendingNumber(slot: Slot): number {
    const { touched } = this;
    const word = slot.at >> 2;
    touched.words[word] = this.pending[word];
    const bits = touched.get(slot);
    touched.words[word] = 0;
    return bits;
  }

  /** The same for a slot of whole words, as the key holds them. */
  pendingWords(slot: Slot): Uint32Array {
    return this.pending.slice(slot.at >> 2, (slot.at + slot.size) >> 2);
  }

  /** Words of metadata that the pipeline wrote. */
  *metadata(): Generator<readonly [word: number, bits: number, value: number]> {
    for (const word of METADATA_WORDS) {
      // Registers are zero at first: only what was set is worth telling.
      const told = word < GROUPS.pipeline[0] || word >= GROUPS.pipeline[1] || this.flow.words[word] !== 0;
      if (this.written[word] !== 0 && told) yield [word, this.written[word], this.flow.words[word]];
    }
  }

  /**
   * A bit for each word that was written or lent, for the journal: a lookup may have seen another value than the
   * packet's.
   */
  rewritten(): Uint32Array {
    const bitmap = new Uint32Array((KEY_WORDS + 31) >> 5);
    for (let i = 0; i < KEY_WORDS; i++) if (this.written[i] !== 0) bitmap[i >> 5] |= 1 << (i & 31);
    for (const i of this.lent) bitmap[i >> 5] |= 1 << (i & 31);
    return bitmap;
  }

  ethType(): number {
    return this.read(slots.eth_type);
  }

  proto(): number {
    return this.read(slots.nw_proto);
  }
}

function range([first, end]: readonly [number, number]): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i);
}

/** A field that NAT may change: its words of the key, and its bits in each. */
interface NatField {
  readonly words: readonly number[];
  readonly bits: number;
}

/** 16 bits of a word as the key holds it. */
function portBits(slot: Slot): number {
  const key = new Key();
  key.set(slot, 0xffff);
  return key.words[slot.at >> 2];
}

const NAT_FIELDS: readonly NatField[] = [
  { words: [slots.ipv4_src.at >> 2], bits: 0xffffffff },
  { words: [slots.ipv4_dst.at >> 2], bits: 0xffffffff },
  { words: range([slots.ipv6_src.at >> 2, (slots.ipv6_src.at >> 2) + 4]), bits: 0xffffffff },
  { words: range([slots.ipv6_dst.at >> 2, (slots.ipv6_dst.at >> 2) + 4]), bits: 0xffffffff },
  { words: [slots.tp_src.at >> 2], bits: portBits(slots.tp_src) },
  { words: [slots.tp_dst.at >> 2], bits: portBits(slots.tp_dst) },
];

/** Words that belong to the pipeline and not to the frame. */
export const METADATA_WORDS: readonly number[] = [
  slots.in_port.at >> 2,
  slots.ct_state.at >> 2,
  slots.ct_zone.at >> 2,
  slots.ct_mark.at >> 2,
  ...range(GROUPS.ctTuple),
  ...range(GROUPS.pipeline),
  ...range(GROUPS.tunnel),
];

/** Words that a packet takes along through ct: registers, metadata, marks, tunnel. */
export const KEPT_WORDS: readonly number[] = [...range(GROUPS.pipeline), ...range(GROUPS.tunnel)];
