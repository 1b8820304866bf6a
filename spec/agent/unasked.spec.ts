/** Packet-ins, removed flows and port-status: who gets them, and in which form (OpenFlow 1.3.5 §7.4). */
import { expect } from 'chai';
import { UNASKED_BYTES } from '../../lib/channel/index.js';
import { encode } from '../../lib/wire/index.js';
import { RawPeer, turns } from '../channel/raw-peer.js';
import { connected, experimenter, flow, NO_BUFFER, packetIn, setup, wirePort } from './agent-session.js';
import { flowView, portView } from './fake-pipeline.js';

describe('agent: what nobody asked for', () => {
  describe('packet-ins', () => {
    for (const [maxLen, length] of [
      [0xffff, 1000],
      [128, 128],
      [0, 0],
      [2000, 1000],
    ]) {
      it(`with max_len ${maxLen} carry ${length} of 1000 bytes, and the whole length (§7.2.4.1, §7.4.1)`, async () => {
        const { c, agent } = await connected();
        agent.events.packetIn(packetIn({ maxLen }));
        await turns();
        const m = c.last('packet_in');
        expect(m).to.deep.include({
          xid: 0,
          bufferId: NO_BUFFER,
          totalLen: 1000,
          reason: 'action',
          tableId: 4,
          cookie: 9n,
        });
        expect(m.data).to.have.length(length);
      });
    }

    it('without an output action go by miss_send_len (§7.3.2)', async () => {
      const { c, agent } = await connected();
      const all = { packetIn: [7, 0], portStatus: [7, 7], flowRemoved: [15, 0] };
      await c.send({ type: 'set_async', xid: 1, ...all }, { type: 'set_config', xid: 1, flags: 0, missSendLen: 50 });
      agent.events.packetIn(packetIn({ reason: 'invalid_ttl' }));
      await turns();
      expect(c.last('packet_in').data).to.have.length(50);
    });

    it('of frames as long as a message fit into one', async () => {
      const { c, agent } = await connected();
      agent.events.packetIn(packetIn({ frame: new Uint8Array(65_549) }));
      await turns();
      expect(c.last('packet_in').totalLen).to.equal(0xffff);
      expect(c.last('packet_in').data.length).to.be.greaterThan(64_000);
    });

    for (const [profile, names] of [
      ['ovs', ['in_port_oxm', 'reg0', 'metadata', 'ct_state']],
      ['minimal', ['in_port_oxm', 'metadata']],
      ['full', ['in_port_oxm', 'reg0', 'metadata', 'ct_state', 'recirc_id']],
    ] as const) {
      it(`show the fields of profile ${profile}`, async () => {
        const { c, agent } = await connected({ profile });
        agent.events.packetIn(packetIn());
        await turns();
        expect(c.last('packet_in').fields.map(({ field }) => field.name)).to.deep.equal(names);
      });
    }

    it('go out as NXT_PACKET_IN2 or NXT_PACKET_IN to a controller that asked for it, and to no other', async () => {
      const { c, agent, controller } = await connected();
      const other = await controller();
      await c.send({ type: 'nxt_set_packet_in_format', xid: 1, format: 'nxt2' });
      agent.events.packetIn(packetIn({ maxLen: 1 }));
      await turns();
      expect(c.last('nxt_packet_in2')).to.include({ totalLen: 1000 }).and.nested.include({ 'data.length': 1 });
      expect(other.last('packet_in').data).to.have.length(1);
      await c.send({ type: 'nxt_set_packet_in_format', xid: 1, format: 'nxt' });
      agent.events.packetIn(packetIn({ maxLen: 1 }));
      await turns();
      expect(c.last('nxt_packet_in').fields.map(({ field }) => field.name)).to.include('in_port');
      await c.send(experimenter(0x2320, 16, 0, 0, 0, 0));
      agent.events.packetIn(packetIn());
      await turns();
      expect(c.last('packet_in').data).to.have.length(1000);
    });

    it('for a controller id go to controllers that took it', async () => {
      const { c, agent, controller } = await connected();
      const other = await controller();
      await c.send(experimenter(0x2320, 20, 0, 0, 0, 0, 0, 0, 0, 5));
      agent.events.packetIn(packetIn({ controllerId: 5 }));
      agent.events.packetIn(packetIn({ controllerId: 0 }));
      await turns();
      expect([c.messages.length, other.messages.length]).to.deep.equal([1, 1]);
    });

    it('are dropped and counted where a controller does not read, and the others get theirs', async () => {
      const { c, agent, controller } = await connected();
      const other = await controller();
      c.near.pause();
      for (let i = 0; i < 2000; i++) {
        agent.events.packetIn(packetIn());
        if (i % 100 === 0) await turns();
      }
      await turns();
      const [slow, quick] = agent.controllers();
      expect(slow.droppedPacketIns).to.be.greaterThan(1000);
      expect(quick.droppedPacketIns).to.equal(0);
      expect(other.messages).to.have.length(2000);
      c.near.resume();
      await c.send({ type: 'barrier_request', xid: 9 });
      await turns(100);
      expect(c.all('barrier_reply')).to.have.length(1);
    });
  });

  describe('tells every controller', () => {
    it('of removed flows, where the flow asks for it (§7.4.2)', async () => {
      const { c, agent, controller } = await connected();
      const other = await controller();
      agent.events.flowRemoved(flowView(flow), 'hard_timeout');
      agent.events.flowRemoved(flowView({ ...flow, flags: 0 }), 'delete');
      await turns();
      for (const each of [c, other]) {
        expect(each.messages).to.have.length(1);
        expect(each.last('flow_removed')).to.deep.include({
          xid: 0,
          cookie: flow.cookie,
          priority: 1,
          reason: 'hard_timeout',
          duration_s: 1,
          duration_ns: 500_000_000,
          idleTimeout_s: 10,
          hardTimeout_s: 20,
          packets: 7,
          bytes: 700,
        });
      }
    });

    it('of ports (§7.4.3)', async () => {
      const { c, agent } = await connected();
      agent.events.port('delete', portView(2, 'p2'));
      await turns();
      const { reason, port } = c.last('port_status');
      expect([reason, port.number, port.name]).to.deep.equal(['delete', 2, 'p2']);
    });

    it('but not before HELLO', async () => {
      const { agent } = setup();
      const peer = new RawPeer();
      agent.accept(peer.far, 'c');
      await turns();
      peer.forget();
      agent.events.port('add', portView(3, 'p3'));
      await turns();
      expect(peer.messages).to.deep.equal([]);
    });

    it('and gives up one that reads nothing', async () => {
      const { c, agent, told } = await connected();
      c.near.pause();
      const size = encode({ type: 'port_status', xid: 0, reason: 'modify', port: wirePort() }).length;
      for (let i = 0; i < UNASKED_BYTES / size + 1; i++) agent.events.port('modify', portView(1, 'p1'));
      await turns();
      expect(told.at(-1)).to.deep.include({ type: 'disconnected', controller: 'c1' });
    });
  });

  describe('asynchronous configuration (§6.3.5, §7.3.10)', () => {
    it('begins with no-match and action, all ports, all removed flows; a slave hears of ports alone', async () => {
      const { c } = await connected();
      await c.send({ type: 'get_async_request', xid: 4 });
      expect(c.last('get_async_reply')).to.deep.include({
        xid: 4,
        packetIn: [3, 0],
        portStatus: [7, 7],
        flowRemoved: [15, 0],
      });
    });

    it('is obeyed reason by reason', async () => {
      const { c, agent } = await connected();
      agent.events.packetIn(packetIn({ reason: 'invalid_ttl' }));
      await turns();
      expect(c.messages).to.deep.equal([]);
      await c.send({ type: 'set_async', xid: 1, packetIn: [4, 0], portStatus: [1, 0], flowRemoved: [1, 0] });
      agent.events.packetIn(packetIn({ reason: 'invalid_ttl' }));
      agent.events.packetIn(packetIn({ reason: 'no_match' }));
      agent.events.port('add', portView(3, 'p3'));
      agent.events.port('delete', portView(3, 'p3'));
      agent.events.flowRemoved(flowView(flow), 'idle_timeout');
      agent.events.flowRemoved(flowView(flow), 'delete');
      await turns();
      expect(c.messages.map((m) => m.type)).to.deep.equal(['packet_in', 'port_status', 'flow_removed']);
    });
  });
});
