/** FTP's announcements that come in several segments: joined, translated, held within bounds (RFC 959 §4; RFC 2428). */
import { expect } from 'chai';
import fc from 'fast-check';
import { toHex } from '../../lib/bytes/index.js';
import { MAX_UNFINISHED, MAX_WAITING_LINES, UnfinishedLines } from '../../lib/ct/helpers/unfinished.js';
import { tcp4, tcp6 } from '../support/frames.js';
import { commit, nat, Tracking } from './tracking.js';

const CLIENT = '10.0.0.1';
const SERVER = '10.0.0.2';
const OUTSIDE = '192.0.2.111';
const bare = { nat: nat() };
const PORT = 'PORT 10,0,0,1,7,208\r\n';
const OUTER = 'PORT 192,0,2,111,7,208\r\n';
const PASV = '227 Entering Passive Mode (10,0,0,2,7,208).\r\n';

/** A control connection, and what its receivers have got of either side's stream. */
class Control {
  readonly t = new Tracking();
  private readonly snat: boolean;
  /** Bytes that the server has, by their place in the client's stream as it goes out. */
  readonly stream: string[] = [];

  constructor(snat: boolean) {
    this.snat = snat;
    this.t.send(
      this.client('', 100, { flags: 'syn' }),
      commit({ helper: 'ftp', nat: snat ? nat('src', OUTSIDE) : null }),
    );
    this.t.send(this.server('', 500, { flags: 'syn|ack', ack: 101 }), bare);
    this.t.send(this.client('', 101), bare);
  }

  client(payload: string, seq: number, more: object = {}): Uint8Array {
    return tcp4({
      src: CLIENT,
      dst: SERVER,
      sport: 1000,
      dport: 21,
      flags: 'psh|ack',
      seq,
      ack: 501,
      payload,
      ...more,
    });
  }

  server(payload: string, seq: number, more: object = {}): Uint8Array {
    const dst = this.snat ? OUTSIDE : CLIENT;
    return tcp4({ src: SERVER, dst, sport: 21, dport: 1000, flags: 'psh|ack', seq, ack: 101, payload, ...more });
  }

  /** Sends on; what arrives is put where its sequence number says. */
  go(payload: string, seq: number, more: object = {}): Uint8Array {
    const frame = this.t.through(this.client(payload, seq, more), this.snat ? bare : {});
    const at = new DataView(frame.buffer, frame.byteOffset).getUint32(38) - 101;
    const total = (frame[16] << 8) | frame[17];
    const data = String.fromCharCode(...frame.subarray(54, 14 + total));
    for (let i = 0; i < data.length; i++) this.stream[at + i] = data[i];
    return frame;
  }

  get expected(): number {
    return this.t.tracker.expectations.counters.expected;
  }
}

describe('ct: FTP lines that come in pieces', () => {
  it('are joined, wherever they are cut, and announce as a whole line does', () => {
    for (let cut = 1; cut < PORT.length; cut++) {
      const c = new Control(false);
      expect(toHex(c.go(PORT.slice(0, cut), 101))).to.equal(toHex(c.client(PORT.slice(0, cut), 101)));
      expect(c.expected).to.equal(0);
      expect(toHex(c.go(PORT.slice(cut), 101 + cut))).to.equal(toHex(c.client(PORT.slice(cut), 101 + cut)));
      expect(c.expected, `cut at ${cut}`).to.equal(1);
      const data = tcp4({ src: SERVER, dst: CLIENT, sport: 20, dport: 2000, flags: 'syn' });
      expect(c.t.send(data, commit())).to.equal('new|rel|trk');
    }
  });

  it("so are the server's, and EPRT in IPv6", () => {
    for (let cut = 1; cut < PASV.length; cut++) {
      const c = new Control(false);
      c.t.send(c.server(PASV.slice(0, cut), 501));
      c.t.send(c.server(PASV.slice(cut), 501 + cut));
      expect(c.expected, `cut at ${cut}`).to.equal(1);
    }
    const t = new Tracking();
    const frame = (payload: string, seq: number, flags = 'psh|ack') =>
      tcp6({ src: 'fd00::1', dst: 'fd00::2', sport: 1000, dport: 21, flags, seq, ack: 501, payload });
    t.send(frame('', 100, 'syn'), commit({ helper: 'ftp', nat: nat('src', '2001:db8::99') }));
    t.send(
      tcp6({ src: 'fd00::2', dst: '2001:db8::99', sport: 21, dport: 1000, flags: 'syn|ack', seq: 500, ack: 101 }),
      bare,
    );
    t.through(frame('EPRT |2|fd', 101), bare);
    const outside = { src: '2001:db8::99', dst: 'fd00::2', sport: 1000, dport: 21, flags: 'psh|ack', ack: 501 };
    expect(toHex(t.through(frame('00::1|2000|\r\n', 111), bare))).to.equal(
      toHex(tcp6({ ...outside, seq: 101, payload: 'EPRT |2|2001:db8::99|2000|\r\n' })),
    );
  });

  it('behind NAT the whole line goes out, translated, and numbers behind it follow', () => {
    for (let cut = 1; cut < PORT.length; cut++) {
      const c = new Control(true);
      const outside = { src: OUTSIDE, dst: SERVER, sport: 1000, dport: 21, flags: 'psh|ack', ack: 501 };
      expect(toHex(c.go(`NOOP\r\n${PORT.slice(0, cut)}`, 101))).to.equal(
        toHex(tcp4({ ...outside, seq: 101, payload: 'NOOP\r\n' })),
      );
      expect(toHex(c.go(`${PORT.slice(cut)}`, 107 + cut))).to.equal(
        toHex(tcp4({ ...outside, seq: 107, payload: OUTER })),
      );
      c.go('LIST\r\n', 107 + PORT.length);
      expect(c.stream.join('')).to.equal(`NOOP\r\n${OUTER}LIST\r\n`);
      expect(c.expected).to.equal(1);
    }
  });

  it('whatever the pieces, repetitions included, the receiver has the same stream', () => {
    const text = `USER me\r\n${PORT}NOOP\r\nPORT 10,0,0,1,8,1\r\nQUIT\r\n`;
    const wanted = text.replaceAll('10,0,0,1', '192,0,2,111');
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 4 }),
        fc.array(fc.boolean()),
        (sizes, again) => {
          const c = new Control(true);
          let at = 0;
          for (let n = 0; at < text.length; n++) {
            const size = sizes[n % sizes.length];
            c.go(text.slice(at, at + size), 101 + at);
            // A sender that wasn't acknowledged repeats from the beginning of the line.
            const start = text.lastIndexOf('\n', at - 1) + 1;
            if (again[n]) c.go(text.slice(start, at + size), 101 + start);
            at += size;
          }
          expect(c.stream.join('')).to.equal(wanted);
          expect(c.expected).to.equal(2);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a lie is inv once its line is whole, and announces nothing', () => {
    for (const snat of [false, true]) {
      const c = new Control(snat);
      const ask = snat ? bare : {};
      expect(c.t.send(c.client('PORT 10,0,0,', 101), ask)).to.match(/^est\|trk/);
      expect(c.t.send(c.client('9,7,208\r\n', 113), ask)).to.equal('inv|trk');
      expect(c.expected).to.equal(0);
    }
  });

  it('a gap leaves the line, other text is not kept, FIN ends the waiting, and a line too long goes on', () => {
    const c = new Control(true);
    c.go(PORT.slice(0, 8), 101);
    c.go('NOOP\r\n', 150);
    c.go(PORT.slice(8), 109);
    expect(c.expected).to.equal(1);
    const { counters } = c.t.tracker.helpers.lines;
    expect(counters).to.deep.equal({ joined: 1, crowded: 0, abandoned: 0 });
    for (const text of ['PASS secr', 'P', 'hello']) {
      const d = new Control(true);
      const kept = text === 'P' ? 0 : text.length;
      expect(d.go(text, 101).length - d.client('', 101).length, text).to.equal(kept);
    }
    const end = new Control(true);
    expect(end.go('PORT 10,0', 101, { flags: 'fin|ack' }).length).to.equal(end.client('PORT 10,0', 101).length);
    const long = new Control(true);
    const line = `PORT ${'1'.repeat(MAX_UNFINISHED)}`;
    long.go(line.slice(0, 100), 101);
    long.go(line.slice(100), 201);
    expect(long.stream.join('')).to.equal(line);
  });

  it('waiting lines have a bound, the oldest makes way, and they end with their connection', () => {
    const lines = new UnfinishedLines();
    for (let slot = 0; slot <= MAX_WAITING_LINES; slot++) lines.keep(slot, false, 10, Uint8Array.of(80));
    expect(lines.counters.crowded).to.equal(1);
    expect(lines.take(0, false, 11)).to.have.length(0);
    expect(lines.take(1, false, 11)).to.have.length(1);
    lines.end(2);
    expect(lines.take(2, false, 11)).to.have.length(0);
  });
});
