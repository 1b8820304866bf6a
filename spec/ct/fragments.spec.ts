/** Fragments: held per zone until whole, tracked as one, and on in order (RFC 791 §3.2, RFC 8200 §4.5, RFC 5722). */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { FATE, formatState, MAX_PIECES } from '../../lib/ct/index.js';
import { icmp4, ip4, ip6, tcp4, udp4, udp6 } from '../support/frames.js';
import { type Ask, commit, nat, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
const there6 = { src: 'fd00::1', dst: 'fd00::2', sport: 1000, dport: 80 };
const TEXT = 'The quick brown fox jumps over the lazy dog, again and again, until the datagram is long enough.';

/** What stands behind the IP header of a frame without tags. */
function l4(frame: Uint8Array): Uint8Array {
  return frame.slice(frame[12] === 0x08 ? 34 : 54);
}

/** A datagram cut after every `size` bytes, IPv4. */
function cut4(proto: number, payload: Uint8Array, size: number, options: object = {}): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let offset = 0; offset < payload.length; offset += size) {
    const mf = offset + size < payload.length;
    pieces.push(ip4(proto, payload.slice(offset, offset + size), { ...there, id: 77, ...options, offset, mf }));
  }
  return pieces;
}

/** The same, IPv6; other extension headers stand before the fragment's. */
function cut6(
  proto: number,
  payload: Uint8Array,
  size: number,
  options: { before?: { type: number; body: Uint8Array }[]; dst?: string } = {},
) {
  const pieces: Uint8Array[] = [];
  for (let offset = 0; offset < payload.length; offset += size) {
    const more = offset + size < payload.length ? 1 : 0;
    const body = Uint8Array.of(offset >> 8, (offset & 0xf8) | more, 0, 0, 0, 77);
    const extensions = [...(options.before ?? []), { type: 44, body }];
    pieces.push(ip6(proto, payload.slice(offset, offset + size), { ...there6, ...options, extensions }));
  }
  return pieces;
}

/** Sends pieces; what becomes of the last one, and the frames that go on. */
function sendAll(t: Tracking, pieces: Uint8Array[], ask: Ask = {}): { states: string[]; out: string[] } {
  const states = pieces.map((piece) => {
    const result = t.track(piece.slice(), ask);
    return result.fate === FATE.held ? 'held' : formatState(result.state);
  });
  const { released } = t.tracker;
  t.tracker.released = null;
  return { states, out: released === null ? [] : released.pieces.map(({ frame }) => toHex(frame)) };
}

describe('ct/fragments', () => {
  const datagram = l4(udp4({ ...there, payload: TEXT }));
  const [first, second, third] = cut4(17, datagram, 40);

  it('are held until the datagram is whole, then go on in order with its state', () => {
    const t = new Tracking();
    const { states, out } = sendAll(t, [third, first, second], commit({ markValue: 5, markMask: 0xff }));
    expect(states).to.deep.equal(['held', 'held', 'new|trk']);
    expect(out).to.deep.equal([first, second, third].map((piece) => toHex(piece)));
    expect(t.only({})).to.contain('sport=1000,dport=80').and.to.contain('mark=5');
  });

  it('all have the tuple of the whole datagram', () => {
    const t = new Tracking();
    for (const piece of [second, third]) t.track(piece.slice());
    expect(t.track(first.slice())).to.include({ tp_src: 1000, tp_dst: 80, fate: FATE.pieces });
    expect(t.tracker.released?.result).to.include({ tp_src: 1000, tp_dst: 80, state: 0x21 });
  });

  it('the place they came from goes with them', () => {
    const t = new Tracking();
    t.track(first.slice(), {}, null, { tag: 4, place: 0 });
    t.track(second.slice(), {}, null, { tag: 5, place: 0 });
    t.track(third.slice(), {}, null, { tag: 6, place: 0 });
    expect(t.tracker.released?.pieces.map(({ tag }) => tag)).to.deep.equal([4, 5, 6]);
  });

  it('per zone', () => {
    const t = new Tracking();
    expect(sendAll(t, [first, second], { zone: 1 }).states).to.deep.equal(['held', 'held']);
    expect(sendAll(t, [third], { zone: 2 }).states).to.deep.equal(['held']);
    expect(sendAll(t, [third], { zone: 1 }).states).to.deep.equal(['new|trk']);
  });

  it('of different datagrams are kept apart: id, protocol, addresses', () => {
    const t = new Tracking();
    const others = [
      cut4(17, datagram, 40, { id: 78 }),
      cut4(6, datagram, 40),
      cut4(17, datagram, 40, { src: '10.0.0.3' }),
    ];
    expect(sendAll(t, [first, second, ...others.map((pieces) => pieces[2])]).out).to.deep.equal([]);
    expect(sendAll(t, [third]).out).to.have.length(3);
  });

  it('over VLAN and QinQ, with IP options and padding', () => {
    for (const options of [
      { vlan: [5] },
      { vlan: [{ vid: 7, tpid: 0x88a8 }, 5] },
      { ip_options: Uint8Array.of(1, 1, 1, 0) },
      { padding: 9 },
    ]) {
      const t = new Tracking();
      const pieces = cut4(17, datagram, 40, options);
      const { states, out } = sendAll(t, pieces, commit());
      expect(states).to.deep.equal(['held', 'held', 'new|trk']);
      expect(out).to.deep.equal(pieces.map((piece) => toHex(piece)));
    }
  });

  it('in IPv6, with other extension headers before and behind', () => {
    const whole = l4(udp6({ ...there6, payload: TEXT }));
    const before = [{ type: 0, body: new Uint8Array(6) }];
    for (const [pieces, what] of [
      [cut6(17, whole, 40), 'plain'],
      [cut6(17, whole, 40, { before }), 'before'],
      [cut6(60, Uint8Array.from([17, 0, 1, 4, 0, 0, 0, 0, ...whole]), 40), 'behind'],
    ] as const) {
      const t = new Tracking();
      const { states, out } = sendAll(t, [...pieces].reverse(), commit());
      expect(states, what).to.deep.equal(['held', 'held', 'new|trk']);
      expect(out).to.deep.equal(pieces.map((piece) => toHex(piece)));
      expect(t.only({})).to.contain('sport=1000,dport=80');
    }
  });

  it('a wrong L4 checksum, found when the datagram is whole: inv', () => {
    const t = new Tracking();
    const pieces = cut4(17, l4(udp4({ ...there, payload: TEXT, checksum: 0x1234 })), 40);
    expect(sendAll(t, pieces).states).to.deep.equal(['held', 'held', 'inv|trk']);
  });

  it('an ICMP error in pieces is one about its connection', () => {
    const t = new Tracking();
    t.send(udp4({ ...there, payload: TEXT }), commit());
    const error = icmp4({
      type: 3,
      src: '10.0.0.2',
      dst: '10.0.0.1',
      payload: udp4({ ...there, payload: TEXT }).slice(14),
    });
    const pieces = cut4(1, l4(error), 64, { src: '10.0.0.2', dst: '10.0.0.1' });
    expect(sendAll(t, pieces).states.at(-1)).to.equal('rel|rpl|trk');
  });

  describe('with NAT', () => {
    const snat = commit({ nat: nat('src', '192.0.2.1', [5000, 5000]) });

    it('addresses change in each, ports and checksum in the first', () => {
      const t = new Tracking();
      const translated = l4(udp4({ ...there, src: '192.0.2.1', sport: 5000, payload: TEXT }));
      const { out } = sendAll(t, [third, second, first], snat);
      expect(out).to.deep.equal(cut4(17, translated, 40, { src: '192.0.2.1' }).map((piece) => toHex(piece)));
    });

    it('a checksum in another piece than the ports', () => {
      const t = new Tracking();
      const from = { ...there, flags: 'syn', payload: TEXT };
      const translated = l4(tcp4({ ...from, src: '192.0.2.1', sport: 5000 }));
      const { out } = sendAll(t, cut4(6, l4(tcp4(from)), 8), snat);
      expect(out).to.deep.equal(cut4(6, translated, 8, { src: '192.0.2.1' }).map((piece) => toHex(piece)));
    });

    it('in IPv6', () => {
      const t = new Tracking();
      const to = { ...there6, dst: 'fd00::99', dport: 81, payload: TEXT };
      const { out } = sendAll(
        t,
        cut6(17, l4(udp6({ ...there6, payload: TEXT })), 48),
        commit({ nat: nat('dst', 'fd00::99', [81, 81]) }),
      );
      expect(out).to.deep.equal(cut6(17, l4(udp6(to)), 48, { dst: 'fd00::99' }).map((piece) => toHex(piece)));
    });
  });

  describe('bounds', () => {
    it('15 s from the first piece on, then dropped and counted', () => {
      const t = new Tracking();
      sendAll(t, [first]);
      t.wait(14.9);
      sendAll(t, [second]);
      t.wait(0.1);
      expect(sendAll(t, [third]).states).to.deep.equal(['held']);
      expect(t.tracker.fragments.counters).to.include({ expired: 2, held: 1, whole: 0 });
      t.wait(15);
      t.tracker.sweep(t.now_ms);
      expect(t.tracker.fragments.counters).to.include({ expired: 3, held: 0 });
    });

    it('1,000 pieces in all: the oldest datagram makes way, counted', () => {
      const t = new Tracking();
      sendAll(t, [first, second]);
      for (let id = 0; id < MAX_PIECES; id++) t.track(cut4(17, datagram, 40, { id: 1000 + id })[0]);
      expect(t.tracker.fragments.counters).to.include({ crowded: 2, held: MAX_PIECES });
      expect(sendAll(t, [third]).states).to.deep.equal(['held']);
    });

    it('more pieces of one datagram than may be held', () => {
      const t = new Tracking();
      const long = cut4(17, new Uint8Array(8 * (MAX_PIECES + 10)), 8);
      for (const piece of long) t.track(piece);
      expect(t.tracker.fragments.counters.held).to.be.at.most(MAX_PIECES);
      expect(t.tracker.fragments.counters.crowded).to.equal(MAX_PIECES + 1);
    });

    it('a piece below the smallest size that is not the last: inv at once', () => {
      const t = new Tracking({ smallestFragment: { ipv4: 61, ipv6: 1280 } });
      expect(sendAll(t, [first]).states).to.deep.equal(['inv|trk']);
      expect(sendAll(t, [third]).states).to.deep.equal(['held']);
      expect(sendAll(t, cut6(17, new Uint8Array(2464), 1232)).states[0]).to.equal('held');
      expect(sendAll(t, cut6(17, new Uint8Array(2448), 1224)).states[0]).to.equal('inv|trk');
      expect(t.tracker.fragments.counters.too_small).to.equal(2);
    });
  });

  describe('bad ones', () => {
    it('an overlapping piece and those behind it: inv; those held are dropped', () => {
      const t = new Tracking();
      const overlapping = cut4(17, datagram, 32)[1];
      expect(sendAll(t, [first, overlapping, second, third]).states).to.deep.equal([
        'held',
        'inv|trk',
        'inv|trk',
        'inv|trk',
      ]);
      expect(t.tracker.fragments.counters).to.include({ overlapped: 1, held: 0 });
    });

    it('the same piece again: inv by itself, and the datagram goes on', () => {
      for (const again of [first, second, third]) {
        const t = new Tracking();
        const order = again === third ? [first, third, again, second] : [first, second, again, third];
        const { states, out } = sendAll(t, order);
        expect(states).to.deep.equal(['held', 'held', 'inv|trk', 'new|trk']);
        expect(out).to.deep.equal([first, second, third].map((piece) => toHex(piece)));
        expect(t.tracker.fragments.counters).to.include({ overlapped: 1, held: 0, whole: 1 });
      }
      const t = new Tracking();
      sendAll(t, [first]);
      expect(t.why(first.slice())).to.match(/held/);
    });

    it('a piece in the place of another with other bytes is an overlap', () => {
      const other = cut4(
        17,
        datagram.map((byte, i) => (i === 45 ? byte ^ 1 : byte)),
        40,
      )[1];
      expect(sendAll(new Tracking(), [first, second, other, third]).states).to.deep.equal([
        'held',
        'held',
        'inv|trk',
        'inv|trk',
      ]);
    });

    it('two last ones, a piece behind the last', () => {
      for (const pieces of [
        [third, cut4(17, datagram.slice(0, 88), 40)[2]],
        [cut4(17, datagram.slice(0, 60), 40)[1], third],
      ]) {
        expect(sendAll(new Tracking(), pieces).states).to.deep.equal(['held', 'inv|trk']);
      }
    });

    it('a length that is no multiple of 8, a datagram beyond 65,535 bytes, no payload, a wrong header checksum', () => {
      for (const bad of [
        ip4(17, new Uint8Array(13), { mf: true }),
        ip4(17, new Uint8Array(40), { mf: true, offset: 65_528 }),
        ip4(17, '', { mf: true }),
        ip4(17, new Uint8Array(16), { mf: true, ip_checksum: 1 }),
      ]) {
        expect(sendAll(new Tracking(), [bad]).states).to.deep.equal(['inv|trk']);
      }
    });
  });

  it('looking at a fragment changes nothing', () => {
    const t = new Tracking();
    expect(t.why(first.slice())).to.match(/held until/);
    expect(t.tracker.fragments.counters.held).to.equal(0);
  });
});
