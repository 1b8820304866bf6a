/** Tunnels in the pipeline: what is put around a frame, what it saw of the fields, and what programs depend on. */
import { expect } from 'chai';
import { ManualClock, toHex } from '../../lib/bytes/index.js';
import { slots } from '../../lib/packet/key.js';
import { TunnelIn, type TunnelOut, type TunnelSettings } from '../../lib/packet/tunnel.js';
import { memory } from '../../lib/ports/memory.js';
import type { Port, PortHost } from '../../lib/ports/port.js';
import { Switch } from '../../lib/switch.js';
import { udp4 } from '../support/frames.js';

const FRAME = udp4({ src: '10.0.0.1', dst: '10.0.0.2', ttl: 33 });
const BASE: TunnelSettings = {
  kind: 'geneve',
  remote: 'flow',
  local: 'flow',
  out_key: 'flow',
  ttl: 64,
  gbp: false,
};

/** A tunnel port without a socket: keeps what it is to send, and takes frames with the header that they came with. */
class FakeTunnel implements Port {
  readonly kind = 'geneve';
  readonly sent: { frame: string; out: TunnelOut | undefined }[] = [];
  readonly tunnel: TunnelSettings;
  host: PortHost | null = null;

  constructor(
    readonly name: string,
    settings: Partial<TunnelSettings> = {},
  ) {
    this.tunnel = { ...BASE, ...settings };
  }

  start(host: PortHost): void {
    this.host = host;
  }

  send(bytes: Uint8Array, start: number, end: number, out?: TunnelOut): void {
    this.sent.push({ frame: toHex(bytes, start, end), out });
  }

  close(): void {}

  /** A frame comes out of the tunnel. */
  arrive(frame: Uint8Array, header: { id?: number; src?: number[]; dst?: number[]; gbp?: number }): void {
    const { id = 0, src = [192, 0, 2, 9], dst = [192, 0, 2, 1], gbp = 0 } = header;
    const tunnel = new TunnelIn();
    tunnel.key.set({ at: slots.tun_id.at + 4, size: 4, shift: 0, width: 32 }, id);
    tunnel.key.setBytes(slots.tun_src, Uint8Array.from(src));
    tunnel.key.setBytes(slots.tun_dst, Uint8Array.from(dst));
    tunnel.key.set(slots.tun_gbp_id, gbp);
    this.host?.receive(frame.slice(), 0, frame.length, tunnel);
  }
}

describe('pipeline/tunnel', () => {
  function make(settings: Partial<TunnelSettings> = {}) {
    const sw = new Switch({ clock: new ManualClock() });
    const inside = sw.addPort(1, memory());
    const tunnel = sw.addPort(2, new FakeTunnel('t', settings));
    const other = sw.addPort(3, new FakeTunnel('u', { ...settings, remote: '192.0.2.33', local: '', out_key: 9 }));
    return { sw, inside, tunnel, other };
  }

  it('sends with what the flow has set', () => {
    const { sw, inside, tunnel } = make();
    sw.flows.add(
      'in_port=1,actions=set_field:0x5000007->tun_id,set_field:192.0.2.5->tun_dst,set_field:192.0.2.1->tun_src,' +
        'set_field:oam->tun_flags,output:2',
    );
    inside.inject(FRAME);
    expect(tunnel.sent).to.deep.equal([
      {
        frame: toHex(FRAME),
        out: {
          vni: 7,
          remote: '192.0.2.5',
          local: '192.0.2.1',
          ttl: 64,
          oam: true,
          policy: null,
          options: new Uint8Array(0),
        },
      },
    ]);
  });

  it("a port's own values go out, and stay out of the fields", () => {
    const { sw, inside, tunnel, other } = make({ kind: 'vxlan', ttl: 'inherit', gbp: true });
    sw.flows.add(
      'in_port=1,actions=set_field:4->tun_id,set_field:2001:db8::5->tun_ipv6_dst,set_field:7->tun_gbp_id,output:3,output:2',
    );
    inside.inject(FRAME);
    expect(other.sent[0].out).to.include({ vni: 9, remote: '192.0.2.33', local: '', ttl: 33 });
    expect(tunnel.sent[0].out).to.include({ vni: 4, remote: '2001:db8::5', local: '' });
    expect(tunnel.sent[0].out?.policy).to.deep.equal({ id: 7, flags: 0 });
  });

  it('sends nothing to nobody, and nothing to its own address', () => {
    const { sw, inside, tunnel } = make();
    sw.flows.load(`
      in_port=1,actions=output:2
      in_port=2,tun_id=1,actions=in_port
      in_port=2,tun_id=2,actions=set_field:192.0.2.9->tun_dst,in_port`);
    inside.inject(FRAME);
    tunnel.arrive(FRAME, { id: 1 });
    expect(tunnel.sent).to.deep.equal([]);
    tunnel.arrive(FRAME, { id: 2 });
    expect(tunnel.sent.map(({ out }) => [out?.vni, out?.remote])).to.deep.equal([[2, '192.0.2.9']]);
  });

  it('matches what came around a frame, tells controllers, and keeps it through recirculation', () => {
    const { sw, inside, tunnel, other } = make();
    sw.flows.load(`
      in_port=2,tun_id=5,tun_src=192.0.2.9,ip,actions=ct(table=1)
      table=1,tun_id=5,tun_dst=192.0.2.1,actions=output:1,move:tun_id[0..15]->reg1[0..15],output:3,controller`);
    const told: string[][] = [];
    sw.on((event) => {
      if (event.type === 'packet_in')
        told.push(event.packet.fields.map(({ field, value }) => `${field.name}=${toHex(value)}`));
    });
    tunnel.arrive(FRAME, { id: 6 });
    tunnel.arrive(FRAME, { id: 5, src: [192, 0, 2, 8] });
    expect(inside.taken()).to.deep.equal([]);
    tunnel.arrive(FRAME, { id: 5 });
    tunnel.arrive(FRAME, { id: 5 });
    expect(inside.taken().length).to.equal(2);
    expect(other.sent.length).to.equal(2);
    expect(told[0]).to.include.members(['tun_id=0000000000000005', 'tun_src=c0000209', 'tun_dst=c0000201']);
    expect(sw.counters().hits, 'the second one, twice').to.equal(2);
  });

  it('a packet without a tunnel behind one with it has no tunnel', () => {
    const { sw, inside, tunnel } = make();
    const out = sw.addPort(4, memory({ name: 'out' }));
    sw.flows.load('tun_id=5,actions=4');
    tunnel.arrive(FRAME, { id: 5 });
    inside.inject(FRAME);
    expect(out.taken().length).to.equal(1);
  });

  it('holds with and without a cache: other addresses are other programs', () => {
    for (const caching of [true, false]) {
      const sw = new Switch({ clock: new ManualClock(), caching });
      const tunnel = sw.addPort(2, new FakeTunnel('t', { remote: '192.0.2.9', local: '' }));
      sw.flows.add('in_port=2,actions=in_port');
      // The first came to another address than it goes back to; the second didn't.
      tunnel.arrive(FRAME, { id: 1, dst: [192, 0, 2, 1] });
      tunnel.arrive(FRAME, { id: 1, dst: [192, 0, 2, 9] });
      tunnel.arrive(FRAME, { id: 2, dst: [192, 0, 2, 1] });
      expect(
        tunnel.sent.map(({ out }) => out?.vni),
        `caching: ${caching}`,
      ).to.deep.equal([1, 2]);
    }
  });

  it('goes through a queue with what stands around it', () => {
    const { sw, inside, tunnel } = make({ remote: '192.0.2.9', local: '' });
    sw.setQueue(2, 1, { max_rate_bps: 800_000 });
    sw.flows.add('in_port=1,actions=set_field:3->tun_id,set_queue:1,output:2');
    for (let i = 0; i < 200; i++) inside.inject(FRAME);
    const first = tunnel.sent.length;
    expect(first).to.be.lessThan(200);
    (sw.clock as ManualClock).advance(1000);
    expect(tunnel.sent.length).to.equal(200);
    expect(new Set(tunnel.sent.map(({ out }) => out?.vni))).to.deep.equal(new Set([3]));
  });
});
