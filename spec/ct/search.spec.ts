/** Connections looked for by words, in steps: what is found is what a dump's lines have, and a step has its bound. */
import { expect } from 'chai';
import fc from 'fast-check';
import { COST_OF_TEXT, hasWords, Search } from '../../lib/ct/search.js';
import { tcp4, udp4, udp6 } from '../support/frames.js';
import { commit, nat, Tracking } from './tracking.js';

/** Steps of a round until something is known. */
function round(search: Search, now_ms: number, budget = 10): { found: boolean; steps: number } {
  for (let steps = 1; ; steps++) {
    const found = search.step(now_ms, budget);
    if (found !== null) return { found, steps };
  }
}

function mixed(): Tracking {
  const t = new Tracking();
  for (let i = 0; i < 20; i++) t.track(udp4({ sport: 100 + i }), { ...commit(), zone: i % 3 });
  t.track(tcp4({ flags: 'syn', sport: 7 }), commit({ markValue: 5, markMask: 0xff }));
  t.track(udp6({ src: '2001:db8::1', dst: '2001:db8::9' }), commit());
  t.track(udp4({ src: '10.0.0.9', sport: 3 }), commit({ nat: nat('src', '192.0.2.9') }));
  return t;
}

describe('ct: a search', () => {
  const WORDS = [
    ...['udp', 'tcp', 'icmp', '6', 'zone=0', 'zone=2', 'zone=02', 'zone=x', 'mark=5', 'mark=0', 'mark=0x5', 'id=0'],
    ...['src=10.0.0.1', 'dst=10.0.0.1', 'src=10.0.0.9', 'dst=192.0.2.9', 'src=2001:db8::1', 'dst=2001:db8::1'],
    ...['src=nonsense', 'sport=100', 'dport=119', 'sport=7', 'state=SYN_SENT', 'state_orig=SYN_SENT', 'state=', '='],
    ...['orig=', 'constructor=1', 'flags_orig=0'],
  ];

  it('finds what has all words, and nothing else', () => {
    const t = mixed();
    const all = [...t.tracker.dump(t.now_ms)];
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...WORDS), { maxLength: 4 }), fc.nat(400), (words, budget) => {
        const wanted = all.some((connection) => hasWords(connection, words));
        const search = new Search(t.tracker.connections, words);
        for (let n = 0; n < 3; n++) expect(round(search, t.now_ms, budget + 1).found).to.equal(wanted);
      }),
      { numRuns: 2000 },
    );
  });

  it('looks at so many records a step, and takes a text for many of them', () => {
    const t = new Tracking();
    for (let i = 0; i < 100; i++) t.track(udp4({ sport: 100 + i }), commit());
    const steps = (words: string[], budget: number): number =>
      round(new Search(t.tracker.connections, words), t.now_ms, budget).steps;
    expect(steps(['tcp'], 10)).to.equal(10);
    expect(steps(['udp', 'sport=5'], 10)).to.equal(10);
    expect(steps(['udp', 'status=1'], COST_OF_TEXT)).to.equal(100);
    expect(steps(['udp', 'status=1'], 10 * (COST_OF_TEXT + 1))).to.equal(10);
  });

  it('goes on where it was, sees what came meanwhile, and what is gone', () => {
    const t = new Tracking();
    const search = new Search(t.tracker.connections, ['dport=9']);
    expect(search.step(t.now_ms, 1)).to.equal(false);
    for (let i = 0; i < 30; i++) t.track(udp4({ sport: 100 + i }), commit());
    expect(search.step(t.now_ms, 10)).to.equal(null);
    t.track(udp4({ dport: 9 }), commit());
    expect(round(search, t.now_ms).found).to.equal(false);
    expect(round(search, t.now_ms).found).to.equal(true);
    expect(search.step(t.now_ms, 1)).to.equal(true);
    t.tracker.flush({ zone: 0 }, t.now_ms);
    expect(round(search, t.now_ms).found).to.equal(false);
  });
});
