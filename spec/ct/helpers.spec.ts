/** FTP and TFTP: connections that are announced, NAT through them, and what lies (ovs-actions(7), ct's alg). */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { formatState, MAX_OF_PARENT } from '../../lib/ct/index.js';
import { type Ipv4, type Ipv6, ip4, type Tcp, tcp4, tcp6, udp4 } from '../support/frames.js';
import { type Ask, commit, label, nat, Tracking } from './tracking.js';

const CLIENT = '10.0.0.1';
const SERVER = '10.0.0.2';
const OUTSIDE = '192.0.2.111';
const bare = { nat: nat() };
const ftp = (ask: Ask = {}): Ask => commit({ helper: 'ftp', ...ask });
const snat = ftp({ nat: nat('src', OUTSIDE) });
const dnat = ftp({ nat: nat('dst', SERVER) });

type Segment = Ipv4 & Ipv6 & Tcp;

/** An FTP control connection after its handshake. */
class Control {
  readonly t = new Tracking();
  seq = 101;
  ack = 501;

  constructor(
    ask: Ask = ftp(),
    private readonly port = 21,
    private readonly seen = { server: SERVER, client: CLIENT },
    private readonly build: (segment: Segment) => Uint8Array = tcp4,
    private readonly client = CLIENT,
    private readonly server = SERVER,
  ) {
    this.t.send(this.sent('', { flags: 'syn', seq: 100 }), ask);
    this.t.send(this.answered('', { flags: 'syn|ack', seq: 500, ack: 101 }), bare);
    this.t.send(this.sent(''), bare);
  }

  /** A segment of the client, as it sends it. */
  sent(payload: string, more: Partial<Segment> = {}): Uint8Array {
    const { seq, ack, port, seen, client } = this;
    return this.build({
      src: client,
      dst: seen.server,
      sport: 1000,
      dport: port,
      flags: 'psh|ack',
      seq,
      ack,
      payload,
      ...more,
    });
  }

  /** A segment of the server, as it sends it. */
  answered(payload: string, more: Partial<Segment> = {}): Uint8Array {
    const { seq, ack, port, seen, server } = this;
    return this.build({
      ...{ src: server, dst: seen.client, sport: port, dport: 1000 },
      ...{ flags: 'psh|ack', seq: ack, ack: seq, payload, ...more },
    });
  }
}

const PORT = 'PORT 10,0,0,1,7,208\r\n';
const PASV = '227 Entering Passive Mode (10,0,0,2,7,208).\r\n';

describe('ct/helpers: expectations', () => {
  it('PORT: the server may connect from any port, again and again, and that is related', () => {
    const control = new Control();
    const { t } = control;
    expect(t.send(control.sent(PORT))).to.equal('est|trk');
    for (const sport of [20, 4321]) {
      const data = tcp4({ src: SERVER, dst: CLIENT, sport, dport: 2000, flags: 'syn' });
      expect(t.send(data.slice())).to.equal('new|rel|trk');
      expect(t.send(data, commit())).to.equal('new|rel|trk');
    }
    expect(t.send(tcp4({ src: CLIENT, dst: SERVER, sport: 2000, dport: 20, flags: 'syn|ack', ack: 1 }))).to.equal(
      'est|rel|rpl|trk',
    );
    expect(t.send(tcp4({ src: SERVER, dst: CLIENT, sport: 20, dport: 2001, flags: 'syn' }))).to.equal('new|trk');
    expect(t.send(tcp4({ src: '10.0.0.9', dst: CLIENT, sport: 20, dport: 2000, flags: 'syn' }))).to.equal('new|trk');
  });

  it('PASV: the client may connect', () => {
    const c = new Control();
    c.t.send(c.answered(PASV));
    expect(c.t.send(tcp4({ src: CLIENT, dst: SERVER, sport: 3333, dport: 2000, flags: 'syn' }), commit())).to.equal(
      'new|rel|trk',
    );
    expect(c.t.dump({ more: true }).join())
      .to.contain('sport=3333,dport=2000')
      .and.to.contain('parent=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=21)')
      .and.to.contain('helper=ftp');
  });

  it('EPRT and EPSV in both families', () => {
    const six = { server: 'fd00::2', client: 'fd00::1' };
    const c6 = new Control(ftp(), 21, six, tcp6, 'fd00::1', 'fd00::2');
    c6.t.send(c6.sent('EPRT |2|fd00::1|2000|\r\n'));
    expect(c6.t.send(tcp6({ src: 'fd00::2', dst: 'fd00::1', sport: 20, dport: 2000, flags: 'syn' }))).to.equal(
      'new|rel|trk',
    );
    c6.t.send(c6.answered('229 Entering Extended Passive Mode (|||2001|)\r\n'));
    expect(c6.t.send(tcp6({ src: 'fd00::1', dst: 'fd00::2', sport: 9, dport: 2001, flags: 'syn' }))).to.equal(
      'new|rel|trk',
    );
    const c4 = new Control();
    c4.t.send(c4.sent('EPRT |1|10.0.0.1|2000|\r\n'));
    expect(c4.t.send(tcp4({ src: SERVER, dst: CLIENT, sport: 20, dport: 2000, flags: 'syn' }))).to.equal('new|rel|trk');
    c4.t.send(c4.answered('229 Entering Extended Passive Mode (|||2001|)\r\n'));
    expect(c4.t.send(tcp4({ src: CLIENT, dst: SERVER, sport: 9, dport: 2001, flags: 'syn' }))).to.equal('new|rel|trk');
  });

  it('the helper is fixed at commit, on any port; without one nothing is expected', () => {
    const other = new Control(ftp(), 2121);
    other.t.send(other.sent(PORT));
    expect(other.t.send(tcp4({ src: SERVER, dst: CLIENT, sport: 20, dport: 2000, flags: 'syn' }))).to.equal(
      'new|rel|trk',
    );
    const none = new Control(commit());
    none.t.send(none.sent(PORT), ftp());
    expect(none.t.send(tcp4({ src: SERVER, dst: CLIENT, sport: 20, dport: 2000, flags: 'syn' }))).to.equal('new|trk');
  });

  it("shows the parent's tuple, mark and label before and after its commit, which exec does not change", () => {
    const c = new Control(ftp({ markValue: 7, markMask: 0xff, labelValue: label('abc'), labelMask: label('fff') }));
    c.t.send(c.sent(PORT));
    const data = tcp4({ src: SERVER, dst: CLIENT, sport: 20, dport: 2000, flags: 'syn' });
    for (const ask of [{}, commit({ markValue: 9, markMask: 0xff }), commit({ markValue: 9, markMask: 0xff })]) {
      const result = c.t.track(data.slice(), ask);
      expect(formatState(result.state)).to.equal('new|rel|trk');
      expect(result).to.include({ mark: 7, tp_src: 1000, tp_dst: 21, proto: 6 });
      expect([...result.label]).to.deep.equal([...label('abc')]);
      expect([...result.src.slice(0, 4)]).to.deep.equal([10, 0, 0, 1]);
    }
    expect(c.t.dump({}).filter((line) => line.includes('mark=7,labels=0xabc'))).to.have.length(2);
  });

  it('do not expire, and end with their parent, flush included', () => {
    for (const end of [
      (t: Tracking) => t.tracker.flush({}, t.now_ms),
      (t: Tracking) => t.tracker.flush({ zone: 0 }, t.now_ms),
      (t: Tracking) => t.wait(86_401),
    ]) {
      const c = new Control();
      c.t.send(c.sent(PORT));
      c.t.wait(3600);
      const data = tcp4({ src: SERVER, dst: CLIENT, sport: 20, dport: 2000, flags: 'syn' });
      expect(c.t.send(data)).to.equal('new|rel|trk');
      end(c.t);
      expect(c.t.send(data)).to.equal('new|trk');
      for (let n = 0; n < 10; n++) c.t.tracker.sweep(c.t.now_ms);
      expect(c.t.tracker.expectations.counters.expected).to.equal(0);
    }
  });

  it('are bounded for each parent: the oldest makes way', () => {
    const c = new Control();
    for (let n = 0; n <= MAX_OF_PARENT; n++) {
      const text = `PORT 10,0,0,1,8,${n}\r\n`;
      c.t.send(c.sent(text));
      c.seq += text.length;
    }
    expect(c.t.tracker.expectations.counters).to.include({ expected: MAX_OF_PARENT, replaced: 1 });
    expect(c.t.send(tcp4({ src: SERVER, dst: CLIENT, sport: 20, dport: 2048, flags: 'syn' }))).to.equal('new|trk');
    expect(c.t.send(tcp4({ src: SERVER, dst: CLIENT, sport: 20, dport: 2049, flags: 'syn' }))).to.equal('new|rel|trk');
  });

  it('an address that is not its own, or nonsense: inv, counted, and nothing expected', () => {
    for (const text of ['PORT 10,0,0,9,7,208\r\n', 'PORT 10,0,0\r\n']) {
      const c = new Control();
      expect(c.t.send(c.sent(text))).to.equal('inv|trk');
      expect(c.t.tracker.counters.invalid).to.equal(1);
      expect(c.t.send(tcp4({ src: SERVER, dst: CLIENT, sport: 20, dport: 2000, flags: 'syn' }))).to.equal('new|trk');
    }
    const c = new Control();
    expect(c.t.send(c.answered('227 ok (10,0,0,9,7,208)\r\n'))).to.equal('inv|trk');
  });

  it('TFTP: any port of the server, to the port of the client', () => {
    const t = new Tracking();
    const request = { src: CLIENT, dst: SERVER, sport: 5000, dport: 69, payload: 'rrq' };
    t.send(udp4(request), commit({ helper: 'tftp' }));
    const data = udp4({ src: SERVER, dst: CLIENT, sport: 3333, dport: 5000 });
    expect(t.send(data.slice(), commit())).to.equal('new|rel|trk');
    expect(t.send(udp4({ src: CLIENT, dst: SERVER, sport: 5000, dport: 3333 }))).to.equal('est|rel|rpl|trk');
    expect(t.send(udp4({ src: SERVER, dst: CLIENT, sport: 3333, dport: 5001 }))).to.equal('new|trk');
  });
});

describe('ct/helpers: with NAT', () => {
  const seen = { server: SERVER, client: OUTSIDE };

  it('PORT behind SNAT: the address outside, its length, sequence numbers behind it, acknowledgements back', () => {
    const c = new Control(snat, 21, seen);
    const outside = { src: OUTSIDE, dst: SERVER, sport: 1000, dport: 21, flags: 'psh|ack' };
    const wanted = tcp4({ ...outside, seq: 101, ack: 501, payload: 'PORT 192,0,2,111,7,208\r\n' });
    expect(toHex(c.t.through(c.sent(PORT), bare))).to.equal(toHex(wanted));
    // The same again, as a repeated segment.
    expect(toHex(c.t.through(c.sent(PORT), bare))).to.equal(toHex(wanted));
    c.seq += PORT.length;
    const grown = 3;
    const next = tcp4({ ...outside, seq: c.seq + grown, ack: 501, payload: 'LIST\r\n' });
    expect(toHex(c.t.through(c.sent('LIST\r\n'), bare))).to.equal(toHex(next));
    const sack = (edge: number) => Uint8Array.of(1, 1, 5, 10, 0, 0, 0, edge, 0, 0, 0, edge + 6);
    const answer = c.answered('200 ok\r\n', { ack: c.seq + grown, tcp_options: sack(c.seq + grown) });
    const inside = { src: SERVER, dst: CLIENT, sport: 21, dport: 1000, flags: 'psh|ack' };
    expect(toHex(c.t.through(answer, bare))).to.equal(
      toHex(tcp4({ ...inside, seq: 501, ack: c.seq, tcp_options: sack(c.seq), payload: '200 ok\r\n' })),
    );
    expect(c.t.send(c.answered('200 ok\r\n', { ack: c.seq + grown }), bare)).to.equal('est|rpl|trk|dnat');
  });

  it('a second address, and a shorter one', () => {
    const c = new Control(ftp({ nat: nat('src', '9.9.9.9') }), 21, { server: SERVER, client: '9.9.9.9' });
    for (let n = 1; n <= 3; n++) {
      const frame = c.t.through(c.sent(PORT), bare);
      const outside = { src: '9.9.9.9', dst: SERVER, sport: 1000, dport: 21, flags: 'psh|ack' };
      const wanted = tcp4({ ...outside, seq: c.seq - (n - 1), ack: 501, payload: 'PORT 9,9,9,9,7,208\r\n' });
      expect(toHex(frame)).to.equal(toHex(wanted));
      c.seq += PORT.length;
    }
  });

  it('the data connection follows its parent, whatever its nat says; without nat it is not translated', () => {
    const c = new Control(snat, 21, seen);
    c.t.send(c.sent(PORT), bare);
    const data = { src: SERVER, dst: OUTSIDE, sport: 20, dport: 2000, flags: 'syn' };
    expect(c.t.send(tcp4(data))).to.equal('new|rel|trk');
    const frame = c.t.through(tcp4(data), commit({ nat: nat('src', '8.8.8.8') }));
    expect(toHex(frame)).to.equal(toHex(tcp4({ ...data, dst: CLIENT })));
    const back = { src: CLIENT, dst: SERVER, sport: 2000, dport: 20, flags: 'syn|ack', ack: 1 };
    expect(toHex(c.t.through(tcp4(back), bare))).to.equal(toHex(tcp4({ ...back, src: OUTSIDE })));
    expect(c.t.send(tcp4({ ...back, flags: 'ack' }), bare)).to.equal('est|rel|rpl|trk|snat');
    expect(c.t.send(tcp4({ ...data, sport: 21_000 }), commit())).to.equal('new|rel|trk');
    expect(
      c.t.dump({}).filter((line) => line.includes(`reply=(src=${OUTSIDE},dst=${SERVER},sport=2000,dport=21000)`)),
    ).to.have.length(1);
  });

  it('PASV behind DNAT: the address the client knows, and the connection to it', () => {
    const known = '198.51.100.7';
    const c = new Control(dnat, 21, { server: known, client: CLIENT });
    const frame = c.t.through(c.answered(PASV), bare);
    const inside = { src: known, dst: CLIENT, sport: 21, dport: 1000, flags: 'psh|ack', seq: 501, ack: 101 };
    expect(toHex(frame)).to.equal(toHex(tcp4({ ...inside, payload: PASV.replace('10,0,0,2', '198,51,100,7') })));
    const data = { src: CLIENT, dst: known, sport: 3333, dport: 2000, flags: 'syn' };
    expect(toHex(c.t.through(tcp4(data), commit(bare)))).to.equal(toHex(tcp4({ ...data, dst: SERVER })));
  });

  it('EPRT in IPv6', () => {
    const c = new Control(
      ftp({ nat: nat('src', '2001:db8::9') }),
      21,
      { server: 'fd00::2', client: '2001:db8::9' },
      tcp6,
      'fd00::1',
      'fd00::2',
    );
    const frame = c.t.through(c.sent('EPRT |2|fd00::1|2000|\r\n'), bare);
    const outside = {
      src: '2001:db8::9',
      dst: 'fd00::2',
      sport: 1000,
      dport: 21,
      flags: 'psh|ack',
      seq: 101,
      ack: 501,
    };
    expect(toHex(frame)).to.equal(toHex(tcp6({ ...outside, payload: 'EPRT |2|2001:db8::9|2000|\r\n' })));
  });

  it("TFTP: the server's answer finds the client behind a translated port", () => {
    const t = new Tracking();
    t.send(
      udp4({ src: CLIENT, dst: SERVER, sport: 5000, dport: 69 }),
      commit({ helper: 'tftp', nat: nat('src', OUTSIDE, [6000, 6000]) }),
    );
    const data = { src: SERVER, dst: OUTSIDE, sport: 3333, dport: 6000 };
    expect(toHex(t.through(udp4(data), commit(bare)))).to.equal(toHex(udp4({ ...data, dst: CLIENT, dport: 5000 })));
  });

  it('a segment in fragments that grew is cut again at the longest piece', () => {
    const c = new Control(snat, 21, seen);
    const payload = c.sent(`${PORT}${'NOOP\r\n'.repeat(4)}`).slice(34);
    const from = { src: CLIENT, dst: SERVER, id: 5 };
    for (let offset = 0; offset < payload.length; offset += 32) {
      const mf = offset + 32 < payload.length;
      c.t.track(ip4(6, payload.slice(offset, offset + 32), { ...from, offset, mf }), bare);
    }
    const outside = { src: OUTSIDE, dst: SERVER, sport: 1000, dport: 21, flags: 'psh|ack', seq: 101, ack: 501 };
    const whole = tcp4({ ...outside, payload: `PORT 192,0,2,111,7,208\r\n${'NOOP\r\n'.repeat(4)}` }).slice(34);
    const pieces = c.t.tracker.released?.pieces.map(({ frame }) => toHex(frame));
    const wanted = [0, 32, 64].map((offset) =>
      toHex(
        ip4(6, whole.slice(offset, offset + 32), { ...from, src: OUTSIDE, offset, mf: offset + 32 < whole.length }),
      ),
    );
    expect(pieces).to.deep.equal(wanted);
  });
});
