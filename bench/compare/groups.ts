/**
 * Random groups in ovs-ofctl's syntax: those whose choice both switches make alike, so no select. Buckets change
 * packets, send them, go on in tables, and forward to groups of lower numbers.
 */
import type { Chance } from './chance.js';
import type { Features } from './flows.js';
import { MACS, SWITCH_PORTS, V4 } from './pools.js';

/** Groups 1 to `count`. */
export function randomGroups(c: Chance, features: Features, count: number): string[] {
  return Array.from({ length: count }, (_, i) => randomGroup(c, features, i + 1));
}

function randomGroup(c: Chance, features: Features, id: number): string {
  const type = c.pick(['all', 'all', 'indirect', 'ff']);
  const count = type === 'indirect' ? 1 : c.between(0, 3);
  let text = `group_id=${id},type=${type}`;
  for (let i = 0; i < count; i++) {
    const watch = type === 'ff' ? `watch_port:${c.pick([...SWITCH_PORTS, 99])},` : '';
    text += `,bucket=${watch}actions=${bucketActions(c, features, id)}`;
  }
  return text;
}

function bucketActions(c: Chance, features: Features, id: number): string {
  const list: string[] = [];
  for (let n = c.between(0, 2); n > 0; n--) {
    list.push(
      c.pick([
        `set_field:${c.pick(MACS)}->eth_dst`,
        `set_field:${c.pick(V4)}->ip_src`,
        'set_field:7->tcp_dst',
        features.stack === 'pop' ? 'mod_nw_ttl:8' : 'dec_ttl',
        'mod_nw_ttl:9',
        `load:${c.below(3)}->NXM_NX_REG1[]`,
        'pop_vlan',
      ]),
    );
  }
  list.push(
    c.weighted([
      [6, `output:${c.pick(SWITCH_PORTS)}`],
      [1, 'IN_PORT'],
      [features.stack === 'pop' ? 0 : 1, 'CONTROLLER'],
      [features.stack === 'push' ? 0 : 2, `resubmit(,${features.tables - 1})`],
      [id > 1 ? 3 : 0, `group:${c.between(1, Math.max(1, id - 1))}`],
    ]),
  );
  return list.join(',');
}

/** A flow that goes through a group, too, before what it does else, or in its action set. */
export function throughGroup(flow: string, group: number): string {
  if (flow.includes('write_actions(')) return flow.replace('write_actions(', `write_actions(group:${group},`);
  if (flow.endsWith('actions=drop')) return flow.replace(/drop$/, `group:${group}`);
  return flow.replace(',actions=', `,actions=group:${group},`);
}
