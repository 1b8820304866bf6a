/**
 * Tunnel ports on real sockets of this machine: headers, whom a datagram is for, what is refused, and two joined
 * networks.
 */
import { createSocket } from 'node:dgram';
import { expect } from 'chai';
import { fold, fromHex, Random, silent, sumBytes, toHex } from '../../lib/bytes/index.js';
import { slots } from '../../lib/packet/key.js';
import type { TunnelOut } from '../../lib/packet/tunnel.js';
import {
  faulty,
  host,
  PortError,
  recorded,
  type TunnelOptions,
  type TunnelPort,
  tunnel,
} from '../../lib/ports/index.js';
import { inHand } from '../../lib/ports/packet-socket/offload.js';
import { readTunnelText, TunnelTextError } from '../../lib/ports/tunnel/text.js';
import { Switch } from '../../lib/switch.js';
import { tcp4, udp4 } from '../support/frames.js';
import { realClock, until } from './bridge.js';

const FRAME = udp4({ src: '10.0.0.1', dst: '10.0.0.2' });
const OUT: TunnelOut = {
  vni: 5,
  remote: '127.0.0.1',
  local: '127.0.0.2',
  ttl: 64,
  oam: false,
  policy: null,
  options: new Uint8Array(0),
};

/** A port that isn't used by anyone else, for a spec of its own. */
let nextPort = 20_000 + (process.pid % 20_000);

/** A started tunnel, with what came of it: frames with their tunnel's fields, and losses. */
async function started(options: TunnelOptions) {
  const port = tunnel(options);
  const frames: { frame: string; id: number; src: string; dst: string; options: string; gbp: number; oam: number }[] =
    [];
  const lost: string[] = [];
  await port.start({
    clock: realClock,
    log: silent,
    receive(bytes, start, end, from) {
      const key = from?.key;
      if (!from || !key) throw new Error('a frame out of a tunnel without its header');
      frames.push({
        frame: toHex(bytes, start, end),
        id: Number(`0x${toHex(key.getBytes(slots.tun_id))}`),
        src: [...key.getBytes(slots.tun_src)].join('.'),
        dst: [...key.getBytes(slots.tun_dst)].join('.'),
        options: toHex(from.options, from.from, from.to),
        gbp: key.get(slots.tun_gbp_id) + key.get(slots.tun_gbp_flags) * 0x10000,
        oam: key.get(slots.tun_flags),
      });
    },
    link() {},
    lost: (direction, kind, count) => lost.push(`${direction} ${kind} ${count}`),
  });
  return { port, frames, lost };
}

/** Sends a datagram as hexadecimal digits from an address. */
async function datagram(hex: string, to: string, port: number, from = '127.0.0.1'): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, from, resolve));
  await new Promise((resolve) => socket.send(fromHex(hex) ?? '', port, to, resolve));
  await new Promise<void>((resolve) => socket.close(resolve));
}

describe('ports/tunnel', () => {
  const closing: TunnelPort[] = [];
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((port) => port.close()));
  });
  const begin = async (options: TunnelOptions) => {
    const all = await started(options);
    closing.push(all.port);
    return all;
  };

  /** One frame from one port to another, and what it looked like on the way. */
  const carried: [string, Partial<TunnelOptions>, Partial<TunnelOut>, string, object][] = [
    ['vxlan', {}, {}, '0800000000000500', {}],
    ['vxlan', { gbp: true }, { policy: { id: 0x1234, flags: 0x48 } }, '8848123400000500', { gbp: 0x481234 }],
    ['vxlan', { gbp: true }, {}, '0800000000000500', {}],
    ['geneve', {}, {}, '0000655800000500', {}],
    ['geneve', {}, { oam: true }, '0080655800000500', { oam: 1 }],
    [
      'geneve',
      {},
      { options: fromHex('ffff000111223344') as Uint8Array },
      '0200655800000500ffff000111223344',
      { options: 'ffff000111223344' },
    ],
    [
      'geneve',
      {},
      { options: fromHex('0102800011223344'.slice(0, 8)) as Uint8Array },
      '014065580000050001028000',
      { options: '01028000' },
    ],
  ];
  it('completes what a sender left to its card, and cuts what is longer than a segment of it', async () => {
    const dst_port = nextPort++;
    const a = await begin({ kind: 'vxlan', remote: '127.0.0.2', local: '127.0.0.1', dst_port, key: 5 });
    const b = await begin({ kind: 'vxlan', remote: '127.0.0.1', local: '127.0.0.2', dst_port, key: 5 });
    const whole = tcp4({ payload: new Uint8Array(2500).fill(7), seq: 100, flags: 'ack|psh', id: 1 });
    const partial = whole.slice();
    // The sum of addresses, protocol and length alone.
    new DataView(partial.buffer).setUint16(50, fold(sumBytes(whole, 26, 34) + 6 + whole.length - 34));
    const out = { ...OUT, local: '127.0.0.1', remote: '127.0.0.2' };
    a.port.send(partial, 0, partial.length, out);
    await until('it is there', () => b.frames.length === 1);
    expect(b.frames[0].frame).to.equal(toHex(whole));
    inHand.segment_bytes = 1000;
    try {
      a.port.send(whole, 0, whole.length, out);
      a.port.send(FRAME, 0, FRAME.length, out);
    } finally {
      inHand.segment_bytes = 0;
    }
    await until('all are there', () => b.frames.length === 5);
    const pieces = [0, 1000, 2000].map((at) => {
      const [flags, payload] = [at < 2000 ? 'ack' : 'ack|psh', new Uint8Array(at < 2000 ? 1000 : 500).fill(7)];
      return toHex(tcp4({ payload, seq: 100 + at, flags, id: 1 + at / 1000 }));
    });
    expect(b.frames.slice(1).map(({ frame }) => frame)).to.deep.equal([...pieces, toHex(FRAME)]);
    expect([a.lost, b.lost]).to.deep.equal([[], []]);
  });

  for (const [kind, settings, out, header, seen] of carried) {
    it(`carries a frame behind ${kind} ${header}`, async () => {
      const dst_port = nextPort++;
      const common = { kind: kind as 'vxlan' | 'geneve', dst_port, key: 'flow', ...settings } as const;
      const a = await begin({ ...common, remote: '127.0.0.2', local: '127.0.0.1' });
      const b = await begin({ ...common, remote: '127.0.0.1', local: '127.0.0.2', name: 'b' });
      const listener = createSocket('udp4');
      const caught = new Promise<Uint8Array>((resolve) => listener.once('message', resolve));
      await new Promise<void>((resolve) => listener.bind(dst_port, '127.0.0.3', resolve));
      b.port.send(FRAME, 0, FRAME.length, { ...OUT, ...out });
      b.port.send(FRAME, 0, FRAME.length, { ...OUT, ...out, remote: '127.0.0.3' });
      await until('the frame is there', () => a.frames.length === 1);
      const empty = { id: 5, src: '127.0.0.2', dst: '127.0.0.1', options: '', gbp: 0, oam: 0 };
      expect(a.frames).to.deep.equal([{ frame: toHex(FRAME), ...empty, ...seen }]);
      expect(toHex(await caught)).to.equal(header + toHex(FRAME));
      listener.close();
      expect([...a.lost, ...b.lost]).to.deep.equal([]);
    });
  }

  it('a port that opens where the last one leaves at that moment hears its frames', async () => {
    const dst_port = nextPort++;
    const first = await started({ kind: 'vxlan', remote: '127.0.0.1', local: '127.0.0.2', dst_port, key: 1 });
    const opening = started({ kind: 'vxlan', remote: '127.0.0.1', local: '127.0.0.2', dst_port, key: 2 });
    const [second] = await Promise.all([opening, first.port.close()]);
    await datagram(`0800000000000200${toHex(FRAME)}`, '127.0.0.2', dst_port);
    await until('a frame', () => second.frames.length > 0);
    await second.port.close();
  });

  it('finds the port that a frame is for: an exact key before any, an exact remote before any', async () => {
    const common = { kind: 'vxlan', dst_port: nextPort++, local: '127.0.0.1' } as const;
    const ports = {
      any: await begin({ ...common, remote: 'flow', key: 'flow', name: 'any' }),
      remote: await begin({ ...common, remote: '127.0.0.2', key: 'flow', name: 'remote' }),
      key: await begin({ ...common, remote: 'flow', key: 7, name: 'key' }),
      both: await begin({ ...common, remote: '127.0.0.2', key: 7, name: 'both' }),
    };
    for (const [vni, from] of [
      [7, '127.0.0.2'],
      [7, '127.0.0.9'],
      [8, '127.0.0.2'],
      [8, '127.0.0.9'],
    ] as const) {
      await datagram(`080000000000${toHex(Uint8Array.of(vni))}00${toHex(FRAME)}`, '127.0.0.1', common.dst_port, from);
    }
    await until('all came', () => Object.values(ports).every(({ frames }) => frames.length === 1));
    const got = (name: keyof typeof ports) => ports[name].frames.map(({ id, src }) => [id, src]);
    expect([got('both'), got('key'), got('remote'), got('any')]).to.deep.equal([
      [[7, '127.0.0.2']],
      [[7, '127.0.0.9']],
      [[8, '127.0.0.2']],
      [[8, '127.0.0.9']],
    ]);
  });

  it('drops and counts what is no frame of such a tunnel, or for nobody', async () => {
    const vxlan = await begin({ kind: 'vxlan', remote: '127.0.0.1', local: '127.0.0.2', key: 5, dst_port: nextPort++ });
    const geneve = await begin({ kind: 'geneve', remote: '127.0.0.1', local: '127.0.0.2', dst_port: nextPort++ });
    const frame = toHex(FRAME);
    for (const [port, hex, from] of [
      [vxlan, '', '127.0.0.1'],
      [vxlan, '08000000000005', '127.0.0.1'],
      [vxlan, `0000000000000500${frame}`, '127.0.0.1'],
      [vxlan, `8800000000000500${frame}`, '127.0.0.1'],
      [vxlan, `0800000000000501${frame}`, '127.0.0.1'],
      [vxlan, `0800000000000600${frame}`, '127.0.0.1'],
      [vxlan, `0800000000000500${frame}`, '127.0.0.3'],
      [geneve, `4000655800000000${frame}`, '127.0.0.1'],
      [geneve, `0000080000000000${frame}`, '127.0.0.1'],
      [geneve, '0200655800000000ffff0001', '127.0.0.1'],
    ] as const) {
      await datagram(hex, '127.0.0.2', port.port.dst_port, from);
    }
    await until('all are counted', () => vxlan.lost.length === 7 && geneve.lost.length === 3);
    expect(vxlan.frames.concat(geneve.frames)).to.deep.equal([]);
    const errors = (n: number) => Array.from({ length: n }, () => 'rx errors 1');
    expect(vxlan.lost).to.deep.equal([...errors(5), 'rx dropped 1', 'rx dropped 1']);
    expect(geneve.lost).to.deep.equal(errors(3));
  });

  it('sends from any address where it listens on all, and loses what is too long', async () => {
    const dst_port = nextPort++;
    const all = await begin({ kind: 'vxlan', remote: 'flow', local: '0.0.0.0', key: 'flow', dst_port });
    expect(all.port.tunnel.local).to.equal('');
    const peer = await begin({
      kind: 'vxlan',
      remote: '127.0.0.1',
      local: '127.0.0.5',
      key: 5,
      dst_port,
      name: 'peer',
    });
    all.port.send(FRAME, 0, FRAME.length, { ...OUT, remote: '127.0.0.5', local: '' });
    await until('the frame is there', () => peer.frames.length === 1);
    const long = new Uint8Array(65_530);
    all.port.send(long, 0, long.length, { ...OUT, remote: '127.0.0.5', local: '' });
    await until('it is counted', () => all.lost.length === 1);
    expect(all.lost).to.deep.equal(['tx errors 1']);
    all.port.send(FRAME, 0, FRAME.length, { ...OUT, local: '127.0.0.77' });
    expect(all.lost[1], 'an address that it has no socket for').to.equal('tx dropped 1');
  });

  it('goes over IPv6', async function () {
    const dst_port = nextPort++;
    const port = tunnel({ kind: 'geneve', remote: 'flow', local: '::1', key: 'flow', dst_port });
    closing.push(port);
    const seen: string[] = [];
    const lost: string[] = [];
    try {
      await port.start({
        clock: realClock,
        log: silent,
        receive: (bytes, start, end, from) => {
          const { key } = from ?? {};
          const fields = [slots.tun_ipv6_src, slots.tun_ipv6_dst, slots.tun_src].map((slot) =>
            toHex(key?.getBytes(slot) ?? FRAME),
          );
          seen.push(...fields, toHex(bytes, start, end));
        },
        link() {},
        lost: (direction, kind) => lost.push(`${direction} ${kind}`),
      });
    } catch {
      this.skip();
    }
    port.send(FRAME, 0, FRAME.length, { ...OUT, remote: '::1', local: '::1', ttl: 9 });
    await until('the frame is there', () => seen.length > 0);
    const loopback = `${'00'.repeat(15)}01`;
    expect(seen).to.deep.equal([loopback, loopback, '00000000', toHex(FRAME)]);
    expect(lost).to.deep.equal([]);
  });

  it('shows through middleware: what stands around frames goes along, repeated ones too', async () => {
    const dst_port = nextPort++;
    const common = { kind: 'vxlan', dst_port, key: 'flow' } as const;
    const a = await begin({ ...common, remote: '127.0.0.2', local: '127.0.0.1' });
    const inner = tunnel({ ...common, remote: '127.0.0.1', local: '127.0.0.2', name: 'inner' });
    closing.push(inner);
    const written: string[] = [];
    const faults = { random: new Random(1), repeat: 1, delay_ms: [1, 2] } as const;
    const outer = recorded(faulty(inner, faults), (_wall, _bytes, _start, _end, direction) => written.push(direction));
    expect(outer.tunnel).to.equal(inner.tunnel);
    const vnis: number[] = [];
    await outer.start({
      clock: realClock,
      log: silent,
      receive: (_bytes, _start, _end, from) =>
        vnis.push(from?.key.get({ at: slots.tun_id.at + 4, size: 4, shift: 0, width: 32 }) ?? -1),
      link() {},
      lost() {},
    });
    outer.send(FRAME, 0, FRAME.length, { ...OUT, vni: 77 });
    await until('it came twice', () => a.frames.length === 2);
    expect(a.frames.map(({ id }) => id)).to.deep.equal([77, 77]);
    a.port.send(FRAME, 0, FRAME.length, { ...OUT, vni: 78, local: '127.0.0.1', remote: '127.0.0.2' });
    await until('it came back twice', () => vnis.length === 2);
    expect(vnis).to.deep.equal([78, 78]);
    expect(written).to.deep.equal(['tx', 'rx', 'rx']);
  });

  it('refuses what another port has, and addresses and ports that can not be had', async () => {
    const common = { kind: 'vxlan', remote: '127.0.0.1', local: '127.0.0.2', key: 5, dst_port: nextPort++ } as const;
    await begin(common);
    const why = async (options: TunnelOptions): Promise<string> =>
      started(options).then(
        () => 'started',
        (error: Error) => `${error instanceof PortError}: ${error.message}`,
      );
    expect(await why({ ...common, name: 'twin' })).to.equal(
      'true: twin: vxlan takes the same frames: another remote, key or local address',
    );
    expect(await why({ ...common, key: 6, gbp: true })).to.match(/listens there without group policy/);
    expect(await why({ ...common, kind: 'geneve' })).to.match(/UDP 127.0.0.2:\d+ is in use: choose another port/);
    expect(await why({ ...common, local: '203.0.113.77' })).to.match(/203.0.113.77 is no address of this machine/);
  });

  const texts: [string, string, object][] = [
    ['vxlan', '127.0.0.2', { remote: '127.0.0.2' }],
    ['vxlan', '127.0.0.2:4790,key=flow', { remote: '127.0.0.2', dst_port: 4790, key: 'flow' }],
    ['vxlan', 'flow:4790,local=flow,in_key=0x10,out_key=7', { local: 'flow', in_key: 16, out_key: 7, dst_port: 4790 }],
    ['geneve', '[2001:db8::2]:6082,local=2001:db8::1,ttl=inherit', { remote: '2001:db8::2', dst_port: 6082 }],
    ['geneve', '::1,local=::2', { remote: '::1', local: '::2' }],
    ['vxlan', 'remote_ip=127.0.0.2,local_ip=127.0.0.1,dst_port=4790,exts=gbp,tos=0', { gbp: true, local: '127.0.0.1' }],
  ];
  for (const [kind, text, expected] of texts) {
    it(`reads ${kind}:${text}`, () => {
      expect(readTunnelText(kind as 'vxlan', text)).to.deep.include({ kind, ...expected });
    });
  }

  const mistakes: [string, number, RegExp][] = [
    ['', 0, /a remote address is missing/],
    ['key=5', 0, /a remote address is missing/],
    ['10.0.0.1,remote=10.0.0.2', 9, /a second remote/],
    ['10.0.0.1,key=five', 9, /"five" is no number/],
    ['10.0.0.1,tos=4', 9, /sets no TOS/],
    ['10.0.0.1,exts=gpe', 9, /no extension here/],
    ['10.0.0.1,colour=red', 9, /"colour" is no option of a tunnel: there are remote_ip, local_ip/],
    ['10.0.0.1,key', 9, /no option: OPTION=VALUE/],
  ];
  for (const [text, at, why] of mistakes) {
    it(`refuses "${text}" at ${at}`, () => {
      expect(() => readTunnelText('vxlan', text))
        .to.throw(TunnelTextError, why)
        .with.property('at', at);
    });
  }

  const unfitting: [Partial<TunnelOptions>, RegExp][] = [
    [{ remote: '10.0.0.1' }, /can't be reached from loopback.*add local=ADDRESS/],
    [{ remote: '127.0.0.1' }, /127.0.0.1 would be both ends/],
    [{ remote: '127.0.0.1', local: 'flow' }, /local=flow needs remote=flow/],
    [{ remote: '127.0.0.1', local: '::1' }, /two families/],
    [{ remote: 'example.org' }, /no IP address/],
    [{ remote: 'flow', key: 0x1000000 }, /key is a number from 0 to 16777215/],
    [{ remote: 'flow', ttl: 256 }, /ttl is a number from 1 to 255/],
    [{ remote: 'flow', dst_port: 0 }, /dst_port/],
    [{ remote: 'flow', kind: 'geneve', gbp: true }, /VXLAN headers alone/],
  ];
  for (const [options, why] of unfitting) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => tunnel({ kind: 'vxlan', remote: 'flow', ...options })).to.throw(PortError, why);
    });
  }

  it('joins two networks: hosts behind two switches on two addresses', async () => {
    const dst_port = nextPort++;
    const [a, b] = [1n, 2n].map((datapathId) => new Switch({ datapathId, failMode: 'standalone' }));
    const h1 = a.addPort(1, host({ name: 'h1', mac: '50:54:00:00:00:01', ipv4: '10.0.0.1/24' }));
    b.addPort(1, host({ name: 'h2', mac: '50:54:00:00:00:02', ipv4: '10.0.0.2/24' }));
    for (const [sw, local, remote] of [
      [a, '127.0.0.1', '127.0.0.2'],
      [b, '127.0.0.2', '127.0.0.1'],
    ] as const) {
      for (const kind of ['vxlan', 'geneve'] as const) {
        const port = tunnel({ kind, local, remote, key: 'flow', dst_port: kind === 'vxlan' ? dst_port : dst_port + 1 });
        sw.addPort(kind === 'vxlan' ? 2 : 3, port);
      }
      sw.flows.load(`
        in_port=1,ip,actions=set_field:77->tun_id,output:2
        in_port=1,arp,actions=set_field:78->tun_id,output:3
        in_port=2,tun_id=77,tun_src=${remote},tun_dst=${local},actions=output:1
        in_port=3,tun_id=78,actions=output:1`);
    }
    nextPort++;
    try {
      await Promise.all([a.ready(), b.ready()]);
      const probes = await h1.ping('10.0.0.2', { count: 2, interval_ms: 10 });
      expect(probes.map(({ outcome }) => outcome)).to.deep.equal(['reply', 'reply']);
      const ports = a.ports().map(({ name, counters }) => [name, counters.rxPackets, counters.txPackets]);
      expect(ports.slice(1)).to.deep.equal([
        ['vxlan', 2, 2],
        ['geneve', 1, 1],
      ]);
    } finally {
      await Promise.all([a.close(), b.close()]);
    }
  });
});
