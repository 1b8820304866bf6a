/**
 * Geneve options (RFC 8926 §3.5) and the fields that a switch's TLV table makes of them: read out of a frame that came
 * in, and written for one that goes out.
 */
import type { TlvTable } from '../nxm/index.js';
import { type Key, optionPresent, slots } from '../packet/key.js';
import type { TunnelIn } from '../packet/tunnel.js';
import type { Headers } from './headers.js';

const HEADER_BYTES = 4;
const CRITICAL = 0x80;
const LENGTH = 0x1f;
const NO_OPTIONS = new Uint8Array(0);

/**
 * Puts the options that came with a frame into its key. False where the frame has to be dropped: they are cut off, one
 * has another length than its mapping, or one that nobody knows is critical.
 */
export function readOptions({ options, from, to }: TunnelIn, table: TlvTable, key: Key): boolean {
  for (let at = from; at < to; ) {
    if (to - at < HEADER_BYTES) return false;
    const length = (options[at + 3] & LENGTH) * 4;
    const value = at + HEADER_BYTES;
    if (value + length > to) return false;
    const type = options[at + 2];
    const mapping = table.find((options[at] << 8) | options[at + 1], type);
    if (mapping) {
      if (mapping.optionLength !== length) return false;
      if (length > 0) key.setBytes(mapping.field.slot, options, value);
      key.set(optionPresent(mapping.index), 1);
    } else if (type & CRITICAL) {
      return false;
    }
    at = value + length;
  }
  return true;
}

/** The options that a packet has by now, as they are sent. */
export function writeOptions(table: TlvTable, headers: Headers): Uint8Array {
  const mappings = table.list();
  if (mappings.length === 0) return NO_OPTIONS;
  headers.lookAt(slots.tun_metadata_map);
  const present = mappings.filter(({ index }) => headers.flow.get(optionPresent(index)) !== 0);
  const bytes: number[] = [];
  for (const { optionClass, optionType, optionLength, field } of present) {
    bytes.push(optionClass >>> 8, optionClass & 0xff, optionType, optionLength / 4);
    if (optionLength > 0) headers.lookAt(field.slot);
    for (let i = 0; i < optionLength; i++) bytes.push(headers.flow.bytes[field.slot.at + i]);
  }
  return Uint8Array.from(bytes);
}
