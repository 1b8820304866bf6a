/**
 * Broken frames of every kind, through everything that may be asked for: an answer each, and never a byte beyond the
 * frame.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { formatState } from '../../lib/ct/index.js';
import { icmp4, icmp6, inner, ip4, ip6, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';
import { type Ask, commit, nat, Tracking } from './tracking.js';

const control = { sport: 1000, dport: 21, flags: 'psh|ack' };
const FRAMES = [
  udp4({ payload: 'hello' }),
  udp6({ payload: 'hello' }),
  tcp4({ ...control, payload: 'PORT 10,0,0,1,7,208\r\n' }),
  tcp4({
    ...control,
    src: '10.0.0.2',
    dst: '10.0.0.1',
    sport: 21,
    dport: 1000,
    payload: '227 ok (10,0,0,2,7,208)\r\n',
  }),
  tcp6({ ...control, payload: 'EPRT |2|2001:db8::1|2000|\r\n' }),
  icmp4({ id: 5 }),
  icmp6({ id: 5 }),
  icmp4({ type: 3, src: '10.0.0.2', dst: '10.0.0.1', payload: inner(udp4({ payload: 'hello' })) }),
  icmp6({ type: 1, src: '2001:db8::2', dst: '2001:db8::1', payload: inner(tcp6(control)) }),
  ip4(17, new Uint8Array(64), { mf: true, id: 3 }),
  ip4(17, new Uint8Array(64), { offset: 64, id: 3 }),
  ip6(17, new Uint8Array(64), { extensions: [{ type: 44, body: Uint8Array.of(0, 1, 0, 0, 0, 9) }] }),
  ip6(17, new Uint8Array(8), {
    extensions: [
      { type: 0, body: new Uint8Array(6) },
      { type: 44, body: Uint8Array.of(0, 64, 0, 0, 0, 9) },
    ],
  }),
  ip4(132, new Uint8Array(32)),
  ip4(47, 'gre'),
];
const ASKS: Ask[] = [
  {},
  commit(),
  commit({ helper: 'ftp', nat: nat('src', '192.0.2.111') }),
  commit({ helper: 'tftp', nat: nat('dst', '10.0.0.9', [80, 90]) }),
  commit({ nat: nat('src', '2001:db8::99') }),
  commit({ force: true, helper: 'ftp' }),
  { nat: nat() },
];

const change = fc.record({ at: fc.nat(200), value: fc.nat(255) });
const step = fc.record({
  frame: fc.constantFrom(...FRAMES),
  changes: fc.array(change, { maxLength: 3 }),
  cut: fc.option(fc.nat(120), { nil: undefined }),
  ask: fc.constantFrom(...ASKS),
});

/** A frame in the middle of a larger buffer whose other bytes must stay. */
const MARGIN = 64;

describe('ct: broken frames', () => {
  it('get a state, and nothing outside of them changes', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const t = new Tracking();
        for (const { frame, changes, cut, ask } of steps) {
          const bytes = frame.slice(0, cut ?? frame.length);
          for (const { at, value } of changes) if (at < bytes.length) bytes[at] = value;
          const around = new Uint8Array(bytes.length + 2 * MARGIN).fill(0xa5);
          around.set(bytes, MARGIN);
          const { state } = t.trackWithin(around, MARGIN, MARGIN + bytes.length, ask);
          expect(formatState(state)).to.match(/^$|trk/);
          for (let i = 0; i < MARGIN; i++) {
            if (around[i] !== 0xa5 || around[around.length - 1 - i] !== 0xa5) throw new Error(`a byte outside: ${i}`);
          }
        }
        expect(() => t.dump({ more: true })).to.not.throw();
      }),
      { numRuns: 2000 },
    );
  });
});
