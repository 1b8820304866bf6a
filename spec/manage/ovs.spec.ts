/**
 * The same questions to a genuine ovs-vswitchd and to us, in the same state: the same answers, through the genuine
 * ovs-appctl.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { OpenVSwitch } from '../../bench/compare/ovs.js';
import { toHex } from '../../lib/bytes/index.js';
import type { ManagementClient } from '../../lib/manage/index.js';
import { arp, icmp4, tcp4, udp4, udp6 } from '../support/frames.js';
import { requires } from '../support/needs.js';
import { Managed } from './managed.js';

const run = promisify(execFile);

const FLOWS = [
  'table=0,priority=10,ip,actions=ct(table=1,zone=5)',
  'table=0,priority=9,ipv6,actions=ct(commit,zone=6)',
  'table=0,priority=5,actions=NORMAL',
  'table=1,priority=10,ct_state=+new+trk,tcp,actions=ct(commit,zone=5,nat(src=192.0.2.1:1000-1000),exec(load:7->NXM_NX_CT_MARK[])),2',
  'table=1,priority=9,ct_state=+trk,ip,actions=ct(commit,zone=5,exec(load:1->NXM_NX_CT_LABEL[])),2',
];
const PACKETS: readonly (readonly [port: number, frame: Uint8Array])[] = [
  [1, tcp4({ flags: 'syn', sport: 1000 })],
  [1, udp4({ sport: 53 })],
  [1, udp4({ sport: 54 })],
  [2, udp4({ src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 54 })],
  [1, udp6({ sport: 55 })],
  [1, icmp4({ id: 7 })],
  [3, arp({ eth_src: '50:54:00:00:00:09' })],
  [4, arp({ eth_src: '50:54:00:00:00:0a', vlan: [7] })],
];

/** In this order: some change what later ones ask for. */
const COMMANDS = `
dpctl/dump-conntrack
dpctl/dump-conntrack -s
dpctl/dump-conntrack -m
dpctl/dump-conntrack -m -s
dpctl/dump-conntrack -ms
dpctl/dump-conntrack --statistics --more
dpctl/dump-conntrack -mz
dpctl/dump-conntrack zone=5
dpctl/dump-conntrack zone=9
dpctl/dump-conntrack zone=x
dpctl/dump-conntrack -z
dpctl/dump-conntrack nosuch
dpctl/ct-stats-show
dpctl/ct-stats-show -m
dpctl/ct-stats-show zone=5
dpctl/ct-stats-show zone=6 verbose
dpctl/ct-get-nconns
dpctl/ct-get-maxconns
dpctl/ct-set-maxconns x
dpctl/ct-set-maxconns 1000
dpctl/ct-get-maxconns
dpctl/ct-set-maxconns 3000000
dpctl/ct-get-limits
dpctl/ct-set-limits default=50 zone=5,limit=30
dpctl/ct-get-limits
dpctl/ct-get-limits zone=5,6,7
dpctl/ct-set-limits zone=5
dpctl/ct-set-limits zone=5,limit=
dpctl/ct-set-limits zone=70000,limit=5
dpctl/ct-set-limits limit=5
dpctl/ct-set-limits zone=5,foo=5
dpctl/ct-set-limits default=x
dpctl/ct-set-limits limit=5,zone=6
dpctl/ct-get-limits foo
dpctl/ct-del-limits default
dpctl/ct-set-limits zone=5,limit=x
dpctl/ct-del-limits zone=a
dpctl/ct-del-limits
dpctl/ct-del-limits zone=5
dpctl/ct-get-limits
dpctl/ct-set-limits default=0
dpctl/ct-disable-tcp-seq-chk
dpctl/ct-get-tcp-seq-chk
dpctl/ct-enable-tcp-seq-chk
dpctl/ct-get-tcp-seq-chk
dpctl/ipf-get-status
dpctl/ipf-set-min-frag v4 500
dpctl/ipf-set-min-frag v4 100
dpctl/ipf-set-min-frag v5 1000
dpctl/ipf-set-max-nfrags 500
dpctl/ipf-set-max-nfrags 100000000
dpctl/ipf-set-disabled v6
dpctl/ipf-set-enabled x
dpctl/ipf-get-status
dpctl/ipf-get-status -m
dpctl/ipf-set-enabled v6
fdb/show br0
fdb/show br9
fdb/show
dpif/dump-flows
dpif/dump-flows br9
bridge/dump-flows br0
bridge/dump-flows --offload-stats br0
bridge/dump-flows br9
bridge/dump-flows
upcall/show
upcall/show x
dpctl/flush-conntrack zone=x
dpctl/flush-conntrack zone=5 ct_nw_src=10.0.0.1,bla
dpctl/flush-conntrack a b c d
dpctl/flush-conntrack ct_nw_src=abc
dpctl/flush-conntrack ct_ipv6_src=10.0.0.1
dpctl/flush-conntrack ct_nw_src=10.0.0.1,ct_ipv6_dst=fd00::1
dpctl/flush-conntrack ct_nw_src=10.0.0.1,ct_nw_src=10.0.0.2
dpctl/flush-conntrack ct_nw_src=10.0.0.1 ct_ipv6_src=fd00::1
dpctl/flush-conntrack ct_nw_proto=256
dpctl/flush-conntrack ct_nw_proto=6,ct_tp_src=
dpctl/flush-conntrack ct_tp_src=80
dpctl/flush-conntrack ct_nw_proto=6,icmp_type=8
dpctl/flush-conntrack ct_nw_proto=1,icmp_type=256
dpctl/flush-conntrack zone=5 ct_nw_src=10.9.9.9,ct_nw_dst=10.0.0.2,ct_nw_proto=17
dpctl/flush-conntrack zone=5 ct_nw_proto=17 ct_tp_dst=999
dpctl/flush-conntrack zone=6 ct_ipv6_src=fd00:0:0::9
dpctl/dump-conntrack zone=6
dpctl/flush-conntrack zone=6 ct_ipv6_src=fd00:0:0::1,ct_nw_proto=0x11
dpctl/dump-conntrack zone=6
dpctl/flush-conntrack zone=5 ct_nw_src=10.9.9.9,ct_nw_dst=10.0.0.2,ct_tp_src=53,ct_tp_dst=80,ct_nw_proto=17
dpctl/flush-conntrack zone=5 ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_tp_src=53,ct_tp_dst=80,ct_nw_proto=17
dpctl/dump-conntrack zone=5
dpctl/flush-conntrack ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_tp_src=54,ct_tp_dst=80,ct_nw_proto=17
dpctl/flush-conntrack zone=5 ct_nw_src=10.0.0.2,ct_nw_dst=10.0.0.1,ct_tp_src=80,ct_tp_dst=54,ct_nw_proto=17
dpctl/dump-conntrack zone=5
dpctl/flush-conntrack zone=5 ct_tp_src=54
dpctl/dump-conntrack zone=5
dpctl/flush-conntrack zone=5
dpctl/ct-get-nconns
dpctl/flush-conntrack
dpctl/dump-conntrack
dpctl/ct-bkts
fdb/flush br9
fdb/flush br0
fdb/show br0
version x
foo/bar
vlog/set x:y:z
vlog/set info
coverage/read-counter nonsense
ofproto/list
ofproto/trace br9 in_port=1
ofproto/trace in_port=1
ofproto/trace br0 in_port=1 zz
`
  .trim()
  .split('\n');

/** What is each switch's own: names, hidden flows, what threads do that only one of them has. */
const OWN: readonly (readonly [RegExp, string])[] = [
  [/ovs-vswitchd: /g, 'ctswitch: '],
  [/dummy@ovs-dummy/g, 'netdev@ovs-netdev'],
  // Open vSwitch counts only from the limit's setting on.
  [/,count=\d+/g, ',count=…'],
  // Its counters of flows come when a revalidator looks.
  [/duration=\d+s, n_packets=\d+, n_bytes=\d+/g, 'duration=…'],
  [/^table_id=254, .*$/gm, ''],
  [/\((current|avg|max|limit) \d+\)/g, '($1 …)'],
  [/dump duration : \d+ms|ufid enabled : \w+|\d+: \(keys \d+\)/g, '…'],
];

/** Sorted lines; where a mistake stands in a text is left out, too. */
function normal(text: string): string[] {
  const lines = OWN.reduce((found, [own, common]) => found.replaceAll(own, common), text).split('\n');
  return lines
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .sort();
}

describe('manage: beside a genuine ovs-vswitchd', function () {
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

  const told = async (call: Promise<string>): Promise<string[]> =>
    call.then(normal, (error: Error) => ['refused', ...normal(error.message)]);

  for (const line of COMMANDS) {
    it(line, async () => {
      const [method, ...params] = line.split(' ');
      const theirs = await told(ovs.appctl(method, ...params));
      expect(await told(client.call(method, ...params))).to.deep.equal(theirs);
    });
  }

  it('the genuine ovs-appctl asks, and shows what is refused', async () => {
    const { stdout } = await run('ovs-appctl', ['-t', managed.path, 'dpctl/ct-get-maxconns']);
    expect(stdout).to.equal('3000000\n');
    const failed = await run('ovs-appctl', ['-t', managed.path, 'foo']).catch(
      (error: { code: number; stderr: string }) => error,
    );
    expect(failed).to.include({ code: 2 });
    expect(failed.stderr).to.match(/^"foo" is not a valid command \(use "list-commands"/);
  });

  it('all commands of Debian 3.1 that we have are called the same', async () => {
    const names = (text: string): string[] =>
      text
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/)[0]);
    const theirs = new Set(names(await ovs.appctl('list-commands')));
    const ours = names(await client.call('list-commands')).filter(
      (name) => name.includes('/') && !/^(port|queue|controller|zone|flows|groups|meters)\//.test(name),
    );
    expect(ours.filter((name) => name !== '' && !theirs.has(name))).to.deep.equal([]);
  });
});
