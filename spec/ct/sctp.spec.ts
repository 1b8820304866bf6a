/** SCTP: ports, CRC32c, and associations with states and verification tags (RFC 9260 §4, §8.5). */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { type Ipv4, icmp4, inner, ip4, ip6 } from '../support/frames.js';
import { type Ask, commit, nat, Tracking } from './tracking.js';

/** CRC32c bit by bit, apart from lib's. */
function crc(bytes: number[]): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  }
  return ~sum >>> 0;
}

const u16 = (n: number): number[] => [(n >>> 8) & 0xff, n & 0xff];
const u32 = (n: number): number[] => [...u16(n >>> 16), ...u16(n)];
const chunk = (type: number, body: number[] = [], flags = 0): number[] => [
  type,
  flags,
  ...u16(4 + body.length),
  ...body,
];
const init = (tag: number): number[] => chunk(1, [...u32(tag), ...u32(1500), 0, 1, 0, 1, ...u32(1)]);
const initAck = (tag: number): number[] => chunk(2, [...u32(tag), ...u32(1500), 0, 1, 0, 1, ...u32(1)]);
const DATA = chunk(0, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 3);
const COOKIE_ECHO = chunk(10, [9, 9, 9, 9]);
const COOKIE_ACK = chunk(11);
const SHUTDOWN = chunk(7, [0, 0, 0, 1]);
const SHUTDOWN_ACK = chunk(8);
const SHUTDOWN_COMPLETE = chunk(14);
const ABORT = chunk(6);

interface Options extends Ipv4 {
  sport?: number;
  dport?: number;
  crc?: number;
}

function bytesOf(tag: number, chunks: number[], o: Options): Uint8Array {
  const head = [...u16(o.sport ?? 1000), ...u16(o.dport ?? 80), ...u32(tag)];
  const sum = o.crc ?? crc([...head, 0, 0, 0, 0, ...chunks]);
  return Uint8Array.from([...head, sum & 0xff, (sum >>> 8) & 0xff, (sum >>> 16) & 0xff, sum >>> 24, ...chunks]);
}

function sctp(tag: number, chunks: number[], o: Options = {}): Uint8Array {
  return ip4(132, bytesOf(tag, chunks, o), { src: '10.0.0.1', dst: '10.0.0.2', ...o });
}
const back = { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 };

/** The client's packets carry SERVER, the server's CLIENT. */
const CLIENT = 0xc0ffee01;
const SERVER = 0x5e57e701;

class Conversation {
  readonly t = new Tracking();
  there(tag: number, chunks: number[], ask: Ask = {}): string {
    return this.t.send(sctp(tag, chunks), ask);
  }
  back(tag: number, chunks: number[]): string {
    return this.t.send(sctp(tag, chunks, back));
  }
  get state(): string {
    return /state=(\w+)/.exec(this.t.only())?.[1] ?? '';
  }
  get timeout(): string {
    return /timeout=(\d+)/.exec(this.t.only())?.[1] ?? '';
  }
  established(): this {
    this.there(0, init(CLIENT), commit());
    this.back(CLIENT, initAck(SERVER));
    this.there(SERVER, COOKIE_ECHO);
    this.back(CLIENT, COOKIE_ACK);
    return this;
  }
}

describe('ct/sctp: states', () => {
  it('INIT, INIT ACK, COOKIE ECHO, COOKIE ACK, data, SHUTDOWN, its ACK and COMPLETE', () => {
    const c = new Conversation();
    const seen: string[] = [];
    const step = (state: string): void => {
      seen.push(`${state} ${c.state} ${c.timeout}`);
    };
    step(c.there(0, init(CLIENT), commit()));
    step(c.back(CLIENT, initAck(SERVER)));
    step(c.there(SERVER, COOKIE_ECHO));
    step(c.back(CLIENT, COOKIE_ACK));
    step(c.there(SERVER, DATA));
    step(c.there(SERVER, SHUTDOWN));
    step(c.back(CLIENT, SHUTDOWN_ACK));
    step(c.there(SERVER, SHUTDOWN_COMPLETE));
    expect(seen).to.deep.equal([
      'new|trk COOKIE_WAIT 30',
      'est|rpl|trk COOKIE_WAIT 30',
      'est|trk COOKIE_ECHOED 30',
      'est|rpl|trk ESTABLISHED 86400',
      'est|trk ESTABLISHED 86400',
      'est|trk SHUTDOWN_SENT 900',
      'est|rpl|trk SHUTDOWN_ACK_SENT 45',
      'est|trk CLOSED 30',
    ]);
    expect(c.there(0, init(7), commit())).to.equal('new|trk');
    expect(c.state).to.equal('COOKIE_WAIT');
  });

  it('the server may end it, and ABORT at any time', () => {
    const c = new Conversation().established();
    c.back(CLIENT, SHUTDOWN);
    expect(c.state).to.equal('SHUTDOWN_RECD');
    const d = new Conversation().established();
    expect(d.back(CLIENT, ABORT)).to.equal('est|rpl|trk');
    expect(d.state).to.equal('CLOSED');
  });

  it('ABORT with the tag of its receiver reflected', () => {
    const c = new Conversation().established();
    expect(c.back(SERVER, chunk(6, [], 1))).to.equal('est|rpl|trk');
    const d = new Conversation().established();
    expect(d.back(SERVER, chunk(6, [], 0))).to.equal('inv|trk');
  });

  it('INIT again is new again, with its tag', () => {
    const c = new Conversation();
    c.there(0, init(CLIENT), commit());
    expect(c.there(0, init(99))).to.equal('new|trk');
    expect(c.back(CLIENT, initAck(SERVER))).to.equal('inv|trk');
    expect(c.back(99, initAck(SERVER))).to.equal('est|rpl|trk');
  });

  it('a restart counts when both sides have agreed; a stranger’s INIT changes nothing', () => {
    const c = new Conversation().established();
    expect(c.there(0, init(0x11))).to.equal('est|trk');
    expect(c.there(SERVER, DATA)).to.equal('est|trk');
    expect(c.back(CLIENT, DATA)).to.equal('est|rpl|trk');
    expect(c.back(0x11, initAck(0x22))).to.equal('est|rpl|trk');
    expect(c.there(0x22, COOKIE_ECHO)).to.equal('est|trk');
    expect(c.back(0x11, COOKIE_ACK)).to.equal('est|rpl|trk');
    expect(c.there(0x22, DATA)).to.equal('est|trk');
    expect(c.there(SERVER, DATA)).to.equal('inv|trk');
  });

  it('picked up in the middle: established when the other side answers', () => {
    const c = new Conversation();
    expect(c.there(SERVER, DATA, commit())).to.equal('new|trk');
    expect(c.state).to.equal('COOKIE_ECHOED');
    expect(c.back(CLIENT, DATA)).to.equal('est|rpl|trk');
    expect(c.state).to.equal('ESTABLISHED');
    expect(c.back(CLIENT + 1, DATA)).to.equal('inv|trk');
  });
});

describe('ct/sctp: inv', () => {
  for (const [what, frame] of [
    ['a wrong CRC', sctp(0, init(1), { crc: 1 })],
    ['port 0', sctp(0, init(1), { sport: 0 })],
    ['an answer that begins', sctp(5, initAck(1))],
    ['ABORT that begins', sctp(5, ABORT)],
    ['INIT with a tag', sctp(5, init(1))],
    ['INIT that chooses no tag', sctp(0, init(0))],
    ['INIT in company', sctp(0, [...init(1), ...DATA])],
    ['data without a tag', sctp(0, DATA)],
    ['a chunk longer than the packet', sctp(5, [0, 0, 0, 9, 1, 2, 3, 4])],
    ['a chunk shorter than its header', sctp(5, [0, 0, 0, 3])],
    ['no chunk', sctp(5, [])],
  ] as const) {
    it(what, () => expect(new Tracking().send(frame.slice())).to.equal('inv|trk'));
  }

  it("a packet with another's tag changes nothing", () => {
    const c = new Conversation().established();
    c.t.wait(100);
    expect(c.there(SERVER + 1, SHUTDOWN)).to.equal('inv|trk');
    expect(c.back(SERVER, ABORT)).to.equal('inv|trk');
    expect(`${c.state} ${c.timeout}`).to.equal('ESTABLISHED 86300');
  });

  it('data before the cookie', () => {
    const c = new Conversation();
    c.there(0, init(CLIENT), commit());
    expect(c.back(CLIENT, DATA)).to.equal('inv|trk');
  });
});

describe('ct/sctp: around it', () => {
  it('dump, statistics, and the reason', () => {
    const c = new Conversation().established();
    expect(c.t.only({})).to.equal(
      'sctp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1000),' +
        `protoinfo=(state=ESTABLISHED,vtag_orig=${SERVER},vtag_reply=${CLIENT})`,
    );
    expect(c.t.tracker.statistics(c.t.now_ms)).to.deep.include({ sctp_states: { ESTABLISHED: 1 } });
    expect(c.t.why(sctp(1, DATA))).to.match(/tag of another/);
  });

  it('NAT of address and port, with a right CRC', () => {
    const t = new Tracking();
    const ask = commit({ nat: nat('src', '192.0.2.1', [5000, 5000]) });
    const wanted = sctp(0, init(CLIENT), { src: '192.0.2.1', sport: 5000 });
    expect(toHex(t.through(sctp(0, init(CLIENT)), ask))).to.equal(toHex(wanted));
    const reply = { ...back, dst: '192.0.2.1', dport: 5000 };
    const inside = sctp(CLIENT, initAck(SERVER), back);
    expect(toHex(t.through(sctp(CLIENT, initAck(SERVER), reply), { nat: nat() }))).to.equal(toHex(inside));
  });

  it('ICMP errors by its ports, and IPv6', () => {
    const c = new Conversation().established();
    const error = icmp4({ type: 3, src: '10.0.0.2', dst: '10.0.0.1', payload: inner(sctp(SERVER, DATA), 28) });
    expect(c.t.send(error)).to.equal('rel|rpl|trk');
    const six = { src: 'fd00::1', dst: 'fd00::2' };
    expect(c.t.send(ip6(132, bytesOf(0, init(5), {}), six))).to.equal('new|trk');
  });
});
