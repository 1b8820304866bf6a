/**
 * set_field (OpenFlow 1.3.5 §7.2.4.7), and with a mask NXAST_REG_LOAD2 (33). What may be set is checked when it is
 * read; what the flow must match, when the flow is checked. A field that a packet doesn't have is left alone.
 */
import { OpenFlowError } from '../../bytes/index.js';
import { slots, VLAN_CFI } from '../../packet/key.js';
import { action, type Check, nicira, readZeros, standard } from '../action.js';
import { type Access, type Field, isReadOnly } from '../field.js';
import { fields } from '../fields.js';
import { numberOf, storeMask, storeValue } from '../match.js';
import { type FieldValue, readTlv, SET_ERRORS, writeTlv } from '../oxm.js';
import { parseSetField } from '../set-field-text.js';
import { formatValue } from '../value-text.js';
import { knownType } from './known-type.js';

export interface SetField extends FieldValue {
  readonly type: 'set_field';
  /** It came as NXAST_REG_LOAD2, and is written so even without a mask. */
  readonly load2?: true;
}

/** What only packets with an Ethernet header have. */
const ETHERNET = new Set([slots.eth_dst, slots.eth_src, slots.vlan_tci].map(({ at }) => at));

const SET_FIELD = standard(25);
const REG_LOAD2 = nicira(33);

/**
 * Refuses a field that this place may not write: read-only ones, ct_mark and ct_label except inside ct, and for other
 * actions than set_field those that it alone may write.
 */
export function checkWritable(field: Field, flow: Check, access: readonly Access[] = ['write']): void {
  if (flow.inside === 'ct') {
    if (field.access === 'inside-ct') return;
    throw new OpenFlowError('OFPBAC_BAD_ARGUMENT', `inside ct only ct_mark and ct_label can be set, not ${field.name}`);
  }
  if (!access.includes(field.access)) {
    const why = isReadOnly(field) ? 'is read-only' : 'can only be set inside ct(exec(…))';
    throw new OpenFlowError('OFPBAC_BAD_SET_ARGUMENT', `${field.name} ${why}`);
  }
  if (field.slot !== null && ETHERNET.has(field.slot.at) && flow.value.get(slots.packet_type) !== 0) {
    throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT', `${field.name} needs a packet with an Ethernet header`);
  }
  flow.require(field.needs, field.name);
}

/** Refuses a VLAN id where the flow knows of no tag; nothing is known of a bucket's packets. */
export function checkTag(field: Field, flow: Check): void {
  if (flow.inside === 'bucket' || field !== fields.vlan_vid || flow.value.get(slots.vlan_tci) & VLAN_CFI) return;
  throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT', 'vlan_vid needs a flow that matches a VLAN tag');
}

/** What set_field alone refuses: the ingress port, and a VLAN id without its "present" bit. */
function checkSettable({ field, value }: FieldValue, at: number): void {
  const wrong = (why: string) => new OpenFlowError('OFPBAC_BAD_SET_ARGUMENT', why, at);
  if (field.access === 'read') throw wrong(`${field.name} is read-only`);
  if (field === fields.in_port_oxm) throw wrong('the ingress port can not be set with set_field');
  if (field === fields.vlan_vid && (numberOf(value) & VLAN_CFI) === 0) throw wrong('vlan_vid lacks OFPVID_PRESENT');
}

export const setField = action<SetField>({
  type: 'set_field',
  ids: [SET_FIELD, REG_LOAD2],
  form: (a) => (a.mask || a.load2 ? REG_LOAD2 : SET_FIELD),
  read(r, id) {
    const at = r.at;
    const v = readTlv(r, SET_ERRORS);
    if (v.mask && id === SET_FIELD) throw new OpenFlowError('OFPBAC_BAD_SET_MASK', `${v.field.name} with a mask`, at);
    readZeros(r, 'OFPBAC_BAD_SET_ARGUMENT');
    checkSettable(v, at);
    if (id === REG_LOAD2 && isReadOnly(v.field)) {
      throw r.error('OFPBAC_BAD_SET_ARGUMENT', `${v.field.name} is read-only`);
    }
    return id === REG_LOAD2 ? { type: 'set_field', ...v, load2: true } : { type: 'set_field', ...v };
  },
  write(a, w) {
    writeTlv(w, a);
  },
  texts: { set_field: parseSetField },
  format: (a) => `set_field:${formatValue(a.field, a.value, a.mask)}->${a.field.name}`,
  check(a, flow) {
    checkWritable(a.field, flow, a.mask ? ['write'] : ['write', 'set-field']);
    checkTag(a.field, flow);
    if (a.field === fields.vlan_tci) storeValue(flow.value, a.field, a.value);
    if (a.field === fields.eth_type) knownType(flow, numberOf(a.value));
    if (a.field === fields.nw_proto) {
      for (const slot of [slots.tp_src, slots.tp_dst]) flow.mask.set(slot, 0);
      storeValue(flow.value, a.field, a.value);
      storeMask(flow.mask, a.field, null);
    }
  },
  translate(a, m) {
    if (m.fields.has(a.field)) m.fields.setValue(a);
  },
});
