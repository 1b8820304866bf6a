/**
 * copy_ttl_out and copy_ttl_in: OpenFlow 1.3.5 §7.2.4.4. From the header behind the outer label to the label, or back;
 * that header is a label or IP. ovs-ofctl has no text for them: they are written by the specification's names.
 */
import { action, alone, standard } from '../action.js';

export interface CopyTtlOut {
  readonly type: 'copy_ttl_out';
}

export interface CopyTtlIn {
  readonly type: 'copy_ttl_in';
}

export const copyTtlOut = action<CopyTtlOut>({
  type: 'copy_ttl_out',
  ids: [standard(11)],
  read(r) {
    r.skip(4);
    return { type: 'copy_ttl_out' };
  },
  write(_, w) {
    w.zeros(4);
  },
  texts: { copy_ttl_out: alone({ type: 'copy_ttl_out' }) },
  format: () => 'copy_ttl_out',
  check(_, flow) {
    flow.require('mpls', 'copy_ttl_out');
  },
  translate(_, m) {
    m.tags.copyTtlOut();
  },
});

export const copyTtlIn = action<CopyTtlIn>({
  type: 'copy_ttl_in',
  ids: [standard(12)],
  read(r) {
    r.skip(4);
    return { type: 'copy_ttl_in' };
  },
  write(_, w) {
    w.zeros(4);
  },
  texts: { copy_ttl_in: alone({ type: 'copy_ttl_in' }) },
  format: () => 'copy_ttl_in',
  check(_, flow) {
    flow.require('mpls', 'copy_ttl_in');
  },
  translate(_, m) {
    m.tags.copyTtlIn();
  },
});
