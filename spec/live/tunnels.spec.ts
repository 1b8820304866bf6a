/**
 * Tunnels to others: Linux's own vxlan device, and a genuine Open vSwitch with VXLAN and Geneve ports, options
 * included. The switch has no rights that it needed: a virtual host, and UDP sockets.
 */
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { eventually, Lab, type Running } from './lab.js';
import { LabOpenVSwitch } from './open-vswitch.js';

const [OURS, THEIRS] = ['10.0.0.254', '10.0.0.1'];

describe('live/tunnels', function () {
  this.timeout(45_000);
  let lab: Lab;
  let ovs: LabOpenVSwitch | null = null;

  before(function () {
    requires(this, 'netns', 'ovs-ofctl', 'tshark');
    lab = new Lab(1);
    lab.do('sw', `ip addr add ${OURS}/24 dev sw1`);
    // A userspace datapath on the other end would take checksums that are left to the card for wrong ones.
    lab.do('sw', 'ethtool -K sw1 tx off');
  });
  after(async () => {
    await ovs?.close();
    await lab?.close();
  });

  /** The switch with a virtual host 10.1.0.1 as port 1. */
  async function start(...ports: string[]): Promise<Running> {
    const host = '1=host:inner,50:54:00:00:00:01,10.1.0.1/24';
    return lab.program('sw', ...[host, ...ports].flatMap((port) => ['--port', port]));
  }

  it("joins a network behind Linux's vxlan device, with the outer TTL that was asked for", async function () {
    try {
      lab.do('h1', `ip link add vx0 type vxlan id 42 remote ${OURS} local ${THEIRS} dstport 4790`);
    } catch {
      this.skip();
    }
    lab.do('h1', 'ip addr add 10.1.0.2/24 dev vx0');
    lab.do('h1', 'ip link set vx0 up');
    const sw = await start(`2=vxlan:${THEIRS}:4790,local=${OURS},key=flow,ttl=17`);
    lab.ofctl('add-flow', `in_port=2,tun_id=42,tun_src=${THEIRS},tun_dst=${OURS},actions=1`);
    lab.ofctl('add-flow', 'in_port=1,actions=set_field:42->tun_id,2');
    const filter = `udp port 4790 and src ${OURS}`;
    const capture = lab.start('h1', ['tshark', '-l', '-i', 'eth0', '-T', 'fields', '-e', 'ip.ttl', filter]);
    await capture.until(/Capturing on/);
    const text = lab.do('h1', 'ping -c 5 -i 0.1 -W 2 -s 1400 10.1.0.1');
    expect(text).to.include('5 received, 0% packet loss');
    expect(lab.ofctl('dump-flows')).to.match(/n_packets=[56], .*tun_id=0x2a,tun_src=10.0.0.1,tun_dst=10.0.0.254/);
    await capture.until(/^17$/m);
    await capture.end();
    await sw.end();
    lab.do('h1', 'ip link del vx0');
  });

  it('joins a network behind Open vSwitch: VXLAN for ARP, Geneve with options for IP', async function () {
    requires(this, 'ovs-vswitchd');
    ovs = await LabOpenVSwitch.start(lab, 'h1');
    const tunnel = (name: string, type: string, key: number, port: number) =>
      `-- add-port inner ${name} -- set interface ${name} type=${type} options:remote_ip=${OURS} options:key=${key} ofport_request=${port}`;
    lab.do('h1', `ip addr del ${THEIRS}/24 dev eth0`);
    ovs.vsctl(
      `add-br phy -- set bridge phy datapath_type=netdev -- add-port phy eth0 -- add-br inner -- set bridge inner datapath_type=netdev ${tunnel('gnv', 'geneve', 5, 1)} ${tunnel('vx', 'vxlan', 6, 2)}`,
    );
    lab.do('h1', `ip addr add ${THEIRS}/24 dev phy`);
    lab.do('h1', 'ip link set phy up');
    lab.do('h1', 'ip addr add 10.1.0.2/24 dev inner');
    lab.do('h1', 'ip link set inner up');
    ovs.ofctl('del-flows', 'inner');
    ovs.ofctl('add-tlv-map', 'inner', '{class=0x102,type=0x90,len=4}->tun_metadata7');
    for (const flow of [
      'in_port=LOCAL,arp,actions=2',
      'in_port=LOCAL,ip,actions=set_field:0x11223344->tun_metadata7,1',
      'in_port=2,arp,actions=LOCAL',
      'in_port=1,tun_metadata7=0x55,actions=LOCAL',
    ]) {
      ovs.ofctl('add-flow', 'inner', flow);
    }
    const sw = await start(`2=geneve:${THEIRS},local=${OURS},key=flow`, `3=vxlan:${THEIRS},local=${OURS},key=6`);
    lab.ofctl('add-tlv-map', '{class=0x102,type=0x90,len=4}->tun_metadata0');
    for (const flow of [
      'in_port=3,arp,actions=1',
      'in_port=2,tun_id=5,tun_metadata0=0x11223344,actions=1',
      'in_port=1,arp,actions=3',
      'in_port=1,ip,actions=set_field:5->tun_id,set_field:0x55->tun_metadata0,2',
    ]) {
      lab.ofctl('add-flow', flow);
    }
    // The first frames wait for neighbours to be found, on both sides.
    await eventually('a ping comes back', () => {
      try {
        return lab.do('h1', 'ping -c 1 -W 1 10.1.0.1').includes(' 1 received');
      } catch {
        return false;
      }
    });
    expect(lab.do('h1', 'ping -c 5 -i 0.1 -W 2 10.1.0.1')).to.include('5 received, 0% packet loss');
    const counted = /n_packets=([1-9]\d*), /;
    for (const line of lab.ofctl('dump-flows').trim().split('\n').slice(1)) expect(line).to.match(counted);
    for (const line of ovs.ofctl('dump-flows', 'inner').trim().split('\n').slice(1)) expect(line).to.match(counted);
    await sw.end();
  });
});
