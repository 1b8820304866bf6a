/**
 * The text of set_field, "VALUE[/MASK]->FIELD". OpenFlow 1.3 has no set_field with a mask, so a masked one becomes a
 * load for each run of mask bits, as ovs-ofctl sends it; a field that load has no room for keeps its mask
 * (NXAST_REG_LOAD2).
 */
import { toBigInt } from '../bytes/index.js';
import { VLAN_CFI } from '../packet/key.js';
import type { TextArgument } from './action.js';
import type { Action, Load, SetField } from './actions/index.js';
import { type Field, isBeyondLoad, isReadOnly } from './field.js';
import { fieldNamed, fieldNames, fields } from './fields.js';
import { numberOf } from './match.js';
import { fieldBits } from './subfield.js';
import { didYouMean } from './suggestion.js';
import { type Masked, parseMasked } from './value-text.js';

/** load's limit. */
const MAX_RUN = 64;

/** Loads of the runs of ones in `mask`, lowest first. */
function loads(field: Field, value: bigint, mask: bigint): Load[] {
  const list: Load[] = [];
  const width = fieldBits(field);
  for (let start = 0; start < width; start++) {
    if (!((mask >> BigInt(start)) & 1n)) continue;
    let bits = 1;
    while (bits < MAX_RUN && start + bits < width && (mask >> BigInt(start + bits)) & 1n) bits++;
    const part = (value >> BigInt(start)) & ((1n << BigInt(bits)) - 1n);
    list.push({ type: 'load', value: part, to: { field, start, bits } });
    start += bits - 1;
  }
  return list;
}

/** Reads set_field's argument: the action, or the loads it stands for. Throws arg.error. */
export function parseSetField(arg: TextArgument): SetField | Action[] {
  const arrow = arg.text.indexOf('->');
  if (arrow < 0) throw arg.error('set_field is written VALUE->FIELD');
  const [valueText, name] = [arg.text.slice(0, arrow), arg.text.slice(arrow + 2)];
  const field = fieldNamed(name);
  if (!field) throw arg.error(`unknown field "${name}"${didYouMean(name, fieldNames())}`, arrow + 2);
  if (field.access === 'read') throw arg.error(`${name} is read-only`, arrow + 2);
  if (field.headers.length === 0) throw arg.error(`${name} has no number on the wire${instead(name)}`, arrow + 2);
  if (field === fields.in_port_oxm) throw arg.error('set_field can not set the ingress port: load can', arrow + 2);
  const { value, mask } = read(field, valueText, arg);
  if (mask === null) {
    const id = numberOf(value.subarray(0, 2));
    if (field === fields.vlan_vid && !(id & VLAN_CFI)) {
      throw arg.error(`vlan_vid has the bit 0x1000 for "there is a tag": write ${id | VLAN_CFI}, not ${valueText}`);
    }
    return { type: 'set_field', field, value, mask };
  }
  if (isReadOnly(field)) throw arg.error(`${name} can't be masked`);
  if (isBeyondLoad(field)) return { type: 'set_field', field, value, mask };
  return loads(field, toBigInt(value), toBigInt(mask));
}

/** The field to set in place of one that only matches know. */
function instead(name: string): string {
  if (name === 'dl_vlan') return ': set vlan_vid, or use mod_vlan_vid';
  return name === 'dl_vlan_pcp' ? ': set vlan_pcp' : '';
}

function read(field: Field, text: string, arg: TextArgument): Masked {
  try {
    return parseMasked(field, text, { get: (name) => arg.port(name) ?? undefined });
  } catch (error) {
    throw error instanceof RangeError ? arg.error(error.message) : error;
  }
}
