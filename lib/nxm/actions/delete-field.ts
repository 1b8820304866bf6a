/** delete_field: NXAST_DELETE_FIELD (50), ovs-actions(7). A Geneve option is taken off; other fields can't be. */
import { OpenFlowError } from '../../bytes/index.js';
import { action, nicira } from '../action.js';
import type { Field } from '../field.js';
import { fieldNamed, fieldNames } from '../fields.js';
import { readFieldHeader, writeFieldHeader } from '../subfield.js';
import { didYouMean } from '../suggestion.js';

export interface DeleteField {
  readonly type: 'delete_field';
  readonly field: Field;
}

/** Bytes behind the subtype. */
const BODY = 14;

export const deleteField = action<DeleteField>({
  type: 'delete_field',
  ids: [nicira(50)],
  read(r) {
    const field = readFieldHeader(r.sub(BODY, 'delete_field', 'OFPBAC_BAD_LEN'));
    return { type: 'delete_field', field };
  },
  write(a, w) {
    const start = w.at;
    writeFieldHeader(w, a.field);
    w.zeros(BODY - (w.at - start));
  },
  texts: {
    delete_field(arg) {
      const field = fieldNamed(arg.text);
      if (!field) throw arg.error(`unknown field "${arg.text}"${didYouMean(arg.text, fieldNames())}`);
      if (field.headers.length === 0) throw arg.error(`${field.name} has no number on the wire`);
      return { type: 'delete_field', field };
    },
  },
  format: (a) => `delete_field:${a.field.name}`,
  check({ field }) {
    if (!field.name.startsWith('tun_metadata')) {
      throw new OpenFlowError('OFPBAC_BAD_ARGUMENT', `${field.name} can't be deleted: only Geneve options can`);
    }
  },
  translate(a, m) {
    m.fields.remove(a.field);
  },
});
