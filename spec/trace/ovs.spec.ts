/**
 * Traces beside ofproto/trace of a genuine Open vSwitch: random cases, the same flows met, the same done with the
 * packet.
 */
import { expect } from 'chai';
import { randomCase } from '../../bench/compare/generate.js';
import { OpenVSwitch } from '../../bench/compare/ovs.js';
import { readTrace } from '../../bench/compare/trace-text.js';
import { compareTraces, traceable } from '../../bench/compare/traces.js';
import { requires } from '../support/needs.js';

const CASES = 20;
const seed = Number(process.env.SEED ?? 1);

describe('trace: beside ofproto/trace', function () {
  this.timeout(60_000);
  let ovs: OpenVSwitch;
  before(async function () {
    requires(this, 'ovs-vswitchd', 'ovs-ofctl');
    ovs = await OpenVSwitch.start();
  });
  after(async () => ovs?.close());

  it(`the same tables, flows and outcome in ${CASES} random cases (seed ${seed})`, async () => {
    let traced = 0;
    for (let n = 1; n <= CASES; n++) {
      const result = await compareTraces(ovs, traceable(randomCase(n, { seed, packets: 6, small: false })));
      traced += result.traced;
      const [first] = result.differences;
      const where = first && `case ${n}, port ${first.port}\n${first.texts.join('\n---\n')}`;
      expect(first?.own, where).to.deep.equal(first?.ovs);
    }
    expect(traced).to.be.greaterThan(CASES);
  });

  it('what is compared tells differences apart', () => {
    const text = (actions: string) =>
      `Flow: tcp,in_port=1,dl_vlan=5,dl_vlan_pcp=1,nw_ttl=64,nw_tos=0,nw_ecn=0,tp_src=1,tp_dst=2\n 0. ip, priority 9\nDatapath actions: ${actions}\n`;
    const outcome = (actions: string) => readTrace(text(actions))[0].outcome;
    expect(outcome('set(ipv4(ttl=63)),2,set(ipv4(ttl=64)),3')).to.deep.equal(outcome('clone(set(ipv4(ttl=63)),2),3'));
    expect(outcome('set(ipv4(ttl=64)),3,2')).to.deep.equal(outcome('2,3'));
    expect(outcome('pop_vlan,push_vlan(vid=5,pcp=1),2')).to.deep.equal(outcome('2'));
    expect(outcome('pop_vlan,push_vlan(vid=6,pcp=1),2')).not.to.deep.equal(outcome('2'));
    expect(outcome('set(ipv4(ttl=63)),2')).not.to.deep.equal(outcome('2,set(ipv4(ttl=63))'));
    expect(outcome('ct(commit,zone=1),recirc(0x5)')).to.deep.equal(outcome('ct(zone=1,commit),recirc(0x1)'));
    expect(outcome('ct(zone=2),recirc(0x5)')).not.to.deep.equal(outcome('ct(zone=1),recirc(0x1)'));
    expect(outcome('set(tcp(src=0x10/0xf0)),2')).to.deep.equal(['{tcp.src=11} 2']);
  });
});
