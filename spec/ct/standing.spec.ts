/** Packets that leave their connection as it is are tracked in one go: the same comes of it as of verdict and apply. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type CtRequest, formatConnection } from '../../lib/ct/index.js';
import { icmp4, tcp4, udp4, udp6 } from '../support/frames.js';
import { commit, label, nat, Tracking } from './tracking.js';

const HOSTS = ['10.0.0.1', '10.0.0.2'];
const packet = fc.record({
  kind: fc.constantFrom('udp', 'udp', 'udp', 'tcp', 'icmp', 'udp6', 'bad'),
  host: fc.constantFrom(0, 0, 0, 1),
  back: fc.boolean(),
  zone: fc.constantFrom(0, 0, 0, 7),
  ask: fc.constantFrom(
    {},
    {},
    commit(),
    commit({ markValue: 0x80000005 | 0, markMask: -1 }),
    commit({ labelValue: label('12'), labelMask: label('ff') }),
    commit({ nat: nat('src', '192.0.2.9') }),
    commit({ helper: 'tftp' }),
    commit({ force: true }),
    { nat: nat() },
  ),
  wait_s: fc.constantFrom(0, 0, 0, 1, 35),
});
type Sent = typeof packet extends fc.Arbitrary<infer T> ? T : never;

function frame({ kind, host, back }: Sent): Uint8Array {
  const there = { src: HOSTS[host], dst: '192.0.2.1', sport: 1000, dport: 80 };
  const { src, dst, sport, dport } = back
    ? { src: there.dst, dst: there.src, sport: there.dport, dport: there.sport }
    : there;
  if (kind === 'icmp') return icmp4({ src, dst, id: sport });
  if (kind === 'tcp') return tcp4({ src, dst, sport, dport, flags: sport === 80 ? 'syn|ack' : 'syn' });
  if (kind === 'udp6')
    return udp6({ src: `2001:db8::${back ? 2 : 1}`, dst: `2001:db8::${back ? 1 : 2}`, sport, dport });
  return udp4({ src, dst, sport, dport, checksum: kind === 'bad' ? 1 : undefined });
}

/** A label that is to be written in no bit changes nothing, and is more than looking a packet up. */
const ROUNDABOUT: Partial<CtRequest> = { labelValue: label('0'), labelMask: label('0') };

describe('ct: a connection that stands', () => {
  it('gives what verdict and apply give, packet after packet', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(fc.array(packet, { minLength: 20, maxLength: 60 }), (packets) => {
        const [direct, roundabout] = [new Tracking(), new Tracking()];
        for (const sent of packets) {
          const ask = { zone: sent.zone, ...sent.ask };
          for (const t of [direct, roundabout]) t.wait(sent.wait_s);
          const result = { ...direct.track(frame(sent), ask) };
          expect(result).to.deep.equal({ ...roundabout.track(frame(sent), { ...ROUNDABOUT, ...ask }) });
          const dumps = [direct, roundabout].map((t) =>
            [...t.tracker.dump(t.now_ms)].map((c) => formatConnection(c, { statistics: true })),
          );
          expect(dumps[0]).to.deep.equal(dumps[1]);
        }
      }),
      { numRuns: 60 },
    );
  });
});
