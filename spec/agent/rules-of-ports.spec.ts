/**
 * Ports: their configuration, which each change tells of, and what packet-ins and packet-outs may (OpenFlow 1.3.5 §7).
 */
import { expect } from 'chai';
import { OFPPC } from '../../lib/pipeline/types.js';
import type { Message } from '../../lib/wire/index.js';
import { ethernet, ip4, udp4 } from '../support/frames.js';
import { ANY, NO_BUFFER, turns, type WholeSwitch, wholeSwitch } from './whole-switch.js';

const IN_PORT = 0xfffffff8;
const TABLE = 0xfffffff9;
const FLOOD = 0xfffffffb;
const ALL = 0xfffffffc;
const CONTROLLER = 0xfffffffd;

describe('rules of ports', () => {
  let s: WholeSwitch;
  beforeEach(async () => {
    s = await wholeSwitch();
  });

  const portMod = (port: number, config: number, mask = config, more: object = {}): Message => {
    const mac = s.sw.ports().find(({ number }) => number === port)?.mac ?? new Uint8Array(6);
    return { type: 'port_mod', xid: s.c.xid(), port, mac, config, mask, advertise: 0, ...more };
  };
  /** Frames that came out of ports 1, 2 and 3. */
  const out = (): number[] => s.ports.map((port) => port.taken().length);

  describe('rule 20: outputs and port configuration (OpenFlow 1.3.5 §4.5, §7.2.1, §7.3.4.3)', () => {
    it('a frame goes back to its port only by IN_PORT', async () => {
      await s.c.flow('priority=1,actions=1,2');
      s.ports[0].inject(udp4());
      expect(out()).to.deep.equal([0, 1, 0]);
      await s.c.flow('priority=1,actions=IN_PORT,2');
      s.ports[0].inject(udp4());
      expect(out()).to.deep.equal([1, 1, 0]);
    });

    for (const [name, port] of [
      ['ALL', ALL],
      ['FLOOD', FLOOD],
    ] as const) {
      it(`${name} leaves the ingress port out, and ports with NO_FWD`, async () => {
        await s.c.flow(`priority=1,actions=${name}`);
        s.ports[0].inject(udp4());
        expect(out()).to.deep.equal([0, 1, 1]);
        await s.c.send(portMod(3, OFPPC.NO_FWD));
        s.ports[0].inject(udp4());
        expect(out()).to.deep.equal([0, 1, 0]);
        await s.c.tell(s.c.packetOut(udp4(), CONTROLLER, port));
        expect(out()).to.deep.equal([1, 1, 0]);
      });
    }

    it('PORT_DOWN: nothing goes in or out, and it is no longer live', async () => {
      const { c, ports, sw } = s;
      await c.flow('priority=1,actions=ALL,IN_PORT');
      ports[0].inject(udp4());
      expect(out()).to.deep.equal([1, 1, 1]);
      await c.send(portMod(1, OFPPC.PORT_DOWN));
      ports[0].inject(udp4());
      ports[1].inject(udp4());
      await c.tell(c.packetOut(udp4(), CONTROLLER, 1));
      expect(out()).to.deep.equal([0, 1, 1]);
      expect(sw.ports()[0]).to.deep.include({ config: OFPPC.PORT_DOWN, state: 0 });
      expect(sw.ports()[0].counters.rxDropped).to.equal(1);
      await c.send(portMod(1, 0, OFPPC.PORT_DOWN));
      ports[1].inject(udp4());
      expect(out()).to.deep.equal([1, 1, 1]);
    });

    it('NO_RECV: what comes in is dropped, what goes out goes', async () => {
      const { c, ports } = s;
      await c.flow('priority=1,actions=ALL');
      await c.send(portMod(1, OFPPC.NO_RECV));
      ports[0].inject(udp4());
      expect(out()).to.deep.equal([0, 0, 0]);
      ports[1].inject(udp4());
      expect(out()).to.deep.equal([1, 0, 1]);
    });

    it('NO_FWD: nothing goes out, by IN_PORT neither', async () => {
      const { c, ports } = s;
      await c.flow('priority=1,actions=IN_PORT,2,3');
      await c.send(portMod(1, OFPPC.NO_FWD));
      ports[0].inject(udp4());
      expect(out()).to.deep.equal([0, 1, 1]);
    });

    it('NO_PACKET_IN: what misses goes to no controller, and the rest of the actions runs', async () => {
      const { c, ports } = s;
      await c.flow('priority=0,actions=CONTROLLER:100,2');
      await c.send(portMod(1, OFPPC.NO_PACKET_IN));
      c.forget();
      ports[0].inject(udp4());
      ports[2].inject(udp4());
      await turns();
      expect(c.all('packet_in')).to.have.length(1);
      expect(out()).to.deep.equal([0, 2, 0]);
    });

    it('NO_PACKET_IN: what a flow sends to controllers goes there', async () => {
      const { c, ports } = s;
      await c.flow('priority=1,actions=CONTROLLER:100,2');
      await c.send(portMod(1, OFPPC.NO_PACKET_IN));
      c.forget();
      ports[0].inject(udp4());
      await turns();
      expect(c.all('packet_in').map(({ reason }) => reason)).to.deep.equal(['action']);
      expect(out()).to.deep.equal([0, 1, 0]);
    });

    it('each change sends port-status to all controllers; what changes nothing sends none', async () => {
      const { c } = s;
      const other = await s.controller();
      await c.role('master', 1n);
      await other.role('slave', 1n);
      for (const peer of [c, other]) peer.forget();
      await c.send(portMod(2, OFPPC.NO_FWD | OFPPC.NO_RECV));
      await c.send(portMod(2, 0, OFPPC.NO_RECV));
      await c.send(portMod(2, 0, OFPPC.NO_RECV));
      await c.send(portMod(2, 0xffffffff, 0));
      for (const peer of [c, other]) {
        const told = peer.all('port_status').map(({ reason, port, xid }) => [reason, port.number, port.config, xid]);
        expect(told).to.deep.equal([
          ['modify', 2, OFPPC.NO_FWD | OFPPC.NO_RECV, 0],
          ['modify', 2, OFPPC.NO_FWD, 0],
        ]);
        expect(peer.messages).to.have.length(2);
      }
      await c.ask(c.multipart({ kind: 'port_desc' }));
      const { body } = c.last('multipart_reply');
      expect(body.kind === 'port_desc' && body.rows[1].config).to.equal(OFPPC.NO_FWD);
    });

    it('BAD_PORT, BAD_HW_ADDR, BAD_CONFIG and BAD_ADVERTISE change nothing', async () => {
      const { c, sw } = s;
      await c.refused(portMod(9, OFPPC.NO_FWD), 'OFPPMFC_BAD_PORT');
      await c.refused(portMod(ANY, OFPPC.NO_FWD), 'OFPPMFC_BAD_PORT');
      await c.refused(portMod(1, OFPPC.NO_FWD, 32, { mac: new Uint8Array(6) }), 'OFPPMFC_BAD_HW_ADDR');
      await c.refused(portMod(1, OFPPC.NO_FWD | 2), 'OFPPMFC_BAD_CONFIG');
      await c.refused(portMod(1, OFPPC.NO_FWD, 32, { advertise: 1 << 20 }), 'OFPPMFC_BAD_ADVERTISE');
      expect(sw.ports().map(({ config }) => config)).to.deep.equal([0, 0, 0]);
    });
  });

  describe('rule 21: the length of packet-ins (§7.2.4.1, §7.4.1)', () => {
    it('max_len cuts the data, total_len stays whole; 0xffff sends all', async () => {
      const { c, ports } = s;
      const frame = udp4({ payload: 'x'.repeat(900) });
      for (const [maxLen, length] of [
        [0, 0],
        [77, 77],
        [0xffe5, frame.length],
        [0xffff, frame.length],
      ]) {
        const action = { type: 'output', port: CONTROLLER, maxLen } as const;
        await c.flow('priority=1,actions=drop', { instructions: { apply: [action] } });
        c.forget();
        ports[0].inject(frame);
        await turns();
        const m = c.last('packet_in');
        expect([m.data.length, m.totalLen, m.bufferId]).to.deep.equal([length, frame.length, NO_BUFFER]);
        expect(m.data).to.deep.equal(frame.slice(0, length));
      }
    });
  });

  describe('packet-out (§7.3.7)', () => {
    it('comes from a port that is there, CONTROLLER, LOCAL or none, else BAD_PORT', async () => {
      const { c } = s;
      for (const port of [0, 9, 0xffffff00, ALL, IN_PORT, TABLE]) {
        await c.refused(c.packetOut(udp4(), port, 2), 'OFPBRC_BAD_PORT');
      }
      expect(out()).to.deep.equal([0, 0, 0]);
      for (const port of [1, CONTROLLER, 0xfffffffe, ANY]) await c.tell(c.packetOut(udp4(), port, 2));
      expect(out()).to.deep.equal([0, 4, 0]);
    });

    it('goes through the tables with TABLE, from its in_port', async () => {
      const { c } = s;
      await c.flow('priority=1,in_port=1,actions=3');
      await c.tell(c.packetOut(udp4(), 1, TABLE));
      await c.tell(c.packetOut(udp4(), CONTROLLER, TABLE));
      expect(out()).to.deep.equal([0, 0, 1]);
    });

    it('has no buffers to send, and no frame that is none', async () => {
      const { c } = s;
      await c.refused({ ...c.packetOut(udp4(), 1, 2), bufferId: 1 } as Message, 'OFPBRC_BUFFER_UNKNOWN');
      await c.refused(c.packetOut(new Uint8Array(10), 1, 2), 'OFPBRC_BAD_PACKET');
      await c.refused(c.flowMod('ip,actions=1', { bufferId: 1 }), 'OFPBRC_BUFFER_UNKNOWN');
      expect(out()).to.deep.equal([0, 0, 0]);
    });
  });

  describe('fragments (§7.3.2)', () => {
    it('are dropped where they come in with OFPC_FRAG_DROP, and matched without', async () => {
      const { c, ports } = s;
      await c.flow('priority=1,actions=2');
      const frames = [ip4(17, 'data', { mf: true }), ip4(17, 'data', { offset: 8 }), udp4(), ethernet(0x88b5, [1])];
      for (const frame of frames) ports[0].inject(frame);
      expect(out()).to.deep.equal([0, 4, 0]);
      await c.tell({ type: 'set_config', xid: 1, flags: 1, missSendLen: 128 });
      await c.ask({ type: 'get_config_request', xid: 2 });
      expect(c.last('get_config_reply').flags).to.equal(1);
      for (const frame of frames) ports[0].inject(frame);
      expect(out()).to.deep.equal([0, 2, 0]);
      await c.refused({ type: 'set_config', xid: 3, flags: 2, missSendLen: 128 }, 'OFPSCFC_BAD_FLAGS');
    });
  });
});
