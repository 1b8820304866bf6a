/** Fragments through ct in a pipeline: the pieces go on where the last one stands, each as itself. */
import { expect } from 'chai';
import { ManualClock, toHex } from '../../lib/bytes/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { ip4, udp4 } from '../support/frames.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
const datagram = udp4({ ...there, payload: 'x'.repeat(80) }).slice(34);
const piece = (offset: number, end: number, from = there): Uint8Array =>
  ip4(17, datagram.slice(offset, end), { ...from, id: 7, offset, mf: end < datagram.length });
const pieces = [piece(0, 40), piece(40, 80), piece(80, 88)];

function bench(flows: string): { send(port: number, frame: Uint8Array): string[]; sw: Switch } {
  const sw = new Switch({ clock: new ManualClock() });
  const ports: MemoryPort[] = [1, 2, 3].map((number) => sw.addPort(number, memory()));
  sw.flows.load(flows);
  return {
    sw,
    send(port, frame) {
      ports[port - 1].inject(frame);
      return ports.flatMap((p, i) => p.taken().map((sent) => `${i + 1}: ${toHex(sent)}`));
    },
  };
}

const at = (port: number): string[] => pieces.map((frame) => `${port}: ${toHex(frame)}`);

describe('pipeline: fragments', () => {
  it('behind ct with a table, and in the rest of the list, in order', () => {
    const b = bench('table=0,udp,actions=ct(commit,table=1),3\ntable=1,udp,ct_state=+new,ct_tp_dst=80,actions=2');
    expect(b.send(1, pieces[2])).to.deep.equal([]);
    expect(b.send(1, pieces[0])).to.deep.equal([]);
    expect(b.send(1, pieces[1])).to.deep.equal([...at(2), ...at(3)]);
    expect(b.sw.conntrackText()).to.have.length(1);
  });

  it('each keeps its own ip_frag', () => {
    const b = bench(`
      table=0,udp,actions=ct(table=1)
      table=1,udp,ip_frag=first,actions=2
      table=1,udp,ip_frag=later,actions=3
    `);
    b.send(1, pieces[1]);
    b.send(1, pieces[2]);
    expect(b.send(1, pieces[0])).to.deep.equal([at(2)[0], at(3)[1], at(3)[2]]);
  });

  it('through several ct, one behind the other and in one list', () => {
    const b = bench(`
      table=0,ip,actions=ct(commit,zone=1,table=1),ct(commit,zone=1,table=2)
      table=1,ip,ct_zone=1,actions=ct(commit,zone=1,table=2),ct(commit,zone=2,table=2)
      table=2,ip,ct_state=+trk,actions=2
    `);
    b.send(1, pieces[0]);
    b.send(1, pieces[1]);
    expect(b.send(1, pieces[2])).to.deep.equal([...at(2), ...at(2), ...at(2)]);
    expect(b.sw.conntrackText()).to.have.length(2);
  });
});
