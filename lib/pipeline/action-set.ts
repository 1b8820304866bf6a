/** The action set of a packet on its way through the tables, and the order in which it runs (OpenFlow 1.3.5 §5.10). */
import type { Action } from '../nxm/index.js';

/** Kinds that count once, in the order in which they run: of each the one written last. */
const ONCE: readonly Action['type'][] = [
  'copy_ttl_in',
  'pop_vlan',
  'pop_pbb',
  'pop_mpls',
  'decap',
  'encap',
  'push_mpls',
  'push_pbb',
  'push_vlan',
  'copy_ttl_out',
  'dec_ttl',
  'dec_mpls_ttl',
  'dec_nsh_ttl',
];

/** Then these, all of them, in the order in which they were written. */
const FIELDS = new Set<Action['type']>(['set_field', 'load', 'move', 'set_tunnel', 'set_nw_ttl', 'set_mpls_ttl']);

/**
 * Then the queue, and last the first of these that is there, and no other (ovs-actions(7)): without one, nothing can
 * come of the rest.
 */
const FINAL: readonly Action['type'][] = ['group', 'output', 'resubmit', 'ct_clear', 'ct'];

const MEMBERS = new Set<Action['type']>([...ONCE, ...FIELDS, ...FINAL, 'set_queue']);

/** May an action stand in an action set? */
export function isMember(action: Action): boolean {
  return MEMBERS.has(action.type);
}

/** The set as a list to run. */
export function listOf(set: readonly Action[]): readonly Action[] {
  if (set.length === 0) return set;
  const latest = (type: Action['type']) => set.findLast((a) => a.type === type);
  const final = FINAL.map(latest).find((a) => a !== undefined);
  if (!final) return [];
  const once = ONCE.map(latest).filter((a) => a !== undefined);
  const queue = latest('set_queue');
  return [...once, ...set.filter((a) => FIELDS.has(a.type)), ...(queue ? [queue] : []), final];
}
