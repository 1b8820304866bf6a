/**
 * What is put around a frame that a flow sends into a tunnel: what the port is set to, and where it is set to `flow`,
 * the packet's own tun_* fields. Setting a port's values changes none of the fields: the next output sees what the flow
 * set.
 */
import { formatIpv4, formatIpv6 } from '../bytes/index.js';
import type { TlvTable } from '../nxm/index.js';
import { type Slot, slots } from '../packet/key.js';
import type { TunnelOut, TunnelSettings } from '../packet/tunnel.js';
import { writeOptions } from './geneve-options.js';
import type { Headers } from './headers.js';

const LOW_KEY: Slot = { at: slots.tun_id.at + 4, size: 4, shift: 0, width: 32 };
const VNI_BITS = 0xffffff;
const DEFAULT_TTL = 64;
const NO_OPTIONS = new Uint8Array(0);

/**
 * What stands around the packet behind a port with these settings, or null: there is no one to send to, or the packet
 * would go to the address that it came to (Open vSwitch sends neither).
 */
export function outerHeaders(settings: TunnelSettings, headers: Headers, table: TlvTable): TunnelOut | null {
  const remote = settings.remote === 'flow' ? address(headers, slots.tun_dst, slots.tun_ipv6_dst) : settings.remote;
  if (remote === '' || remote === ownAddress(headers)) return null;
  const { kind, gbp } = settings;
  return {
    vni: settings.out_key === 'flow' ? tunnelKey(headers) : settings.out_key,
    remote,
    local: settings.local === 'flow' ? address(headers, slots.tun_src, slots.tun_ipv6_src) : settings.local,
    ttl: settings.ttl === 'inherit' ? inheritedTtl(headers) : settings.ttl,
    oam: kind === 'geneve' && (headers.read(slots.tun_flags) & 1) !== 0,
    policy: gbp ? policyOf(headers) : null,
    options: kind === 'geneve' ? writeOptions(table, headers) : NO_OPTIONS,
  };
}

/** The IPv4 address where there is one, else the IPv6 address, else ''. */
function address(headers: Headers, v4: Slot, v6: Slot): string {
  if (headers.read(v4) !== 0) return formatIpv4(headers.flow.bytes, v4.at);
  headers.lookAt(v6);
  return ipv6(headers.flow.bytes, v6);
}

function ipv6(bytes: Uint8Array, { at, size }: Slot): string {
  for (let i = 0; i < size; i++) if (bytes[at + i] !== 0) return formatIpv6(bytes, at);
  return '';
}

/** The address of this switch that the packet came to through a tunnel, '' where it came through none. */
function ownAddress(headers: Headers): string {
  const { tun_dst, tun_ipv6_dst } = slots;
  headers.lookAtOriginal(tun_dst);
  const bytes = new Uint8Array(headers.original.buffer, headers.original.byteOffset);
  if (headers.original[tun_dst.at >> 2] !== 0) return formatIpv4(bytes, tun_dst.at);
  headers.lookAtOriginal(tun_ipv6_dst);
  return ipv6(bytes, tun_ipv6_dst);
}

/** The group policy, null where it is zero: then the header has none. */
function policyOf(headers: Headers): TunnelOut['policy'] {
  const [id, flags] = [headers.read(slots.tun_gbp_id), headers.read(slots.tun_gbp_flags)];
  return id === 0 && flags === 0 ? null : { id, flags };
}

function tunnelKey(headers: Headers): number {
  headers.lookAt(slots.tun_id);
  return headers.flow.get(LOW_KEY) & VNI_BITS;
}

/** The TTL of the packet inside; of one without, what is usual. */
function inheritedTtl(headers: Headers): number {
  const type = headers.ethType();
  return type === 0x0800 || type === 0x86dd ? Math.max(1, headers.read(slots.nw_ttl)) : DEFAULT_TTL;
}
