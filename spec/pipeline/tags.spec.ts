/**
 * Tags, labels and backbone headers in flows: what is taken over (OpenFlow 1.3.5 §5.12), and what comes to light behind
 * them.
 */
import { expect } from 'chai';
import { fromHex, ManualClock, OpenFlowError, toHex } from '../../lib/bytes/index.js';
import { type Action, OFPP, parseActions } from '../../lib/nxm/index.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { arp, ethernet, icmp6, ip6, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';

const ADDRESSES = '505400000002505400000001';

class Bench {
  readonly sw: Switch;
  private readonly ports;
  private readonly told: string[] = [];

  constructor(flows: readonly string[], minFrame = 0) {
    this.sw = new Switch({ clock: new ManualClock(), minFrame });
    this.ports = [1, 2, 3].map((number) => this.sw.addPort(number, memory()));
    this.sw.on((event) => {
      if (event.type !== 'packet_in') return;
      const { reason, tableId, frame } = event.packet;
      this.told.push(`${reason} in table ${tableId}: ${toHex(frame)}`);
    });
    this.sw.flows.load(flows.join('\n'));
  }

  /** What a frame on port 1 leads to: "2: frame", "action in table 0: frame". */
  send(frame: Uint8Array): string[] {
    this.ports[0].inject(frame);
    return this.taken();
  }

  packetOut(actions: readonly Action[], frame: Uint8Array): string[] {
    this.sw.pipeline.packetOut({ inPort: OFPP.CONTROLLER, actions, frame });
    return this.taken();
  }

  private taken(): string[] {
    const sent = this.ports.flatMap((port, i) => port.taken().map((bytes) => `${i + 1}: ${toHex(bytes)}`));
    return [...sent, ...this.told.splice(0)];
  }

  /** How many programs the packets so far needed. */
  get programs(): number {
    return this.sw.pipeline.datapath.cached.entries;
  }
}

/** The one frame that leaves port 2. */
function through(flows: string | readonly string[], frame: Uint8Array): string {
  const sent = new Bench(typeof flows === 'string' ? [flows] : flows).send(frame);
  expect(sent.length, sent.join('\n')).to.equal(1);
  return sent[0].replace(/^2: /, '');
}

/** A frame with label stack entries behind its VLAN tags, outermost first. */
function labelled(entries: readonly string[], frame: Uint8Array, type = '8847'): Uint8Array {
  const hex = toHex(frame);
  let at = 24;
  while (['8100', '88a8'].includes(hex.slice(at, at + 4))) at += 8;
  return fromHex(hex.slice(0, at) + type + entries.join('') + hex.slice(at + 4));
}

const plain = udp4({ payload: 'hello' });

describe('pipeline: MPLS labels', () => {
  it('in front of IP take its TTL, and zeros else', () => {
    const flow = (type: string) => `${type},actions=push_mpls:0x8847,output:2`;
    const v4 = udp4({ payload: 'hello', ttl: 7, tos: 0x20 });
    expect(through(flow('ip'), v4)).to.equal(toHex(labelled(['00000107'], v4)));
    const v6 = udp6({ hop_limit: 9 });
    expect(through(flow('ipv6'), v6)).to.equal(toHex(labelled(['00000109'], v6)));
    expect(through(flow('arp'), arp())).to.equal(toHex(labelled(['00000100'], arp())));
  });

  it('in front of labels take over label, traffic class and TTL, without the bottom', () => {
    const frame = labelled(['00064740'], plain);
    expect(through('mpls,actions=push_mpls:0x8848,output:2', frame)).to.equal(
      toHex(labelled(['00064640', '00064740'], plain, '8848')),
    );
    const set = 'set_field:16->mpls_label,set_field:5->mpls_tc,set_field:3->mpls_ttl';
    expect(through(`mpls,actions=push_mpls:0x8847,${set},output:2`, frame)).to.equal(
      toHex(labelled(['00010a03', '00064740'], plain)),
    );
  });

  it('may be put on and taken off in one list; sets before go inside', () => {
    const actions =
      'set_field:9.9.9.9->ip_dst,push_mpls:0x8847,set_field:02:00:00:00:00:01->eth_dst,pop_mpls:0x0800,dec_ttl';
    const expected = udp4({ payload: 'hello', dst: '9.9.9.9', ttl: 63, eth_dst: '02:00:00:00:00:01' });
    expect(through(`ip,actions=${actions},output:2`, plain)).to.equal(toHex(expected));
  });

  it('more than the key holds come off one by one', () => {
    const entries = Array.from({ length: 7 }, (_, i) => `000${i + 1}0${i === 6 ? 1 : 0}40`);
    const pops = Array.from({ length: 6 }, () => 'pop_mpls:0x8847').join(',');
    const flow = `mpls,actions=${pops},set_field:99->mpls_label,output:2`;
    expect(through(flow, labelled(entries, plain))).to.equal(toHex(labelled(['00063140'], plain)));
    expect(through(`mpls,actions=${pops},pop_mpls:0x0800,dec_ttl,output:2`, labelled(entries, plain))).to.equal(
      toHex(udp4({ payload: 'hello', ttl: 63 })),
    );
  });

  it('too many of them end the packet, counted', () => {
    const entries = Array.from({ length: 60 }, (_, i) => `000${(i % 9) + 1}0040`);
    const bench = new Bench(['mpls,mpls_bos=0,actions=pop_mpls:0x8847,resubmit(,0)']);
    expect(bench.send(labelled([...entries, '00010140'], plain))).to.deep.equal([]);
    expect(bench.sw.pipeline.datapath.counters.recirculationsDropped).to.equal(1);
  });

  it('with a TTL of 0 or 1 go to the controller; what was sent stays sent, the rest is left', () => {
    for (const ttl of ['00', '01']) {
      const frame = labelled([`000101${ttl}`], plain);
      const bench = new Bench(['mpls,actions=output:3,dec_mpls_ttl,output:2,goto_table:1', 'table=1,actions=output:2']);
      expect(bench.send(frame)).to.deep.equal([`3: ${toHex(frame)}`, `invalid_ttl in table 0: ${toHex(frame)}`]);
    }
    expect(through('mpls,actions=dec_mpls_ttl,output:2', labelled(['00010102'], plain))).to.equal(
      toHex(labelled(['00010101'], plain)),
    );
  });

  it('exchange TTLs with what is behind them', () => {
    const two = (outer: string, inner: string) => labelled([`000100${outer}`, `000111${inner}`], plain);
    expect(through('mpls,actions=copy_ttl_out,dec_mpls_ttl,output:2', two('05', '40'))).to.equal(
      toHex(two('3f', '40')),
    );
    expect(
      through('mpls,actions=dec_mpls_ttl,copy_ttl_in,pop_mpls:0x8847,dec_mpls_ttl,output:2', two('05', '40')),
    ).to.equal(toHex(labelled(['00011103'], plain)));
    for (const [make, type, name] of [
      [tcp4, '0x0800', 'ip'],
      [tcp6, '0x86dd', 'ipv6'],
    ] as const) {
      const ttl = (n: number) => make({ ttl: n, hop_limit: n });
      const frame = labelled(['00010105'], ttl(64));
      const out = through('mpls,actions=copy_ttl_out,dec_mpls_ttl,output:2', frame);
      expect(out).to.equal(toHex(labelled(['0001013f'], ttl(64))));
      const flows = [
        `mpls,actions=dec_mpls_ttl,copy_ttl_in,pop_mpls:${type},goto_table:1`,
        `table=1,${name},nw_ttl=4,actions=output:2`,
      ];
      expect(through(flows, frame)).to.equal(toHex(ttl(4)));
    }
  });

  it('are kept by an older entry of the cache for their own packets only', () => {
    const bench = new Bench(['mpls,actions=copy_ttl_out,dec_mpls_ttl,output:2']);
    for (const ttl of [9, 64, 9, 3]) {
      const frame = labelled(['00010105'], udp4({ ttl }));
      const told = (ttl - 1).toString(16).padStart(2, '0');
      expect(bench.send(frame)).to.deep.equal([`2: ${toHex(labelled([`000101${told}`], udp4({ ttl })))}`]);
    }
  });
});

describe('pipeline: PBB', () => {
  const tagged = udp4({ payload: 'hello', vlan: [{ vid: 5, pcp: 3 }] });

  it("takes over the addresses, the VLAN's priority, and the service of a header that is there", () => {
    expect(through('actions=push_pbb:0x88e7,output:2', tagged)).to.equal(`${ADDRESSES}88e760000000${toHex(tagged)}`);
    const once = `${ADDRESSES}88e700abcdef${toHex(plain)}`;
    const actions = 'push_pbb:0x88e7,set_field:0xabcdef->pbb_isid';
    expect(through(`actions=${actions},output:2`, plain)).to.equal(once);
    expect(through(`actions=${actions},push_pbb:0x88e7,output:2`, plain)).to.equal(`${ADDRESSES}88e700abcdef${once}`);
  });

  it('lets the outer addresses, service and customer bit be set', () => {
    const set = 'set_field:0a:0a:0a:0a:0a:0a->eth_dst,set_field:5->pbb_isid,set_field:1->pbb_uca';
    expect(through(`actions=push_pbb:0x88e7,${set},output:2`, plain)).to.equal(
      `0a0a0a0a0a0a50540000000188e708000005${toHex(plain)}`,
    );
  });

  it('hides the tags inside, and takes a backbone tag in front', () => {
    const flows = [
      'actions=push_pbb:0x88e7,goto_table:1',
      'table=1,vlan_tci=0,dl_type=0x88e7,pbb_isid=0,actions=push_vlan:0x88a8,set_field:0x1009->vlan_vid,goto_table:2',
      'table=2,dl_vlan=9,dl_type=0x88e7,actions=output:2',
    ];
    expect(through(flows, tagged)).to.equal(`${ADDRESSES}88a8000988e760000000${toHex(tagged)}`);
  });

  it('shows all of the frame behind it', () => {
    const frame = fromHex(`0a0a0a0a0a0a0b0b0b0b0b0b88e700000007${toHex(tagged)}`);
    const flows = [
      'dl_type=0x88e7,pbb_isid=7,dl_dst=0a:0a:0a:0a:0a:0a,actions=pop_pbb,goto_table:1',
      'table=1,udp,dl_vlan=5,dl_vlan_pcp=3,dl_dst=50:54:00:00:00:02,tp_dst=80,actions=pop_vlan,dec_ttl,output:2',
    ];
    expect(through(flows, frame)).to.equal(toHex(udp4({ payload: 'hello', ttl: 63 })));
    expect(through('dl_type=0x88e7,actions=pop_pbb,set_field:02:00:00:00:00:01->eth_dst,output:2', frame)).to.equal(
      toHex(udp4({ payload: 'hello', vlan: [{ vid: 5, pcp: 3 }], eth_dst: '02:00:00:00:00:01' })),
    );
  });
});

describe('pipeline: several VLAN tags', () => {
  const tags = (...vids: number[]) => udp4({ payload: 'hello', vlan: vids });

  it('more than the key holds come off one by one', () => {
    const flows = [
      'dl_vlan=1,actions=pop_vlan,pop_vlan,goto_table:1',
      'table=1,dl_vlan=3,actions=pop_vlan,goto_table:2',
      'table=2,dl_vlan=4,udp,actions=set_field:0x1009->vlan_vid,output:2',
    ];
    expect(through(flows, tags(1, 2, 3, 4))).to.equal(toHex(tags(9)));
  });

  it('can be pushed onto others and taken off again', () => {
    const push = 'push_vlan:0x8100,set_field:0x1008->vlan_vid';
    const flows = [
      `dl_vlan=1,actions=${push},${push},pop_vlan,pop_vlan,pop_vlan,goto_table:1`,
      'table=1,dl_vlan=2,actions=pop_vlan,output:2',
    ];
    expect(through(flows, tags(1, 2))).to.equal(toHex(plain));
  });

  it('need no second reading where two is all there are', () => {
    const bench = new Bench([
      'udp,dl_vlan=1,actions=pop_vlan,pop_vlan,dec_ttl,goto_table:1',
      'table=1,udp,vlan_tci=0,actions=output:2',
    ]);
    expect(bench.send(tags(1, 2))).to.deep.equal([`2: ${toHex(udp4({ payload: 'hello', ttl: 63 }))}`]);
    expect(bench.programs).to.equal(1);
  });
});

describe('pipeline: fields that say what follows', () => {
  it('eth_type can be set, and what is behind it is read as that', () => {
    const labels = fromHex(`${ADDRESSES}0800000640ff00110140${toHex(plain).slice(28)}`);
    const flows = [
      'actions=set_field:0x8847->eth_type,goto_table:1',
      'table=1,mpls,mpls_label=100,actions=dec_mpls_ttl,output:2',
    ];
    expect(through(flows, labels)).to.equal(`${ADDRESSES}8847000640fe00110140${toHex(plain).slice(28)}`);
  });

  it('ip_proto can be set, and ports are then those of the new one', () => {
    const flows = ['tcp,actions=set_field:17->ip_proto,goto_table:1', 'table=1,udp,tp_dst=80,actions=output:2'];
    const out = fromHex(through(flows, tcp4()));
    expect(out[23]).to.equal(17);
    const extensions = [{ type: 0, body: new Uint8Array(6) }];
    const v6 = through('ipv6,actions=set_field:98->ip_proto,output:2', ip6(99, 'data', { extensions }));
    expect(v6).to.equal(toHex(ip6(98, 'data', { extensions })));
  });

  it('mpls_bos can be set, and another label is then read behind it', () => {
    const frame = fromHex(`${ADDRESSES}88470001014000011140${toHex(plain).slice(28)}`);
    const flows = [
      'mpls,mpls_bos=1,actions=set_field:0->mpls_bos,goto_table:1',
      'table=1,mpls,actions=pop_mpls:0x8847,goto_table:2',
      'table=2,mpls,mpls_label=17,actions=output:2',
    ];
    expect(through(flows, frame)).to.equal(toHex(labelled(['00011140'], plain)));
  });
});

describe('pipeline: reading a packet anew', () => {
  it('happens only where something asks for what was hidden', () => {
    const frame = labelled(['00010140'], plain);
    const cheap = new Bench([
      'mpls,actions=set_field:1->reg0,pop_mpls:0x0800,set_field:02:00:00:00:00:01->eth_dst,load:2->reg1,output:2',
    ]);
    const expected = toHex(udp4({ payload: 'hello', eth_dst: '02:00:00:00:00:01' }));
    expect(cheap.send(frame)).to.deep.equal([`2: ${expected}`]);
    expect(cheap.programs).to.equal(1);
    const asking = new Bench(['mpls,actions=pop_mpls:0x0800,dec_ttl,output:2']);
    asking.send(frame);
    expect(asking.programs).to.equal(2);
  });

  it('leaves off in the middle of lists in lists, and goes on with all of them', () => {
    const bench = new Bench([
      'mpls,actions=load:7->reg0,resubmit(,1),resubmit(,3),output:3,write_metadata:5,goto_table:2',
      'table=1,mpls,actions=resubmit(,10),load:8->reg1,output:3,write_actions(set_field:02:00:00:00:00:01->eth_src,output:2)',
      'table=10,mpls,actions=pop_mpls:0x0800,dec_ttl,output:3',
      'table=3,ip,actions=set_field:9.9.9.9->nw_dst',
      'table=2,ip,reg0=7,reg1=8,metadata=5,nw_ttl=63,nw_dst=9.9.9.9,actions=dec_ttl',
    ]);
    const dst = '9.9.9.9';
    const once = toHex(udp4({ payload: 'hello', ttl: 63 }));
    const expected = [
      `2: ${toHex(udp4({ payload: 'hello', ttl: 62, dst, eth_src: '02:00:00:00:00:01' }))}`,
      `3: ${once}`,
      `3: ${once}`,
      `3: ${toHex(udp4({ payload: 'hello', ttl: 63, dst }))}`,
    ];
    for (let i = 0; i < 3; i++) expect(bench.send(labelled(['00010140'], plain))).to.deep.equal(expected);
  });

  it('ends a list behind it as one before it: only the flow that it belongs to', () => {
    const bench = new Bench([
      'mpls,actions=resubmit(,1),output:3',
      'table=1,mpls,actions=pop_mpls:0x0800,dec_ttl,output:2,write_actions(output:2)',
    ]);
    const expired = udp4({ ttl: 1 });
    expect(bench.send(labelled(['00010140'], expired))).to.deep.equal([
      `3: ${toHex(expired)}`,
      `invalid_ttl in table 1: ${toHex(expired)}`,
    ]);
  });

  it('keeps the action set, and runs it in its order', () => {
    const bench = new Bench([
      'mpls,actions=pop_mpls:0x0800,write_actions(output:2,set_field:02:00:00:00:00:01->eth_dst),goto_table:1',
      'table=1,ip,actions=dec_ttl,write_actions(dec_ttl)',
    ]);
    const expected = toHex(udp4({ payload: 'hello', ttl: 62, eth_dst: '02:00:00:00:00:01' }));
    expect(bench.send(labelled(['00010140'], plain))).to.deep.equal([`2: ${expected}`]);
  });

  it('keeps what connection tracking found, and what was let go of', () => {
    const again = 'push_mpls:0x8847,pop_mpls:0x0800';
    const bench = new Bench([
      'mpls,actions=pop_mpls:0x0800,goto_table:1',
      'table=1,ip,ct_state=-trk,actions=ct(table=2,zone=5)',
      `table=2,ip,ct_state=+trk+new,ct_zone=5,actions=${again},resubmit(,3)`,
      `table=3,ip,ct_state=+trk+new,ct_zone=5,actions=output:3,ct_clear,${again},resubmit(,4)`,
      'table=4,ip,ct_state=-trk,ct_zone=0,actions=output:2',
    ]);
    for (let i = 0; i < 2; i++) {
      const sent = bench.send(labelled(['00010140'], plain));
      expect(sent).to.deep.equal([`2: ${toHex(plain)}`, `3: ${toHex(plain)}`]);
    }
  });

  it('follows a changed flow', () => {
    const bench = new Bench(['mpls,actions=pop_mpls:0x0800,dec_ttl,output:2']);
    const frame = labelled(['00010140'], plain);
    bench.send(frame);
    bench.sw.flows.add('mpls,actions=pop_mpls:0x0800,dec_ttl,dec_ttl,output:3');
    expect(bench.send(frame)).to.deep.equal([`3: ${toHex(udp4({ payload: 'hello', ttl: 62 }))}`]);
  });

  it('happens in a packet-out, too', () => {
    const bench = new Bench(['table=0,ip,nw_ttl=63,actions=output:3']);
    const actions = parseActions('pop_mpls:0x0800,dec_ttl,output:2,TABLE', { line: 1, column: 1 });
    const frame = labelled(['00010140'], plain);
    const expected = toHex(udp4({ payload: 'hello', ttl: 63 }));
    expect(bench.packetOut(actions, frame)).to.deep.equal([`2: ${expected}`, `3: ${expected}`]);
  });

  it('pads what became too short, where the switch is told to', () => {
    const frame = labelled(['00010140'], ethernet(0x0800, [...udp4().subarray(14), ...new Uint8Array(14)]));
    expect(frame.length).to.equal(60);
    const bench = new Bench(['mpls,actions=pop_mpls:0x0800,dec_ttl,output:2'], 60);
    const [sent] = bench.send(frame);
    expect(sent.length).to.equal('2: '.length + 120);
    expect(sent.slice(3, 3 + 84)).to.equal(toHex(udp4({ ttl: 63 })));
  });
});

describe('pipeline: the order of an action set', () => {
  it("is OpenFlow 1.3.5 §5.10's, whatever order it was written in", () => {
    const frame = udp4({ payload: 'hello', vlan: [{ vid: 5, pcp: 3 }], ttl: 9 });
    const flows = [
      'ip,dl_vlan=5,actions=write_actions(push_mpls:0x8847,copy_ttl_out,set_field:20->mpls_label),goto_table:1',
      `table=1,ip,dl_vlan=5,actions=write_actions(pop_vlan,push_vlan:0x8100,set_field:0x1007->vlan_vid,output:2)`,
    ];
    const expected = labelled(['00014109'], udp4({ payload: 'hello', vlan: [7], ttl: 9 }));
    expect(through(flows, frame)).to.equal(toHex(expected));
  });
});

describe('pipeline: what flows with tags must match', () => {
  const REFUSED: [flow: string, why: RegExp][] = [
    ['ip,actions=pop_mpls:0x0800,output:2', /pop_mpls needs a flow that matches mpls/],
    ['actions=dec_mpls_ttl,output:2', /dec_mpls_ttl needs/],
    ['ip,actions=copy_ttl_in,output:2', /copy_ttl_in needs/],
    ['ip,actions=push_mpls:0x8847,dec_ttl,output:2', /dec_ttl needs/],
    ['mpls,actions=pop_mpls:0x0800,set_field:80->tcp_dst,output:2', /tcp_dst needs/],
    ['mpls,actions=pop_pbb,output:2', /pop_pbb needs/],
    ['ip,actions=pop_vlan,output:2', /pop_vlan needs/],
    ['vlan_tci=0,actions=push_vlan:0x8100,pop_vlan,pop_vlan,output:2', /pop_vlan needs/],
    ['dl_vlan=5,actions=pop_vlan,set_field:0x1005->vlan_vid,output:2', /vlan_vid needs/],
    ['dl_vlan=5,actions=push_pbb:0x88e7,set_field:0x1005->vlan_vid,output:2', /vlan_vid needs/],
    ['tcp,actions=set_field:17->ip_proto,set_field:80->tcp_dst,output:2', /tcp_dst needs/],
    ['ip,actions=set_field:0x0806->eth_type,dec_ttl,output:2', /dec_ttl needs/],
  ];
  for (const [flow, why] of REFUSED) {
    it(`refuses ${flow}`, () => {
      const run = () => new Bench([flow]);
      expect(run).to.throw(OpenFlowError, why).with.property('error', 'OFPBAC_MATCH_INCONSISTENT');
    });
  }
  const ACCEPTED = [
    'ip,actions=push_mpls:0x8847,set_field:1->mpls_label,dec_mpls_ttl,pop_mpls:0x0800,dec_ttl,output:2',
    'tcp,actions=set_field:17->ip_proto,set_field:80->udp_dst,output:2',
    'actions=set_field:0x0806->eth_type,set_field:1->arp_op,output:2',
    'actions=push_pbb:0x88e7,push_vlan:0x88a8,set_field:0x1005->vlan_vid,set_field:5->pbb_isid,pop_vlan,pop_pbb,output:2',
  ];
  for (const flow of ACCEPTED) it(`takes ${flow}`, () => expect(() => new Bench([flow])).to.not.throw());
});

describe('pipeline: IPv6 extension headers', () => {
  it('are matched with and without a mask', () => {
    const extensions = [
      { type: 0, body: new Uint8Array(6) },
      { type: 43, body: new Uint8Array(6) },
    ];
    const bench = new Bench([
      'priority=3,ipv6,ipv6_exthdr=0x60,actions=output:2',
      'priority=2,ipv6,ipv6_exthdr=0x40/0x40,actions=output:3',
    ]);
    expect(bench.send(icmp6({ extensions }))[0]).to.match(/^2: /);
    expect(bench.send(icmp6({ extensions: extensions.slice(0, 1) }))[0]).to.match(/^3: /);
    expect(bench.send(icmp6({ extensions: extensions.slice(1) }))).to.deep.equal([]);
  });
});
