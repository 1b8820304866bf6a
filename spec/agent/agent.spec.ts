/** The agent's answers and refusals, and its connections as a whole. */
import { expect } from 'chai';
import { type ErrorName, OpenFlowError } from '../../lib/bytes/index.js';
import { fieldNamed } from '../../lib/nxm/index.js';
import { decode, encode, type Message } from '../../lib/wire/index.js';
import { RawPeer, turns } from '../channel/raw-peer.js';
import {
  ANY,
  connected,
  expectError,
  experimenter,
  filter,
  flow,
  flowMod,
  multipart,
  packetOut,
  reply,
} from './agent-session.js';
import { flowView, portView } from './fake-pipeline.js';

describe('agent', () => {
  describe('answers', () => {
    it('features: no buffers, 254 tables, and what is built (OpenFlow 1.3.5 §7.3.1)', async () => {
      const { c } = await connected();
      await c.send({ type: 'features_request', xid: 3 });
      expect(c.last('features_reply')).to.deep.include({
        xid: 3,
        datapathId: 0xabcdn,
        buffers: 0,
        tables: 254,
        auxiliaryId: 0,
        capabilities: 79,
      });
    });

    it('configuration, and keeps miss_send_len for this controller alone (§7.3.2)', async () => {
      const { c, controller } = await connected();
      await c.send({ type: 'get_config_request', xid: 1 });
      expect(c.last('get_config_reply')).to.deep.include({ xid: 1, flags: 0, missSendLen: 128 });
      await c.send({ type: 'set_config', xid: 2, flags: 0, missSendLen: 0 }, { type: 'get_config_request', xid: 3 });
      expect(c.last('get_config_reply').missSendLen).to.equal(0);
      const other = await controller();
      await other.send({ type: 'get_config_request', xid: 1 });
      expect(other.last('get_config_reply').missSendLen).to.equal(128);
      await c.send({ type: 'set_config', xid: 4, flags: 2, missSendLen: 0 });
      expectError(c, 'OFPSCFC_BAD_FLAGS', 4);
    });

    it('barriers in the same write as what came before (§6.2, §7.3.8)', async () => {
      const { c, pipeline } = await connected();
      await c.send(flowMod({}, 1), { type: 'barrier_request', xid: 2 }, flowMod({ tableId: 1 }, 3));
      expect(c.last('barrier_reply').xid).to.equal(2);
      expect(pipeline.applied.map((change) => change.tableId)).to.deep.equal([0, 1]);
    });

    it('desc with five strings that can be chosen (§7.3.5.1)', async () => {
      const plain = await connected();
      await plain.c.send(multipart({ kind: 'desc' }));
      expect(reply(plain.c)).to.deep.include({
        manufacturer: 'Nicira, Inc.',
        hardware: 'Open vSwitch',
        serial: 'None',
      });
      expect(reply(plain.c)).to.have.property('software').that.matches(/^2\./);
      const own = await connected({ description: { hardware: 'bricks', datapath: 's1' } });
      await own.c.send(multipart({ kind: 'desc' }));
      expect(reply(own.c)).to.deep.include({ manufacturer: 'Nicira, Inc.', hardware: 'bricks', datapath: 's1' });
    });

    it('flow statistics with cookies of 64 bits, and an empty reply where nothing is (§7.3.5.2)', async () => {
      const { c, pipeline } = await connected();
      await c.send(multipart({ kind: 'flow', ...filter }));
      expect(reply(c)).to.deep.equal({ kind: 'flow', rows: [] });
      pipeline.flowList = [flowView(flow), flowView({ ...flow, cookie: 1n, priority: 2 })];
      const row = { cookie: 0x1122334455667788n, duration_s: 1, duration_ns: 500_000_000, flags: 1, packets: 7 };
      await c.send(multipart({ kind: 'flow', ...filter, cookie: flow.cookie, cookieMask: 0xffffffffffffffffn }));
      const body = reply(c);
      if (body.kind !== 'flow') throw new Error(body.kind);
      expect(body.rows).to.have.length(1);
      expect(body.rows[0]).to.deep.include(row);
      expect(body.rows[0].instructions).to.deep.equal(flow.instructions);
    });

    it('statistics longer than a message in parts, all but the last with REPLY_MORE (§7.3.5)', async () => {
      const { c, pipeline } = await connected();
      pipeline.flowList = Array.from({ length: 2000 }, (_, i) => flowView({ ...flow, priority: i }));
      await c.send(multipart({ kind: 'flow', ...filter }));
      const parts = c.all('multipart_reply');
      expect(parts.map((part) => part.more)).to.deep.equal([...Array(parts.length - 1).fill(true), false]);
      const priorities = parts.flatMap(({ body }) =>
        body.kind === 'flow' ? body.rows.map((row) => row.priority) : [],
      );
      expect(priorities).to.deep.equal(Array.from({ length: 2000 }, (_, i) => i));
    });

    it('aggregate and table statistics (§7.3.5.3, §7.3.5.4)', async () => {
      const { c, pipeline } = await connected();
      pipeline.flowList = [flowView(flow), flowView(flow)];
      await c.send(multipart({ kind: 'aggregate', ...filter }));
      expect(reply(c)).to.deep.include({ packets: 14, bytes: 1400, flows: 2 });
      await c.send(multipart({ kind: 'table' }));
      const body = reply(c);
      if (body.kind !== 'table') throw new Error(body.kind);
      expect(body.rows).to.have.length(254);
      expect(body.rows[0]).to.deep.equal({ tableId: 0, active: 2, lookups: 0, matched: 0 });
    });

    it('port statistics of all, of one, and BAD_PORT for none (§7.3.5.6)', async () => {
      const { c } = await connected();
      await c.send(multipart({ kind: 'port_stats', port: ANY }));
      expect(reply(c)).to.have.property('rows').with.length(2);
      await c.send(multipart({ kind: 'port_stats', port: 2 }));
      const body = reply(c);
      if (body.kind !== 'port_stats') throw new Error(body.kind);
      const expected = { port: 2, rxPackets: 1, txBytes: 200, rxErrors: 5, collisions: 0, duration_s: 12 };
      expect(body.rows[0]).to.deep.include({ ...expected, duration_ns: 500_000_000 });
      await c.send(multipart({ kind: 'port_stats', port: 3 }));
      expectError(c, 'OFPBRC_BAD_PORT', 6);
    });

    it('port descriptions (§7.3.5.7)', async () => {
      const { c } = await connected();
      await c.send(multipart({ kind: 'port_desc' }));
      const body = reply(c);
      if (body.kind !== 'port_desc') throw new Error(body.kind);
      expect(body.rows[1]).to.deep.include({ number: 2, name: 'p2', state: 4, current: 0x840, speed_kbps: 10_000_000 });
    });

    for (const [profile, shown, hidden] of [
      ['ovs', ['ct_state', 'reg15', 'ipv4_dst', 'nsh_spi'], ['recirc_id', 'tun_metadata0']],
      [
        'minimal',
        ['ipv4_dst', 'metadata', 'tunnel_id', 'ipv6_exthdr'],
        ['ct_state', 'reg0', 'packet_type', 'recirc_id'],
      ],
      ['full', ['ct_state', 'recirc_id', 'pbb_uca'], ['tun_metadata0']],
    ] as const) {
      it(`table features: eight required properties, fields for profile ${profile} (§7.3.5.5)`, async () => {
        const { c } = await connected({ profile });
        await c.send(multipart({ kind: 'table_features', rows: [] }));
        await turns(50);
        const parts = c.all('multipart_reply');
        expect(parts.every((part) => part.xid === 6)).to.equal(true);
        const rows = parts.flatMap(({ body }) => (body.kind === 'table_features' ? body.rows : []));
        expect(rows.map((row) => row.tableId)).to.deep.equal(Array.from({ length: 254 }, (_, i) => i));
        for (const { properties } of rows) {
          expect(properties.map(({ type }) => type)).to.have.members([
            'instructions',
            'next_tables',
            'write_actions',
            'apply_actions',
            'match',
            'wildcards',
            'write_setfield',
            'apply_setfield',
          ]);
        }
        const match = rows[0].properties.find((property) => property.type === 'match');
        const has = (name: string): boolean => {
          const headers = fieldNamed(name)?.headers ?? [];
          if (!match || !('fields' in match)) throw new Error('no match property');
          return match.fields.some((id) => headers.some((h) => h.oxmClass === id.oxmClass && h.number === id.number));
        };
        expect(shown.filter((name) => !has(name))).to.deep.equal([]);
        expect(hidden.filter(has)).to.deep.equal([]);
      });
    }
  });

  describe('refusals', () => {
    it('carry the xid, the request unless it is very long, and a line that says which and where (§7.4.4)', async () => {
      const { c, pipeline, lines } = await connected();
      pipeline.refusal = new OpenFlowError('OFPBMC_BAD_PREREQ', 'tcp_dst needs nw_proto=6', 64);
      const long = encode(
        flowMod({ instructions: { apply: Array(300).fill({ type: 'output', port: 1, maxLen: 0 }) } }, 77),
      );
      await c.send(long);
      expect(expectError(c, 'OFPBMC_BAD_PREREQ', 77).data).to.deep.equal(long.slice(0, 4096));
      const short = Uint8Array.of(4, 22, 0, 16, 0, 0, 0, 78, 0, 0, 0, 9, 0, 0, 0, 0);
      await c.send(short);
      expect(expectError(c, 'OFPQOFC_BAD_PORT', 78).data).to.deep.equal(short);
      expect(lines).to.deep.equal([
        'c1: FLOW_MOD refused: tcp_dst needs nw_proto=6 (OFPBMC_BAD_PREREQ) at byte 64',
        'c1: QUEUE_GET_CONFIG_REQUEST refused: there is no port 9 (OFPQOFC_BAD_PORT)',
      ]);
    });

    it('fill the log no more than 20 lines a second', async () => {
      const { c, lines, clock } = await connected();
      const wrong = Uint8Array.of(4, 99, 0, 8, 0, 0, 0, 1);
      await c.send(...Array(50).fill(wrong));
      expect(c.all('error')).to.have.length(50);
      expect(lines).to.have.length(20);
      clock.advance(1000);
      await c.send(wrong);
      expect(lines.slice(20)).to.deep.equal([
        '30 more messages were refused',
        'c1: message of type 99 refused: message type 99 (OFPBRC_BAD_TYPE) at byte 1',
      ]);
    });

    const cases: readonly [what: string, name: ErrorName, request: Message | Uint8Array][] = [
      [
        'a type that is not built',
        'OFPBRC_BAD_TYPE',
        { type: 'get_async_reply', xid: 6, packetIn: [0, 0], portStatus: [0, 0], flowRemoved: [0, 0] },
      ],
      ['a type that only switches send', 'OFPBRC_BAD_TYPE', { type: 'barrier_reply', xid: 6 }],
      ['an unknown multipart', 'OFPBRC_BAD_STAT', Uint8Array.of(4, 18, 0, 16, 0, 0, 0, 6, 0, 99, 0, 0, 0, 0, 0, 0)],
      ['a multipart in parts', 'OFPBRC_MULTIPART_BUFFER_OVERFLOW', multipart({ kind: 'desc' }, true)],
      ['an unknown experimenter', 'OFPBRC_BAD_VENDOR', experimenter(0x1234, 1)],
      ["an unknown message of Nicira's", 'OFPBRC_BAD_SUBTYPE', experimenter(0x2320, 999)],
      ["an unknown message of ONF's", 'OFPBRC_BAD_SUBTYPE', experimenter(0x4f4e4600, 2999)],
      [
        'an unknown multipart experimenter',
        'OFPBRC_BAD_VENDOR',
        multipart({ kind: 'experimenter', experimenter: 7, expType: 0, data: new Uint8Array(0) }),
      ],
      ['a packet-in format that is none', 'OFPBRC_EPERM', experimenter(0x2320, 16, 0, 0, 0, 3)],
      ['a packet-in format cut off', 'OFPBRC_BAD_LEN', experimenter(0x2320, 16, 0, 0)],
      ['a buffer in a flow-mod', 'OFPBRC_BUFFER_UNKNOWN', flowMod({ bufferId: 4 }, 6)],
      ['a buffer in a packet-out', 'OFPBRC_BUFFER_UNKNOWN', packetOut({ bufferId: 4 })],
      ['a packet-out from no port', 'OFPBRC_BAD_PORT', packetOut({ inPort: 0xfffffffb })],
      ['a group-mod', 'OFPGMFC_BAD_COMMAND', Uint8Array.of(4, 15, 0, 16, 0, 0, 0, 6, 0, 9, 0, 0, 0, 0, 0, 1)],
      ['another version', 'OFPBRC_BAD_VERSION', Uint8Array.of(1, 5, 0, 8, 0, 0, 0, 6)],
    ];
    for (const [what, name, request] of cases) {
      it(`of ${what}: ${name}`, async () => {
        const { c, pipeline } = await connected();
        await c.send(request);
        expectError(c, name, 6);
        expect([pipeline.applied, pipeline.packetOuts]).to.deep.equal([[], []]);
        await c.send({ type: 'barrier_request', xid: 9 });
        expect(c.last('barrier_reply').xid).to.equal(9);
      });
    }

    it('leave out buffers in a delete, which has no packet', async () => {
      const { c, pipeline } = await connected();
      await c.send(flowMod({ command: 'delete', bufferId: 0 }));
      expect(c.messages).to.deep.equal([]);
      expect(pipeline.applied).to.have.length(1);
    });

    it('never answer an error, not even a broken one', async () => {
      const { c, lines } = await connected();
      const data = encode({ type: 'barrier_request', xid: 1 });
      await c.send(
        { type: 'error', xid: 1, version: 4, error: { type: 1, code: 1 }, data },
        Uint8Array.of(4, 1, 0, 9, 0, 0, 0, 1, 0),
      );
      expect(c.messages).to.deep.equal([]);
      expect(lines[0]).to.equal('c1: it reports OFPBRC_BAD_TYPE about BARRIER_REQUEST');
    });
  });

  it('hands packet-outs to the pipeline', async () => {
    const { c, pipeline } = await connected();
    await c.send(packetOut({}));
    const [out] = pipeline.packetOuts;
    expect(out.inPort).to.equal(0xfffffffd);
    expect(out.frame).to.deep.equal(new Uint8Array(60));
    expect(out.actions).to.deep.equal([{ type: 'output', port: 1, maxLen: 0 }]);
  });

  it('does not let one connection end another', async () => {
    const { c, controller, told } = await connected();
    const other = await controller();
    await c.send(Uint8Array.of(4, 0, 0, 3, 0, 0, 0, 0));
    expect(c.ended).to.equal(true);
    await other.send({ type: 'barrier_request', xid: 2 });
    expect(other.last('barrier_reply').xid).to.equal(2);
    expect(told.map((event) => event.type)).to.deep.equal(['connected', 'connected', 'disconnected']);
  });

  it('lists controllers with role and state', async () => {
    const { agent, c } = await connected();
    agent.accept(new RawPeer().far, 'late');
    await c.send({ type: 'role_request', xid: 1, role: 'master', generationId: 1n });
    const seen = agent.controllers().map(({ address, kind, state, role }) => ({ address, kind, state, role }));
    expect(seen).to.deep.equal([
      { address: 'c1', kind: 'accepted', state: 'open', role: 'master' },
      { address: 'late', kind: 'accepted', state: 'hello', role: 'equal' },
    ]);
  });

  it('shows every message to whoever records', async () => {
    const seen: string[] = [];
    const onMessage = (direction: string, peer: string, bytes: Uint8Array): void => {
      seen.push(`${peer} ${direction} ${decode(bytes).type}`);
    };
    const { c, agent } = await connected({ onMessage });
    await c.send({ type: 'barrier_request', xid: 2 });
    agent.events.port('add', portView(3, 'p3'));
    expect(seen).to.deep.equal([
      'c1 out hello',
      'c1 in hello',
      'c1 in barrier_request',
      'c1 out barrier_reply',
      'c1 out port_status',
    ]);
  });

  it('ends every connection on close, and tells nobody', async () => {
    const { agent, c, told } = await connected();
    await agent.close();
    await turns();
    expect(c.ended).to.equal(true);
    expect(told.map((event) => event.type)).to.deep.equal(['connected']);
    expect(agent.controllers()).to.deep.equal([]);
  });
});
