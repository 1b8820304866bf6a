import { expect } from 'chai';
import { checksum, ManualClock, Random, sumBytes, toHex } from '../../lib/bytes/index.js';
import { MAX_WAITING, NEIGHBOUR_TIMEOUT_MS } from '../../lib/ports/host/neighbours.js';
import { type HostOptions, host } from '../../lib/ports/host.js';
import { memory } from '../../lib/ports/memory.js';
import { PortError } from '../../lib/ports/port.js';
import { arp, icmp4, icmp6, tcp4, udp4 } from '../support/frames.js';
import { Bridge, settle } from './bridge.js';

const H1 = { name: 'h1', mac: '50:54:00:00:00:01', ipv4: '10.0.0.1/24', ipv6: '2001:db8::1/64' };
const H2 = { name: 'h2', mac: '50:54:00:00:00:02', ipv4: '10.0.0.2/24', ipv6: '2001:db8::2/64' };

function pair(more: Partial<HostOptions> = {}) {
  const bridge = new Bridge(new ManualClock());
  return { bridge, clock: bridge.clock, h1: bridge.add(host(H1)), h2: bridge.add(host({ ...H2, ...more })) };
}

/** One line a frame: what matters of it. */
function name(frame: Uint8Array): string {
  const type = toHex(frame, 12, 14);
  if (type === '0806') return frame[21] === 1 ? 'arp request' : 'arp reply';
  const [protocol, l4] = type === '0800' ? [frame[23], 34] : [frame[20], 54];
  if (protocol === 1 || protocol === 58) return `${protocol === 1 ? 'icmp' : 'icmp6'} ${frame[l4]}/${frame[l4 + 1]}`;
  const what = protocol === 6 ? `tcp ${flags(frame[l4 + 13])}` : 'udp';
  const length = type === '0800' ? ((frame[16] << 8) | frame[17]) - 20 : (frame[18] << 8) | frame[19];
  const data = length - (protocol === 6 ? (frame[l4 + 12] >> 4) * 4 : 8);
  return data > 0 ? `${what} ${data}` : what;
}
function flags(bits: number): string {
  return ['fin', 'syn', 'rst', 'psh', 'ack'].filter((_, i) => bits & (1 << i)).join('|');
}

/** Whether the IP header's and the L4 checksum are right. */
function sound(frame: Uint8Array): boolean {
  const type = toHex(frame, 12, 14);
  if (type === '0806') return true;
  const [l4, protocol, addresses] = type === '0800' ? [34, frame[23], 26] : [54, frame[20], 22];
  const header = type !== '0800' || checksum(frame, 14, 34) === 0;
  const pseudo = protocol === 1 ? 0 : sumBytes(frame, addresses, l4) + protocol + frame.length - l4;
  return header && checksum(frame, l4, frame.length, pseudo) === 0;
}

describe('ports/host', () => {
  it('pings over IPv4: ARP once, then echoes; and all checksums are right', async () => {
    const { bridge, clock, h1, h2 } = pair();
    const probes = await settle(clock, h1.ping('10.0.0.2', { count: 2, interval_ms: 500 }));
    expect(probes).to.deep.equal([
      { sequence: 1, outcome: 'reply', rtt_ms: 0 },
      { sequence: 2, outcome: 'reply', rtt_ms: 0 },
    ]);
    expect(bridge.seen.map(name)).to.deep.equal([
      'arp request',
      'arp reply',
      'icmp 8/0',
      'icmp 0/0',
      'icmp 8/0',
      'icmp 0/0',
    ]);
    expect(bridge.seen.every(sound)).to.equal(true);
    expect([...h1.neighbours()]).to.deep.equal([['10.0.0.2', '50:54:00:00:00:02']]);
    expect([...h2.neighbours()]).to.deep.equal([['10.0.0.1', '50:54:00:00:00:01']]);
  });

  it('pings over IPv6, global and link-local: ND, then echoes', async () => {
    const { bridge, clock, h1 } = pair();
    const probes = await settle(clock, h1.ping('2001:db8::2', { count: 1 }));
    expect(probes[0].outcome).to.equal('reply');
    expect(bridge.seen.map(name)).to.deep.equal(['icmp6 135/0', 'icmp6 136/0', 'icmp6 128/0', 'icmp6 129/0']);
    expect(toHex(bridge.seen[0], 0, 6)).to.equal('3333ff000002');
    const local = await settle(clock, h1.ping('fe80::5254:ff:fe00:2', { count: 1 }));
    expect(local[0].outcome).to.equal('reply');
    expect(toHex(bridge.seen[6], 22, 38)).to.equal('fe80000000000000525400fffe000001');
    expect(bridge.seen.every(sound)).to.equal(true);
  });

  it('forgets a neighbour after its time and asks again', async () => {
    const { bridge, clock, h1 } = pair();
    await settle(clock, h1.ping('10.0.0.2', { count: 1 }));
    clock.advance(NEIGHBOUR_TIMEOUT_MS - 1000);
    await settle(clock, h1.ping('10.0.0.2', { count: 1 }));
    expect(bridge.seen.map(name).filter((frame) => frame === 'arp request')).to.have.length(1);
    clock.advance(1000);
    expect(h1.neighbours().size).to.equal(0);
    await settle(clock, h1.ping('10.0.0.2', { count: 1 }));
    expect(bridge.seen.map(name).filter((frame) => frame === 'arp request')).to.have.length(2);
  });

  it('asks three times for a neighbour that is not there, and says unreachable', async () => {
    const { bridge, clock, h1 } = pair();
    const probes = await settle(clock, h1.ping('10.0.0.9', { count: 1, timeout_ms: 5000 }));
    expect(probes).to.deep.equal([{ sequence: 1, outcome: 'unreachable' }]);
    expect(clock.now()).to.equal(3000);
    expect(bridge.seen.map(name)).to.deep.equal(['arp request', 'arp request', 'arp request']);
    const tcp = await settle(clock, h1.tcp('2001:db8::9', 80));
    expect(tcp.outcome).to.equal('unreachable');
  });

  it('keeps a bounded number of datagrams while it asks', async () => {
    const { clock, h1 } = pair();
    const ping = h1.ping('10.0.0.9', { count: MAX_WAITING + 5, interval_ms: 0, timeout_ms: 5000 });
    const early: string[] = [];
    void ping.then((probes) => early.push(...probes.map(({ outcome }) => outcome)));
    await settle(clock, ping);
    expect(early).to.have.length(MAX_WAITING + 5);
    expect(new Set(early)).to.deep.equal(new Set(['unreachable']));
  });

  it('goes through its gateway for other networks', async () => {
    const bridge = new Bridge(new ManualClock());
    const h1 = bridge.add(host({ ...H1, gateway: ['10.0.0.2', '2001:db8::2'] }));
    bridge.add(host(H2));
    void h1.ping('192.0.2.1', { count: 1 });
    void h1.ping('2001:db8:1::1', { count: 1 });
    bridge.clock.advance(0);
    const echoes = bridge.seen.filter((frame) => /^icmp6? (8|128)\//.test(name(frame)));
    expect(echoes.map((frame) => toHex(frame, 0, 6))).to.deep.equal(['505400000002', '505400000002']);
  });

  it('exchanges UDP datagrams with an open port, and hears of a closed one', async () => {
    const { bridge, clock, h1, h2 } = pair();
    for (const address of ['10.0.0.2', '2001:db8::2']) {
      const echo = await settle(clock, h1.udp(address, 7, 'hello'));
      expect(echo.outcome).to.equal('reply');
      expect(new TextDecoder().decode(echo.reply)).to.equal('hello');
      expect((await settle(clock, h1.udp(address, 53, 'hello'))).outcome).to.equal('unreachable');
    }
    h2.listen('udp', 53);
    expect((await settle(clock, h1.udp('10.0.0.2', 53, ''))).outcome).to.equal('reply');
    expect(bridge.seen.every(sound)).to.equal(true);
    expect(bridge.seen.map(name)).to.include.members(['icmp 3/3', 'icmp6 1/4']);
    bridge.drop = (frame) => name(frame).startsWith('udp');
    expect((await settle(clock, h1.udp('10.0.0.2', 7, 'x', 300))).outcome).to.equal('timeout');
  });

  it('makes a TCP connection: handshake, data, close of both sides', async () => {
    const { bridge, clock, h1 } = pair();
    await settle(clock, h1.ping('10.0.0.2', { count: 1 }));
    bridge.seen.length = 0;
    const result = await settle(clock, h1.tcp('10.0.0.2', 7, 'hello'));
    expect(result).to.deep.include({ outcome: 'closed', connected: true, closed: true, received_bytes: 5 });
    expect(new TextDecoder().decode(result.received)).to.equal('hello');
    expect(bridge.seen.map(name).slice(0, 4)).to.deep.equal(['tcp syn', 'tcp syn|ack', 'tcp ack', 'tcp psh|ack 5']);
    expect(bridge.seen.map(name).filter((frame) => frame.includes('fin'))).to.have.length(2);
    expect(bridge.seen.map(name).filter((frame) => frame.includes('rst'))).to.have.length(0);
    expect(bridge.seen.every(sound)).to.equal(true);
  });

  it('brings a lot of data over, whole and in order, also when frames are lost', async () => {
    const data = new Uint8Array(200_000).map((_, i) => (i * 7) >> 3);
    for (const address of ['10.0.0.2', '2001:db8::2']) {
      const { bridge, clock, h1 } = pair();
      const random = new Random(5, address);
      bridge.drop = (frame) => name(frame).startsWith('tcp') && random.below(50) === 0;
      const result = await settle(clock, h1.tcp(address, 7, data, 900_000), 900_000);
      expect(result.outcome).to.equal('closed');
      expect(Buffer.compare(result.received, data)).to.equal(0);
    }
  });

  it('is refused by a closed port, and times out where nobody answers', async () => {
    const { bridge, clock, h1 } = pair();
    for (const address of ['10.0.0.2', '2001:db8::2']) {
      expect(await settle(clock, h1.tcp(address, 80))).to.deep.include({ outcome: 'refused', connected: false });
    }
    bridge.drop = (frame) => name(frame).startsWith('tcp');
    bridge.seen.length = 0;
    const start_ms = clock.now();
    expect(await settle(clock, h1.tcp('10.0.0.2', 7, '', 10_000))).to.deep.include({ outcome: 'timeout' });
    expect(clock.now() - start_ms).to.equal(10_000);
    expect(bridge.seen.map(name)).to.deep.equal(['tcp syn', 'tcp syn', 'tcp syn', 'tcp syn']);
  });

  it('answers frames that others made, and leaves broken ones and those for others alone', () => {
    const bridge = new Bridge(new ManualClock());
    bridge.add(host(H2));
    const port = bridge.add(memory());
    const to = { eth_src: '50:54:00:00:00:09', eth_dst: H2.mac, src: '10.0.0.9', dst: '10.0.0.2' };
    const ask = (frame: Uint8Array) => {
      port.inject(frame);
      return port.taken().map(name);
    };
    port.inject(arp({ eth_src: to.eth_src, sha: to.eth_src, spa: '10.0.0.9', tpa: '10.0.0.2', op: 1 }));
    expect(port.taken().map(name)).to.deep.equal(['arp reply']);
    expect(ask(icmp4({ ...to, payload: 'abc' }))).to.deep.equal(['icmp 0/0']);
    expect(ask(udp4({ ...to, dport: 7, payload: 'abc', padding: 15 }))).to.deep.equal(['udp 3']);
    expect(ask(tcp4({ ...to, dport: 7, flags: 'syn' }))).to.deep.equal(['tcp syn|ack']);
    expect(ask(tcp4({ ...to, dport: 9, flags: 'syn' }))).to.deep.equal(['tcp rst|ack']);
    expect(ask(tcp4({ ...to, dport: 9, flags: 'ack', sport: 5 }))).to.deep.equal(['tcp rst']);
    expect(ask(tcp4({ ...to, dport: 9, flags: 'rst' }))).to.deep.equal([]);
    for (const frame of [
      icmp4({ ...to, checksum: 0x1234 }),
      udp4({ ...to, dport: 7, checksum: 0x1234 }),
      tcp4({ ...to, dport: 7, flags: 'syn', sport: 99, checksum: 0x1234 }),
      icmp4({ ...to, ip_checksum: 0x1234 }),
      icmp4({ ...to, eth_dst: '50:54:00:00:00:77' }),
      icmp4({ ...to, dst: '10.0.0.77' }),
      icmp4({ ...to, vlan: [5] }),
      icmp4({ ...to, mf: true }),
      icmp6({ eth_dst: H2.mac, src: '2001:db8::9', dst: '2001:db8::2', checksum: 0x1234, type: 128 }),
    ]) {
      expect(ask(frame)).to.deep.equal([]);
      for (let end = 0; end < frame.length; end++) expect(ask(frame.slice(0, end))).to.deep.equal([]);
    }
  });

  it('is the same each time, byte for byte', async () => {
    const run = async () => {
      const { bridge, clock, h1 } = pair();
      await settle(clock, h1.tcp('10.0.0.2', 7, 'hello'));
      await settle(clock, h1.udp('2001:db8::2', 7, 'hello'));
      return bridge.seen.map((frame) => toHex(frame));
    };
    expect(await run()).to.deep.equal(await run());
  });

  it('says nothing while its link is down or after it is closed, and ends what is under way', async () => {
    const { bridge, clock, h1 } = pair();
    await settle(clock, h1.ping('10.0.0.2', { count: 1 }));
    h1.link(false);
    expect(bridge.said).to.deep.equal(['h1 down']);
    bridge.seen.length = 0;
    expect((await settle(clock, h1.ping('10.0.0.2', { count: 1 })))[0].outcome).to.equal('timeout');
    expect(bridge.seen).to.have.length(0);
    h1.link(true);
    const ping = h1.ping('10.0.0.9', { count: 3 });
    const tcp = h1.tcp('10.0.0.9', 7);
    h1.close();
    h1.close();
    expect((await ping).map(({ outcome }) => outcome)).to.deep.equal(['timeout', 'timeout', 'timeout']);
    expect((await tcp).outcome).to.equal('reset');
    const failure = await h1.ping('10.0.0.2').catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(PortError);
  });

  it('refuses addresses that are none', () => {
    expect(() => host({ ...H1, mac: '5054' })).to.throw(PortError, 'h1: "5054" is no host\'s MAC address');
    expect(() => host({ ...H1, ipv4: '10.0.0.300' })).to.throw(PortError, '"10.0.0.300" is no IP address');
    expect(() => host({ ...H1, ipv4: '2001:db8::1' })).to.throw(PortError, '"2001:db8::1" is no IPv4 address');
    expect(() => host({ ...H1, ipv4: '10.0.0.1/33' })).to.throw(PortError, '"33" in 10.0.0.1/33 is no prefix length');
  });
});
