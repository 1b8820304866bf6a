/**
 * Packet-ins as a controller gets them: cut to the length that was asked for, the fields that its profile shows, in the
 * format it chose (OpenFlow 1.3.5 §7.4.1; Nicira's NXT_PACKET_IN and NXT_PACKET_IN2). Nothing is buffered in the
 * switch.
 */
import { OpenFlowError } from '../bytes/index.js';
import { type FieldValue, fields, NO_BUFFER_ID } from '../nxm/index.js';
import type { PacketIn as PipelinePacketIn } from '../pipeline/types.js';
import {
  encode,
  encodeContinuation,
  MAX_MESSAGE_BYTES,
  type Message,
  type PacketIn,
  type PacketInFormat,
} from '../wire/index.js';
import { type Profile, packetInFields } from './profile.js';

/** OFPCML_NO_BUFFER: the whole packet. */
const NO_BUFFER = 0xffff;
/** What stands around the frame in either format, with every field there is. */
const AROUND_BYTES = 1024;
const MAX_FRAME_BYTES = MAX_MESSAGE_BYTES - AROUND_BYTES;

/** What makes one controller's packet-in differ from another's. */
export interface PacketInForm {
  readonly format: PacketInFormat;
  readonly profile: Profile;
  /** From SET_CONFIG: bytes of a frame that no output action sends. */
  readonly missSendLen: number;
}

/** Encodes a packet for controllers; those with the same form share the bytes. */
export class PacketInEncoder {
  private readonly done = new Map<string, Uint8Array | null>();

  /** `origin` says which switch a paused packet waits for. */
  constructor(
    private readonly packet: PipelinePacketIn,
    private readonly origin: Uint8Array,
  ) {}

  /** null: it is too long for a message, since a paused packet has to be told whole. */
  bytesFor(form: PacketInForm): Uint8Array | null {
    const length = this.dataBytes(form.missSendLen);
    const key = `${form.format} ${form.profile} ${length}`;
    const known = this.done.get(key);
    if (known !== undefined) return known;
    const bytes = encodeIfFits(this.message(form, length));
    this.done.set(key, bytes);
    return bytes;
  }

  /** An output action says how much; a packet that none sent goes by miss_send_len (§7.3.2). */
  private dataBytes(missSendLen: number): number {
    const { reason, maxLen, frame } = this.packet;
    const wanted = reason === 'invalid_ttl' ? missSendLen : maxLen;
    return Math.min(wanted === NO_BUFFER ? frame.length : wanted, frame.length, MAX_FRAME_BYTES);
  }

  private message({ profile, format }: PacketInForm, length: number): Message {
    const { frame, reason, tableId, cookie, fields, userdata = null, continuation = null } = this.packet;
    const m: PacketIn = {
      type: 'packet_in',
      xid: 0,
      bufferId: NO_BUFFER_ID,
      totalLen: Math.min(frame.length, 0xffff),
      reason,
      tableId,
      cookie,
      fields: packetInFields(profile, fields),
      data: frame.subarray(0, length),
    };
    if (format === 'standard') return m;
    if (format === 'nxt') return { ...m, type: 'nxt_packet_in', fields: m.fields.map(withPort16) };
    if (continuation === null) return { ...m, type: 'nxt_packet_in2', userdata, continuation };
    // Its fields are a part of what comes back: none may be left out.
    return {
      ...m,
      type: 'nxt_packet_in2',
      fields,
      userdata,
      continuation: encodeContinuation(this.origin, continuation),
      data: frame,
    };
  }
}

function encodeIfFits(m: Message): Uint8Array | null {
  try {
    return encode(m);
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    return null;
  }
}

/** Nicira's own fields have the ingress port in 16 bits: reserved ports lose their upper half. */
function withPort16(value: FieldValue): FieldValue {
  return value.field === fields.in_port_oxm
    ? { field: fields.in_port, value: value.value.slice(2), mask: null }
    : value;
}
