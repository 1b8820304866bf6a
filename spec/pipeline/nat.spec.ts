/**
 * What a flow's list does around ct(nat): it sends the translated frame, and goes on seeing the headers as they came
 * (ovs-actions(7)).
 */
import { expect } from 'chai';
import { ManualClock, toHex } from '../../lib/bytes/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch, type SwitchOptions } from '../../lib/switch.js';
import { parseFlow } from '../../lib/text/index.js';
import { arp, tcp4, udp4 } from '../support/frames.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80, payload: 'abc' };

class Bench {
  readonly sw: Switch;
  private readonly ports: MemoryPort[];

  constructor(flows: string, options: SwitchOptions = {}) {
    this.sw = new Switch({ clock: new ManualClock(), ...options });
    this.ports = [1, 2, 3].map((number) => this.sw.addPort(number, memory()));
    this.sw.flows.load(flows);
  }

  /** Frames that come out for one at port 1, "2: hex". */
  send(frame: Uint8Array, port = 1): string[] {
    this.ports[port - 1].inject(frame);
    return this.taken();
  }

  taken(): string[] {
    return this.ports.flatMap((p, i) => p.taken().map((sent) => `${i + 1}: ${toHex(sent)}`));
  }
}

const out = (port: number, frame: Uint8Array): string => `${port}: ${toHex(frame)}`;
const NAT = 'ct(commit,nat(src=192.0.2.1:5000))';

describe('pipeline: around ct(nat)', () => {
  const translated = { ...there, src: '192.0.2.1', sport: 5000 };

  it('later actions of the list send the translated frame, later matches see the old headers', () => {
    const b = new Bench(`
      table=0,udp,actions=${NAT},2,resubmit(,1)
      table=1,udp,nw_src=10.0.0.1,tp_src=1000,actions=3
    `);
    expect(b.send(udp4(there))).to.deep.equal([out(2, udp4(translated)), out(3, udp4(translated))]);
  });

  for (const [what, set, wanted] of [
    ['the value that the pipeline sees', 'set_field:10.0.0.1->nw_src', translated],
    ['another value', 'set_field:10.0.0.3->nw_src', { ...translated, src: '10.0.0.3' }],
    [
      'another value of a field that is not translated',
      'set_field:10.9.9.9->nw_dst',
      { ...translated, dst: '10.9.9.9' },
    ],
    ['the port that the pipeline sees', 'set_field:1000->udp_src', translated],
    ['another port, and the other port', 'set_field:7->udp_src,set_field:80->udp_dst', { ...translated, sport: 7 }],
    ['another value, then the seen one', 'set_field:10.0.0.3->nw_src,set_field:10.0.0.1->nw_src', translated],
  ] as const) {
    it(`a field set to ${what}`, () => {
      const b = new Bench(`udp,actions=${NAT},${set},2`);
      expect(b.send(udp4(there))).to.deep.equal([out(2, udp4(wanted))]);
      // The same flow for a packet that has the value already, and from the cache.
      const other = { ...there, src: '10.0.0.3' };
      const first = b.send(udp4(other));
      const plain = new Bench(`udp,actions=${NAT},${set},2`, { caching: false });
      plain.send(udp4(there));
      expect(plain.send(udp4(other))).to.deep.equal(first);
    });
  }

  it('a field set before, and to the same value behind: translated', () => {
    const b = new Bench(`udp,actions=set_field:10.0.0.3->nw_src,${NAT},set_field:10.0.0.3->nw_src,2`);
    expect(b.send(udp4(there))).to.deep.equal([out(2, udp4(translated))]);
  });

  it('behind ct with a table the new headers are matched', () => {
    const b = new Bench(`
      table=0,in_port=1,udp,actions=ct(commit,nat(src=192.0.2.1:5000),table=1)
      table=0,in_port=2,udp,actions=ct(nat,table=1)
      table=1,in_port=1,udp,ct_state=+new+snat,nw_src=192.0.2.1,tp_src=5000,ct_nw_src=10.0.0.1,actions=2
      table=1,in_port=2,udp,ct_state=+est+rpl+dnat,nw_dst=10.0.0.1,tp_dst=1000,ct_nw_src=10.0.0.1,actions=1
    `);
    expect(b.send(udp4(there))).to.deep.equal([out(2, udp4(translated))]);
    const reply = { src: '10.0.0.2', dst: '192.0.2.1', sport: 80, dport: 5000 };
    const inside = { ...reply, dst: '10.0.0.1', dport: 1000 };
    expect(b.send(udp4(reply), 2)).to.deep.equal([out(1, udp4(inside))]);
  });

  it('ct_clear behind ct does nothing: the pipeline sees an untracked packet', () => {
    const b = new Bench(`udp,actions=ct(commit,nat(src=192.0.2.1)),ct_clear,ct(nat),2`);
    expect(b.send(udp4(there))).to.deep.equal([out(2, udp4({ ...there, src: '192.0.2.1' }))]);
    expect(b.sw.conntrackText()).to.have.length(1);
  });

  it('addresses set between two ct: the second tracks the packet anew', () => {
    const b = new Bench('udp,actions=ct(commit),set_field:10.0.0.9->nw_dst,ct(commit)');
    b.send(udp4(there));
    expect(b.sw.conntrackText()).to.have.length(2);
  });

  it('exhausted: on as it came, or with the option drop not at all', () => {
    const flows = 'udp,actions=ct(commit,nat(src=192.0.2.1:7),table=1),3\ntable=1,udp,actions=2';
    const other = { ...there, src: '10.0.0.5' };
    const on = new Bench(flows);
    on.send(udp4(there));
    expect(on.send(udp4(other))).to.deep.equal([out(2, udp4(other)), out(3, udp4(other))]);
    const drop = new Bench(flows, { natExhausted: 'drop' });
    expect(drop.send(udp4(there))).to.have.length(2);
    expect(drop.send(udp4(other))).to.deep.equal([]);
  });

  it('in buckets: a group that spreads connections over servers, which stay with theirs; what is not IP is inv', () => {
    const b = new Bench('sctp,actions=1');
    const bucket = (server: string): string => `bucket=actions=ct(commit,nat(dst=${server}:8080),table=1)`;
    b.sw.groups.load(`group_id=1,type=select,${bucket('10.0.0.8')},${bucket('10.0.0.9')}`);
    b.sw.flows.load(`
      table=0,in_port=1,udp,actions=ct(table=2)
      table=2,udp,ct_state=+new,actions=group:1
      table=2,udp,ct_state=+est,actions=ct(nat,table=1)
      table=0,in_port=2,udp,actions=ct(nat,table=1)
      table=0,in_port=3,arp,actions=group:1
      table=1,in_port=1,udp,actions=2
      table=1,in_port=2,udp,actions=1
      table=1,in_port=3,arp,ct_state=+inv,actions=2
    `);
    const servers = new Set<string>();
    for (let sport = 1; sport <= 20; sport++) {
      const [sent] = b.send(udp4({ ...there, sport }));
      const server = [8, 9]
        .map((n) => `10.0.0.${n}`)
        .find((dst) => sent === out(2, udp4({ ...there, sport, dst, dport: 8080 })));
      expect(server, sent).to.not.equal(undefined);
      servers.add(server as string);
      const reply = { src: server, dst: '10.0.0.1', sport: 8080, dport: sport };
      expect(b.send(udp4(reply), 2)).to.deep.equal([out(1, udp4({ ...reply, src: '10.0.0.2', sport: 80 }))]);
      expect(b.send(udp4({ ...there, sport }))).to.deep.equal([sent]);
    }
    expect(servers.size).to.equal(2);
    expect(b.send(arp(), 3)).to.deep.equal([out(2, arp())]);
  });

  it('through FTP: the frame that grew goes on in the copy and in the list, and data connections are related', () => {
    const b = new Bench(`
      table=0,in_port=1,tcp,actions=ct(nat,table=1),3
      table=0,in_port=2,tcp,actions=ct(nat,table=1)
      table=1,priority=9,in_port=1,tcp,ct_state=+new-rel,actions=ct(commit,alg=ftp,nat(src=192.0.2.111)),2
      table=1,priority=9,in_port=2,tcp,ct_state=+new+rel,actions=ct(commit,nat),1
      table=1,priority=5,in_port=1,tcp,ct_state=+est,actions=2
      table=1,priority=5,in_port=2,tcp,ct_state=+est,actions=1
    `);
    const client = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 21 };
    const server = { src: '10.0.0.2', dst: '192.0.2.111', sport: 21, dport: 1000 };
    b.send(tcp4({ ...client, flags: 'syn', seq: 100 }));
    b.send(tcp4({ ...server, flags: 'syn|ack', seq: 500, ack: 101 }), 2);
    const command = { ...client, flags: 'psh|ack', seq: 101, ack: 501, padding: 3 };
    const sent = b.send(tcp4({ ...command, payload: 'PORT 10,0,0,1,7,208\r\n' }));
    const outside = tcp4({ ...command, src: '192.0.2.111', payload: 'PORT 192,0,2,111,7,208\r\n' });
    expect(sent).to.deep.equal([out(2, outside), out(3, outside)]);
    const data = { src: '10.0.0.2', dst: '192.0.2.111', sport: 20, dport: 2000, flags: 'syn' };
    expect(b.send(tcp4(data), 2)).to.deep.equal([out(1, tcp4({ ...data, dst: '10.0.0.1' }))]);
    expect(b.sw.conntrackText({}, { more: true }).filter((line) => line.includes('parent='))).to.have.length(1);
  });

  it('in a packet-out', () => {
    const b = new Bench('sctp,actions=1');
    const [action] = parseFlow('udp,actions=ct(commit,nat(src=192.0.2.1)),2').instructions.apply ?? [];
    b.sw.pipeline.packetOut({
      inPort: 1,
      actions: [action, { type: 'output', port: 2, maxLen: 0 }],
      frame: udp4(there),
    });
    expect(b.taken()).to.deep.equal([out(2, udp4({ ...there, src: '192.0.2.1' }))]);
  });

  for (const [flow, error] of [
    ['udp,actions=ct(commit,nat(src=fd00::1))', /ipv6/],
    ['udp6,actions=ct(commit,nat(src=10.0.0.1))', /ipv4/],
    ['actions=ct(commit,nat)', /ip/],
    ['udp,actions=ct(commit,alg=ftp)', /alg=ftp needs/],
    ['tcp,actions=ct(commit,alg=tftp)', /alg=tftp needs/],
  ] as const) {
    it(`${flow} is refused`, () => {
      const { sw } = new Bench('tcp,actions=1');
      expect(() => sw.flows.load(flow))
        .to.throw(error)
        .with.property('error', 'OFPBAC_MATCH_INCONSISTENT');
    });
  }

  it('alg=ftp over tcp and alg=tftp over udp are taken', () => {
    const b = new Bench('tcp,actions=ct(commit,alg=ftp),2\nudp,actions=ct(commit,alg=tftp),2');
    expect(b.send(tcp4({ flags: 'syn' }))).to.have.length(1);
  });
});
