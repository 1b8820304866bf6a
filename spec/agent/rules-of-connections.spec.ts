/** The rules of connections and roles that implementers miss (OpenFlow 1.3.5 §6.2, §6.3, §7.3.5), over a connection. */
import { expect } from 'chai';
import { encode, type Message } from '../../lib/wire/index.js';
import { RawPeer } from '../channel/raw-peer.js';
import { udp4 } from '../support/frames.js';
import { ANY, turns, type WholeSwitch, wholeSwitch } from './whole-switch.js';

const NONE = 0xffffffffffffffffn;
/** Add group 1 of type all without buckets; add meter 1 without bands. */
const GROUP_MOD = Uint8Array.of(4, 15, 0, 16, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1);
const METER_MOD = Uint8Array.of(4, 29, 0, 16, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0, 1);

describe('rules of connections', () => {
  let s: WholeSwitch;
  beforeEach(async () => {
    s = await wholeSwitch();
  });

  describe('rule 1: the beginning of a session (OpenFlow 1.3.5 §6.3.1, §6.3.2)', () => {
    const opening: Message[] = [
      { type: 'hello', xid: 1, version: 4, versions: null },
      { type: 'features_request', xid: 2 },
      { type: 'multipart_request', xid: 3, more: false, body: { kind: 'port_desc' } },
      { type: 'barrier_request', xid: 4 },
    ];
    const bytes = Buffer.concat(opening.map((m) => encode(m)));

    for (const size of [bytes.length, 1, 3, 11]) {
      it(`several messages in chunks of ${size} bytes`, async () => {
        const peer = new RawPeer();
        s.agent.accept(peer.far, 'c');
        for (let at = 0; at < bytes.length; at += size) await peer.send(bytes.subarray(at, at + size));
        expect(peer.messages.map(({ type, xid }) => (type === 'hello' ? type : `${type} ${xid}`))).to.deep.equal([
          'hello',
          'features_reply 2',
          'multipart_reply 3',
          'barrier_reply 4',
        ]);
      });
    }

    it("waits several seconds for the peer's HELLO, and gives its own at once", async () => {
      const peer = new RawPeer();
      s.agent.accept(peer.far, 'c');
      await turns();
      expect(peer.messages.map(({ type }) => type)).to.deep.equal(['hello']);
      s.clock.advance(9_000);
      await peer.send(bytes);
      expect(peer.messages).to.have.length(4);
    });

    it('takes an echo reply without the data that was sent', async () => {
      const { agent, clock } = await wholeSwitch({ probe_ms: 5_000 });
      clock.advance(5_000);
      await turns();
      const peer = new RawPeer();
      agent.accept(peer.far, 'late');
      await peer.hello();
      clock.advance(5_000);
      await turns();
      const { xid } = peer.last('echo_request');
      await peer.send({ type: 'echo_reply', xid, data: new Uint8Array(0) });
      clock.advance(9_000);
      await turns();
      expect(peer.ended).to.equal(false);
    });
  });

  describe('rule 2: the generation id (§6.3.5, §7.3.9)', () => {
    it("is the switch's: one stored value for all connections, and it outlives them", async () => {
      const { c } = s;
      expect(await c.role('nochange', 9n)).to.deep.equal(['equal', NONE]);
      expect(await c.role('slave', 10n)).to.deep.equal(['slave', 10n]);
      const other = await s.controller();
      expect(await other.role('nochange', 0n)).to.deep.equal(['equal', 10n]);
      for (const peer of [c, other]) peer.near.destroy();
      await turns();
      const later = await s.controller();
      await later.refused({ type: 'role_request', xid: 1, role: 'master', generationId: 9n }, 'OFPRRFC_STALE');
      expect(await later.role('nochange', 0n)).to.deep.equal(['equal', 10n]);
    });

    for (const [stored, sent, stale] of [
      [10n, 9n, true],
      [10n, 10n, false],
      [0n, 0n, false],
      [10n, 10n + (1n << 63n) - 1n, false],
      [10n, 10n + (1n << 63n), true],
      [NONE, 0n, false],
      [0n, NONE, true],
      [NONE - 5n, 4n, false],
    ] as const) {
      it(`${sent} after ${stored} is ${stale ? 'stale, and changes nothing' : 'taken'}`, async () => {
        const { c } = s;
        await c.role('slave', stored);
        const request = { type: 'role_request', xid: 7, role: 'master', generationId: sent } as const;
        if (stale) await c.refused(request, 'OFPRRFC_STALE');
        else expect(await c.role('master', sent)).to.deep.equal(['master', sent]);
        if (stale) expect(await c.role('nochange', 0n)).to.deep.equal(['slave', stored]);
      });
    }

    it('is ignored by EQUAL and NOCHANGE, which store nothing and answer with the stored one', async () => {
      const { c } = s;
      expect(await c.role('equal', 5n)).to.deep.equal(['equal', NONE]);
      await c.role('master', 20n);
      expect(await c.role('equal', 3n)).to.deep.equal(['equal', 20n]);
      expect(await c.role('nochange', 30n)).to.deep.equal(['equal', 20n]);
      expect(await c.role('slave', 20n)).to.deep.equal(['slave', 20n]);
    });

    it('a new connection begins as EQUAL, and a new MASTER turns the old one into SLAVE', async () => {
      const { c } = s;
      const [second, third] = [await s.controller(), await s.controller()];
      expect(await c.role('master', 1n)).to.deep.equal(['master', 1n]);
      expect(await second.role('nochange', 0n)).to.deep.equal(['equal', 1n]);
      expect(await second.role('master', 1n)).to.deep.equal(['master', 1n]);
      expect(await c.role('nochange', 0n)).to.deep.equal(['slave', 1n]);
      expect(await third.role('nochange', 0n)).to.deep.equal(['equal', 1n]);
    });

    it('a role that there is none of is BAD_ROLE', async () => {
      const request = encode({ type: 'role_request', xid: 1, role: 'slave', generationId: 0n });
      request[11] = 4;
      await s.c.refused(request, 'OFPRRFC_BAD_ROLE');
    });
  });

  describe('rule 3: what a SLAVE may do and hears (§6.3.5)', () => {
    it('one IS_SLAVE each for every message that changes state; nothing changes', async () => {
      const { c, sw } = s;
      const row = {
        tableId: 0,
        name: '',
        metadataMatch: 0n,
        metadataWrite: 0n,
        config: 0,
        maxEntries: 1,
        properties: [],
      };
      const mac = sw.ports()[0].mac;
      const changes: (Message | Uint8Array)[] = [
        c.packetOut(udp4(), 0xfffffffd, 1),
        c.flowMod('ip,actions=1'),
        c.flowMod('delete', { tableId: 0xff }),
        { type: 'port_mod', xid: 1, port: 1, mac, config: 1, mask: 1, advertise: 0 },
        { type: 'table_mod', xid: 1, tableId: 0, config: 0 },
        GROUP_MOD,
        METER_MOD,
        c.multipart({ kind: 'table_features', rows: [row] }),
      ];
      await c.role('slave', 1n);
      for (const change of changes) await c.refused(change, 'OFPBRC_IS_SLAVE');
      expect([sw.flows.list(), sw.ports()[0].config, s.ports[0].taken()]).to.deep.equal([[], 0, []]);
    });

    it('barriers, statistics, and its own settings work', async () => {
      const { c } = s;
      await c.role('slave', 1n);
      expect((await c.ask({ type: 'barrier_request', xid: 5 })).map(({ type }) => type)).to.deep.equal([
        'barrier_reply',
      ]);
      expect(await c.flows()).to.deep.equal([]);
      for (const kind of ['desc', 'table', 'port_desc'] as const) await c.ask(c.multipart({ kind }));
      await c.ask(c.multipart({ kind: 'port_stats', port: ANY }));
      expect(c.last('multipart_reply').body).to.have.property('rows').with.length(3);
      const masks = { packetIn: [0, 1], portStatus: [0, 0], flowRemoved: [0, 0] };
      await c.tell({ type: 'set_async', xid: 1, ...masks });
      await c.tell({ type: 'set_config', xid: 1, flags: 1, missSendLen: 5 });
      await c.ask({ type: 'get_config_request', xid: 1 });
      // What becomes of fragments is the switch's, and stays.
      expect(c.last('get_config_reply')).to.deep.include({ flags: 0, missSendLen: 5 });
    });

    it('hears port-status, but no packet-ins and no flow-removed, until it asks (§7.3.10)', async () => {
      const { c, sw, ports } = s;
      const master = await s.controller();
      await master.flow('priority=0,send_flow_rem,actions=CONTROLLER:100');
      await c.role('slave', 1n);
      const what = (): string[] => {
        const types = c.messages.map(({ type }) => type);
        c.forget();
        return types;
      };
      c.forget();
      const happen = async (): Promise<void> => {
        ports[0].inject(udp4());
        sw.setLink(1, false);
        sw.setLink(1, true);
        await master.flow('delete', { tableId: 0 });
        await master.flow('priority=0,send_flow_rem,actions=CONTROLLER:100');
        await turns();
      };
      await happen();
      expect(what()).to.deep.equal(['port_status', 'port_status']);
      await c.send({ type: 'set_async', xid: 1, packetIn: [0, 1], portStatus: [7, 0], flowRemoved: [0, 4] });
      await happen();
      expect(what()).to.deep.equal(['packet_in', 'flow_removed']);
    });

    it('by default the others hear NO_MATCH and ACTION, not INVALID_TTL, all ports, all flow-removed', async () => {
      const { c, ports } = s;
      await c.flow('priority=5,udp,actions=dec_ttl,1');
      await c.flow('priority=0,actions=CONTROLLER:100');
      ports[0].inject(udp4({ ttl: 1 }));
      await turns();
      expect(c.messages).to.deep.equal([]);
      await c.ask({ type: 'get_async_request', xid: 4 });
      const all = { packetIn: [3, 0], portStatus: [7, 7], flowRemoved: [15, 0] };
      expect(c.last('get_async_reply')).to.deep.include({ xid: 4, ...all });
      await c.send({ type: 'set_async', xid: 1, ...all, packetIn: [4, 0] });
      c.forget();
      ports[0].inject(udp4({ ttl: 1 }));
      await turns();
      expect(c.last('packet_in')).to.deep.include({ reason: 'invalid_ttl', totalLen: udp4().length });
    });
  });

  describe('rule 4: errors (§7.4.4)', () => {
    it('carry the xid and at least 64 bytes of the request, all of it when shorter', async () => {
      const { c } = s;
      const long = encode(c.flowMod('ip,nw_src=1.2.3.4,nw_dst=2.3.4.5,actions=1,2,3', { tableId: 254 }));
      for (const bytes of [long, encode({ type: 'role_reply', xid: 0xabcdef01, role: 'slave', generationId: 1n })]) {
        await c.send(bytes);
        const error = c.last('error');
        expect(error.xid).to.equal(new DataView(bytes.buffer, bytes.byteOffset).getUint32(4));
        expect(error.data.length).to.be.at.least(Math.min(64, bytes.length));
        expect(error.data).to.deep.equal(bytes.slice(0, error.data.length));
      }
    });

    it('come for every truncated request: its type, its xid, its beginning', async () => {
      const { c, sw } = s;
      const whole: Message[] = [
        c.flowMod('tcp,nw_src=1.2.3.4/255.0.0.0,actions=set_field:5->reg0,output:2,CONTROLLER'),
        c.packetOut(udp4(), 0xfffffffd, 1),
        { type: 'port_mod', xid: 21, port: 1, mac: sw.ports()[0].mac, config: 0, mask: 0, advertise: 0 },
        { type: 'table_mod', xid: 22, tableId: 0, config: 0 },
        { type: 'role_request', xid: 23, role: 'nochange', generationId: 0n },
        { type: 'set_config', xid: 24, flags: 0, missSendLen: 0 },
        { type: 'set_async', xid: 25, packetIn: [3, 0], portStatus: [7, 7], flowRemoved: [15, 0] },
        c.multipart({ kind: 'port_stats', port: ANY }),
      ];
      for (const m of whole) {
        const bytes = encode(m);
        for (let length = 8; length < bytes.length; length++) {
          const cut = bytes.slice(0, length);
          cut[2] = length >> 8;
          cut[3] = length & 0xff;
          c.forget();
          await c.send(cut, Uint8Array.of(4, 20, 0, 8, 0, 0, 0xba, 0xaa));
          // A shorter packet, or a flow with fewer actions, can be a whole message too.
          const quoted = cut.slice(0, 64);
          for (const error of c.all('error')) {
            expect(error.xid).to.equal(m.xid);
            expect(error.data.slice(0, 64)).to.deep.equal(quoted);
          }
          expect(c.messages.length - c.all('error').length).to.equal(1);
          const expected = m.type === 'packet_out' || m.type === 'flow_mod' ? [0, 1] : [1];
          expect(expected, `${m.type} cut to ${length}`).to.include(c.all('error').length);
        }
      }
    });
  });

  describe('rule 5: barriers (§6.2)', () => {
    it('mean that what came before is in force in the datapath, its caches included', async () => {
      const { c, ports } = s;
      await c.flow('priority=1,ip,actions=2');
      for (let i = 0; i < 3; i++) ports[0].inject(udp4());
      expect(ports[1].taken()).to.have.length(3);
      for (let i = 0; i < 50; i++) {
        const output = 2 + (i % 2);
        await c.send(c.flowMod(`priority=${i + 2},ip,actions=${output}`), { type: 'barrier_request', xid: i });
        expect(c.last('barrier_reply').xid).to.equal(i);
        ports[0].inject(udp4());
        expect([ports[1].taken().length, ports[2].taken().length]).to.deep.equal(output === 2 ? [1, 0] : [0, 1]);
      }
    });
  });

  describe('rule 6: long replies (§7.3.5)', () => {
    it('are split, all parts but the last with REPLY_MORE, and each is a whole message', async () => {
      const { c, sw } = s;
      for (let i = 0; i < 3000; i++) sw.flows.add(`priority=${i},ip,nw_dst=10.0.${i >> 8}.${i & 255},actions=1,2,3`);
      const flows = await c.flows();
      await turns(100);
      const parts = c.all('multipart_reply');
      expect(parts.length).to.be.greaterThan(5);
      expect(parts.map(({ more }) => more)).to.deep.equal([...Array(parts.length - 1).fill(true), false]);
      expect(c.raw.every((bytes) => bytes.length <= 0xffff)).to.equal(true);
      expect(flows.length).to.be.greaterThan(0);
      const all = parts.flatMap(({ body }) => (body.kind === 'flow' ? body.rows : []));
      expect(new Set(all.map(({ priority }) => priority)).size).to.equal(3000);
    });
  });
});
