/**
 * The flow key: every header and metadata bit that a flow can match, in one Uint32Array with a byte window on the same
 * memory. Bytes stand in network order, so a field's value is its bytes; masks, comparisons and hashes never care about
 * byte order.
 *
 * The first HOT_WORDS words are written by every extraction. The rest is cold: groups of words that are cleared only
 * where an earlier packet left something (`dirty`). A slot is where a field lives: a container of whole bytes, and for
 * containers of up to four bytes a shift and a width inside it.
 *
 * What stands where, beyond the obvious:
 * - vlan_tci has bit 12 (CFI) set when there is a tag, as Open vSwitch does, so an all-zero TCI means "no tag".
 * - vlan_more counts the tags behind the two that are shown.
 * - icmp type and code stand in tp_src and tp_dst; ARP's protocol addresses in ipv4_src and ipv4_dst.
 * - arp_sha and arp_tha also hold an ND option's nd_sll and nd_tll; prerequisites keep the meanings apart.
 */

/** Where a field lives in the key. */
export interface Slot {
  /** Offset of the container in bytes. */
  readonly at: number;
  /** Size of the container in bytes. */
  readonly size: number;
  /** Bits between the value and the container's low end (containers of at most 4 bytes; else 0). */
  readonly shift: number;
  /** Width of the value in bits. */
  readonly width: number;
}

let next = 0;
function slot(size: number, width = size * 8, shift = 0): Slot {
  const at = next;
  next += size;
  return { at, size, shift, width };
}
/** Another reading of a container. */
function part(of: Slot, width: number, shift = 0): Slot {
  return { at: of.at, size: of.size, shift, width };
}
/** A group of cold words: [first word, word behind the last]. */
function group(from: number): readonly [number, number] {
  if (next % 4) throw new Error(`key group at ${from} ends inside a word`);
  return [from / 4, next / 4];
}

// Hot: 16 words, in the order metadata, L2, L3, L4 as far as hashing cares.
const recirc_id = slot(4);
const in_port = slot(4);
const eth_dst = slot(6);
const eth_src = slot(6);
const eth_type = slot(2);
const nw_proto = slot(1);
const nw_frag = slot(1, 2);
const vlan_tci = slot(2);
const vlan_tpid = slot(2);
const ipv4_src = slot(4);
const ipv4_dst = slot(4);
const tp_src = slot(2);
const tp_dst = slot(2);
const nw_tos = slot(1);
const nw_ttl = slot(1);
const tcp_flags = slot(2, 12);
const ct_state = slot(4);
const ct_zone = slot(2);
const ct_nw_proto = slot(1);
slot(1); // spare
const ct_mark = slot(4);
const packet_type = slot(4);
const in_phy_port = slot(4);
/** Words that every extraction writes. */
export const HOT_WORDS = next / 4;

const ipv6At = next;
const ipv6_src = slot(16);
const ipv6_dst = slot(16);
const ipv6_label = slot(4, 20);
const ipv6_exthdr = slot(2, 9);
slot(2);
const ipv6 = group(ipv6At);

const neighbourAt = next;
const arp_sha = slot(6);
const arp_tha = slot(6);
const arp_op = slot(2);
const nd_options_type = slot(1);
slot(1);
const nd_target = slot(16);
const nd_reserved = slot(4);
const neighbour = group(neighbourAt);

const tagsAt = next;
const inner_vlan_tci = slot(2);
const inner_vlan_tpid = slot(2);
const mpls0 = slot(4);
const mpls1 = slot(4);
const mpls2 = slot(4);
const pbb_isid = slot(4, 24);
const pbb_uca = slot(1, 1);
const vlan_more = slot(1);
slot(2);
const tags = group(tagsAt);

const nshAt = next;
const nsh_flags = slot(1);
const nsh_ttl = slot(1);
const nsh_mdtype = slot(1);
const nsh_np = slot(1);
const nsh_spi = slot(4, 24);
const nsh_si = slot(1);
slot(3);
const nsh_c1 = slot(4);
const nsh_c2 = slot(4);
const nsh_c3 = slot(4);
const nsh_c4 = slot(4);
const nsh = group(nshAt);

const ctTupleAt = next;
const ct_label = slot(16);
const ct_nw_src = slot(4);
const ct_nw_dst = slot(4);
const ct_ipv6_src = slot(16);
const ct_ipv6_dst = slot(16);
const ct_tp_src = slot(2);
const ct_tp_dst = slot(2);
const ctTuple = group(ctTupleAt);

const pipelineAt = next;
const metadata = slot(8);
const reg0 = slot(4);
for (let i = 1; i < 16; i++) slot(4);
const pkt_mark = slot(4);
const skb_priority = slot(4);
const dp_hash = slot(4);
const conj_id = slot(4);
const actset_output = slot(4);
const pipeline = group(pipelineAt);

const tunnelAt = next;
const tun_id = slot(8);
const tun_src = slot(4);
const tun_dst = slot(4);
const tun_ipv6_src = slot(16);
const tun_ipv6_dst = slot(16);
const tun_flags = slot(2);
const tun_ttl = slot(1);
const tun_tos = slot(1);
const tun_gbp_id = slot(2);
const tun_gbp_flags = slot(1);
slot(1);
const tun_erspan_idx = slot(4, 20);
const tun_erspan_ver = slot(1, 4);
const tun_erspan_dir = slot(1, 1);
const tun_erspan_hwid = slot(1, 6);
const tun_gtpu_flags = slot(1);
const tun_gtpu_msgtype = slot(1);
slot(3);
/** Which of the fields tun_metadata0 to 63 are there: bit n of the number. */
const tun_metadata_map = slot(8);
/** Room for Geneve options, shared out by the TLV table. */
const tun_metadata = slot(256);
const tunnel = group(tunnelAt);

/** Every container of the key by name. */
export const slots = {
  recirc_id,
  in_port,
  eth_dst,
  eth_src,
  eth_type,
  nw_proto,
  nw_frag,
  vlan_tci,
  vlan_tpid,
  ipv4_src,
  ipv4_dst,
  tp_src,
  tp_dst,
  nw_tos,
  nw_ttl,
  tcp_flags,
  ct_state,
  ct_zone,
  ct_nw_proto,
  ct_mark,
  packet_type,
  in_phy_port,
  ipv6_src,
  ipv6_dst,
  ipv6_label,
  ipv6_exthdr,
  arp_sha,
  arp_tha,
  arp_op,
  nd_options_type,
  nd_target,
  nd_reserved,
  inner_vlan_tci,
  inner_vlan_tpid,
  mpls0,
  mpls1,
  mpls2,
  pbb_isid,
  pbb_uca,
  vlan_more,
  nsh_flags,
  nsh_ttl,
  nsh_mdtype,
  nsh_np,
  nsh_spi,
  nsh_si,
  nsh_c1,
  nsh_c2,
  nsh_c3,
  nsh_c4,
  ct_label,
  ct_nw_src,
  ct_nw_dst,
  ct_ipv6_src,
  ct_ipv6_dst,
  ct_tp_src,
  ct_tp_dst,
  metadata,
  reg0,
  pkt_mark,
  skb_priority,
  dp_hash,
  conj_id,
  actset_output,
  tun_id,
  tun_src,
  tun_dst,
  tun_ipv6_src,
  tun_ipv6_dst,
  tun_flags,
  tun_ttl,
  tun_tos,
  tun_gbp_id,
  tun_gbp_flags,
  tun_erspan_idx,
  tun_erspan_ver,
  tun_erspan_dir,
  tun_erspan_hwid,
  tun_gtpu_flags,
  tun_gtpu_msgtype,
  tun_metadata_map,
  tun_metadata,
} as const;

/** Words in a key. */
export const KEY_WORDS = next / 4;

/** Cold groups: bit in `dirty` → [first word, word behind the last]. */
export const GROUPS = { ipv6, neighbour, tags, nsh, ctTuple, pipeline, tunnel } as const;
export const DIRTY = { ipv6: 1, neighbour: 2, tags: 4, nsh: 8, ctTuple: 16, pipeline: 32, tunnel: 64 } as const;

/** The hot words of connection tracking: state, zone, protocol, mark. */
const TRACKING = [ct_state.at / 4, packet_type.at / 4] as const;

/** Groups that extraction fills. */
const HEADER_GROUPS = DIRTY.ipv6 | DIRTY.neighbour | DIRTY.tags | DIRTY.nsh;

/** The words of a tracked IPv4 tuple: addresses and ports. */
const TUPLE4 = [ct_nw_src.at / 4, ct_nw_dst.at / 4, ct_tp_src.at / 4] as const;

const groupFirst = Uint16Array.from(Object.values(GROUPS), ([first]) => first);
const groupEnd = Uint16Array.from(Object.values(GROUPS), ([, end]) => end);

/** A word's group bit, 0 for hot words. */
const groupOfWord = new Uint8Array(KEY_WORDS);
for (const name of Object.keys(GROUPS) as (keyof typeof GROUPS)[]) {
  groupOfWord.fill(DIRTY[name], GROUPS[name][0], GROUPS[name][1]);
}

/** The part of a TCI, a slot of its own: 12 bits of VLAN id and CFI; priority. */
export const vidSlot = part(vlan_tci, 13);
export const dlVlanSlot = part(vlan_tci, 12);
export const pcpSlot = part(vlan_tci, 3, 13);
export const mplsLabelSlot = part(mpls0, 20, 12);
export const mplsTcSlot = part(mpls0, 3, 9);
export const mplsBosSlot = part(mpls0, 1, 8);
export const mplsTtlSlot = part(mpls0, 8);
export const dscpSlot = part(nw_tos, 6, 2);
export const ecnSlot = part(nw_tos, 2);
export const icmpTypeSlot = part(tp_src, 8);
export const icmpCodeSlot = part(tp_dst, 8);
/** Slot of reg0–15 (4 bytes), xreg0–7 (8) or xxreg0–3 (16): they share the same bytes, most significant first. */
export function registerSlot(index: number, size: 4 | 8 | 16): Slot {
  return { at: reg0.at + index * size, size, shift: 0, width: size * 8 };
}

/** The bit that says that field tun_metadata<index> is there. */
export function optionPresent(index: number): Slot {
  return { at: tun_metadata_map.at + 7 - (index >> 3), size: 1, shift: index & 7, width: 1 };
}

/** Bits of nw_frag: any fragment, and one that isn't the first. */
export const FRAG_ANY = 1;
export const FRAG_LATER = 2;
/** Bit 12 of a TCI: a tag is there. */
export const VLAN_CFI = 0x1000;
/** What eth_type holds for a frame without a type (802.3 with other LLC than SNAP). */
export const ETH_TYPE_NONE = 0x05ff;

/** Is the first byte of a word in memory its lowest? */
export const LITTLE = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * 32 bits, the first in memory highest, as their word stands in a key. Words that are looked at soon are written whole
 * by it: a processor waits where a word is read of which parts were written a moment ago.
 */
export function keyWord(value: number): number {
  return LITTLE ? (value >>> 24) | ((value >>> 8) & 0xff00) | ((value << 8) & 0xff0000) | (value << 24) : value;
}

/** One key. */
export class Key {
  readonly words = new Uint32Array(KEY_WORDS);
  readonly bytes = new Uint8Array(this.words.buffer);
  /** Cold groups that may hold something other than zero. */
  dirty = 0;
  /**
   * Of the tracked tuple's group only the words of an IPv4 tuple: what most tracked packets leave behind is cleared
   * fast.
   */
  tupleIs4 = false;

  /** Zero everywhere. */
  clear(): void {
    this.words.fill(0);
    this.dirty = 0;
    this.tupleIs4 = false;
  }

  /** Clears the cold groups that are dirty, except those in `keep`. */
  clearCold(keep = 0): void {
    const { words } = this;
    let clear = this.dirty & ~keep;
    if (this.tupleIs4 && (clear & DIRTY.ctTuple) !== 0) {
      words[TUPLE4[0]] = 0;
      words[TUPLE4[1]] = 0;
      words[TUPLE4[2]] = 0;
      this.tupleIs4 = false;
      clear &= ~DIRTY.ctTuple;
    }
    // Bit n of `dirty` stands for group n.
    for (; clear !== 0; clear &= clear - 1) {
      const group = 31 - Math.clz32(clear & -clear);
      for (let i = groupFirst[group]; i < groupEnd[group]; i++) words[i] = 0;
    }
    this.dirty &= keep;
  }

  copy(from: Key): void {
    this.words.set(from.words);
    this.dirty = from.dirty;
    this.tupleIs4 = false;
  }

  /** Do all words agree? */
  equals(other: Key): boolean {
    const { words } = this;
    for (let i = 0; i < KEY_WORDS; i++) if (words[i] !== other.words[i]) return false;
    return true;
  }

  /** Takes a cold group over from another key. */
  copyGroup(from: Key, group: keyof typeof GROUPS): void {
    this.copyGroups(from, DIRTY[group]);
  }

  /** The same for all groups of `bits` (of DIRTY). */
  copyGroups(from: Key, bits: number): void {
    for (let left = (this.dirty | from.dirty) & bits; left !== 0; left &= left - 1) {
      const group = 31 - Math.clz32(left & -left);
      for (let i = groupFirst[group]; i < groupEnd[group]; i++) this.words[i] = from.words[i];
    }
    this.dirty = (this.dirty & ~bits) | (from.dirty & bits);
    if (bits & DIRTY.ctTuple) this.tupleIs4 = false;
  }

  /**
   * What extraction would give for the frame of which `from` was extracted, under another recirculation id (its word as
   * it stands in a key): headers and ports are taken over, ct_* fields are zero, and so is what only a pipeline writes.
   */
  copyHeaders(from: Key, recirculation: number): void {
    const { words } = this;
    const source = from.words;
    for (let i = 1; i < TRACKING[0]; i++) words[i] = source[i];
    for (let i = TRACKING[0]; i < TRACKING[1]; i++) words[i] = 0;
    for (let i = TRACKING[1]; i < HOT_WORDS; i++) words[i] = source[i];
    words[0] = recirculation;
    if (this.dirty !== 0) this.clearCold(HEADER_GROUPS);
    this.copyGroups(from, HEADER_GROUPS);
  }

  /** Takes what connection tracking found over from another key. */
  copyTracking(from: Key): void {
    for (let i = TRACKING[0]; i < TRACKING[1]; i++) this.words[i] = from.words[i];
    this.copyGroup(from, 'ctTuple');
  }

  /** The value of a slot of at most 32 bits. */
  get(s: Slot): number {
    const { bytes } = this;
    const at = s.at;
    let raw: number;
    if (s.size === 1) raw = bytes[at];
    else if (s.size === 2) raw = (bytes[at] << 8) | bytes[at + 1];
    else raw = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
    return s.width === 32 ? raw : (raw >>> s.shift) & ((1 << s.width) - 1);
  }

  /** Writes a slot of at most 32 bits; other bits of its container stay. */
  set(s: Slot, value: number): void {
    const { bytes } = this;
    const at = s.at;
    this.touched(at >> 2);
    if (s.width === 32) {
      bytes[at] = value >>> 24;
      bytes[at + 1] = value >>> 16;
      bytes[at + 2] = value >>> 8;
      bytes[at + 3] = value;
      return;
    }
    if (s.width === 16 && s.size === 2) {
      bytes[at] = value >>> 8;
      bytes[at + 1] = value;
      return;
    }
    const ones = (1 << s.width) - 1;
    const mask = (ones << s.shift) >>> 0;
    const bits = ((value & ones) << s.shift) >>> 0;
    for (let i = s.size - 1, m = mask, v = bits; i >= 0; i--, m >>>= 8, v >>>= 8) {
      bytes[at + i] = (bytes[at + i] & ~m) | (v & m);
    }
  }

  /** Writes all bytes of a slot. */
  setBytes(s: Slot, value: Uint8Array, from = 0): void {
    for (let i = 0; i < s.size; i++) this.bytes[s.at + i] = value[from + i];
    this.touched(s.at >> 2);
  }

  /** A copy of all bytes of a slot. */
  getBytes(s: Slot): Uint8Array {
    return this.bytes.slice(s.at, s.at + s.size);
  }

  /** Says that word `index` was written directly. */
  touched(index: number): void {
    this.dirty |= groupOfWord[index];
    this.tupleIs4 = false;
  }
}
