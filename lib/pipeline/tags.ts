/**
 * Headers put in front of a packet and taken away while it is translated: VLAN tags, MPLS labels, PBB's backbone
 * header; which fields a new one takes over is OpenFlow 1.3.5's §5.12. Each is a step on the frame at once, and a
 * change of what the pipeline sees from there on.
 *
 * What comes to light behind a header that was taken away, the key never held: it is hidden. Sending the packet is
 * possible all the same; an action that asks for what is hidden has to wait until the packet was read anew (the
 * translator freezes there).
 */
import { OP } from '../datapath/index.js';
import {
  type Action,
  ETH_TYPE,
  type Field,
  type FieldValue,
  fields,
  numberOf,
  OFPP,
  type TagMeaning,
} from '../nxm/index.js';
import { ETH_TYPE_NONE, GROUPS, mplsBosSlot, mplsTtlSlot, pcpSlot, type Slot, slots, VLAN_CFI } from '../packet/key.js';
import { TAG } from '../packet/tags.js';
import { type Headers, METADATA_WORDS } from './headers.js';

/** How much of the packet is hidden. */
const HIDDEN = { nothing: 0, payload: 1, frame: 2, never: 3 } as const;

/** What the translation does to the frame. */
export interface FrameSteps {
  /** Brings the headers that were set into the frame. */
  commit(): void;
  step(...words: number[]): void;
}

const cfiSlot = { at: slots.vlan_tci.at, size: 2, shift: 12, width: 1 };
const innerCfiSlot = { at: slots.inner_vlan_tci.at, size: 2, shift: 12, width: 1 };
const innerTtlSlot = { at: slots.mpls1.at, size: 4, shift: 0, width: 8 };
const MPLS_BOS = 0x100;
/** Words of IPv4's addresses up to TCP's flags. */
const L3_WORDS = [slots.ipv4_src.at >> 2, (slots.tcp_flags.at >> 2) + 1] as const;

const isMpls = (type: number) => type === ETH_TYPE.MPLS || type === ETH_TYPE.MPLS_MULTICAST;
const isIp = (type: number) => type === ETH_TYPE.IP || type === ETH_TYPE.IPV6;

const ETHERNET = new Set([slots.eth_dst, slots.eth_src, slots.eth_type, slots.vlan_tci].map((slot) => slot.at));

/** From which degree of hiding on a field can't be seen. */
function fieldNeeds(field: Field): number {
  if (field.slot === null || METADATA_WORDS.includes(field.slot.at >> 2)) return HIDDEN.never;
  return ETHERNET.has(field.slot.at) ? HIDDEN.frame : HIDDEN.payload;
}

/** From which degree of hiding on an action has to wait. */
function actionNeeds(action: Action): number {
  switch (action.type) {
    case 'output':
      if (action.port === OFPP.TABLE) return HIDDEN.payload;
      return action.port === OFPP.NORMAL ? HIDDEN.frame : HIDDEN.never;
    case 'set_field':
      return fieldNeeds(action.field);
    case 'load':
      return fieldNeeds(action.to.field);
    case 'move':
      return Math.min(fieldNeeds(action.from.field), fieldNeeds(action.to.field));
    case 'push_vlan':
    case 'pop_vlan':
    case 'pop_pbb':
      return HIDDEN.frame;
    case 'push':
      return fieldNeeds(action.from.field);
    case 'pop':
      return fieldNeeds(action.to.field);
    case 'output_trunc':
    case 'set_queue':
    case 'pop_queue':
    case 'ct_clear':
    case 'note':
    case 'exit':
    case 'sample':
    case 'set_tunnel':
    case 'delete_field':
    case 'debug_slow':
      return HIDDEN.never;
    default:
      return HIDDEN.payload;
  }
}

export class Tags implements TagMeaning {
  private hidden: number = HIDDEN.nothing;

  constructor(
    private readonly headers: Headers,
    private readonly frame: FrameSteps,
  ) {}

  /** All of the packet is known again. */
  begin(): void {
    this.hidden = HIDDEN.nothing;
  }

  /** A step may have changed what is behind the Ethernet header. */
  hidePayload(): void {
    this.hide(HIDDEN.payload);
  }

  /** Another frame has come to light. */
  hideFrame(): void {
    this.hide(HIDDEN.frame);
  }

  /** Is something hidden, so that a table lookup has to wait? */
  get concealing(): boolean {
    return this.hidden !== HIDDEN.nothing;
  }

  /** Does an action have to wait for what is hidden? */
  conceals(action: Action): boolean {
    return this.hidden !== HIDDEN.nothing && this.hidden >= actionNeeds(action);
  }

  private hide(degree: number): void {
    this.hidden = Math.max(this.hidden, degree);
  }

  /** A value that the frame has already. */
  private settle(slot: Slot, value: number): void {
    this.headers.write(slot, value);
    this.headers.settled(slot);
  }

  private step(kind: number, a = 0, b = 0): void {
    this.frame.step(OP.tags, kind, a, b);
  }

  pushVlan(ethType: number): void {
    const { headers } = this;
    const tagged = headers.read(cfiSlot) !== 0;
    const tci = tagged ? headers.read(slots.vlan_tci) : VLAN_CFI;
    const tpid = tagged ? headers.read(slots.vlan_tpid) : 0;
    if (tagged && headers.read(innerCfiSlot) !== 0) headers.fix(slots.vlan_more, headers.read(slots.vlan_more) + 1);
    this.frame.commit();
    headers.write(slots.inner_vlan_tci, tagged ? tci : 0);
    headers.write(slots.inner_vlan_tpid, tpid);
    headers.write(slots.vlan_tci, tci | VLAN_CFI);
    headers.write(slots.vlan_tpid, ethType);
    headers.settled(slots.vlan_tci);
    this.frame.step(OP.pushVlan, ethType, tci);
  }

  popVlan(): void {
    const { headers } = this;
    if (headers.read(cfiSlot) === 0) return;
    this.frame.commit();
    const inner = headers.read(slots.inner_vlan_tci);
    // The key holds two tags: behind them the frame itself has to be asked.
    if ((inner & VLAN_CFI) === 0 && headers.read(slots.vlan_more) !== 0) this.hide(HIDDEN.frame);
    headers.write(slots.vlan_tci, inner);
    headers.write(slots.vlan_tpid, headers.read(slots.inner_vlan_tpid));
    headers.write(slots.inner_vlan_tci, 0);
    headers.settled(slots.vlan_tci);
    this.frame.step(OP.popVlan);
  }

  /** The EtherType that the frame has from here on. */
  private type(ethType: number): void {
    this.settle(slots.eth_type, ethType);
  }

  /** What was behind the EtherType isn't seen any more: something else is in front of it. */
  cover(): void {
    const { headers } = this;
    for (const slot of [slots.nw_proto, slots.nw_frag]) this.settle(slot, 0);
    for (const [first, end] of [L3_WORDS, GROUPS.ipv6, GROUPS.neighbour, GROUPS.nsh]) {
      headers.constant(first, end, () => 0);
    }
  }

  pushMpls(ethType: number): void {
    const { headers } = this;
    const type = headers.ethType();
    if (type === ETH_TYPE_NONE) return;
    let entry = MPLS_BOS;
    if (isMpls(type)) entry = (headers.read(slots.mpls0) & ~MPLS_BOS) >>> 0;
    else if (isIp(type)) entry |= headers.read(slots.nw_ttl);
    this.frame.commit();
    if (isMpls(type)) {
      this.settle(slots.mpls2, headers.read(slots.mpls1));
      this.settle(slots.mpls1, headers.read(slots.mpls0));
    } else {
      this.cover();
      for (const slot of [slots.mpls1, slots.mpls2]) this.settle(slot, 0);
    }
    this.settle(slots.mpls0, entry);
    this.type(ethType);
    this.step(TAG.pushMpls, ethType, entry);
  }

  popMpls(ethType: number): void {
    const { headers } = this;
    if (!isMpls(headers.ethType())) return;
    this.frame.commit();
    this.step(TAG.popMpls, ethType);
    // No label has only zeros, and so stands for one that the key doesn't hold.
    const next = headers.read(mplsBosSlot) === 0 && isMpls(ethType) ? headers.read(slots.mpls1) : 0;
    if (next === 0) {
      this.hide(HIDDEN.payload);
    } else {
      this.settle(slots.mpls0, next);
      this.settle(slots.mpls1, headers.read(slots.mpls2));
      this.settle(slots.mpls2, 0);
    }
    this.type(ethType);
  }

  pushPbb(): void {
    const { headers } = this;
    const service = headers.ethType() === ETH_TYPE.PBB ? headers.read(slots.pbb_isid) : 0;
    const priority = headers.read(cfiSlot) !== 0 ? headers.read(pcpSlot) : 0;
    this.frame.commit();
    this.cover();
    headers.constant(GROUPS.tags[0], GROUPS.tags[1], () => 0);
    headers.write(slots.vlan_tpid, 0);
    this.settle(slots.vlan_tci, 0);
    this.settle(slots.pbb_isid, service);
    this.type(ETH_TYPE.PBB);
    this.step(TAG.pushPbb, ((priority << 29) | service) >>> 0);
  }

  popPbb(): void {
    if (this.headers.ethType() !== ETH_TYPE.PBB) return;
    this.frame.commit();
    this.step(TAG.popPbb);
    this.hide(HIDDEN.frame);
  }

  copyTtlOut(): void {
    const { headers } = this;
    if (!isMpls(headers.ethType())) return;
    if (headers.read(mplsBosSlot) === 0 && headers.read(slots.mpls1) !== 0) {
      headers.write(mplsTtlSlot, headers.read(innerTtlSlot));
      return;
    }
    this.frame.commit();
    this.step(TAG.copyTtlOut);
    this.hide(HIDDEN.payload);
  }

  copyTtlIn(): void {
    const { headers } = this;
    if (!isMpls(headers.ethType())) return;
    this.frame.commit();
    this.step(TAG.copyTtlIn);
    if (headers.read(mplsBosSlot) !== 0 || headers.read(slots.mpls1) === 0) return;
    this.settle(innerTtlSlot, headers.read(mplsTtlSlot));
  }

  /** Sets a field that says what follows it: EtherType, IP protocol, bottom of stack. False for all other fields. */
  setType({ field, value }: FieldValue): boolean {
    const { headers } = this;
    if (field !== fields.eth_type && field !== fields.nw_proto && field !== fields.mpls_bos) return false;
    const number = numberOf(value);
    const old = headers.read(field.slot as Slot);
    if (number === old || old === ETH_TYPE_NONE) return true;
    if (field === fields.mpls_bos) headers.write(mplsBosSlot, number);
    this.frame.commit();
    if (field === fields.eth_type) this.step(TAG.ethType, number);
    else if (field === fields.nw_proto) this.step(TAG.ipProto, number);
    // A new EtherType may make a tag of what follows.
    this.hide(field === fields.eth_type ? HIDDEN.frame : HIDDEN.payload);
    return true;
  }
}
