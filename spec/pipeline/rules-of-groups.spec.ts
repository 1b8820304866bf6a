/**
 * The rules of groups and meters that implementers miss, through the whole switch (OpenFlow 1.3.5 §5.6, §5.7, §6.7).
 */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import type { GroupMod } from '../../lib/nxm/index.js';
import { tcp4, udp4 } from '../support/frames.js';
import { GroupSwitch, refused } from './group-switch.js';

const UDP = udp4({ ttl: 64 });
const load = (groups: string, flows = '') => new GroupSwitch(flows, groups);

describe('rules of groups and meters', () => {
  describe('rule 13: what a group may be (§5.6.1, §6.7)', () => {
    const bucket = { weight: 0, watchPort: 2, watchGroup: 0xffffffff, actions: [] };
    const add = (groupType: GroupMod['groupType'], ...weights: number[]): void => {
      const buckets = weights.map((weight) => ({ ...bucket, weight }));
      load('').sw.groups.apply({ command: 'add', groupId: 1, groupType, buckets });
    };

    it('only select takes weights', () => {
      for (const type of ['all', 'ff', 'indirect'] as const) refused('OFPGMFC_INVALID_GROUP', () => add(type, 2));
      load('group_id=1,type=select,bucket=weight:2,actions=output:2');
    });

    it('indirect takes exactly one bucket', () => {
      refused('OFPGMFC_INVALID_GROUP', () => add('indirect'));
      refused('OFPGMFC_INVALID_GROUP', () => add('indirect', 0, 0));
      load('group_id=1,type=indirect,bucket=actions=output:2');
    });

    it('select with weights of 0 alone is refused, and ids above OFPG_MAX', () => {
      refused('OFPGMFC_INVALID_GROUP', () => load('group_id=1,type=select,bucket=weight:0,actions=output:2'));
      const bench = load('');
      const mod = { command: 'add', groupId: 0xffffff01, groupType: 'all', buckets: [] } as const;
      refused('OFPGMFC_INVALID_GROUP', () => bench.sw.groups.apply(mod));
      bench.sw.groups.apply({ ...mod, groupId: 0xffffff00 });
    });

    it('no buckets is fine for all, select and ff', () => {
      for (const type of ['all', 'select', 'ff']) load(`group_id=1,type=${type}`);
    });

    it('a chain that loops is refused, however long, on modify too', () => {
      refused('OFPGMFC_LOOP', () => load('group_id=1,type=all,bucket=actions=group:1'));
      for (const length of [2, 3, 40]) {
        const chain = Array.from({ length }, (_, i) => {
          const next = i === 0 ? 'output:2' : `group:${i}`;
          return `group_id=${i + 1},type=all,bucket=actions=${next}`;
        });
        const bench = load(chain.join('\n'), `actions=group:${length}`);
        refused('OFPGMFC_LOOP', () =>
          bench.sw.groups.load(`modify group_id=1,type=all,bucket=actions=group:${length}`),
        );
        expect(bench.outputs(1, UDP), `a chain of ${length}`).to.deep.equal([2]);
      }
    });
  });

  describe('rule 14: what a group does (§5.6.1)', () => {
    it('select is a function of the flow, its L4 ports included', () => {
      const bench = load(
        'group_id=1,type=select,bucket=weight:1,actions=output:2,bucket=weight:1,actions=output:3',
        'actions=group:1',
      );
      const chosen = Array.from({ length: 64 }, (_, i) => bench.outputs(1, tcp4({ sport: 1000 + i, dport: 80 }))[0]);
      expect(new Set(chosen)).to.deep.equal(new Set([2, 3]));
      const again = Array.from({ length: 64 }, (_, i) => bench.outputs(1, tcp4({ sport: 1000 + i, dport: 80 }))[0]);
      expect(again).to.deep.equal(chosen);
    });

    it('ff follows port and group at once', () => {
      const bench = load(
        `group_id=1,type=ff,bucket=watch_port:2,actions=output:2
         group_id=2,type=ff,bucket=watch_group:1,actions=group:1,bucket=watch_port:3,actions=output:3`,
        'actions=group:2',
      );
      expect(bench.outputs(1, UDP)).to.deep.equal([2]);
      bench.ports[1].link(false);
      expect(bench.outputs(1, UDP)).to.deep.equal([3]);
      bench.ports[1].link(true);
      expect(bench.outputs(1, UDP)).to.deep.equal([2]);
    });

    it('each bucket has a copy of packet and action set of its own', () => {
      const bench = load(
        'group_id=1,type=all,bucket=actions=set_field:1.1.1.1->ip_src,output:2,bucket=actions=dec_ttl,output:3',
        'ip,actions=group:1,output:4',
      );
      expect(bench.send(1, UDP)).to.deep.equal({
        2: [toHex(udp4({ ttl: 64, src: '1.1.1.1' }))],
        3: [toHex(udp4({ ttl: 63 }))],
        4: [toHex(UDP)],
      });
    });

    it('statistics of a group that is missing are empty, and deleting it is silent', () => {
      const bench = load('');
      expect(bench.sw.pipeline.groups(7)).to.deep.equal([]);
      bench.sw.groups.apply({ command: 'delete', groupId: 7, groupType: 'all', buckets: [] });
    });
  });

  describe('rule 15: meters (§5.7, §6.7)', () => {
    const meters = (text: string, flows = 'ip,actions=meter:1,output:2') => new GroupSwitch(flows, '', text);
    /** How many of so many frames at once pass. */
    const passed = (bench: GroupSwitch, frames: number): number =>
      Array.from({ length: frames }, () => bench.outputs(1, UDP).length).reduce((sum, n) => sum + n, 0);

    it('pktps and kbps, each with its burst', () => {
      expect(passed(meters('meter=1,pktps,burst,bands=type=drop,rate=1,burst_size=7'), 20)).to.equal(7);
      const kilobits = (UDP.length * 8 * 5) / 1000;
      const bench = meters(`meter=1,kbps,burst,bands=type=drop,rate=1,burst_size=${Math.ceil(kilobits)}`);
      expect(passed(bench, 20)).to.be.within(5, 7);
    });

    it('the band with the highest rate below the measured one counts: first remarked, then dropped', () => {
      const bench = meters(
        'meter=1,pktps,burst,bands=type=dscp_remark,rate=10,burst_size=1,prec_level=1,type=drop,rate=20,burst_size=3',
      );
      const marked = udp4({ ttl: 64, tos: 10 << 2 });
      const out = Array.from({ length: 5 }, () => bench.send(1, marked)[2]?.[0] ?? 'dropped');
      const remarked = toHex(udp4({ ttl: 64, tos: 12 << 2 }));
      expect(out).to.deep.equal([toHex(marked), remarked, remarked, 'dropped', 'dropped']);
    });

    it('CONTROLLER and SLOWPATH are ids, ALL is one to delete by', () => {
      const bench = meters(
        'meter=controller,pktps,bands=type=drop,rate=10\nmeter=slowpath,pktps,bands=type=drop,rate=10',
        '',
      );
      const delAll = { command: 'delete', flags: 0, meterId: 0xffffffff, bands: [] } as const;
      const add = { ...delAll, command: 'add' } as const;
      refused('OFPMMFC_INVALID_METER', () => bench.sw.meters.apply(add));
      bench.sw.meters.apply(delAll);
      expect(bench.sw.meters.list()).to.deep.equal([]);
    });

    it('a flow that names an unknown meter is refused, and goes with its meter', () => {
      refused('OFPMMFC_INVALID_METER', () => meters(''));
      const bench = meters('meter=1,pktps,bands=type=drop,rate=10');
      expect(bench.sw.flows.dump()).to.have.length(1);
      bench.sw.meters.apply({ command: 'delete', flags: 0, meterId: 1, bands: [] });
      expect(bench.sw.flows.dump()).to.have.length(0);
    });
  });
});
