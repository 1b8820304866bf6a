/**
 * Which Geneve option is which tun_metadata field (NXT_TLV_TABLE_MOD, ovs-ofctl(8) add-tlv-map): the table, its rules,
 * and the place in the flow key that each option has. It is one switch's; reading options into fields and back is the
 * tunnels' (lib/pipeline/geneve-options.ts). Errors: Open vSwitch's.
 */
import { OpenFlowError } from '../bytes/index.js';
import { type Slot, slots } from '../packet/key.js';
import { type Field, MAX_OPTION_BYTES } from './field.js';
import { fieldNamed } from './fields.js';

/** An option and the field that it is. */
export interface TlvMapping {
  /** Class and type of the option. */
  readonly optionClass: number;
  readonly optionType: number;
  /** Bytes of its value, a multiple of 4. */
  readonly optionLength: number;
  /** n of tun_metadata<n>. */
  readonly index: number;
}

/** NXTTMC_* in the order of their numbers. */
export const TLV_COMMANDS = ['add', 'delete', 'clear'] as const;

export interface TlvTableChange {
  readonly command: (typeof TLV_COMMANDS)[number];
  readonly mappings: readonly TlvMapping[];
}

/** Fields tun_metadata0 to 63, and bytes that all options may have together. */
export const MAX_TLV_FIELDS = 64;
export const MAX_OPTION_SPACE = slots.tun_metadata.size;

/** A mapping that is in force: the field, with its place in the key. */
export interface Mapped extends TlvMapping {
  readonly field: Field & { readonly slot: Slot };
}

/** Who has to know of changes. */
export interface TlvTableOwner {
  /** Does a flow or a group name the field? Then it stays. */
  isUsed(index: number): boolean;
  changed(): void;
}

const NOBODY: TlvTableOwner = { isUsed: () => false, changed() {} };

export class TlvTable {
  private byIndex = new Map<number, Mapped>();
  private byOption = new Map<number, Mapped>();
  private sorted: readonly Mapped[] = [];

  constructor(private readonly owner: TlvTableOwner = NOBODY) {}

  /** The mappings, by index. */
  list(): readonly Mapped[] {
    return this.sorted;
  }

  /** The option that a field is. */
  at(index: number): Mapped | undefined {
    return this.byIndex.get(index);
  }

  /** The field that an option is. */
  find(optionClass: number, optionType: number): Mapped | undefined {
    return this.byOption.get((optionClass << 8) | optionType);
  }

  /** Does all that a change asks for. Throws OpenFlowError; then nothing has changed. */
  apply({ command, mappings }: TlvTableChange): void {
    for (const mapping of mappings) checkMapping(mapping);
    const byIndex = new Map(this.byIndex);
    for (const mapping of command === 'clear' ? this.sorted : mappings) {
      if (command === 'add') addTo(byIndex, mapping);
      else this.removeFrom(byIndex, mapping.index);
    }
    this.byIndex = byIndex;
    this.byOption = new Map([...byIndex.values()].map((m) => [(m.optionClass << 8) | m.optionType, m]));
    this.sorted = [...byIndex.values()].sort((a, b) => a.index - b.index);
    this.owner.changed();
  }

  private removeFrom(byIndex: Map<number, Mapped>, index: number): void {
    if (byIndex.delete(index) && this.owner.isUsed(index)) {
      throw new OpenFlowError('NXTTMFC_INVALID_TLV_DEL', `flows name tun_metadata${index}`);
    }
  }
}

function checkMapping({ optionLength, index }: TlvMapping): void {
  if (optionLength % 4 !== 0 || optionLength > MAX_OPTION_BYTES) {
    throw new OpenFlowError('NXTTMFC_BAD_OPT_LEN', `an option of ${optionLength} bytes`);
  }
  if (index >= MAX_TLV_FIELDS) throw new OpenFlowError('NXTTMFC_BAD_FIELD_IDX', `there is no tun_metadata${index}`);
}

function addTo(byIndex: Map<number, Mapped>, mapping: TlvMapping): void {
  const { optionClass, optionType, optionLength, index } = mapping;
  if (byIndex.has(index))
    throw new OpenFlowError('NXTTMFC_ALREADY_MAPPED', `tun_metadata${index} is an option already`);
  let space = optionLength;
  for (const other of byIndex.values()) {
    space += other.optionLength;
    if (other.optionClass === optionClass && other.optionType === optionType) {
      const option = `class 0x${optionClass.toString(16)}, type 0x${optionType.toString(16)}`;
      throw new OpenFlowError('NXTTMFC_DUP_ENTRY', `the option of ${option} is tun_metadata${other.index} already`);
    }
  }
  if (space > MAX_OPTION_SPACE) throw new OpenFlowError('NXTTMFC_TABLE_FULL', `options of ${space} bytes together`);
  const row = fieldNamed(`tun_metadata${index}`) as Field;
  const bits = optionLength === 4 ? 0xffffffff : 0;
  const slot = gap(byIndex, optionLength);
  const field = { ...row, slot, bytes: optionLength, width: optionLength * 8, bits };
  byIndex.set(index, { optionClass, optionType, optionLength, index, field });
}

/** The first place of so many bytes that no option has. */
function gap(byIndex: ReadonlyMap<number, Mapped>, size: number): Slot {
  const { at: start } = slots.tun_metadata;
  const taken = [...byIndex.values()].map(({ field }) => field.slot).sort((a, b) => a.at - b.at);
  let at = start;
  for (const slot of taken) {
    if (slot.at - at >= size) break;
    at = Math.max(at, slot.at + slot.size);
  }
  if (at + size > start + MAX_OPTION_SPACE) {
    throw new OpenFlowError('NXTTMFC_TABLE_FULL', `no ${size} bytes in one piece are left: clear the table first`);
  }
  return { at, size, shift: 0, width: size * 8 };
}
