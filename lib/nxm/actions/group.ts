/** group: OpenFlow 1.3.5 §7.2.4.2. */
import { action, standard } from '../action.js';

export interface Group {
  readonly type: 'group';
  readonly group: number;
}

export const group = action<Group>({
  type: 'group',
  ids: [standard(22)],
  read: (r) => ({ type: 'group', group: r.u32('group id') }),
  write(a, w) {
    w.u32(a.group);
  },
  texts: {
    group(arg) {
      const group = Number(arg.text);
      if (!/^(\d+|0x[0-9a-f]+)$/i.test(arg.text) || group > 0xffffff00) throw arg.error(`"${arg.text}" is no group id`);
      return { type: 'group', group };
    },
  },
  format: (a) => `group:${a.group}`,
  check(a, flow) {
    flow.group(a.group);
  },
  translate(a, m) {
    m.copies.group(a.group);
  },
});
