/** A verdict says why. */
import { expect } from 'chai';
import { lookupRequest, type Prior, WHY_TEXT, why } from '../../lib/ct/index.js';
import { extract, Key, Packet } from '../../lib/packet/index.js';
import { icmp4, inner, tcp4, udp4 } from '../support/frames.js';
import { type Ask, commit, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
const back = { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 };

function explain(t: Tracking, frame: Uint8Array, ask: Ask = {}, prior: Prior | null = null): string {
  const packet = new Packet().attach(frame);
  extract(packet, new Key(), 1);
  return t.tracker.explain(packet, { ...lookupRequest(), ...ask }, t.now_ms, prior);
}

describe('ct/explain', () => {
  it('has words for every reason', () => {
    for (const [name, reason] of Object.entries(why)) expect(WHY_TEXT[reason], name).to.be.a('string');
  });

  it('the zone is empty; the same tuple is in another', () => {
    const t = new Tracking();
    t.send(udp4(there), commit({ zone: 7 }));
    expect(explain(t, udp4(back), { zone: 5 })).to.equal(
      'no stored connection has this tuple; zone 5 is empty; the same tuple is in zone 7',
    );
    expect(explain(t, udp4({ ...there, dport: 81 }), { zone: 7 })).to.equal('no stored connection has this tuple');
  });

  it('it expired, and how long ago; it was flushed', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    t.wait(90);
    expect(explain(t, udp4(back))).to.equal('no stored connection has this tuple; it expired 30 s ago');
    t.send(udp4(there), commit());
    t.tracker.flush({}, t.now_ms);
    expect(explain(t, udp4(back))).to.equal('no stored connection has this tuple; it was flushed');
  });

  it('a segment outside the window, with the numbers', () => {
    const t = new Tracking();
    t.send(tcp4({ ...there, flags: 'syn', seq: 999, window: 500 }), commit());
    t.send(tcp4({ ...back, flags: 'syn|ack', seq: 5000, ack: 1000, window: 900 }));
    t.send(tcp4({ ...there, flags: 'ack', seq: 1000, ack: 5001, window: 500 }));
    expect(explain(t, tcp4({ ...there, flags: 'ack', seq: 1901, ack: 5001, payload: 'x' }))).to.equal(
      'outside the TCP window; seq 1901 with 1 bytes, allowed 99–1900; ack 5001, allowed 4294905262–72036',
    );
    expect(explain(t, tcp4({ ...there, flags: 'rst', seq: 1002 }))).to.match(/; a RST needs seq 999 ± 1$/);
  });

  it('the connection that matched', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    expect(explain(t, udp4(back))).to.equal(`belongs to a stored connection; ${t.only()}; no reply was seen yet`);
    const error = icmp4({ type: 3, src: '10.0.0.2', dst: '10.0.0.1', payload: inner(udp4(there)) });
    expect(explain(t, error)).to.match(/^an ICMP error about a stored connection; udp,.*; no reply was seen yet$/);
    expect(explain(t, udp4(back), commit({ force: true }))).to.match(/^force ended .*; udp,orig=/);
    expect(explain(t, udp4(back), {}, t.keep(udp4(back)))).to.equal(WHY_TEXT[why.found_before]);
  });

  it('a limit, with the numbers', () => {
    const t = new Tracking({ limits: { connections: 2, zone: 1 } });
    t.send(udp4(there), commit());
    expect(explain(t, udp4({ ...there, sport: 5 }), commit())).to.equal(
      "the zone's limit is reached; zone 0 holds 1 of 1",
    );
    t.send(udp4(there), commit({ zone: 1 }));
    expect(explain(t, udp4({ ...there, sport: 5 }), commit())).to.equal('the table is full; 2 are stored, 2 allowed');
  });

  it('changes nothing', () => {
    const t = new Tracking();
    t.send(udp4(there), commit());
    t.wait(5);
    explain(t, udp4(back));
    expect(t.only()).to.contain('timeout=55');
    expect(t.tracker.counters).to.include({ invalid: 0, committed: 1, refused: 0, refused_by_zone: 0 });
  });
});
