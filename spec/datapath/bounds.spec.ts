import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';
import { MAX_RECIRCULATIONS, MAX_WAITING } from '../../lib/datapath/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { arp, udp4 } from '../support/frames.js';

const FRAME = udp4({ src: '10.0.0.1', dst: '10.0.0.2', sport: 1, dport: 2 });

function bench(flows: string, programs?: number): { sw: Switch; ports: MemoryPort[] } {
  const sw = new Switch({ clock: new ManualClock(), limits: { programs } });
  const ports = [1, 2, 3].map((number) => sw.addPort(number, memory()));
  sw.flows.load(flows);
  return { sw, ports };
}

describe('datapath: bounds', () => {
  it(`ct with a table goes ${MAX_RECIRCULATIONS} deep; the copy beyond is dropped and counted, what was sent stays sent`, () => {
    expect(MAX_RECIRCULATIONS).to.equal(8);
    const { sw, ports } = bench('table=0,udp,actions=output:2,ct(table=0)');
    ports[0].inject(FRAME);
    expect(ports[1].taken()).to.have.length(1 + 8);
    expect(sw.counters().recirculationsDropped).to.equal(1);
  });

  it(`${MAX_WAITING} frames may wait while one is in hand; more are dropped and counted`, () => {
    const { sw, ports } = bench('table=0,arp,actions=CONTROLLER\ntable=0,udp,actions=output:2');
    let told = false;
    sw.on((event) => {
      if (event.type !== 'packet_in' || told) return;
      told = true;
      for (let i = 0; i < MAX_WAITING + 5; i++) ports[0].inject(FRAME);
      expect(ports[1].taken()).to.have.length(0);
    });
    ports[0].inject(arp({}));
    expect(ports[1].taken()).to.have.length(MAX_WAITING);
    expect(sw.counters().waitingDropped).to.equal(5);
  });

  it('what was to be sent short at a port that has just gone cuts no other frame', () => {
    const { sw, ports } = bench('udp,actions=controller,output(port=2,max_len=20),output:3');
    sw.on((event) => {
      if (event.type === 'packet_in') void sw.removePort(2);
    });
    ports[0].inject(FRAME);
    expect(ports[2].taken().map((frame) => frame.length)).to.deep.equal([FRAME.length]);
  });

  it('a full cache never frees a program that is running', () => {
    const forked = 'actions=3,3,3,3,3';
    const { sw, ports } = bench(
      [
        'table=0,priority=9,arp,actions=3',
        'table=0,priority=8,udp,actions=ct(table=1),ct(table=2),2',
        'table=1,priority=2,udp,nw_src=1.2.3.4,tp_src=1,tp_dst=1,actions=drop',
        `table=1,priority=1,udp,${forked}`,
        'table=2,priority=2,udp,nw_src=1.2.3.4,tp_src=1,tp_dst=1,actions=drop',
        `table=2,priority=1,udp,${forked}`,
      ].join('\n'),
      20,
    );
    ports[0].inject(arp({}));
    ports[2].taken();
    for (let i = 0; i < 3000; i++) {
      ports[0].inject(udp4({ src: `10.0.0.${i % 7}`, dst: '10.0.0.9', sport: i, dport: 7 }));
      expect([ports[1].taken().length, ports[2].taken().length], `packet ${i}`).to.deep.equal([1, 10]);
    }
    expect(sw.counters().programs).to.be.at.most(20);
  });

  it('counters are whole when entries are pushed out', () => {
    const { sw, ports } = bench(
      'table=0,priority=2,udp,tp_src=1,nw_src=1.2.3.4,actions=drop\ntable=0,priority=1,udp,actions=2',
      8,
    );
    for (let i = 0; i < 500; i++) ports[0].inject(udp4({ src: `10.0.0.${i % 200}`, sport: i, dport: 7 }));
    expect(sw.flows.list()[1].packets).to.equal(500);
  });
});
