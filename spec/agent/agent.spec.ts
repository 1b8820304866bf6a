import { expect } from 'chai';
import { Agent, type AgentEvent, type AgentOptions } from '../../lib/agent/index.js';
import { type ErrorName, errorNumbers, type Log, ManualClock, OpenFlowError, silent } from '../../lib/bytes/index.js';
import { UNASKED_BYTES } from '../../lib/channel/index.js';
import { type FieldValue, type FlowMod, fieldNamed, Match } from '../../lib/nxm/index.js';
import type { PacketIn } from '../../lib/pipeline/types.js';
import { decode, encode, type Message, type MessageOf, type RequestBody } from '../../lib/wire/index.js';
import { RawPeer, turns } from '../channel/raw-peer.js';
import { FakePipeline, flowView, portView } from './fake-pipeline.js';

const NO_BUFFER = 0xffffffff;
const ANY = 0xffffffff;

const flow: FlowMod = {
  command: 'add',
  tableId: 0,
  priority: 1,
  cookie: 0x1122334455667788n,
  cookieMask: 0n,
  idleTimeout_s: 10,
  hardTimeout_s: 20,
  bufferId: NO_BUFFER,
  outPort: ANY,
  outGroup: ANY,
  flags: 1,
  match: Match.all,
  instructions: { apply: [{ type: 'output', port: 2, maxLen: 0 }] },
};
const flowMod = (change: Partial<FlowMod> = {}, xid = 5): Message => ({
  type: 'flow_mod',
  xid,
  change: { ...flow, ...change },
});
const multipart = (body: RequestBody, more = false): Message => ({ type: 'multipart_request', xid: 6, more, body });
const filter = { tableId: 0xff, outPort: ANY, outGroup: ANY, cookie: 0n, cookieMask: 0n, match: Match.all };

function fieldValue(name: string, ...value: number[]): FieldValue {
  const field = fieldNamed(name);
  if (!field) throw new Error(name);
  return { field, value: Uint8Array.from(value), mask: null };
}

function packetIn(more: Partial<PacketIn> = {}): PacketIn {
  const fields = [
    fieldValue('in_port_oxm', 0, 0, 0, 1),
    fieldValue('reg0', 0, 0, 0, 7),
    fieldValue('metadata', 0, 0, 0, 0, 0, 0, 0, 9),
    fieldValue('ct_state', 0, 0, 0, 0x21),
    fieldValue('recirc_id', 0, 0, 0, 3),
  ];
  const frame = new Uint8Array(1000).fill(0xab);
  return { reason: 'action', tableId: 4, cookie: 9n, maxLen: 0xffff, controllerId: 0, frame, fields, ...more };
}

/** An agent and controllers in memory. */
function setup(options: Partial<AgentOptions> = {}) {
  const clock = new ManualClock();
  const pipeline = new FakePipeline();
  const lines: string[] = [];
  const log: Log = { ...silent, info: (line) => lines.push(line), warn: (line) => lines.push(line) };
  const agent = new Agent({ pipeline, clock, log, datapathId: 0xabcdn, ...options });
  const told: AgentEvent[] = [];
  agent.on((event) => told.push(event));
  let count = 0;
  const controller = async (): Promise<RawPeer> => {
    const peer = new RawPeer();
    agent.accept(peer.far, `c${++count}`);
    await peer.hello();
    peer.forget();
    return peer;
  };
  return { agent, clock, pipeline, lines, told, controller };
}

async function connected(options: Partial<AgentOptions> = {}) {
  const s = setup(options);
  const c = await s.controller();
  s.lines.length = 0;
  return { ...s, c };
}

/** The error that came, with its name. */
function expectError(peer: RawPeer, name: ErrorName, xid: number): MessageOf<'error'> {
  const error = peer.last('error');
  expect(error).to.deep.include({ xid, error: errorNumbers(name) });
  return error;
}

function reply(peer: RawPeer): MessageOf<'multipart_reply'>['body'] {
  return peer.last('multipart_reply').body;
}

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
      ["an unknown message of ONF's", 'OFPBRC_BAD_SUBTYPE', experimenter(0x4f4e4600, 2300)],
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

    it('go out as NXT_PACKET_IN2 to a controller that asked for it, and to no other', async () => {
      const { c, agent, controller } = await connected();
      const other = await controller();
      await c.send(experimenter(0x2320, 16, 0, 0, 0, 2));
      agent.events.packetIn(packetIn({ maxLen: 1 }));
      await turns();
      expect(c.last('experimenter')).to.deep.include({ experimenter: 0x2320, expType: 30 });
      expect(other.last('packet_in').data).to.have.length(1);
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

  describe('roles (§6.3.5, §7.3.9)', () => {
    const role = (name: 'nochange' | 'equal' | 'master' | 'slave', generationId: bigint): Message => {
      return { type: 'role_request', xid: 8, role: name, generationId };
    };
    const NONE = 0xffffffffffffffffn;

    async function ask(peer: RawPeer, m: Message): Promise<[string, bigint]> {
      await peer.send(m);
      const answer = peer.last('role_reply');
      return [answer.role, answer.generationId];
    }

    it('begin as equal, and there is no generation id until a master or slave brings one', async () => {
      const { c } = await connected();
      expect(await ask(c, role('nochange', 5n))).to.deep.equal(['equal', NONE]);
      expect(await ask(c, role('equal', 5n))).to.deep.equal(['equal', NONE]);
      expect(await ask(c, role('slave', 5n))).to.deep.equal(['slave', 5n]);
      expect(await ask(c, role('equal', 4n))).to.deep.equal(['equal', 5n]);
    });

    it('take the same generation id again (ONOS always sends 0)', async () => {
      const { c } = await connected();
      expect(await ask(c, role('master', 0n))).to.deep.equal(['master', 0n]);
      expect(await ask(c, role('master', 0n))).to.deep.equal(['master', 0n]);
    });

    it('refuse an older one, by signed distance, and change nothing', async () => {
      const { c } = await connected();
      await ask(c, role('slave', 0xfffffffffffffff0n));
      await c.send(role('master', 0xffffffffffffffefn));
      expectError(c, 'OFPRRFC_STALE', 8);
      expect(await ask(c, role('nochange', 0n))).to.deep.equal(['slave', 0xfffffffffffffff0n]);
      expect(await ask(c, role('master', 3n))).to.deep.equal(['master', 3n]);
    });

    it('keep the generation id when connections end', async () => {
      const { c, controller } = await connected();
      await ask(c, role('master', 9n));
      c.near.destroy();
      await turns();
      const next = await controller();
      await next.send(role('master', 8n));
      expectError(next, 'OFPRRFC_STALE', 8);
    });

    it('have one master: a new one turns the old one into a slave', async () => {
      const { c, controller } = await connected();
      const other = await controller();
      await ask(c, role('master', 1n));
      await ask(other, role('master', 2n));
      expect(await ask(c, role('nochange', 0n))).to.deep.equal(['slave', 2n]);
    });

    it('keep a slave from changing anything, one error each; statistics and barriers work', async () => {
      const { c, pipeline } = await connected();
      await ask(c, role('slave', 1n));
      c.forget();
      const row = {
        tableId: 0,
        name: '',
        metadataMatch: 0n,
        metadataWrite: 0n,
        config: 0,
        maxEntries: 1,
        properties: [],
      };
      await c.send(
        flowMod(),
        packetOut({}),
        Uint8Array.of(4, 15, 0, 16, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1),
        { type: 'table_mod', xid: 6, tableId: 0, config: 0 },
        multipart({ kind: 'table_features', rows: [row] }),
      );
      const isSlave = errorNumbers('OFPBRC_IS_SLAVE');
      expect(c.all('error').map(({ error }) => error)).to.deep.equal(Array(5).fill(isSlave));
      expect([pipeline.applied, pipeline.packetOuts]).to.deep.equal([[], []]);
      await c.send(multipart({ kind: 'aggregate', ...filter }), { type: 'barrier_request', xid: 1 });
      expect(c.messages.slice(5).map((m) => m.type)).to.deep.equal(['multipart_reply', 'barrier_reply']);
    });

    it('keep packet-ins and removed flows from a slave by default', async () => {
      const { c, agent } = await connected();
      await ask(c, role('slave', 1n));
      c.forget();
      agent.events.packetIn(packetIn());
      agent.events.flowRemoved(flowView(flow), 'delete');
      agent.events.port('modify', portView(1, 'p1'));
      await turns();
      expect(c.messages.map((m) => m.type)).to.deep.equal(['port_status']);
    });
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

function experimenter(id: number, expType: number, ...data: number[]): Message {
  return { type: 'experimenter', xid: 6, experimenter: id, expType, data: Uint8Array.from(data) };
}

function packetOut(change: Partial<MessageOf<'packet_out'>>): Message {
  return {
    type: 'packet_out',
    xid: 6,
    bufferId: NO_BUFFER,
    inPort: 0xfffffffd,
    actions: [{ type: 'output', port: 1, maxLen: 0 }],
    data: new Uint8Array(60),
    ...change,
  };
}

function wirePort() {
  const { number, name, mac, config, state, current, speed_kbps } = portView(1, 'p1');
  return {
    number,
    name,
    mac,
    config,
    state,
    current,
    speed_kbps,
    maxSpeed_kbps: 0,
    advertised: 0,
    supported: 0,
    peer: 0,
  };
}
