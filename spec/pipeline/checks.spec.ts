/** What was found right for a flow isn't asked again for the next one like it: that must never let a wrong one in. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ManualClock, OpenFlowError, toHex } from '../../lib/bytes/index.js';
import { Switch } from '../../lib/switch.js';
import { parseFlow } from '../../lib/text/index.js';
import { decode, encode, type MessageOf } from '../../lib/wire/index.js';

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** With a number that may differ between flows of one form, and one that may not. */
const MATCHES = [
  (i: number) => `ip,nw_src=10.0.0.${i}`,
  (i: number) => `tcp,nw_src=10.0.0.${i}`,
  (i: number) => `udp,tp_dst=${i}`,
  (i: number) => `ipv6,ipv6_src=2001:db8::${i}`,
  (i: number) => `arp,arp_tpa=10.0.0.${i}`,
  (i: number) => `dl_vlan=${i},dl_dst=02:00:00:00:00:01`,
  (i: number) => `mpls,dl_dst=02:00:00:00:00:0${i}`,
  (i: number) => `icmp6,icmp_type=${134 + (i % 4)},icmp_code=0`,
  (i: number) => `in_port=${i},reg0=5`,
  (i: number) => `reg0=${i}`,
  (i: number) => `ip,ct_state=${i % 2 ? '+inv+trk' : '+est+trk'},ct_mark=7`,
];
const ACTIONS = [
  'output:2',
  'dec_ttl,output:2',
  'set_field:10.0.0.9->ip_dst',
  'set_field:80->tcp_dst',
  'set_field:2001:db8::5->nd_target',
  'pop_vlan,output:2',
  'pop_mpls:0x0800',
  'fin_timeout(idle_timeout=1)',
  'ct(commit)',
  'group:1',
  'goto_table:1',
  'goto_table:5',
  'conjunction(1,1/2)',
];

const bytesOf = (match: string, actions: string, table: number): Uint8Array =>
  encode({ type: 'flow_mod', xid: 1, change: parseFlow(`table=${table},${match},actions=${actions}`) });

function outcome(sw: Switch, bytes: Uint8Array): string {
  try {
    sw.pipeline.verify((decode(bytes) as MessageOf<'flow_mod'>).change);
    return 'right';
  } catch (error) {
    if (error instanceof OpenFlowError) return error.error;
    throw error;
  }
}

const fresh = () => new Switch({ clock: new ManualClock() });

describe('pipeline: checks of flows like the one before', () => {
  it('each is refused or taken as it would be alone', () => {
    const alone = new Map<string, string>();
    const one = fc.record({
      match: fc.nat(MATCHES.length - 1),
      number: fc.integer({ min: 1, max: 9 }),
      actions: fc.nat(ACTIONS.length - 1),
      table: fc.constantFrom(0, 0, 0, 3),
    });
    const same = (list: { match: number; number: number; actions: number; table: number }[]) => {
      const sw = fresh();
      for (const { match, number, actions, table } of list) {
        const bytes = bytesOf(MATCHES[match](number), ACTIONS[actions], table);
        const name = `${match} ${number} ${actions} ${table}`;
        if (!alone.has(name)) alone.set(name, outcome(fresh(), bytes));
        // Twice, so that the second one may be taken on trust.
        for (let i = 0; i < 2; i++) expect(outcome(sw, bytes), name).to.equal(alone.get(name));
      }
    };
    fc.assert(fc.property(fc.array(one, { minLength: 10, maxLength: 40 }), same), { seed: SEED, numRuns: 25 });
    expect(new Set(alone.values()).size).to.be.above(2);
  });

  it('a port that none can be is refused behind one that is right', () => {
    const sw = fresh();
    const named = (port: number) => {
      const bytes = bytesOf('in_port=1,dl_dst=02:00:00:00:00:01', 'output:2', 0);
      // No text says such a port. Its TLV is the first one: 8000 00 04, and the number.
      const at = toHex(bytes).indexOf('8000000400000001') / 2 + 4;
      new DataView(bytes.buffer).setUint32(at, port);
      return outcome(sw, bytes);
    };
    expect([1, 2, 0xff00, 3, 0xfeff].map(named)).to.deep.equal([
      'right',
      'right',
      'OFPBMC_BAD_VALUE',
      'right',
      'right',
    ]);
  });

  it('a group that has gone is missed', () => {
    const sw = fresh();
    const bytes = bytesOf('ip,nw_src=10.0.0.1', 'group:1', 0);
    sw.groups.add('group_id=1,type=all,bucket=output:2');
    for (let i = 0; i < 2; i++) expect(outcome(sw, bytes)).to.equal('right');
    sw.groups.load('delete group_id=1');
    expect(outcome(sw, bytes)).to.equal('OFPBAC_BAD_OUT_GROUP');
  });

  it('so is a table that a controller has taken away', () => {
    const sw = fresh();
    const bytes = bytesOf('ip,nw_src=10.0.0.1', 'goto_table:5', 0);
    for (let i = 0; i < 2; i++) expect(outcome(sw, bytes)).to.equal('right');
    sw.pipeline.configureTables(new Map([[0, { maxEntries: 10, limits: null }]]));
    expect(outcome(sw, bytes)).to.equal('OFPBIC_BAD_TABLE_ID');
  });
});
