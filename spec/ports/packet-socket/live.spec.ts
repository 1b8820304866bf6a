/**
 * What packet sockets do beyond what every pcap port does: long frames, what senders leave to the kernel, overrun,
 * renaming.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type Clock, silent, toHex } from '../../../lib/bytes/index.js';
import { type HostPort, host, type PcapPort, type PortHost, pcap } from '../../../lib/ports/index.js';
import { udp4 } from '../../support/frames.js';
import { requires } from '../../support/needs.js';
import { Bridge, realClock, until } from '../bridge.js';
import { echo, ip, run, script, tryIp, veth } from '../machine.js';

const [A, B, NS_A, NS_B] = ['ra', 'rb', 'ns-ra', 'ns-rb'].map((end) => `c${process.pid}${end}`);
const [IN_A, IN_B, H1] = ['198.18.0.2', '198.18.0.3', '198.18.0.1'];

/** Sends `count` frames as fast as it can, in a namespace of its own. */
const flood = (count: number, frame: Uint8Array): string => `
import socket
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(('e', 0))
frame = bytes.fromhex('${toHex(frame)}')
for i in range(${count}): out.send(frame)
`;

/** Sends one buffer that the kernel, or a card, is to cut into datagrams (UDP_SEGMENT, udp(7)). */
const segmented = (to: string, length: number, size: number): string => `
import socket
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.setsockopt(socket.IPPROTO_UDP, 103, ${size})
out.sendto(bytes(i * 7 >> 3 & 255 for i in range(${length})), ('${to}', 5000))
`;

describe('ports/packet-socket (live)', function () {
  this.timeout(60_000);
  let bridge: Bridge<Clock>;
  let a: PcapPort;
  let b: PcapPort;
  let h1: HostPort;

  before(async function () {
    requires(this, 'netns', 'koffi');
    for (const [name, namespace, address] of [
      [A, NS_A, IN_A],
      [B, NS_B, IN_B],
    ]) {
      ip(`netns add ${namespace}`);
      veth(name, namespace, address);
    }
    bridge = new Bridge(realClock);
    h1 = bridge.add(host({ name: 'h1', mac: '50:54:00:00:00:01', ipv4: `${H1}/24` }));
    [a, b] = [await bridge.start(pcap(A)), await bridge.start(pcap(B))];
  });
  after(async () => {
    await a?.close();
    await b?.close();
    h1?.close();
    for (const name of [A, B]) tryIp(`link del ${name}`);
    for (const namespace of [NS_A, NS_B]) tryIp(`netns del ${namespace}`);
  });
  beforeEach(() => {
    bridge.seen.length = 0;
    bridge.said.length = 0;
  });

  const server = () =>
    script(
      NS_B,
      `import net from 'node:net';
       const server = net.createServer((socket) => { socket.pipe(socket); socket.on('close', () => server.close()); });
       server.listen(7, () => console.log('listening'));
       setTimeout(() => process.exit(1), 20000).unref();`,
    );

  /** Echoes over TCP from one namespace to the other. */
  async function echoes(address: string, bytes: number): Promise<void> {
    const ended = server();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await script(NS_A, echo(address, bytes))).output).to.equal(`${bytes} true\n`);
    expect((await ended).status).to.equal(0);
  }

  it('passes what TCP leaves to a card whole', async () => {
    await echoes(IN_B, 2_000_000);
    expect(bridge.seen.some((frame) => frame.length > 1518)).to.equal(true);
    expect(bridge.said).to.deep.equal([]);
  });

  it('cuts UDP that the sender left to be cut into its datagrams', async () => {
    const received = script(
      NS_B,
      `import dgram from 'node:dgram';
       const socket = dgram.createSocket('udp4');
       const whole = [];
       socket.on('message', (data) => {
         whole.push(data);
         if (data.length === 1000) return;
         const all = Buffer.concat(whole);
         console.log(whole.map(({ length }) => length).join(), all.every((byte, i) => byte === ((i * 7) >> 3 & 255)));
         socket.close();
       });
       socket.bind(5000);
       setTimeout(() => process.exit(1), 10000).unref();`,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    await run(NS_A, 'python3', '-c', segmented(IN_B, 4500, 1000));
    expect((await received).output).to.equal('1000,1000,1000,1000,500 true\n');
  });

  it('cuts TCP that the sender left to be cut within a VXLAN tunnel', async function () {
    for (const [namespace, there, own] of [
      [NS_A, IN_B, '198.18.7.2'],
      [NS_B, IN_A, '198.18.7.3'],
    ]) {
      tryIp(`-n ${namespace} link add x type vxlan id 7 remote ${there} dstport 4789 dev e`);
      // A kernel without tunnels has none to offer.
      if ((await run(namespace, 'ip', 'link', 'show', 'x')).status !== 0) this.skip();
      ip(`-n ${namespace} addr add ${own}/24 dev x`);
      ip(`-n ${namespace} link set x up addrgenmode none`);
    }
    try {
      await echoes('198.18.7.3', 2_000_000);
      expect(bridge.seen.some((frame) => frame.length > 1500)).to.equal(true);
      expect(bridge.seen.every((frame) => frame.length <= 1514)).to.equal(true);
      expect(bridge.said).to.deep.equal([]);
    } finally {
      for (const namespace of [NS_A, NS_B]) tryIp(`-n ${namespace} link del x`);
    }
  });

  it('takes frames that are longer than a slot of the ring, in order with others, and follows the MTU', async () => {
    for (const [name, namespace] of [
      [A, NS_A],
      [B, NS_B],
    ]) {
      ip(`link set ${name} mtu 9000`);
      ip(`-n ${namespace} link set e mtu 9000`);
    }
    try {
      // Until the ports have looked.
      await new Promise((resolve) => setTimeout(resolve, 600));
      const { output } = await run(NS_A, 'ping', '-c', '3', '-i', '0.2', '-s', '8900', '-M', 'do', '-W', '2', IN_B);
      expect(output).to.match(/3 received/);
      expect(bridge.seen.filter((frame) => frame.length === 8942)).to.have.length(6);
      await run(NS_A, 'python3', '-c', flood(1, udp4({ payload: new Uint8Array(8000) })) + flood(1, udp4()));
      await until('both are here', () => bridge.seen.some((frame) => frame.length === udp4().length));
      const lengths = bridge.seen.map((frame) => frame.length);
      expect(lengths.indexOf(8042)).to.be.within(0, lengths.indexOf(udp4().length));
      expect(bridge.said).to.deep.equal([]);
    } finally {
      for (const [name, namespace] of [
        [A, NS_A],
        [B, NS_B],
      ]) {
        ip(`link set ${name} mtu 1500`);
        ip(`-n ${namespace} link set e mtu 1500`);
      }
    }
  });

  it('counts what the ring has no room for while the switch is busy: nothing is lost unseen', async () => {
    const COUNT = 20_000;
    const before = () => Number(readFileSync(`/sys/class/net/${A}/statistics/rx_packets`, 'latin1'));
    const begun = before();
    bridge.drop = () => true;
    let busy = true;
    // The event loop stands still until all are sent.
    const flooding = run(NS_A, 'python3', '-c', flood(COUNT, udp4({ payload: 'flood' })));
    for (const end = performance.now() + 20_000; busy && performance.now() < end; ) busy = before() - begun < COUNT;
    await flooding;
    const dropped = () =>
      bridge.said.reduce((sum, said) => sum + Number(new RegExp(`^${A} rx dropped (\\d+)$`).exec(said)?.[1] ?? 0), 0);
    await until('all are accounted for', () => bridge.seen.length + dropped() >= COUNT);
    bridge.drop = () => false;
    const arrived = before() - begun;
    expect(dropped()).to.be.above(0);
    expect(bridge.seen.length + dropped()).to.be.within(COUNT, arrived);
  });

  it('takes an interface that is renamed for gone, and takes up the one that has its name then', async () => {
    ip(`link set ${A} down`);
    ip(`link set ${A} name ${A}x`);
    ip(`link set ${A}x up`);
    await until('the port says gone', () => bridge.said.includes(`${A} gone`));
    a.send(udp4(), 0, udp4().length);
    expect(bridge.said).to.include(`${A} tx dropped 1`);
    ip(`link set ${A}x down`);
    ip(`link set ${A}x name ${A}`);
    ip(`link set ${A} up`);
    await until('the port says up', () => bridge.said.includes(`${A} up`));
    expect((await run(NS_A, 'ping', '-c', '1', '-W', '2', H1)).output).to.match(/1 received/);
  });

  it('may be closed while a frame of its ring is in hand', async () => {
    const closing: Promise<void>[] = [];
    bridge.drop = (frame) => {
      // The bytes have to be there until this returns, and no frame comes after it.
      if (closing.length === 0) closing.push(a.close());
      return frame.every((byte) => byte >= 0);
    };
    await run(NS_A, 'python3', '-c', flood(100, udp4({ payload: 'last' })));
    await until('it is closed', () => closing.length > 0);
    await closing[0];
    expect(bridge.seen).to.have.length(1);
  });

  it('passes what TCP leaves to a card whole within a VLAN too: tagged out of one port, and untagged behind the next', async () => {
    const [c, d] = [`c${process.pid}rc`, `c${process.pid}rd`];
    ip(`link add ${c} type veth peer name ${d}`);
    for (const name of [c, d]) ip(`link set ${name} up addrgenmode none`);
    await b.close();
    const [outer, inner] = [pcap(c), pcap(d)];
    [a, b] = [pcap(A), pcap(B)];
    const tags: string[] = [];
    const lost: string[] = [];
    const tag = Uint8Array.of(0x81, 0, 0, 7);
    const tagged = (to: PcapPort) => (bytes: Uint8Array, start: number, end: number) => {
      const frame = Uint8Array.of(...bytes.subarray(start, start + 12), ...tag, ...bytes.subarray(start + 12, end));
      to.send(frame, 0, frame.length);
    };
    const untagged = (to: PcapPort) => (bytes: Uint8Array, start: number, end: number) => {
      if (end - start > 1518) tags.push(toHex(bytes, start + 12, start + 16));
      const frame = Uint8Array.of(...bytes.subarray(start, start + 12), ...bytes.subarray(start + 16, end));
      to.send(frame, 0, frame.length);
    };
    const start = (port: PcapPort, receive: PortHost['receive']) =>
      port.start({ clock: realClock, log: silent, receive, link() {}, lost: (...what) => lost.push(what.join(' ')) });
    await Promise.all([
      start(a, tagged(outer)),
      start(outer, untagged(a)),
      start(inner, untagged(b)),
      start(b, tagged(inner)),
    ]);
    try {
      await echoes(IN_B, 2_000_000);
      expect(new Set(tags)).to.deep.equal(new Set(['81000007']));
      expect(lost).to.deep.equal([]);
    } finally {
      await Promise.all([a, b, outer, inner].map((port) => port.close()));
      tryIp(`link del ${c}`);
    }
  });
});
