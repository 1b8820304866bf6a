/** With mocha and chai: mocha mocha.test.js */
import { expect } from 'chai';
import { reply, tcp, udp } from 'ctswitch';
import { describe, it } from 'mocha';
import { firewall } from './firewall.js';

describe('the firewall', () => {
  it('whoever is inside may begin, and is answered', () => {
    const { inside, outside } = firewall();
    inside.inject(tcp({ from: '10.0.0.1:1000', to: '192.0.2.9:80', flags: 'syn' }));
    const [syn] = outside.taken();
    outside.inject(reply(syn));
    expect(inside.taken().length).to.equal(1);
  });

  it('nobody outside may begin, and a trace says why', () => {
    const { sw, inside, outside } = firewall();
    outside.inject(tcp({ from: '192.0.2.9:1000', to: '10.0.0.1:22', flags: 'syn' }));
    expect(inside.taken().length).to.equal(0);
    expect(sw.conntrack().length).to.equal(0);
    expect(sw.trace('in_port=2,tcp,tp_src=1000,tp_dst=22,tcp_flags=syn').outcome.verdict).to.equal('drop');
  });

  it('an answer that comes too late is stopped', () => {
    const { clock, inside, outside } = firewall();
    inside.inject(udp({ from: '10.0.0.1:1000', to: '192.0.2.9:53' }));
    const [query] = outside.taken();
    clock.advance(60_000);
    outside.inject(reply(query));
    expect(inside.taken().length).to.equal(0);
  });
});
