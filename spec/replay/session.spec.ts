/** Sessions out of captures: segments late, twice, missing, cut; several sessions; what is no OpenFlow. */
import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, toHex } from '../../lib/bytes/index.js';
import { readCapture } from '../../lib/replay/session.js';
import { encode } from '../../lib/wire/index.js';
import { tcp4, udp4 } from '../support/frames.js';
import { captureOf, framesOf, type Said } from './capture.js';

const data = new Uint8Array(100);
const SESSION: readonly Said[] = [
  { by: 'switch', message: { type: 'hello', xid: 1, version: 4, versions: [4] } },
  { by: 'controller', message: { type: 'hello', xid: 1, version: 4, versions: null } },
  ...Array.from({ length: 8 }, (_, i): Said[] => [
    { by: 'controller', message: { type: 'echo_request', xid: 10 + i, data } },
    { by: 'switch', message: { type: 'echo_reply', xid: 10 + i, data } },
  ]).flat(),
  { by: 'controller', message: { type: 'features_request', xid: 50 } },
];
const bytesBy = (by: Said['by']) =>
  SESSION.filter((said) => said.by === by).map(({ message }) => toHex(encode(message)));

/** The messages of the only session, by side. */
function read(frames: readonly Uint8Array[]) {
  const { sessions } = readCapture(captureOf(frames));
  expect(sessions).to.have.length(1);
  const [{ messages, losses }] = sessions;
  const by = (side: Said['by']) => messages.filter((m) => m.by === side).map(({ bytes }) => toHex(bytes));
  return { controller: by('controller'), switch: by('switch'), losses };
}

describe('replay: sessions of a capture', () => {
  it('know who is the switch, who dialled, and where it ended', () => {
    const frames = framesOf(SESSION);
    const [session] = readCapture(captureOf(frames)).sessions;
    expect(session).to.include({
      name: '127.0.0.2:40000 → 127.0.0.1:6653',
      dialled: 'switch',
      closed: frames.length - 1,
    });
    expect(session.messages).to.have.length(SESSION.length);
    expect(session.messages[2]).to.include({ by: 'controller', frame: 5 });
  });

  it('come out the same from segments of any size, in any order, twice', () => {
    const seed = fc.sample(fc.integer(), 1)[0];
    const property = fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.nat(), { maxLength: 40 }),
      (cut, swaps) => {
        const frames = framesOf(SESSION, cut);
        // Behind the handshake and before the end, frames change places, and one comes twice.
        for (const swap of swaps) {
          const a = 2 + (swap % (frames.length - 4));
          const b = 2 + ((swap * 7) % (frames.length - 4));
          [frames[a], frames[b]] = [frames[b], frames[a]];
          frames.splice(a, 0, frames[a]);
        }
        expect(read(frames)).to.deep.equal({
          controller: bytesBy('controller'),
          switch: bytesBy('switch'),
          losses: [],
        });
      },
    );
    fc.assert(property, { seed, numRuns: 100 });
  });

  it('say what is missing, and go on behind it', () => {
    const frames = framesOf(SESSION, 60);
    // The fifth echo request: two segments, of which the first was lost.
    const at = 2 + 2 + 4 * 4;
    const all = read(frames.filter((_, i) => i !== at));
    expect(all.losses).to.have.length(1);
    expect(all.losses[0]).to.match(/^127\.0\.0\.1:6653: 60 bytes before frame \d+ are not in the capture$/);
    expect(all.switch).to.deep.equal(bytesBy('switch'));
    expect(all.controller).to.deep.equal(bytesBy('controller').filter((_, i) => i !== 5));
  });

  it('are read where the capture began too late', () => {
    const all = read(framesOf(SESSION).slice(4));
    expect(all.controller).to.deep.equal(bytesBy('controller').slice(1));
    expect(all.switch).to.deep.equal(bytesBy('switch').slice(1));
  });

  it('of a file that is cut off have what is before', () => {
    const file = captureOf(framesOf(SESSION));
    const { cut, sessions } = readCapture(file.subarray(0, file.length - 100));
    expect(cut).to.match(/cut off/);
    expect(sessions[0].messages.length).to.be.within(5, SESSION.length);
  });

  it('of a file that is damaged have what is before', () => {
    const frames = framesOf(SESSION);
    const file = captureOf(frames);
    const place = captureOf(frames.slice(0, 12)).length;
    file.fill(0xff, place, place + 16);
    const { cut, sessions } = readCapture(file);
    expect(cut).to.match(/^a frame of 4294967295 bytes/);
    expect(sessions[0].messages.length).to.be.within(5, SESSION.length - 1);
    file.fill(0xff, 24, 40);
    expect(() => readCapture(file)).to.throw('a frame of 4294967295 bytes');
  });

  // Headers as the tcpdump group's list of link types has them; each frame's IP packet stands behind one.
  const LINKS: readonly (readonly [name: string, type: number, header: string])[] = [
    ['BSD loopback', 0, '02000000'],
    ['raw IP', 101, ''],
    ['Linux cooked', 113, '0000 0304 0006 000000000000 0000 0800'],
    ['Linux cooked, behind a tag', 113, '0000 0304 0006 000000000000 0000 8100 0005 0800'],
    ['Linux cooked v2', 276, '0800 0000 00000001 0304 00 06 0000000000000000'],
  ];
  for (const [name, type, header] of LINKS) {
    it(`of a capture of ${name}`, () => {
      const link = fromHex(header.replaceAll(' ', ''));
      const file = captureOf(framesOf(SESSION).map((frame) => Uint8Array.of(...link, ...frame.subarray(14))));
      new DataView(file.buffer, file.byteOffset).setUint32(20, type, true);
      const { sessions } = readCapture(file);
      expect(sessions.map(({ messages }) => messages.map(({ bytes }) => toHex(bytes)))).to.deep.equal([
        readCapture(captureOf(framesOf(SESSION))).sessions[0].messages.map(({ bytes }) => toHex(bytes)),
      ]);
    });
  }

  it('of a link type that is not known are refused', () => {
    const file = captureOf(framesOf(SESSION));
    file[20] = 105;
    expect(() => readCapture(file)).to.throw(/^link type 105 \(802\.11\), but only 0, 1, 12, 101, .* are read/);
  });

  it('with a snapshot length that was too short say so', () => {
    const { losses } = read(framesOf(SESSION).map((frame) => (frame.length > 120 ? frame.slice(0, 100) : frame)));
    expect(losses.join('\n')).to.match(/lacks \d+ bytes: captured with too short a snapshot length/);
  });

  it('several of them, between the same ports too, are several', () => {
    const other = framesOf(SESSION.slice(0, 4)).map((frame) => frame.slice());
    const { sessions } = readCapture(captureOf([...framesOf(SESSION), ...other]));
    expect(sessions.map(({ messages }) => messages.length)).to.deep.equal([SESSION.length, 4]);
  });

  it('are not made out of other TCP, nor out of UDP', () => {
    const http = tcp4({
      src: '10.0.0.1',
      dst: '10.0.0.2',
      sport: 5000,
      dport: 80,
      flags: 'ack',
      payload: 'GET / HTTP/1.1\r\n',
    });
    const capture = readCapture(captureOf([http, udp4()]));
    expect(capture).to.include({ frames: 2, segments: 1, others: 1 });
    expect(capture.sessions).to.deep.equal([]);
  });
});
