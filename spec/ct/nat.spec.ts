/**
 * Translation (ovs-actions(7), nat): what becomes of frames in both directions, of errors about them, and of the
 * tuples. Frames are compared whole with ones that were built apart, so every checksum counts.
 */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { formatState, Prior } from '../../lib/ct/index.js';
import { icmp4, icmp6, inner, ip4, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';
import { commit, nat, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80, payload: 'abc' };
const there6 = { src: 'fd00::1', dst: 'fd00::2', sport: 1000, dport: 80, payload: 'abc' };
const bare = { nat: nat() };
const snat = (addresses = '192.0.2.1', ports: [number, number] = [0, 0]) =>
  commit({ nat: nat('src', addresses, ports) });
const dnat = (addresses = '10.0.0.99', ports: [number, number] = [0, 0]) =>
  commit({ nat: nat('dst', addresses, ports) });

function same(got: Uint8Array, wanted: Uint8Array, what = ''): void {
  expect(toHex(got), what).to.equal(toHex(wanted));
}

/** The reply tuple's receiver in the dump's only line: "192.0.2.1:1000". */
function receiver(line: string): string {
  const [, dst, port] = /reply=\(src=[^,]*,dst=([^,]*),sport=\d+,dport=(\d+)/.exec(line) ?? [];
  return `${dst}:${port}`;
}

describe('ct/nat: translation', () => {
  it('translates the source with commit, and replies back', () => {
    const t = new Tracking();
    same(t.through(udp4(there), snat()), udp4({ ...there, src: '192.0.2.1' }));
    const reply = { src: '10.0.0.2', dst: '192.0.2.1', sport: 80, dport: 1000, payload: 'defg' };
    same(t.through(udp4(reply), bare), udp4({ ...reply, dst: '10.0.0.1' }));
    same(t.through(udp4(there), bare), udp4({ ...there, src: '192.0.2.1' }));
    expect(t.only({})).to.equal(
      'udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),reply=(src=10.0.0.2,dst=192.0.2.1,sport=80,dport=1000)',
    );
  });

  it('translates the destination and its port', () => {
    const t = new Tracking();
    const first = { ...there, flags: 'syn', seq: 100 };
    same(t.through(tcp4(first), dnat('10.0.0.99', [8080, 8080])), tcp4({ ...first, dst: '10.0.0.99', dport: 8080 }));
    const reply = { src: '10.0.0.99', dst: '10.0.0.1', sport: 8080, dport: 1000, flags: 'syn|ack', seq: 5, ack: 104 };
    same(t.through(tcp4(reply), bare), tcp4({ ...reply, src: '10.0.0.2', sport: 80 }));
  });

  it('in IPv6, where UDP and ICMPv6 count addresses too', () => {
    const t = new Tracking();
    same(
      t.through(udp6(there6), snat('2001:db8::9', [5000, 5000])),
      udp6({ ...there6, src: '2001:db8::9', sport: 5000 }),
    );
    const first = { ...there6, flags: 'syn' };
    same(t.through(tcp6(first), dnat('fd00::99', [81, 81])), tcp6({ ...first, dst: 'fd00::99', dport: 81 }));
    const ping = { src: 'fd00::1', dst: 'fd00::2', id: 7, payload: 'xyz' };
    same(t.through(icmp6(ping), snat('2001:db8::9')), icmp6({ ...ping, src: '2001:db8::9' }));
    const pong = { ...ping, type: 129, src: 'fd00::2', dst: '2001:db8::9' };
    same(t.through(icmp6(pong), bare), icmp6({ ...pong, dst: 'fd00::1' }));
  });

  it("leaves UDP's checksum 0, writes 0xffff where the sum is 0, and keeps options and padding", () => {
    const t = new Tracking();
    same(t.through(udp4({ ...there, checksum: 0 }), snat()), udp4({ ...there, checksum: 0, src: '192.0.2.1' }));
    for (let dport = 1; dport < 400; dport++) {
      const odd = { ...there, dport: dport * 160, payload: 'ab' };
      same(t.through(udp4(odd), snat()), udp4({ ...odd, src: '192.0.2.1' }), `port ${odd.dport}`);
    }
    const framed = { ...there, padding: 9, ip_options: Uint8Array.of(1, 1, 1, 0), vlan: [5, 6] };
    same(t.through(udp4(framed), snat()), udp4({ ...framed, src: '192.0.2.1' }));
  });

  it('of protocols without ports: the address', () => {
    const t = new Tracking();
    same(t.through(ip4(47, 'gre', there), snat()), ip4(47, 'gre', { ...there, src: '192.0.2.1' }));
    expect(t.send(ip4(47, 'gre', { src: '10.0.0.2', dst: '192.0.2.1' }), bare)).to.equal('est|rpl|trk|dnat');
  });

  it('is asked for: without nat a reply is est|rpl and untranslated', () => {
    const t = new Tracking();
    t.send(udp4(there), snat());
    const reply = udp4({ src: '10.0.0.2', dst: '192.0.2.1', sport: 80, dport: 1000 });
    same(t.through(reply), reply);
    expect(t.send(reply)).to.equal('est|rpl|trk');
  });

  it('a packet straight to the inside host is another connection', () => {
    const t = new Tracking();
    t.send(udp4(there), snat());
    expect(t.send(udp4({ src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 }), bare)).to.equal('new|trk');
  });

  it('nat(src) or nat(dst) on a stored connection acts like bare nat, and adds nothing', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    same(t.through(udp4(there), snat()), udp4(there));
    expect(t.send(udp4(there), snat())).to.equal('new|trk');
    t.send(udp4({ ...there, sport: 5 }), snat());
    same(t.through(udp4({ ...there, sport: 5 }), dnat()), udp4({ ...there, sport: 5, src: '192.0.2.1' }));
  });

  it('bare nat with commit is a commit without translation', () => {
    const t = new Tracking();
    expect(t.send(udp4(there), commit(bare))).to.equal('new|trk');
    expect(receiver(t.only())).to.equal('10.0.0.1:1000');
  });

  it('nat(src) without a range translates only where tuples would collide', () => {
    const t = new Tracking();
    same(t.through(udp4(there), snat('')), udp4(there));
    t.send(udp4({ ...there, src: '10.0.0.5' }), snat('192.0.2.1'));
    // 192.0.2.1:1000 itself would have the same replies.
    const own = { ...there, src: '192.0.2.1' };
    same(t.through(udp4(own), snat('')), udp4({ ...own, sport: 1001 }));
  });

  it('an invalid packet of a translated connection is translated, too: inside addresses stay inside', () => {
    const t = new Tracking();
    const first = { ...there, flags: 'syn', seq: 1, payload: '' };
    t.send(tcp4(first), snat());
    const back = { src: '10.0.0.2', dst: '192.0.2.1', sport: 80, dport: 1000 };
    t.send(tcp4({ ...back, flags: 'syn|ack', seq: 1, ack: 2 }), bare);
    const stray = { ...there, flags: 'ack', seq: 1e9, ack: 2 };
    expect(t.send(tcp4(stray), bare)).to.equal('inv|trk');
    const translated = tcp4({ ...stray, src: '192.0.2.1' });
    same(t.through(tcp4(stray), bare), translated);
    const prior = t.keep(tcp4(stray));
    same(t.through(tcp4(stray), bare, prior), translated);
    prior.keep(t.track(tcp4(stray), bare));
    same(t.through(translated, bare, prior), translated);
  });
});

describe('ct/nat: ct_state', () => {
  it('snat on original packets of SNAT, dnat on their replies, and the other way round', () => {
    const t = new Tracking();
    expect(t.send(udp4(there), snat())).to.equal('new|trk|snat');
    expect(t.send(udp4({ src: '10.0.0.2', dst: '192.0.2.1', sport: 80, dport: 1000 }), bare)).to.equal(
      'est|rpl|trk|dnat',
    );
    expect(t.send(udp4(there), bare)).to.equal('est|trk|snat');
    const other = { ...there, src: '10.0.0.3' };
    expect(t.send(udp4(other), dnat())).to.equal('new|trk|dnat');
    expect(t.send(udp4({ src: '10.0.0.99', dst: '10.0.0.3', sport: 80, dport: 1000 }), bare)).to.equal(
      'est|rpl|trk|snat',
    );
  });

  it('even where the address stayed the same', () => {
    const t = new Tracking();
    expect(t.send(udp4(there), snat('10.0.0.1'))).to.equal('new|trk|snat');
    expect(t.send(udp4({ src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 }), bare)).to.equal(
      'est|rpl|trk|dnat',
    );
  });

  it('survives ct again in the zone, where nothing is translated twice, and goes in another', () => {
    const t = new Tracking();
    const prior = t.keep(udp4(there), snat());
    const translated = udp4({ ...there, src: '192.0.2.1' });
    expect(t.send(translated.slice(), {}, prior)).to.equal('new|trk|snat');
    same(t.through(translated, bare, prior), translated);
    expect(t.send(translated.slice(), { zone: 9, ...bare }, prior)).to.equal('new|trk');
  });

  it('the original tuple is that of the first packet, in both directions', () => {
    const t = new Tracking();
    t.send(udp4(there), snat());
    const result = t.track(udp4({ src: '10.0.0.2', dst: '192.0.2.1', sport: 80, dport: 1000 }), bare);
    expect([...result.src.slice(0, 4)]).to.deep.equal([10, 0, 0, 1]);
    expect([...result.dst.slice(0, 4)]).to.deep.equal([10, 0, 0, 2]);
    expect(result).to.include({ tp_src: 1000, tp_dst: 80 });
  });

  it('a packet found before without nat is translated by a later nat', () => {
    const t = new Tracking();
    t.send(udp4(there), snat());
    const prior = t.keep(udp4(there));
    expect(t.send(udp4(there), bare, prior)).to.equal('new|trk|snat');
    same(t.through(udp4(there), bare, prior), udp4({ ...there, src: '192.0.2.1' }));
  });

  it('headers set since: the packet belongs to what they say', () => {
    const t = new Tracking();
    const prior = new Prior();
    prior.keep(t.track(udp4(there), commit()));
    prior.anew = true;
    expect(t.send(udp4({ ...there, dst: '10.0.0.7' }), {}, prior)).to.equal('new|trk');
    expect(t.track(udp4({ ...there, dst: '10.0.0.7' }), commit(), prior).connection).to.not.equal(prior.connection);
  });
});

describe('ct/nat: the choice', () => {
  const free = (t: Tracking, from: number, ask = snat()): string => {
    const before = new Set(t.dump({}));
    t.send(udp4({ ...there, src: `10.0.1.${from}` }), ask);
    return receiver(t.dump({}).find((line) => !before.has(line)) ?? '');
  };

  it("keeps the client's port if it is free, else goes upwards", () => {
    const t = new Tracking();
    expect([1, 2, 3].map((n) => free(t, n))).to.deep.equal(['192.0.2.1:1000', '192.0.2.1:1001', '192.0.2.1:1002']);
  });

  for (const [port, first, last] of [
    [511, 1, 511],
    [512, 600, 1023],
    [599, 600, 1023],
    [1023, 600, 1023],
    [65535, 1024, 65535],
  ]) {
    it(`stays in its class around port ${port}: ${first}–${last}`, () => {
      const t = new Tracking();
      const ports = [1, 2].map((n) => {
        const before = new Set(t.dump({}));
        t.send(udp4({ ...there, src: `10.0.1.${n}`, sport: port }), snat());
        return receiver(t.dump({}).find((line) => !before.has(line)) ?? '');
      });
      expect(ports).to.deep.equal([`192.0.2.1:${port}`, `192.0.2.1:${first}`]);
    });
  }

  it('with a port range stays inside it, and is exhausted when it is full', () => {
    const t = new Tracking();
    const ask = snat('192.0.2.1', [5000, 5003]);
    const ports = [1, 2, 3, 4].map((n) => free(t, n, ask)).sort();
    expect(ports).to.deep.equal([5000, 5001, 5002, 5003].map((port) => `192.0.2.1:${port}`));
    expect(t.send(udp4({ ...there, src: '10.0.1.5' }), ask)).to.equal('new|trk');
  });

  it('DNAT tries its port range, then changes the source port', () => {
    const t = new Tracking();
    const ask = dnat('10.0.0.99', [8080, 8081]);
    const sent = ['10.0.2.1', '10.0.2.2', '10.0.2.3'].map((dst) => t.through(udp4({ ...there, dst }), ask));
    const ports = sent.map((frame) => `${frame[34] * 256 + frame[35]}>${frame[36] * 256 + frame[37]}`);
    expect(ports.slice(0, 2).sort()).to.deep.equal(['1000>8080', '1000>8081']);
    expect(ports[2]).to.match(/^1001>808[01]$/);
    same(sent[2], udp4({ ...there, dst: '10.0.0.99', sport: 1001, dport: Number(ports[2].split('>')[1]) }));
  });

  it('one address out of the range by hash, the same for the same packet; no other is tried when its ports are full', () => {
    const pick = (seed: number): string => {
      const t = new Tracking();
      return free(t, seed, snat('192.0.2.1 192.0.2.200'));
    };
    expect(pick(1)).to.equal(pick(1));
    const picked = new Set(Array.from({ length: 40 }, (_, n) => pick(n).split(':')[0]));
    expect(picked.size).to.be.greaterThan(20);
    const t = new Tracking();
    const ask = snat('192.0.2.1 192.0.2.2', [7, 7]);
    const states = Array.from({ length: 30 }, (_, n) => t.send(udp4({ ...there, src: `10.0.1.${n}` }), ask));
    expect(states.filter((state) => state === 'new|trk|snat')).to.have.length(2);
  });

  it('a range over the last 32 bits of IPv6 addresses carries', () => {
    const picked = new Set<string>();
    for (let n = 0; n < 60; n++) {
      const t = new Tracking();
      t.send(udp6({ ...there6, sport: 1000 + n }), snat('fd00::ffff:fffe fd00::1:0:1'));
      picked.add(receiver(t.only({})).replace(/:\d+$/, ''));
    }
    expect([...picked].sort()).to.deep.equal(['fd00::1:0:0', 'fd00::1:0:1', 'fd00::ffff:fffe', 'fd00::ffff:ffff']);
  });

  it('persistent: the address goes by the source alone; random: by chance', () => {
    const t = new Tracking();
    const persistent = commit({ nat: nat('src', '192.0.2.1 192.0.2.200', [0, 0], { persistent: true }) });
    const lines = [1, 2, 3, 4].map((dport) => {
      const before = new Set(t.dump({}));
      t.send(udp4({ ...there, dport }), persistent);
      return receiver(t.dump({}).find((line) => !before.has(line)) ?? '').split(':')[0];
    });
    expect(new Set(lines).size).to.equal(1);
    const random = commit({ nat: nat('src', '192.0.2.1', [5000, 6000], { random: true }) });
    const ports = [1, 2, 3, 4].map((n) => free(t, n, random));
    expect(new Set(ports).size).to.equal(4);
  });

  it('gives up after 128, 64, 32, 16 and 8 tries', () => {
    const t = new Tracking();
    const taken = new Set<number>();
    const ask = (port: number) => snat('192.0.2.1', [port, port]);
    for (let port = 1024; port < 2024; port++) {
      t.send(udp4({ ...there, src: '10.0.3.1', sport: port }), ask(port));
      taken.add(port);
    }
    let tries = 0;
    const find = t.tracker.connections.find.bind(t.tracker.connections);
    t.tracker.connections.find = (tuple, now) => {
      tries++;
      return find(tuple, now);
    };
    expect(t.send(udp4({ ...there, src: '10.0.3.2' }), snat('192.0.2.1', [1024, 2023]))).to.equal('new|trk');
    // One more to look the packet up.
    expect(tries).to.equal(1 + 128 + 64 + 32 + 16 + 8);
  });

  it('exhausted: on untranslated, nothing stored, exec lost, counted', () => {
    const t = new Tracking();
    const ask = snat('192.0.2.1', [7, 7]);
    t.send(udp4(there), ask);
    const other = { ...there, src: '10.0.0.5' };
    const refused = t.track(udp4(other), { ...ask, markValue: 3, markMask: 0xff });
    expect(refused).to.include({ state: 0x21, mark: 0, connection: -1, fate: 0 });
    same(t.through(udp4(other), ask), udp4(other));
    expect(t.dump()).to.have.length(1);
    expect(t.tracker.counters.nat_exhausted).to.equal(2);
    expect(t.why(udp4(other), ask)).to.equal('no stored connection has this tuple');
  });

  it('exhausted, with the option drop: dropped', () => {
    const t = new Tracking({ natExhausted: 'drop' });
    const ask = snat('192.0.2.1', [7, 7]);
    expect(t.track(udp4(there), ask).fate).to.equal(0);
    expect(t.track(udp4({ ...there, src: '10.0.0.5' }), ask).fate).to.equal(1);
    expect(t.track(udp4(there), ask).fate).to.equal(0);
  });

  it('a reply tuple is never shared: not with a translated one, not by a commit without nat', () => {
    const t = new Tracking();
    t.send(udp4({ ...there, src: '192.0.2.1' }), commit());
    t.send(udp4(there), snat());
    expect(t.dump({}).map(receiver).sort()).to.deep.equal(['192.0.2.1:1000', '192.0.2.1:1001']);
    const own = { ...there, src: '192.0.2.1', sport: 1001 };
    expect(t.send(udp4(own), commit())).to.equal('new|trk');
    expect(t.dump()).to.have.length(2);
    expect(t.tracker.counters.tuple_taken).to.equal(1);
  });

  it('a tuple is free again when its connection is gone', () => {
    const t = new Tracking();
    const ask = snat('192.0.2.1', [7, 7]);
    t.send(udp4(there), ask);
    t.wait(60);
    expect(t.send(udp4({ ...there, src: '10.0.0.5' }), ask)).to.equal('new|trk|snat');
    t.tracker.flush({}, t.now_ms);
    expect(t.send(udp4({ ...there, src: '10.0.0.6' }), ask)).to.equal('new|trk|snat');
    expect(t.send(udp4({ src: '10.0.0.2', dst: '192.0.2.1', sport: 80, dport: 7 }), bare)).to.equal('est|rpl|trk|dnat');
  });

  it('ICMP ids change on collision, and a port range applies to them', () => {
    const t = new Tracking();
    const ping = { src: 'fd00::1', dst: 'fd00::2', id: 7, payload: 'xyz' };
    same(t.through(icmp6(ping), snat('2001:db8::9')), icmp6({ ...ping, src: '2001:db8::9' }));
    const second = { ...ping, src: 'fd00::3' };
    same(t.through(icmp6(second), snat('2001:db8::9')), icmp6({ ...second, src: '2001:db8::9', id: 8 }));
    const pong = { type: 129, src: 'fd00::2', dst: '2001:db8::9', id: 8, payload: 'xyz' };
    same(t.through(icmp6(pong), bare), icmp6({ ...pong, dst: 'fd00::3', id: 7 }));
    const third = { ...ping, src: 'fd00::4' };
    const moved = icmp6({ ...third, src: '2001:db8::9', id: 500 });
    same(t.through(icmp6(third), snat('2001:db8::9', [500, 500])), moved);
    t.send(icmp4({ id: 7 }), snat());
    expect(t.send(icmp4({ id: 7, src: '10.0.0.3' }), snat())).to.equal('new|trk|snat');
    expect(t.dump({}).filter((line) => line.includes('id=8,type=0'))).to.have.length(1);
  });

  it('flush by tuple works with either direction', () => {
    const t = new Tracking();
    const flush = (src: string, dst: string, sport: number, dport: number): boolean =>
      t.tracker.flush({ tuple: { family: 4, proto: 17, src, dst, sport, dport } }, t.now_ms);
    t.send(udp4(there), snat());
    flush('10.0.0.2', '192.0.2.1', 80, 1000);
    expect(t.dump()).to.deep.equal([]);
    t.send(udp4(there), snat());
    flush('10.0.0.1', '10.0.0.2', 1000, 80);
    expect(t.dump()).to.deep.equal([]);
  });
});

describe('ct/nat: ICMP errors', () => {
  const router = '203.0.113.7';

  it('about SNAT, from outside: destination outside, source inside', () => {
    const t = new Tracking();
    t.send(udp4(there), snat());
    const quoted = inner(udp4({ ...there, src: '192.0.2.1' }));
    const error = { type: 3, code: 1, src: router, dst: '192.0.2.1', payload: quoted };
    same(t.through(icmp4(error), bare), icmp4({ ...error, dst: '10.0.0.1', payload: inner(udp4(there)) }));
    expect(t.send(icmp4(error), bare)).to.equal('rel|rpl|trk|dnat');
  });

  it('about DNAT, from inside: source outside, destination inside, so the inside stays hidden', () => {
    const t = new Tracking();
    t.send(udp4(there), dnat('10.0.0.99', [8080, 8080]));
    const quoted = inner(udp4({ ...there, dst: '10.0.0.99', dport: 8080 }));
    const error = { type: 3, code: 3, src: '10.0.0.98', dst: '10.0.0.1', payload: quoted };
    same(t.through(icmp4(error), bare), icmp4({ ...error, src: '10.0.0.2', payload: inner(udp4(there)) }));
  });

  it('about a reply, from the client: source outside, destination inside', () => {
    const t = new Tracking();
    t.send(udp4(there), snat('192.0.2.1', [5000, 5000]));
    const reply = { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000, payload: 'r' };
    const error = { type: 3, code: 3, src: '10.0.0.1', dst: '10.0.0.2', payload: inner(udp4(reply)) };
    const outside = inner(udp4({ ...reply, dst: '192.0.2.1', dport: 5000 }));
    same(t.through(icmp4(error), bare), icmp4({ ...error, src: '192.0.2.1', payload: outside }));
  });

  it('quoting eight bytes of TCP, of which nothing behind is written', () => {
    const t = new Tracking();
    const first = { ...there, flags: 'syn', payload: '' };
    t.send(tcp4(first), snat('192.0.2.1', [5000, 5000]));
    const quoted = inner(tcp4({ ...first, src: '192.0.2.1', sport: 5000 }), 28);
    const error = { type: 11, src: router, dst: '192.0.2.1', payload: quoted, padding: 12 };
    same(t.through(icmp4(error), bare), icmp4({ ...error, dst: '10.0.0.1', payload: inner(tcp4(first), 28) }));
  });

  it('quoting a query, and in IPv6', () => {
    const t = new Tracking();
    const ping = { src: '10.0.0.1', dst: '10.0.0.2', id: 7, payload: 'xyz' };
    t.send(icmp4(ping), snat());
    const quoted = inner(icmp4({ ...ping, src: '192.0.2.1' }));
    const error = { type: 11, src: router, dst: '192.0.2.1', payload: quoted };
    same(t.through(icmp4(error), bare), icmp4({ ...error, dst: '10.0.0.1', payload: inner(icmp4(ping)) }));
    t.send(tcp6({ ...there6, flags: 'syn' }), snat('2001:db8::9'));
    const quoted6 = inner(tcp6({ ...there6, flags: 'syn', src: '2001:db8::9' }));
    const error6 = { type: 1, code: 4, src: 'fd00::7', dst: '2001:db8::9', payload: quoted6 };
    const inside = icmp6({ ...error6, dst: 'fd00::1', payload: inner(tcp6({ ...there6, flags: 'syn' })) });
    same(t.through(icmp6(error6), bare), inside);
    const ping6 = { src: 'fd00::1', dst: 'fd00::2', id: 7 };
    t.send(icmp6(ping6), snat('2001:db8::9', [500, 500]));
    const tooBig = { ...error6, type: 2, payload: inner(icmp6({ ...ping6, src: '2001:db8::9', id: 500 })) };
    const small = icmp6({ ...tooBig, dst: 'fd00::1', payload: inner(icmp6(ping6)) });
    same(t.through(icmp6(tooBig), bare), small);
  });

  it('without nat pass untranslated', () => {
    const t = new Tracking();
    t.send(udp4(there), snat());
    const quoted = inner(udp4({ ...there, src: '192.0.2.1' }));
    const error = icmp4({ type: 3, src: router, dst: '192.0.2.1', payload: quoted });
    expect(formatState(t.track(error.slice()).state)).to.equal('rel|rpl|trk');
    same(t.through(error), error);
  });
});
