/** Which connections dpctl/flush-conntrack ends: the same as a genuine ovs-vswitchd, with the same words. */
import { expect } from 'chai';
import { OpenVSwitch } from '../../bench/compare/ovs.js';
import { toHex } from '../../lib/bytes/index.js';
import type { ManagementClient } from '../../lib/manage/index.js';
import { icmp4, udp4, udp6 } from '../support/frames.js';
import { requires } from '../support/needs.js';
import { Managed } from './managed.js';

/** The same connections in three zones, translated in one. */
const FLOWS = [
  'table=0,priority=10,ip,actions=ct(commit),ct(commit,zone=5),ct(commit,zone=6,nat(src=192.0.2.1)),2',
  'table=0,priority=9,ipv6,actions=ct(commit),ct(commit,zone=6),2',
];
const PACKETS: readonly (readonly [port: number, frame: Uint8Array])[] = [
  ...[53, 54, 55].map((sport) => [1, udp4({ sport, dport: 80 })] as const),
  [1, icmp4({ id: 7 })],
  [1, udp6({ sport: 55 })],
  [2, udp4({ src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 55 })],
];

const PAIR = 'ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2';
/** One after the other; the connections that are left are compared behind each. */
const TUPLES: readonly (readonly [what: string, ...params: string[]])[] = [
  ['a whole tuple without a zone: in zone 0', `${PAIR},ct_nw_proto=17,ct_tp_src=53,ct_tp_dst=80`],
  ['there is none any more', `${PAIR},ct_nw_proto=17,ct_tp_src=53,ct_tp_dst=80`],
  [
    "a reply's, of one that isn't translated",
    'zone=5',
    'ct_nw_src=10.0.0.2,ct_nw_dst=10.0.0.1,ct_nw_proto=17,ct_tp_src=80,ct_tp_dst=53',
  ],
  [
    "a reply's, of one that is",
    'zone=6',
    'ct_nw_src=10.0.0.2,ct_nw_dst=192.0.2.1,ct_nw_proto=17,ct_tp_src=80,ct_tp_dst=53',
  ],
  ['a part of a tuple: in all zones', 'ct_nw_src=10.0.0.1,ct_nw_proto=17,ct_tp_src=54'],
  ['addresses of ICMP', `${PAIR},ct_nw_proto=1`],
  ['an id of ICMP alone', `ct_nw_proto=1,icmp_id=7`],
  ['a type behind its protocol', `icmp_type=8,ct_nw_proto=1`],
  ['all of ICMP', `${PAIR},ct_nw_proto=1,icmp_id=7,icmp_type=8,icmp_code=0`],
  ['with a code', `zone=5`, `${PAIR},ct_nw_proto=1,icmp_id=7,icmp_type=8,icmp_code=1`],
  ['a reply alone', '', 'ct_nw_src=10.0.0.2,ct_nw_dst=192.0.2.1,ct_nw_proto=17,ct_tp_src=80,ct_tp_dst=55'],
  ['a version alone, of both', '', 'ct_ipv6_src=::'],
  ['a whole one, and a part of its reply', `${PAIR},ct_nw_proto=17,ct_tp_src=55,ct_tp_dst=80`, 'ct_nw_src=10.0.0.2'],
  ['a port 0, which is none', `${PAIR},ct_nw_proto=17,ct_tp_src=55,ct_tp_dst=0`],
  ['nothing at all', ''],
];

describe('manage: flush-conntrack beside a genuine ovs-vswitchd', function () {
  this.timeout(30_000);
  let ovs: OpenVSwitch;
  let managed: Managed;
  let client: ManagementClient;
  before(async function () {
    requires(this, 'ovs-vswitchd', 'ovs-ofctl');
    ovs = await OpenVSwitch.start();
    managed = new Managed();
    client = await managed.open();
    const packets = PACKETS.map(([port, frame]) => [port, toHex(frame)] as const);
    const answer = await ovs.run({ flows: FLOWS, packets, dump: false });
    expect(answer.load_error).to.equal(undefined);
    managed.sw.flows.load(FLOWS.join('\n'));
    for (const [port, frame] of PACKETS) managed.ports[port - 1].inject(frame.slice());
  });
  after(async () => {
    await ovs?.close();
    await managed?.close();
  });

  const told = async (call: Promise<string>): Promise<string[]> => {
    const text = await call.catch((error: Error) => error.message.replace('ovs-vswitchd: ', 'ctswitch: '));
    return text.trim().split('\n').sort();
  };

  it('begins with the same connections', async () => {
    const theirs = await told(ovs.appctl('dpctl/dump-conntrack'));
    expect(theirs).to.have.length(15);
    expect(await told(client.call('dpctl/dump-conntrack'))).to.deep.equal(theirs);
  });

  for (const [what, ...params] of TUPLES) {
    it(what, async () => {
      const theirs = await told(ovs.appctl('dpctl/flush-conntrack', ...params));
      expect(await told(client.call('dpctl/flush-conntrack', ...params))).to.deep.equal(theirs);
      const left = await told(ovs.appctl('dpctl/dump-conntrack'));
      expect(await told(client.call('dpctl/dump-conntrack'))).to.deep.equal(left);
    });
  }
});
