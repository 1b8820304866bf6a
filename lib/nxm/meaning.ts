/**
 * All that an action may ask for when it is translated, in parts. The translator in lib/pipeline implements them, a
 * class each; an action knows nothing else of the pipeline. Reading a field marks its bits: the translation then holds
 * only for packets that agree in them.
 */

import type { Action, HeaderName, Learn, Nat, NshProperty } from './actions/index.js';
import type { Field } from './field.js';
import type { HashFields } from './hash-fields.js';
import type { FieldValue } from './oxm.js';
import type { Subfield } from './subfield.js';

/** Why a packet goes to a controller (OpenFlow 1.3.5 §7.4.1; invalid_ttl 2). */
export type PacketInReason = 'no_match' | 'action' | 'invalid_ttl';

export interface ControllerArgs {
  /** Bytes of the frame to send; 0xffff all. */
  readonly maxLen: number;
  readonly reason: PacketInReason;
  readonly controllerId: number;
  /** Goes along in the packet-in; null: nothing. */
  readonly userdata?: Uint8Array | null;
  /** The packet waits behind this action until a controller sends it back. */
  readonly pause?: boolean;
  /** Measures the packet-in; 0: the virtual meter CONTROLLER does. */
  readonly meterId?: number;
}

export interface CtArgs {
  readonly commit: boolean;
  readonly force: boolean;
  readonly zone: number;
  /** The table where a tracked copy goes on, or null. */
  readonly table: number | null;
  /** Actions on ct_mark and ct_label. */
  readonly exec: readonly Action[];
  /** Translation is asked for, or null. */
  readonly nat: Nat | null;
  readonly helper: 'ftp' | 'tftp' | null;
}

/** Fields of the packet and of the pipeline. */
export interface FieldMeaning {
  /** The number in a field of at most 32 bits. */
  read(field: Field): number;
  /** The number in at most 32 bits of a field. */
  readBits(from: Subfield): number;
  /** The number in any bits of a field. */
  number(from: Subfield): bigint;
  /** Sets a field of at most 32 bits. */
  set(field: Field, value: number): void;
  /** Sets the masked bits of a field of any size. */
  setValue(value: FieldValue): void;
  /** Writes a number into bits of a field. */
  setBits(to: Subfield, value: bigint): void;
  /** Copies bits from one field into another. */
  move(from: Subfield, to: Subfield): void;
  /** Puts bits of a field on the packet's stack. */
  push(from: Subfield): void;
  /** Writes what lies on top of the stack into bits of a field; nothing where it is empty. */
  pop(to: Subfield): void;
  /** Takes a Geneve option off. */
  remove(field: Field): void;
  /** Is the prerequisite of a field true for this packet? Marks what it looked at. */
  has(field: Field): boolean;
  /** A hash, 32 bits, of what the name says; marks it. */
  hash(fields: HashFields, basis: number): number;
}

/** Headers put in front of the packet and taken away. */
export interface TagMeaning {
  pushVlan(ethType: number): void;
  popVlan(): void;
  /** A label in front of what is there, its fields taken over (OpenFlow 1.3.5 §5.12). */
  pushMpls(ethType: number): void;
  /** Takes the outer label away; `ethType` is what is behind. */
  popMpls(ethType: number): void;
  pushPbb(): void;
  popPbb(): void;
  /** The TTL behind the outer label into the label, or back. */
  copyTtlOut(): void;
  copyTtlIn(): void;
}

/** Where the packet is sent. */
export interface OutputMeaning {
  /** Sends the packet to a port, reserved ones included; `maxLen` is for the controller. */
  port(port: number, maxLen: number): void;
  /** Sends the frame's first `maxLen` bytes to one port. */
  truncated(port: number, maxLen: number): void;
  controller(args: ControllerArgs): void;
  /** Counts the packet as a sample, `probability` times of 65535. */
  sample(probability: number): void;
  /** Outputs from here on go through a port's queue; null: its own one again. */
  queue(queue: number | null): void;
  /** Is it a port whose link is up, or a reserved one other than CONTROLLER and LOCAL? */
  isUp(port: number): boolean;
}

/** Tables and the action lists that they lead to. */
export interface ListMeaning {
  /**
   * Looks the packet up in another table and runs what it finds, then comes back. Null: this table, or this port. `ct`:
   * the lookup sees the original tuple of the packet's connection, and isn't done where there is none.
   */
  resubmit(table: number | null, inPort: number | null, ct: boolean): void;
  /** Ends this action list, and the flow it belongs to; what was sent stays sent. */
  end(): void;
  /** Ends this list and all that led to it. */
  exit(): void;
  /** What follows begins with the packet read anew. */
  readAnew(): void;
  /** What follows finds in a bit whether the frame has more than `length` bytes. */
  ifLarger(length: number, to: Subfield): void;
}

/** Whole headers in front of the packet. */
export interface EncapMeaning {
  push(header: HeaderName, properties: readonly NshProperty[]): void;
  /** Takes the outermost header away; `packetType` says what is behind it, where it doesn't itself. */
  pop(packetType: number): void;
}

/** Actions on copies of the packet. */
export interface CopyMeaning {
  /** Runs a group's buckets, each on a copy of the packet. */
  group(group: number): void;
  /** Runs a list on a copy of the packet. */
  clone(actions: readonly Action[]): void;
}

/** Connection tracking. */
export interface TrackingMeaning {
  ct(args: CtArgs): void;
  clear(): void;
}

/** What packets leave behind in the flow tables. */
export interface LearningMeaning {
  /** The flow that the action makes of the packet is there before the packet's first output. */
  learn(action: Learn): void;
  /** A TCP segment with FIN or RST shortens the timeouts of the flow in hand, s; 0 leaves one as it is. */
  finTimeout(idle_s: number, hard_s: number): void;
}

export interface Meaning {
  readonly fields: FieldMeaning;
  readonly tags: TagMeaning;
  readonly outputs: OutputMeaning;
  readonly lists: ListMeaning;
  readonly copies: CopyMeaning;
  readonly encapsulation: EncapMeaning;
  readonly tracking: TrackingMeaning;
  readonly learning: LearningMeaning;
}
