/**
 * The headers between UDP and the frame in a tunnel: VXLAN (RFC 7348, with the group policy of
 * draft-smith-vxlan-group-policy) and Geneve (RFC 8926). What a header may say is as narrow as in Open vSwitch: what it
 * wouldn't take is no frame.
 */
import { slots } from '../../packet/key.js';
import type { TunnelIn, TunnelOut } from '../../packet/tunnel.js';

export interface Encapsulation {
  /** The UDP port that IANA has registered for it. */
  readonly udp_port: number;
  /**
   * Reads the header of the datagram `bytes[0, end)`. Returns where the frame begins, or -1: this is no header that
   * such a port takes.
   */
  read(bytes: Uint8Array, end: number, gbp: boolean, into: TunnelIn): number;
  /** Bytes of the header. */
  size(out: TunnelOut): number;
  /** Writes the header to the front of `bytes`. */
  write(bytes: Uint8Array, out: TunnelOut): void;
}

const BASE = 8;
/** VXLAN's flags: a VNI is there; group policy is there. */
const VNI_PRESENT = 0x08;
const POLICY_PRESENT = 0x80;
/** Group policy's own flags, as tun_gbp_flags has them: don't learn, applied. */
const POLICY_FLAGS = 0x48;
/** Geneve's: control message, critical options. */
const OAM = 0x80;
const CRITICAL = 0x40;
/** In an option's type. */
const CRITICAL_OPTION = 0x80;
/** Trans-Ether bridging: an Ethernet frame follows. */
const ETHERNET = 0x6558;

/** tun_id's low 32 bits. */
const vniSlot = { at: slots.tun_id.at + 4, size: 4, shift: 0, width: 32 };

function readVni(bytes: Uint8Array, into: TunnelIn): void {
  into.key.set(vniSlot, (bytes[4] << 16) | (bytes[5] << 8) | bytes[6]);
}

function writeVni(bytes: Uint8Array, vni: number): void {
  bytes[4] = vni >>> 16;
  bytes[5] = vni >>> 8;
  bytes[6] = vni;
  bytes[7] = 0;
}

const vxlan: Encapsulation = {
  udp_port: 4789,
  read(bytes, end, gbp, into) {
    if (end < BASE || bytes[7] !== 0) return -1;
    const policy = gbp && (bytes[0] & POLICY_PRESENT) !== 0;
    if (policy) {
      if (bytes[0] !== (VNI_PRESENT | POLICY_PRESENT) || (bytes[1] & ~POLICY_FLAGS) !== 0) return -1;
      into.key.set(slots.tun_gbp_flags, bytes[1]);
      into.key.set(slots.tun_gbp_id, (bytes[2] << 8) | bytes[3]);
    } else if (bytes[0] !== VNI_PRESENT || (bytes[1] | bytes[2] | bytes[3]) !== 0) {
      return -1;
    }
    readVni(bytes, into);
    return BASE;
  },
  size: () => BASE,
  write(bytes, { vni, policy }) {
    bytes[0] = policy === null ? VNI_PRESENT : VNI_PRESENT | POLICY_PRESENT;
    bytes[1] = policy === null ? 0 : policy.flags & POLICY_FLAGS;
    bytes[2] = policy === null ? 0 : policy.id >>> 8;
    bytes[3] = policy === null ? 0 : policy.id;
    writeVni(bytes, vni);
  },
};

const geneve: Encapsulation = {
  udp_port: 6081,
  read(bytes, end, _gbp, into) {
    if (end < BASE || bytes[0] >> 6 !== 0 || ((bytes[2] << 8) | bytes[3]) !== ETHERNET) return -1;
    const frame = BASE + (bytes[0] & 0x3f) * 4;
    if (frame > end) return -1;
    if (bytes[1] & OAM) into.key.set(slots.tun_flags, 1);
    readVni(bytes, into);
    into.options = bytes;
    into.from = BASE;
    into.to = frame;
    return frame;
  },
  size: ({ options }) => BASE + options.length,
  write(bytes, { vni, oam, options }) {
    bytes[0] = options.length / 4;
    bytes[1] = (oam ? OAM : 0) | (hasCritical(options) ? CRITICAL : 0);
    bytes[2] = ETHERNET >>> 8;
    bytes[3] = ETHERNET & 0xff;
    writeVni(bytes, vni);
    for (let i = 0; i < options.length; i++) bytes[BASE + i] = options[i];
  },
};

/** Must a receiver that doesn't know an option drop the frame? */
function hasCritical(options: Uint8Array): boolean {
  for (let at = 0; at < options.length; at += 4 + (options[at + 3] & 0x1f) * 4) {
    if (options[at + 2] & CRITICAL_OPTION) return true;
  }
  return false;
}

export const ENCAPSULATIONS: Readonly<Record<'vxlan' | 'geneve', Encapsulation>> = { vxlan, geneve };
