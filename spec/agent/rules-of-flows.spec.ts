/** The rules of flow tables that implementers miss (OpenFlow 1.3.5 §5, §6.4, §7.3.4), over a connection. */
import { expect } from 'chai';
import { errorNumbers } from '../../lib/bytes/index.js';
import { fields, Match, OFPFF } from '../../lib/nxm/index.js';
import { encode } from '../../lib/wire/index.js';
import { arp, tcp4, udp4 } from '../support/frames.js';
import { turns, type WholeSwitch, wholeSwitch } from './whole-switch.js';

describe('rules of flows', () => {
  let s: WholeSwitch;
  beforeEach(async () => {
    s = await wholeSwitch();
  });

  describe('rule 7: an add that overwrites (OpenFlow 1.3.5 §6.4, §7.3.4.1)', () => {
    it('keeps counters, takes cookie, flags, timeouts and instructions, begins its duration again, says nothing', async () => {
      const { c, clock, ports } = s;
      await c.flow('priority=5,ip,cookie=1,send_flow_rem,idle_timeout=100,actions=2');
      ports[0].inject(udp4());
      clock.advance(7_000);
      await c.flow('priority=5,ip,cookie=2,hard_timeout=50,reset_counts,actions=3', { flags: 0 });
      expect(c.all('flow_removed')).to.deep.equal([]);
      const flow = await c.theFlow();
      expect(flow).to.deep.include({ cookie: 2n, packets: 1, idleTimeout_s: 0, hardTimeout_s: 50, flags: 0 });
      expect(flow).to.deep.include({ duration_s: 0, duration_ns: 0 });
      expect(flow.bytes).to.equal(udp4().length);
      ports[0].inject(udp4());
      expect([ports[1].taken().length, ports[2].taken().length]).to.deep.equal([1, 1]);
    });

    it('resets counters with RESET_COUNTS', async () => {
      const { c, ports } = s;
      await c.flow('priority=5,ip,actions=2');
      ports[0].inject(udp4());
      await c.flow('priority=5,ip,reset_counts,actions=2');
      expect(await c.theFlow()).to.deep.include({ packets: 0, bytes: 0, flags: OFPFF.RESET_COUNTS });
    });

    it('ignores out_port and out_group', async () => {
      await s.c.flow('priority=5,ip,actions=2', { outPort: 9, outGroup: 9 });
      expect(await s.c.theFlow()).to.deep.include({ priority: 5 });
    });

    it('without instructions is a drop, and legal (§5.3)', async () => {
      const { c, ports } = s;
      await c.flow('priority=0,actions=2');
      await c.flow('priority=9,ip,actions=drop', { instructions: {} });
      ports[0].inject(udp4());
      ports[0].inject(arp({}));
      expect(ports[1].taken()).to.have.length(1);
      expect((await c.flows('ip'))[0].packets).to.equal(1);
    });
  });

  describe('rule 8: cookies and filters (§6.4, §7.3.4.1, §7.3.5.2)', () => {
    const HIGH = 0xfedcba9876543210n;
    const ALL = 0xffffffffffffffffn;
    beforeEach(async () => {
      await s.c.flow('priority=1,ip,actions=2', { cookie: HIGH });
      await s.c.flow('priority=2,ip,actions=3', { cookie: HIGH ^ (1n << 63n) });
      await s.c.flow('priority=3,ip,actions=3', { cookie: 1n });
      await s.c.flow('table=5,priority=4,ip,actions=2', { cookie: HIGH });
    });
    const priorities = async (filter = {}): Promise<number[]> => {
      return (await s.c.flows('', filter)).map(({ priority }) => priority);
    };

    it('are compared in all 64 bits, and under the mask, in statistics', async () => {
      expect(await priorities({ cookie: HIGH, cookieMask: ALL })).to.deep.equal([1, 4]);
      expect(await priorities({ cookie: HIGH, cookieMask: ALL ^ (1n << 63n) })).to.deep.equal([1, 2, 4]);
      expect(await priorities({ cookie: 0xffn, cookieMask: 0n })).to.deep.equal([1, 2, 3, 4]);
      const body = { kind: 'aggregate', tableId: 0xff, outPort: 0xffffffff, outGroup: 0xffffffff } as const;
      await s.c.ask(s.c.multipart({ ...body, cookie: HIGH, cookieMask: ALL, match: Match.all }));
      expect(s.c.last('multipart_reply').body).to.deep.include({ flows: 2 });
    });

    it('limit a modify, which keeps cookie, timeouts, flags, counters and duration', async () => {
      const { c, clock } = s;
      clock.advance(3_000);
      const modify = 'modify ip,cookie=0x1234/0,idle_timeout=9,send_flow_rem,actions=1';
      await c.flow(modify, { tableId: 0, cookie: HIGH, cookieMask: ALL, outPort: 77 });
      const flows = await c.flows();
      const outputs = flows.map(({ instructions }) => instructions.apply?.map((a) => a.type === 'output' && a.port));
      expect(outputs).to.deep.equal([[1], [3], [3], [2]]);
      expect(flows[0]).to.deep.include({ cookie: HIGH, idleTimeout_s: 0, flags: 0, duration_s: 3 });
    });

    it('limit a delete, out_port too; table 0xff means all tables', async () => {
      const { c } = s;
      await c.flow('delete ip', { tableId: 0xff, cookie: HIGH, cookieMask: ALL, outPort: 3 });
      expect(await priorities()).to.deep.equal([1, 2, 3, 4]);
      await c.flow('delete ip', { tableId: 0xff, cookie: HIGH, cookieMask: ALL, outPort: 2 });
      expect(await priorities()).to.deep.equal([2, 3]);
      await c.flow('delete', { tableId: 0 });
      expect(await priorities()).to.deep.equal([]);
    });

    it('limit statistics by out_port', async () => {
      expect(await priorities({ outPort: 3 })).to.deep.equal([2, 3]);
      expect(await priorities({ outPort: 1 })).to.deep.equal([]);
      expect(await priorities({ tableId: 5 })).to.deep.equal([4]);
    });

    it('a modify that matches nothing adds nothing, and is no error', async () => {
      await s.c.flow('modify udp,actions=1', { tableId: 0 });
      await s.c.flow('modify_strict priority=8,ip,actions=1', { tableId: 0 });
      expect(await priorities()).to.deep.equal([1, 2, 3, 4]);
    });

    it('table 0xff is no table to add to, or to modify in (§7.3.4.1)', async () => {
      for (const command of ['', 'modify ', 'modify_strict ']) {
        await s.c.refused(s.c.flowMod(`${command}ip,actions=1`, { tableId: 0xff }), 'OFPFMFC_BAD_TABLE_ID');
      }
      await s.c.refused(s.c.flowMod('ip,actions=1', { tableId: 254 }), 'OFPFMFC_BAD_TABLE_ID');
    });
  });

  describe('rule 9: overlap, strictness, removed flows (§6.4, §7.4.2)', () => {
    it('CHECK_OVERLAP refuses what a packet could meet beside a flow of the same priority', async () => {
      const { c } = s;
      await c.flow('priority=5,ip,nw_dst=10.0.0.0/8,actions=1');
      await c.refused(c.flowMod('priority=5,check_overlap,ip,nw_src=1.1.1.1,actions=1'), 'OFPFMFC_OVERLAP');
      await c.refused(c.flowMod('priority=5,check_overlap,ip,nw_dst=10.0.0.0/8,actions=1'), 'OFPFMFC_OVERLAP');
      await c.flow('priority=5,check_overlap,ip,nw_dst=11.0.0.0/8,actions=1');
      await c.flow('priority=6,check_overlap,ip,nw_dst=10.0.0.0/8,actions=1');
      await c.flow('priority=5,ip,nw_src=1.1.1.1,actions=1');
      expect(await c.flows()).to.have.length(4);
    });

    it('strict means one match and priority, loose all within a match', async () => {
      const { c } = s;
      await c.flow('priority=5,ip,actions=1');
      await c.flow('priority=5,tcp,actions=1');
      await c.flow('priority=6,tcp,tp_dst=80,actions=1');
      await c.flow('delete_strict priority=6,tcp', { tableId: 0 });
      expect(await c.flows()).to.have.length(3);
      await c.flow('delete_strict priority=5,tcp', { tableId: 0 });
      expect(await c.flows()).to.have.length(2);
      await c.flow('delete tcp,tp_dst=80', { tableId: 0, priority: 1 });
      expect(await c.flows()).to.have.length(1);
      await c.flow('delete ip', { tableId: 0 });
      expect(await c.flows()).to.have.length(0);
    });

    it('SEND_FLOW_REM tells duration, counters and the reason', async () => {
      const { c, clock, ports } = s;
      const other = await s.controller();
      await c.flow('priority=1,ip,cookie=7,idle_timeout=4,send_flow_rem,actions=2');
      await c.flow('priority=2,arp,hard_timeout=3,send_flow_rem,actions=2');
      await c.flow('priority=3,tcp,send_flow_rem,actions=2');
      await c.flow('priority=4,udp,tp_dst=9,actions=2');
      clock.advance(2_500);
      ports[0].inject(udp4());
      ports[0].inject(udp4());
      clock.advance(1_500);
      await c.flow('delete', { tableId: 0xff, match: Match.of([]), priority: 0, outPort: 77 });
      await c.flow('delete tcp', { tableId: 0 });
      clock.advance(4_000);
      await turns();
      for (const peer of [c, other]) {
        const told = peer.all('flow_removed').map(({ priority, reason, duration_s, packets, xid }) => {
          return [priority, reason, duration_s, packets, xid];
        });
        expect(told).to.deep.equal([
          [2, 'hard_timeout', 3, 0, 0],
          [3, 'delete', 4, 0, 0],
          [1, 'idle_timeout', 7, 2, 0],
        ]);
        expect(peer.last('flow_removed')).to.deep.include({ cookie: 7n, idleTimeout_s: 4, bytes: 2 * udp4().length });
      }
    });
  });

  describe('rule 10: statistics are as sent (§7.3.5.2)', () => {
    it('flags, order of actions, max_len, match', async () => {
      const { c } = s;
      const text =
        'priority=3,udp,nw_dst=10.0.0.0/255.0.255.0,in_port=1,nw_src=1.2.3.4,tp_dst=0x100/0xff00,' +
        'actions=output:3,set_field:9->reg0,output:2';
      const m = c.flowMod(text, { flags: OFPFF.SEND_FLOW_REM | OFPFF.CHECK_OVERLAP | OFPFF.NO_PKT_COUNTS });
      if (m.type !== 'flow_mod') throw new Error(m.type);
      const apply = [...(m.change.instructions.apply ?? []), { type: 'output', port: 0xfffffffd, maxLen: 77 } as const];
      const change = { ...m.change, instructions: { ...m.change.instructions, apply } };
      await c.tell({ ...m, change });
      const flow = await c.theFlow();
      expect(flow.flags).to.equal(OFPFF.SEND_FLOW_REM | OFPFF.CHECK_OVERLAP | OFPFF.NO_PKT_COUNTS);
      expect(flow.match.tlvs).to.deep.equal(m.change.match.tlvs);
      expect(flow.instructions).to.deep.equal(change.instructions);
    });

    it('an exact match is never given back with a mask', async () => {
      const { c } = s;
      const value = Uint8Array.of(10, 0, 0, 1);
      const match = Match.of([
        { field: fields.eth_type, value: Uint8Array.of(8, 0), mask: null },
        { field: fields.ip_src, value, mask: new Uint8Array(4).fill(255) },
      ]);
      await c.flow('actions=1', { match });
      expect((await c.theFlow()).match.fields()[1].mask).to.equal(null);
    });

    it('an empty table still gets a reply', async () => {
      expect(await s.c.flows()).to.deep.equal([]);
      expect(s.c.last('multipart_reply')).to.deep.include({ more: false });
    });

    it('a flow that would have no room in them is refused, one that just has is given back', async () => {
      const { c } = s;
      const outputs = (count: number, text = 'priority=1,actions=2') => {
        const apply = Array.from({ length: count }, () => ({ type: 'output' as const, port: 2, maxLen: 0 }));
        return c.flowMod(text, { instructions: { apply } });
      };
      await c.refused(outputs(4091), 'OFPFMFC_UNKNOWN');
      await c.tell(outputs(4090));
      expect((await c.theFlow()).instructions.apply).to.have.length(4090);
      // A modify can make a flow longer than the message is, by that flow's match.
      await c.flow('delete');
      await c.flow('in_port=1,ipv6,ipv6_src=fd00::1,ipv6_dst=fd00::2,actions=2');
      await c.refused(outputs(4088, 'modify actions=2'), 'OFPFMFC_UNKNOWN');
      expect((await c.theFlow()).instructions.apply).to.have.length(1);
      await c.tell(outputs(3900, 'modify actions=2'));
      expect((await c.theFlow()).instructions.apply).to.have.length(3900);
    });

    it('a table that is not there is an error', async () => {
      const body = { kind: 'flow', tableId: 254, outPort: 0xffffffff, outGroup: 0xffffffff } as const;
      const request = s.c.multipart({ ...body, cookie: 0n, cookieMask: 0n, match: Match.all });
      await s.c.refused(request, 'OFPBRC_BAD_TABLE_ID');
    });
  });

  describe('rule 11: table misses (§5.4, §7.4.1)', () => {
    it('the reason is NO_MATCH only from priority 0 with an empty match', async () => {
      const { c, ports } = s;
      await c.flow('table=0,priority=0,actions=CONTROLLER:100');
      await c.flow('table=0,priority=1,arp,actions=CONTROLLER:100');
      await c.flow('table=0,priority=1,udp,actions=resubmit(,1)');
      await c.flow('table=1,priority=1,actions=CONTROLLER:100');
      ports[0].inject(tcp4());
      ports[0].inject(arp({}));
      ports[0].inject(udp4());
      await turns();
      expect(c.all('packet_in').map(({ reason, tableId }) => [reason, tableId])).to.deep.equal([
        ['no_match', 0],
        ['action', 0],
        ['action', 1],
      ]);
    });

    it('an empty table drops', async () => {
      const { c, ports } = s;
      ports[0].inject(udp4());
      await turns();
      expect(c.messages).to.deep.equal([]);
      expect([...ports[1].taken(), ...ports[2].taken()]).to.deep.equal([]);
    });
  });

  describe('rule 12: matches are checked (§7.2.3, §7.4.4)', () => {
    /** A flow-mod with these TLVs, in hexadecimal, as its match. */
    function withMatch(hex: string): Uint8Array {
      const tlvs = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      const length = 4 + tlvs.length;
      const plain = encode(s.c.flowMod('actions=drop', { instructions: {} }));
      const head = Buffer.from(plain.slice(0, 48));
      const match = Buffer.alloc((length + 7) & ~7);
      match.writeUInt16BE(1, 0);
      match.writeUInt16BE(length, 2);
      tlvs.copy(match, 4);
      head.writeUInt16BE(48 + match.length, 2);
      return new Uint8Array(Buffer.concat([head, match]));
    }
    const IP = '80000a02 0800';
    for (const [what, hex, error] of [
      ['a prerequisite that is missing', '80001401 06 80000a02 0800', 'OFPBMC_BAD_PREREQ'],
      ['a prerequisite that comes later', `80001604 01020304 ${IP}`, 'OFPBMC_BAD_PREREQ'],
      ['a port of another protocol', `${IP} 80001401 11 80001a02 0050`, 'OFPBMC_BAD_PREREQ'],
      ['a field that comes twice', `${IP} 80001604 01020304 80001604 01020304`, 'OFPBMC_DUP_FIELD'],
      ['the same field twice, masked', `${IP} 80001708 01000000ff000000 80001604 01020304`, 'OFPBMC_DUP_FIELD'],
      ['a mask that may not be', '80000b04 08000fff', 'OFPBMC_BAD_MASK'],
      ['bits outside the mask', `${IP} 80001708 01020304ff000000`, 'OFPBMC_BAD_WILDCARDS'],
      ['a value that can not be', '80000c02 2005', 'OFPBMC_BAD_VALUE'],
      ['a field that is not known', '80007e02 0800', 'OFPBMC_BAD_FIELD'],
      ['a length that lies', '80000a03 080000', 'OFPBMC_BAD_LEN'],
      ['a TLV that is cut off', '80000a02 08', 'OFPBMC_BAD_LEN'],
    ] as const) {
      it(`${what}: ${error}`, async () => {
        const { error: numbers, data } = await s.c.refused(withMatch(hex), error);
        expect(numbers).to.deep.equal(errorNumbers(error));
        expect(data.length).to.be.at.least(Math.min(64, withMatch(hex).length));
        expect(await s.c.flows()).to.deep.equal([]);
      });
    }

    it('a mask of zeros is the same as no field', async () => {
      await s.c.tell(withMatch(`${IP} 80001708 00000000 00000000`));
      expect((await s.c.theFlow()).match.fields()).to.have.length(1);
    });

    it('set_field needs what its field needs, and may rely on push_vlan before it', async () => {
      const { c } = s;
      const vid = { type: 'set_field', field: fields.vlan_vid, value: Uint8Array.of(0x10, 5), mask: null } as const;
      const push = { type: 'push_vlan', ethType: 0x8100 } as const;
      const bare = c.flowMod('ip,actions=1', { instructions: { apply: [vid] } });
      await c.refused(bare, 'OFPBAC_MATCH_INCONSISTENT');
      await c.flow('ip,actions=1', { instructions: { apply: [push, vid] } });
      const port = { type: 'set_field', field: fields.tcp_dst, value: Uint8Array.of(0, 80), mask: null } as const;
      await c.refused(c.flowMod('ip,actions=1', { instructions: { apply: [port] } }), 'OFPBAC_MATCH_INCONSISTENT');
      await c.flow('tcp,actions=1', { instructions: { apply: [port] } });
    });
  });
});
