/**
 * Which Geneve option is which tun_metadata field (NXT_TLV_TABLE_MOD, ovs-ofctl(8) add-tlv-map): the table and its
 * rules. It is one switch's; reading options into fields and back is the tunnels'. Errors: Open vSwitch's.
 */
import { OpenFlowError } from '../bytes/index.js';

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
export const MAX_OPTION_SPACE = 256;
/** Bytes of the longest option's value (RFC 8926 §3.5). */
const MAX_OPTION_BYTES = 124;

export class TlvTable {
  private byIndex = new Map<number, TlvMapping>();
  private byOption = new Map<number, TlvMapping>();
  /** Changes with every change. */
  generation = 0;

  /** The mappings, by index. */
  list(): TlvMapping[] {
    return [...this.byIndex.values()].sort((a, b) => a.index - b.index);
  }

  /** The option that a field is. */
  at(index: number): TlvMapping | undefined {
    return this.byIndex.get(index);
  }

  /** The field that an option is. */
  find(optionClass: number, optionType: number): TlvMapping | undefined {
    return this.byOption.get((optionClass << 8) | optionType);
  }

  /** Does all that a change asks for. Throws OpenFlowError; then nothing has changed. */
  apply({ command, mappings }: TlvTableChange): void {
    for (const mapping of mappings) checkMapping(mapping);
    const byIndex = command === 'clear' ? new Map<number, TlvMapping>() : new Map(this.byIndex);
    for (const mapping of command === 'clear' ? [] : mappings) {
      if (command === 'delete') byIndex.delete(mapping.index);
      else addTo(byIndex, mapping);
    }
    this.byIndex = byIndex;
    this.byOption = new Map([...byIndex.values()].map((m) => [(m.optionClass << 8) | m.optionType, m]));
    this.generation++;
  }
}

function checkMapping({ optionLength, index }: TlvMapping): void {
  if (optionLength % 4 !== 0 || optionLength > MAX_OPTION_BYTES) {
    throw new OpenFlowError('NXTTMFC_BAD_OPT_LEN', `an option of ${optionLength} bytes`);
  }
  if (index >= MAX_TLV_FIELDS) throw new OpenFlowError('NXTTMFC_BAD_FIELD_IDX', `there is no tun_metadata${index}`);
}

function addTo(byIndex: Map<number, TlvMapping>, mapping: TlvMapping): void {
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
  byIndex.set(index, { optionClass, optionType, optionLength, index });
}
