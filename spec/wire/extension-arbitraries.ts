/** Any members of Nicira's messages and of ONF's extensions, for properties. */
import fc from 'fast-check';
import { type FieldValue, fields, type Match, TLV_COMMANDS } from '../../lib/nxm/index.js';
import {
  ASYNC_KINDS,
  BUNDLE_COMMANDS,
  FLOW_REMOVED_REASONS,
  type MessageOf,
  type MessageType,
  PACKET_IN_FORMATS,
  PACKET_IN_REASONS,
  ROLE_STATUS_REASONS,
  ROLES,
} from '../../lib/wire/index.js';

type Extension = Extract<MessageType, `nxt_${string}` | `onf_${string}`>;
type Members<T extends Extension> = {
  [K in keyof Omit<MessageOf<T>, 'type' | 'xid'>]: fc.Arbitrary<MessageOf<T>[K]>;
};

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const counter = fc.oneof(fc.maxSafeNat(), fc.constant(null));
const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
const of = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const optional = <T>(value: fc.Arbitrary<T>) => fc.oneof(fc.constant(null), value);
const named = <N extends string>(names: readonly N[]) =>
  fc.oneof(fc.constantFrom(...names), fc.integer({ min: names.length, max: 0xff }));
const masks = { packetIn: fc.tuple(u32, u32), portStatus: fc.tuple(u32, u32), flowRemoved: fc.tuple(u32, u32) };

const tuple = fc.record(
  { src: of(16), dst: of(16), srcPort: u16, dstPort: u16, icmpId: u16, icmpType: u8, icmpCode: u8 },
  { requiredKeys: [] },
);
const mapping = fc.record({ optionClass: u16, optionType: u8, optionLength: u8, index: u16 });
const mappings = fc.array(mapping, { maxLength: 4 });

/** The members of every such message but type and xid; what stands inside others is left to the caller. */
export function extensionMembers(
  fieldValue: fc.Arbitrary<FieldValue>,
  match: fc.Arbitrary<Match>,
): { [T in Extension]: Members<T> } {
  const list = fc.array(fieldValue, { maxLength: 4 });
  // Written with Nicira's headers, they come back as the same fields.
  const nxmList = list.map((values) => values.filter(({ field }) => field !== fields.in_port_oxm));
  const packet = { bufferId: u32, reason: named(PACKET_IN_REASONS), tableId: u8, cookie: u64, data: bytes };
  const properties = { ...packet, totalLen: fc.integer({ min: 40, max: 0xffffffff }), fields: list };
  const role = { role: fc.constantFrom('equal' as const, 'master' as const, 'slave' as const) };
  return {
    nxt_set_packet_in_format: { format: fc.constantFrom(...PACKET_IN_FORMATS) },
    nxt_set_controller_id: { controllerId: u16 },
    nxt_flow_mod_table_id: { set: u8 },
    nxt_flow_age: {},
    nxt_packet_in: { ...packet, totalLen: u16, fields: nxmList },
    nxt_packet_in2: { ...properties, userdata: optional(bytes), continuation: optional(bytes) },
    nxt_resume: { ...properties, userdata: optional(bytes), continuation: optional(bytes) },
    nxt_set_async_config: masks,
    nxt_set_async_config2: {
      changes: fc.array(fc.record({ kind: fc.constantFrom(...ASYNC_KINDS), slave: fc.boolean(), mask: u32 }), {
        maxLength: 4,
      }),
    },
    nxt_role_request: role,
    nxt_role_reply: role,
    nxt_flow_removed: {
      cookie: u64,
      priority: u16,
      reason: named(FLOW_REMOVED_REASONS),
      tableId: optional(fc.nat(254)),
      duration_s: u32,
      duration_ns: u32,
      idleTimeout_s: u16,
      packets: counter,
      bytes: counter,
      match,
    },
    nxt_ct_flush_zone: { zone: u16 },
    nxt_ct_flush: {
      ipProto: u8,
      orig: optional(tuple),
      reply: optional(tuple),
      zone: optional(u16),
      mark: optional(u32),
      markMask: optional(u32),
      label: optional(of(16)),
      labelMask: optional(of(16)),
    },
    nxt_tlv_table_mod: { command: fc.constantFrom(...TLV_COMMANDS), mappings },
    nxt_tlv_table_request: {},
    nxt_tlv_table_reply: { maxOptionSpace: u32, maxFields: u16, mappings },
    onf_bundle_control: { bundleId: u32, command: fc.constantFrom(...BUNDLE_COMMANDS), flags: u16 },
    onf_bundle_add: { bundleId: u32, flags: u16, message: fc.constant(undefined as never) },
    onf_flow_monitor_cancel: { monitorId: u32 },
    onf_flow_monitor_paused: {},
    onf_flow_monitor_resumed: {},
    onf_role_status: { role: fc.constantFrom(...ROLES), reason: named(ROLE_STATUS_REASONS), generationId: u64 },
    onf_requestforward: { request: fc.constant(undefined as never) },
  };
}
