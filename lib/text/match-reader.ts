/**
 * Matches from text: "in_port=1,tcp,nw_src=10.0.0.0/8,tp_dst=80". Gathers what the words say in a flow key and a mask,
 * as words that share a header would override each other, then writes the TLVs that ovs-ofctl 3.1 sends in OpenFlow
 * 1.3, in its order. ovs-ofctl drops silently what its prerequisites don't allow and cuts numbers that are too large;
 * here both are mistakes.
 */
import { fromBigInt, OpenFlowError } from '../bytes/index.js';
import {
  bytesOfField,
  didYouMean,
  ETH_TYPE,
  ETHERNET_FIELDS,
  type Field,
  fieldBits,
  fieldMask,
  fieldNamed,
  fieldNames,
  fields,
  IP_PROTO,
  type KeyValue,
  keyValues,
  type Masked,
  type Match,
  MatchBuilder,
  parseNumber,
  parseSubfield,
  parseValue,
  port32,
  type Subfield,
  saidOf,
  says,
  slotOf,
  type TextArgument,
  TLV_ORDER,
} from '../nxm/index.js';
import { Key, type Slot, slots, VLAN_CFI } from '../packet/key.js';
import { mistake, type Place, type PlaceOptions, placeOf } from './place.js';
import { PREREQUISITE_TEXTS } from './prerequisite-text.js';
import { PROTOCOLS } from './protocols.js';

/** Names of matches that are no field's: ovs-ofctl prints them, or OpenFlow 1.0 had them. */
const ALIASES: Readonly<Record<string, Field>> = {
  gtpu_flags: fields.tun_gtpu_flags,
  gtpu_msgtype: fields.tun_gtpu_msgtype,
};

/** OpenFlow 1.0's dl_vlan for "no tag". */
const NO_VLAN = 0xffff;
const WHOLE_TCI = 0xffff;
/** Fields that say "there is a tag" beside their own bits. */
const TAGGED: ReadonlySet<Field> = new Set([fields.dl_vlan, fields.dl_vlan_pcp, fields.vlan_pcp]);

/** All words that a match may begin a part with. */
export function matchWords(): string[] {
  return [...Object.keys(PROTOCOLS), 'eth', ...fieldNames(), ...Object.keys(ALIASES)];
}

interface Item {
  readonly field: Field;
  readonly name: string;
  readonly at: number;
}

/** One for all matches, which are built one after the other. */
const scratch = new MatchBuilder();

export class MatchReader {
  /** What the words have said so far. */
  readonly value = new Key();
  readonly mask = new Key();
  private readonly items: Item[] = [];
  /** Geneve options, which have no place in the key. */
  private readonly options = new Map<Field, Masked>();
  private ethernet = false;

  constructor(private readonly place: Place) {}

  /** Takes a part of the text; false where it is no part of a match. Throws TextError. */
  take(part: KeyValue): boolean {
    const { key } = part;
    if (Object.hasOwn(PROTOCOLS, key)) {
      this.takeProtocol(part);
      return true;
    }
    if (key === 'eth') {
      this.ethernet = true;
      return true;
    }
    if (key.includes('[')) {
      this.takeSubfield(part);
      return true;
    }
    const field = fieldNamed(key) ?? (Object.hasOwn(ALIASES, key) ? ALIASES[key] : undefined);
    if (!field) return false;
    this.takeField(field, part);
    return true;
  }

  private takeProtocol(part: KeyValue): void {
    const { ethType, nwProto } = PROTOCOLS[part.key];
    if (part.delimiter !== '') throw this.mistake(part.valueAt, `"${part.key}" takes no value`);
    this.ethernet = true;
    this.setNumber(fields.eth_type, ethType);
    this.items.push({ field: fields.eth_type, name: part.key, at: part.keyAt });
    if (nwProto) this.setNumber(fields.nw_proto, nwProto);
  }

  private takeField(field: Field, part: KeyValue): void {
    const text = part.value;
    if (field.option !== undefined) {
      this.takeOption(field, part);
      return;
    }
    if (text === '') throw this.mistake(part.keyAt, `field ${part.key} needs a value`);
    if (!part.closed) throw this.mistake(part.keyAt, `"${part.key}(" has no ")"`);
    if (field === fields.dl_vlan && parseNumber(text) === BigInt(NO_VLAN)) {
      this.set(fields.vlan_tci, Uint8Array.of(0, 0), null);
    } else {
      const { value, mask } = this.read(field, text, part.valueAt);
      if (ETHERNET_FIELDS.has(field)) this.ethernet = true;
      this.set(field, value, mask);
    }
    this.items.push({ field, name: part.key, at: part.keyAt });
  }

  /** A Geneve option; without a value it is just to be there. */
  private takeOption(field: Field, part: KeyValue): void {
    if (this.options.has(field)) throw this.mistake(part.keyAt, `${part.key} comes twice`);
    this.options.set(field, this.read(field, part.value === '' ? '*' : part.value, part.valueAt));
  }

  private read(field: Field, text: string, at: number): { value: Uint8Array; mask: Uint8Array | null } {
    try {
      return parseValue(field, text, this.place.ports);
    } catch (error) {
      throw error instanceof RangeError ? this.mistake(at, error.message) : error;
    }
  }

  /** "reg1[0..3]=5": adds bits to what was said of the field before. */
  private takeSubfield(part: KeyValue): void {
    const s = parseSubfield(part.key, subfieldArgument(part, this.place), 0);
    const number = parseNumber(part.value);
    if (number === null) throw this.mistake(part.valueAt, `"${part.value}" is no number for ${part.key}`);
    if (number >> BigInt(s.bits)) throw this.mistake(part.valueAt, `${part.value} does not fit in ${s.bits} bits`);
    if (s.field.option !== undefined) {
      throw this.mistake(
        part.keyAt,
        `bits of ${s.field.name} are written VALUE/MASK: how long it is, the switch knows`,
      );
    }
    if (!s.field.maskable && s.bits < fieldBits(s.field)) {
      throw this.mistake(part.keyAt, `${s.field.name} can't be masked`);
    }
    this.addBits(s, number);
    this.items.push({ field: s.field, name: part.key, at: part.keyAt });
  }

  private addBits(s: Subfield, number: bigint): void {
    const size = s.field.bytes;
    const value = fromBigInt(number << BigInt(s.start), size);
    const mask = fromBigInt(((1n << BigInt(s.bits)) - 1n) << BigInt(s.start), size);
    const old = { value: bytesOfField(s.field, this.value), mask: bytesOfField(s.field, this.mask) };
    for (let i = 0; i < size; i++) {
      value[i] |= old.value[i] & ~mask[i];
      mask[i] |= old.mask[i];
    }
    this.set(s.field, value, mask);
  }

  private mistake(at: number, why: string) {
    return mistake(this.place, at, why);
  }

  /** Says a field: what was said of it before is gone. */
  private set(field: Field, value: Uint8Array, mask: Uint8Array | null): void {
    const slot = slotOf(field);
    if (slot.size > 4) {
      this.value.setBytes(slot, value);
      this.mask.setBytes(slot, mask ?? fieldMask(field));
      return;
    }
    const all = field.port16 ? 0xffffffff : field.bits;
    const number = Number(BigInt(`0x${hexOf(value)}`));
    const bits = mask === null ? all : Number(BigInt(`0x${hexOf(mask)}`)) & all;
    this.setBits(slot, all, field.port16 ? port32(number) : number, bits);
    if (TAGGED.has(field)) this.setBits(slots.vlan_tci, VLAN_CFI, VLAN_CFI, VLAN_CFI);
  }

  private setNumber(field: Field, number: number): void {
    this.setBits(slotOf(field), field.bits, number, field.bits);
  }

  private setBits(slot: Slot, all: number, value: number, mask: number): void {
    this.value.set(slot, ((this.value.get(slot) & ~all) | value) >>> 0);
    this.mask.set(slot, ((this.mask.get(slot) & ~all) | mask) >>> 0);
  }

  /** The match of all that was said. Throws TextError. */
  build(): Match {
    this.settle();
    const builder = scratch.reset();
    const said = TLV_ORDER.filter((field) => this.says(field));
    const type = slotOf(fields.packet_type);
    if (this.value.get(type) !== 0) this.put(builder, fields.packet_type);
    else if ((this.ethernet || this.mask.get(type)) && !said.some((field) => ETHERNET_FIELDS.has(field))) {
      builder.add(fields.packet_type, new Uint8Array(4));
    }
    for (const field of said) this.put(builder, field);
    this.mask.set(type, 0);
    for (const item of this.items) this.checkWritten(item, builder.mask);
    return builder.build();
  }

  /**
   * Moves what stands in one field's place but is another's: ARP's operation, ICMP's type and code, tags that aren't
   * there.
   */
  private settle(): void {
    const { value, mask } = this;
    const ethType = mask.get(slots.eth_type) ? value.get(slots.eth_type) : 0;
    if ((ethType === ETH_TYPE.ARP || ethType === ETH_TYPE.RARP) && mask.get(slots.nw_proto)) {
      this.setNumber(fields.arp_op, value.get(slots.nw_proto));
      this.setBits(slots.nw_proto, 0xff, 0, 0);
    }
    const proto = mask.get(slots.nw_proto) ? value.get(slots.nw_proto) : 0;
    if (proto === IP_PROTO.ICMP || proto === IP_PROTO.ICMPV6) {
      for (const slot of [slots.tp_src, slots.tp_dst]) {
        if (value.get(slot) <= 0xff) this.setBits(slot, 0xff00, 0, 0);
      }
    }
    const pcp = 0xe000;
    const tci = slots.vlan_tci;
    if ((mask.get(tci) & WHOLE_TCI) === WHOLE_TCI && (value.get(tci) & ~pcp) === 0) this.setBits(tci, pcp, 0, 0);
    // The whole priority or none of it: that is all that OpenFlow 1.3 can say.
    if (mask.get(tci) & pcp && value.get(tci) & ~pcp) this.setBits(tci, pcp, value.get(tci) & pcp, pcp);
  }

  /** Does the text say something of the field that its prerequisites allow? */
  private says(field: Field): boolean {
    if (field.option !== undefined) return this.options.size > 0 && this.options.has(field);
    return says(field, this.value, this.mask);
  }

  private put(builder: MatchBuilder, field: Field): void {
    const { value, mask } = this.options.get(field) ?? saidOf(field, this.value, this.mask);
    try {
      builder.add(field, value, mask);
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      const item = this.items.find((item) => item.field.slot?.at === field.slot?.at);
      throw this.mistake(item?.at ?? 0, `${error.why} (${error.error})`);
    }
  }

  /** A word whose bits reached no TLV lacks a prerequisite. */
  private checkWritten({ field, name, at }: Item, written: Key): void {
    const { at: from, size } = slotOf(field);
    for (let i = from; i < from + size; i++) {
      if ((this.mask.bytes[i] & ~written.bytes[i]) === 0) continue;
      if (field.slot?.at === slots.vlan_tci.at) {
        throw this.mistake(at, `${name}: OpenFlow 1.3 can't match a part of the priority, or one without a tag`);
      }
      if (field.headers.length === 0) throw this.mistake(at, `${name} can't be matched in OpenFlow 1.3`);
      throw this.mistake(
        at,
        `${name} needs ${name.startsWith('tp_') ? 'tcp, udp, sctp or icmp' : PREREQUISITE_TEXTS[field.needs]}`,
      );
    }
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What parseSubfield asks of its surroundings. */
function subfieldArgument(part: KeyValue, place: Place): TextArgument {
  return {
    name: part.key,
    text: part.value,
    error: (why, offset = 0) => mistake(place, part.keyAt + offset, why),
    port: () => null,
    table: () => null,
    actions: () => [],
  };
}

/** Reads a match alone. Throws TextError. */
export function parseMatch(text: string, options: PlaceOptions = {}): Match {
  const place = placeOf(options);
  const reader = new MatchReader(place);
  for (const part of keyValues(text)) {
    if (reader.take(part)) continue;
    throw mistake(place, part.keyAt, `unknown field "${part.key}"${didYouMean(part.key, matchWords())}`);
  }
  return reader.build();
}
