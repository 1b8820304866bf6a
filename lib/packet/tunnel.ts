/**
 * What stands around a frame in a tunnel: what the outer headers said of one that came in, as the key's tun_* fields
 * and raw Geneve options, and what they are to say of one that goes out. How VXLAN and Geneve write it is
 * lib/ports/tunnel's.
 */
import { GROUPS, Key } from './key.js';

const NO_BYTES = new Uint8Array(0);

/** Of a frame that came in; one reused object a socket: whoever keeps it copies it. */
export class TunnelIn {
  /** Its group `tunnel` holds tun_*; all else is zero. */
  readonly key = new Key();
  /** Geneve options as they came: `options[from, to)`. */
  options: Uint8Array = NO_BYTES;
  from = 0;
  to = 0;

  /** Forgets all, and begins with an empty header. */
  clear(): this {
    this.key.clearCold();
    this.options = NO_BYTES;
    this.from = 0;
    this.to = 0;
    return this;
  }

  /** A copy that stays as it is. */
  copy(): TunnelIn {
    const copy = new TunnelIn();
    copy.key.copyGroup(this.key, 'tunnel');
    copy.options = this.options.slice(this.from, this.to);
    copy.to = copy.options.length;
    return copy;
  }
}

/** Of a frame that is to go out; it doesn't change. */
export interface TunnelOut {
  /** 24 bits. */
  readonly vni: number;
  /** Addresses as text; '' for `local`: the machine chooses. */
  readonly remote: string;
  readonly local: string;
  /** Time to live of the outer header. */
  readonly ttl: number;
  readonly oam: boolean;
  /** VXLAN's group policy; null: a header without. */
  readonly policy: { readonly id: number; readonly flags: number } | null;
  /** Geneve options, whole. */
  readonly options: Uint8Array;
}

/** What a tunnel port adds by itself; `flow`: a frame's tun_* fields decide (ovs-vsctl's options of the same names). */
export interface TunnelSettings {
  readonly kind: 'vxlan' | 'geneve';
  readonly remote: string | 'flow';
  /** '': the machine chooses. */
  readonly local: string | 'flow';
  readonly out_key: number | 'flow';
  readonly ttl: number | 'inherit';
  /** Headers tell of group policy. */
  readonly gbp: boolean;
}

/** Words of the key that tell of a tunnel. */
export const TUNNEL_WORDS: readonly [first: number, end: number] = GROUPS.tunnel;
