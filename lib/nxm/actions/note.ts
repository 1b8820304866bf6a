/** note: NXAST_NOTE (8), ovs-actions(7). Bytes that a controller keeps with a flow; they do nothing. */
import { action, nicira } from '../action.js';

export interface Note {
  readonly type: 'note';
  /** As on the wire: padded with zeros to 6 bytes, 14, 22 … */
  readonly data: Uint8Array;
}

/** Bytes in front of the note. */
const HEADER = 10;

export const note = action<Note>({
  type: 'note',
  ids: [nicira(8)],
  read: (r) => ({ type: 'note', data: r.rest() }),
  write(a, w) {
    w.put(a.data);
  },
  texts: {
    note(arg) {
      // Pairs of digits, maybe with points or blanks between them.
      const digits = arg.text.replace(/[.\s]/g, '');
      if (!/^([0-9a-f]{2})*$/i.test(digits)) throw arg.error(`"${arg.text}" is no row of bytes such as 00.11.22`);
      const length = digits.length / 2;
      const data = new Uint8Array(Math.ceil((HEADER + Math.max(length, 1)) / 8) * 8 - HEADER);
      for (let i = 0; i < length; i++) data[i] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16);
      return { type: 'note', data };
    },
  },
  format: (a) => `note:${Array.from(a.data, (byte) => byte.toString(16).padStart(2, '0')).join('.')}`,
  check() {},
  translate() {},
});
