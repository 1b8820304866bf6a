/**
 * What actions and instructions are called in lists of abilities: ovs-ofctl's names and order for OFPAT_* and OFPIT_*.
 */

const ACTIONS: readonly (readonly [number: number, name: string])[] = [
  [0, 'output'],
  [22, 'group'],
  [25, 'set_field'],
  [18, 'strip_vlan'],
  [17, 'push_vlan'],
  [23, 'mod_nw_ttl'],
  [24, 'dec_ttl'],
  [15, 'set_mpls_ttl'],
  [16, 'dec_mpls_ttl'],
  [19, 'push_mpls'],
  [20, 'pop_mpls'],
  [21, 'set_queue'],
  [11, 'copy_ttl_out'],
  [12, 'copy_ttl_in'],
  [26, 'push_pbb'],
  [27, 'pop_pbb'],
];

const INSTRUCTIONS: readonly (readonly [number: number, name: string])[] = [
  [6, 'meter'],
  [4, 'apply_actions'],
  [5, 'clear_actions'],
  [3, 'write_actions'],
  [2, 'write_metadata'],
  [1, 'goto_table'],
];

function namesOf(numbers: readonly number[], table: typeof ACTIONS): string[] {
  const known = table.filter(([number]) => numbers.includes(number)).map(([, name]) => name);
  const others = numbers.filter((number) => !table.some(([known]) => known === number));
  return [...known, ...others.map((number) => (number === 0xffff ? 'experimenter' : String(number)))];
}

/** Names of OFPAT_* numbers. */
export function actionNamesOf(numbers: readonly number[]): string[] {
  return namesOf(numbers, ACTIONS);
}

/** Names of OFPIT_* numbers. */
export function instructionNamesOf(numbers: readonly number[]): string[] {
  return namesOf(numbers, INSTRUCTIONS);
}
