/**
 * Matches out of flow keys: what value and mask say of each field, written as the TLVs that ovs-ofctl sends. For
 * matches that were put together bit by bit: from words of a text, or by learn.
 */
import { fromBigInt } from '../bytes/index.js';
import { type Key, optionPresent, slots } from '../packet/key.js';
import { sameShape, shapeOf, valuesFor } from '../packet/shape.js';
import type { Field } from './field.js';
import { fields, slotOf } from './fields.js';
import { Match, MatchBuilder } from './match.js';
import type { FieldValue } from './oxm.js';
import { meets } from './prerequisite.js';
import { TLV_ORDER } from './tlv-order.js';
import { fieldMask } from './value-text.js';

/** ct_state and tunnel flags have more bits on the wire than a match may name, so their TLVs always carry a mask. */
const ALWAYS_MASKED: ReadonlySet<Field> = new Set([fields.ct_state, fields.tun_flags]);

/**
 * Do the keys say something of the field that its prerequisites allow? Not for Geneve options, which have no place of
 * their own.
 */
export function says(field: Field, value: Key, mask: Key): boolean {
  const slot = slotOf(field);
  if (slot.size <= 4) {
    if ((mask.get(slot) & field.bits) === 0) return false;
  } else {
    let any = 0;
    for (let i = slot.at; i < slot.at + slot.size; i++) any |= mask.bytes[i];
    if (any === 0) return false;
  }
  if (field === fields.vlan_pcp) return (value.get(slots.vlan_tci) & 0x1fff) !== 0;
  return meets(field.needs, value, mask);
}

/** What the keys say of a field; the mask is null where all of its bits count. */
export function saidOf(field: Field, value: Key, mask: Key): FieldValue {
  const bits = bytesOfField(field, mask);
  const exact = fieldMask(field).every((byte, i) => (byte & ~bits[i]) === 0) && !ALWAYS_MASKED.has(field);
  return { field, value: bytesOfField(field, value), mask: exact ? null : bits };
}

/** A field's bytes in a key. */
export function bytesOfField(field: Field, key: Key): Uint8Array {
  const slot = slotOf(field);
  if (slot.size > 4) return key.getBytes(slot);
  return fromBigInt(BigInt((key.get(slot) & field.bits) >>> 0), field.bytes);
}

const scratch = new MatchBuilder();

/**
 * The match of masked values, and of Geneve options that are mapped. What no TLV of OpenFlow 1.3 can say counts all the
 * same, and isn't shown.
 */
export function matchOfKeys(value: Key, mask: Key, options: Iterable<Field>): Match {
  const builder = scratch.reset();
  for (const field of options) {
    for (const key of [value, mask]) key.set(optionPresent(field.option ?? 0), 1);
    const said = saidOf(field, value, mask);
    builder.add(field, said.value, said.mask);
  }
  for (const field of TLV_ORDER) {
    if (field.option !== undefined || !says(field, value, mask)) continue;
    const said = saidOf(field, value, mask);
    if (said.mask === null || field.maskable) builder.add(field, said.value, said.mask);
  }
  const shape = shapeOf(mask.words);
  const match = builder.build();
  if (sameShape(match.shape, shape)) return match;
  return new Match(match.tlvs, shape, valuesFor(shape, value.words), match.options);
}
