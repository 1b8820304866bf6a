/**
 * What known controllers do first, message by message (their sources, read; facts, not code): the switch must never
 * answer with an error, every reply must be a message a strict parser takes, and what it installs must come back as it
 * was sent.
 */
import { expect } from 'chai';
import type { AgentOptions } from '../../lib/agent/index.js';
import { Match, type OxmHeader } from '../../lib/nxm/index.js';
import {
  decode,
  encode,
  type Message,
  type MessageType,
  type OxmId,
  type TableFeatures,
} from '../../lib/wire/index.js';
import { arp, tcp4 } from '../support/frames.js';
import { ANY, TestController, turns, type WholeSwitch, wholeSwitch } from './whole-switch.js';

const ALL_GROUPS = Uint8Array.of(0xff, 0xff, 0xff, 0xfc);
const ALL_METERS = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
const OPENFLOW_BASIC = 0x8000;
const WHOLE_PACKET = 0xffff;
const EVERY = { tableId: 0xff, outPort: ANY, outGroup: ANY, cookie: 0n, cookieMask: 0n, match: Match.all } as const;
const CONTROLLER = { type: 'output', port: 0xfffffffd, maxLen: WHOLE_PACKET } as const;

/** Bytes of a group-mod or meter-mod that deletes all. */
function deleteAll(type: number, id: Uint8Array, xid: number): Uint8Array {
  return Uint8Array.of(4, type, 0, 16, 0, 0, 0, xid, 0, 2, 0, 0, ...id);
}

/** A controller that plays a script, and doesn't forget what came. */
class Player extends TestController {
  /** Index of the first message that no step has looked at. */
  private seen = 0;
  private readonly asked = new Set<number>([0]);

  /** Sends messages; these types must come, and nothing else. */
  async step(
    send: readonly (Message | Uint8Array)[],
    ...types: (MessageType | `multipart ${string}`)[]
  ): Promise<void> {
    for (const m of send) this.asked.add(m instanceof Uint8Array ? new DataView(m.buffer).getUint32(4) : m.xid);
    await this.send(...send);
    await turns(60);
    const came = this.messages.slice(this.seen).filter((m) => m.type !== 'multipart_reply' || !m.more);
    this.seen = this.messages.length;
    const names = came.map((m) => (m.type === 'multipart_reply' ? `multipart ${m.body.kind}` : m.type));
    expect(names).to.deep.equal(types);
  }

  /** Nothing that came is an error or hard to parse, and all of it was asked for. */
  check(): void {
    for (const [i, bytes] of this.raw.entries()) {
      const plain = new Uint8Array(bytes);
      const m = decode(plain);
      expect(m.type).to.not.equal('error');
      expect(encode(m), `message ${i}, ${m.type}`).to.deep.equal(plain);
      if (m.type !== 'hello') expect([...this.asked], m.type).to.include(m.xid);
      expect(m.type).to.not.equal('experimenter');
    }
  }

  request(body: Parameters<TestController['multipart']>[0]): Message {
    return this.multipart(body);
  }

  rowsOf(): TableFeatures[] {
    return this.all('multipart_reply').flatMap(({ body }) => (body.kind === 'table_features' ? [...body.rows] : []));
  }
}

/** Every field id that replies and packet-ins named. */
function idsIn(messages: readonly Message[]): OxmId[] {
  return messages.flatMap((m) => {
    if (m.type === 'packet_in')
      return m.fields.map(({ field }) => ({ ...(field.headers.at(-1) as OxmHeader), hasMask: false, length: 0 }));
    if (m.type !== 'multipart_reply' || m.body.kind !== 'table_features') return [];
    return m.body.rows.flatMap((row) => row.properties.flatMap((p) => ('fields' in p ? [...p.fields] : [])));
  });
}

describe('agent with the handshake of', () => {
  let s: WholeSwitch;
  let c: Player;
  const start = async (options: Partial<AgentOptions> = {}): Promise<void> => {
    s = await wholeSwitch(options);
    c = await join();
  };
  const join = async (): Promise<Player> => {
    const peer = new Player();
    s.agent.accept(peer.far, 'player');
    await turns();
    return peer;
  };
  beforeEach(() => start());
  const hello = (versions: number[] | null): Message => ({ type: 'hello', xid: 1, version: 4, versions });
  const features = (): Message => ({ type: 'features_request', xid: c.xid() });
  const barrier = (): Message => ({ type: 'barrier_request', xid: c.xid() });
  const config = (missSendLen: number): Message => ({ type: 'set_config', xid: c.xid(), flags: 0, missSendLen });
  const getConfig = (): Message => ({ type: 'get_config_request', xid: c.xid() });
  const role = (generationId: bigint): Message => ({
    type: 'role_request',
    xid: c.xid(),
    role: 'master',
    generationId,
  });

  it('Ryu and os-ken: hello at once, features, configuration, ports; then learning in the controller', async () => {
    await c.step([hello(null)], 'hello');
    await c.step([features()], 'features_reply');
    await c.step([config(128), c.request({ kind: 'port_desc' })], 'multipart port_desc');
    expect(c.messages.at(-1)).to.deep.include({ more: false });
    await c.step([c.flowMod('priority=0,actions=drop', { instructions: { apply: [CONTROLLER] } })]);
    s.ports[0].inject(tcp4());
    await c.step([], 'packet_in');
    const packet = c.last('packet_in');
    expect(packet.fields.map(({ field, value }) => [field.name, ...value])).to.deep.equal([
      ['in_port_oxm', 0, 0, 0, 1],
    ]);
    const learn = c.flowMod('priority=1,in_port=1,dl_dst=01:02:03:04:05:06,dl_src=01:02:03:04:05:07,actions=2');
    await c.step([learn, c.packetOut(packet.data, 1, 0xfffffffb)]);
    expect(s.ports.map((port) => port.taken().length)).to.deep.equal([0, 1, 1]);
    c.check();
  });

  it('Faucet: everything off and deleted at first, tables with a body, then flows; Gauge polls beside it', async () => {
    await c.step([hello([4])], 'hello');
    await c.step([features()], 'features_reply');
    await c.step([c.request({ kind: 'port_desc' })], 'multipart port_desc');
    const off = { packetIn: [0, 0], portStatus: [0, 0], flowRemoved: [0, 0] };
    await c.step(
      [
        config(0),
        { type: 'set_async', xid: c.xid(), ...off },
        c.request({ kind: 'desc' }),
        c.flowMod('delete', { tableId: 0xff }),
        deleteAll(15, ALL_GROUPS, 1),
        deleteAll(29, ALL_METERS, 1),
        barrier(),
      ],
      'multipart desc',
      'barrier_reply',
    );
    await c.step([c.request({ kind: 'table_features', rows: [] })], 'multipart table_features');
    // Some tables of what the switch says it can, each with the next one, in one message of 64 KB and in parts.
    const rows = c
      .rowsOf()
      .slice(0, 9)
      .map((row): TableFeatures => {
        const properties = row.properties.map((p) => {
          return p.type === 'next_tables' ? { ...p, tables: p.tables.filter((id) => id < 9) } : p;
        });
        return { ...row, name: `table ${row.tableId}`, config: 3, maxEntries: 1024, properties };
      });
    await c.step([c.request({ kind: 'table_features', rows })], 'multipart table_features');
    const masks = { packetIn: [7, 0], portStatus: [7, 0], flowRemoved: [15, 0] };
    const flows = [
      'table=0,priority=9099,in_port=1,vlan_tci=0x0000/0x1fff,actions=push_vlan:0x8100,set_field:4196->vlan_vid,goto_table:1',
      'table=0,priority=0,actions=drop',
      'table=1,priority=20480,dl_type=0x88cc,actions=drop',
      'table=1,priority=1,ct_state=-trk,ip,actions=ct(table=2,zone=10)',
      'table=2,priority=2,ct_state=+new+trk,ip,actions=ct(commit,zone=10,exec(set_field:0x1->ct_mark)),goto_table:3',
      'table=3,priority=8191,in_port=1,dl_vlan=100,dl_src=00:00:00:00:00:01,actions=goto_table:4',
      'table=4,priority=8192,dl_vlan=100,dl_dst=ff:ff:ff:ff:ff:ff,actions=pop_vlan,output:2,output:3',
    ];
    const sent = flows.map((text) => c.flowMod(text, { cookie: 0x5adc15c0n }));
    await c.step([{ type: 'set_async', xid: c.xid(), ...masks }, ...sent, barrier()], 'barrier_reply');
    await c.step([c.request({ kind: 'flow', ...EVERY })], 'multipart flow');
    const { body } = c.last('multipart_reply');
    const came = body.kind === 'flow' ? body.rows : [];
    for (const [i, m] of sent.entries()) {
      if (m.type !== 'flow_mod') continue;
      const { match, instructions, priority, tableId } = m.change;
      const row = came.find((each) => each.tableId === tableId && each.priority === priority);
      expect(row?.instructions, flows[i]).to.deep.equal(instructions);
      expect(row?.match.tlvs, flows[i]).to.deep.equal(match.tlvs);
      expect(row?.cookie).to.equal(0x5adc15c0n);
    }
    c.check();

    const gauge = await join();
    await gauge.step([hello([4])], 'hello');
    await gauge.step(
      [
        gauge.request({ kind: 'port_stats', port: ANY }),
        gauge.request({ kind: 'flow', ...EVERY }),
        gauge.request({ kind: 'meter', meterId: ANY }),
      ],
      'multipart port_stats',
      'multipart flow',
      'multipart meter',
    );
    gauge.check();
  });

  it("ONOS 2: waits for the switch's HELLO; barrier and configuration, meters, desc, role with generation 0 again", async () => {
    expect(c.messages.map(({ type }) => type)).to.deep.equal(['hello']);
    await c.step([hello([1, 4])], 'hello');
    await c.step([features()], 'features_reply');
    expect(c.last('features_reply').buffers).to.equal(0);
    await c.step([c.request({ kind: 'port_desc' })], 'multipart port_desc');
    await c.step([barrier(), getConfig()], 'barrier_reply', 'get_config_reply');
    await c.step([c.request({ kind: 'meter_features' })], 'multipart meter_features');
    await c.step([c.request({ kind: 'desc' })], 'multipart desc');
    const { body } = c.last('multipart_reply');
    // Its Nicira codecs load for these strings alone.
    expect(body).to.deep.include({ manufacturer: 'Nicira, Inc.', hardware: 'Open vSwitch' });
    expect(body.kind === 'desc' && body.software).to.match(/^2\..*/);
    for (let i = 0; i < 2; i++) await c.step([role(0n)], 'role_reply');
    const polls = [
      c.request({ kind: 'flow', ...EVERY }),
      c.request({ kind: 'table' }),
      c.request({ kind: 'port_stats', port: ANY }),
      c.request({ kind: 'group', groupId: 0xfffffffc }),
      c.request({ kind: 'group_desc' }),
      c.request({ kind: 'meter', meterId: ANY }),
      c.request({ kind: 'meter_config', meterId: ANY }),
    ];
    await c.step(
      polls,
      'multipart flow',
      'multipart table',
      'multipart port_stats',
      'multipart group',
      'multipart group_desc',
      'multipart meter',
      'multipart meter_config',
    );
    await c.step([{ type: 'echo_request', xid: c.xid(), data: new Uint8Array(0) }], 'echo_reply');
    await c.step([
      c.flowMod('priority=40000,arp,cookie=0x10000,actions=CONTROLLER:65535', { cookie: 0x100007a585b6fn }),
    ]);
    s.ports[1].inject(arp({}));
    await c.step([], 'packet_in');
    expect(c.last('packet_in')).to.deep.include({ reason: 'action', cookie: 0x100007a585b6fn });
    c.check();
  });

  it('Floodlight, with the minimal profile: nothing that its parser does not know; as master it wipes all', async () => {
    await start({ profile: 'minimal' });
    await c.step([hello([4])], 'hello');
    await c.step([features()], 'features_reply');
    await c.step([c.request({ kind: 'port_desc' })], 'multipart port_desc');
    await c.step([config(0xffff), barrier(), getConfig()], 'barrier_reply', 'get_config_reply');
    expect(c.last('get_config_reply').missSendLen).to.equal(0xffff);
    await c.step([c.request({ kind: 'desc' })], 'multipart desc');
    await c.step([c.request({ kind: 'table_features', rows: [] })], 'multipart table_features');
    await c.step([role(1n)], 'role_reply');
    await c.step([c.flowMod('delete', { tableId: 0xff }), deleteAll(15, ALL_GROUPS, 1), barrier()], 'barrier_reply');
    const miss = { instructions: { apply: [CONTROLLER] } };
    await c.step([
      c.flowMod('table=0,priority=0,actions=drop', miss),
      c.flowMod('table=1,priority=0,actions=drop', miss),
    ]);
    await c.step([c.flowMod('table=0,priority=1,ip,actions=set_field:7->reg0,ct(table=1)')]);
    s.ports[0].inject(tcp4({ flags: 'syn' }));
    s.ports[0].inject(arp({}));
    await c.step([], 'packet_in', 'packet_in');
    const unknown = idsIn(c.messages).filter(({ oxmClass }) => oxmClass !== OPENFLOW_BASIC);
    expect(unknown).to.deep.equal([]);
    expect(c.all('packet_in').flatMap((m) => m.fields.map(({ field }) => field.name))).to.deep.equal([
      'in_port_oxm',
      'in_port_oxm',
    ]);
    c.check();
  });

  it('OpenDaylight: desc and all features, then statistics of everything', async () => {
    await c.step([hello([1, 4])], 'hello');
    await c.step([features()], 'features_reply');
    await c.step([c.request({ kind: 'desc' })], 'multipart desc');
    await c.step([c.request({ kind: 'meter_features' })], 'multipart meter_features');
    await c.step([c.request({ kind: 'group_features' })], 'multipart group_features');
    await c.step([c.request({ kind: 'table_features', rows: [] })], 'multipart table_features');
    await c.step([c.request({ kind: 'port_desc' })], 'multipart port_desc');
    await c.step([role(0n)], 'role_reply');
    await c.step(
      [c.flowMod('table=0,priority=5,reg0=0x1/0xff,ip,actions=ct_clear,resubmit(,3)'), barrier()],
      'barrier_reply',
    );
    const queues = { kind: 'queue', port: ANY, queueId: ANY } as const;
    await c.step(
      [
        c.request({ kind: 'flow', ...EVERY, tableId: 0 }),
        c.request({ kind: 'table' }),
        c.request({ kind: 'port_stats', port: ANY }),
        c.request({ kind: 'group_desc' }),
        c.request({ kind: 'group', groupId: 0xfffffffc }),
        c.request({ kind: 'meter_config', meterId: ANY }),
        c.request({ kind: 'meter', meterId: ANY }),
        c.request(queues),
      ],
      'multipart flow',
      'multipart table',
      'multipart port_stats',
      'multipart group_desc',
      'multipart group',
      'multipart meter_config',
      'multipart meter',
      'multipart queue',
    );
    c.check();
  });

  it('any of them, whatever the chunks: a switch has the same answers', async () => {
    const script = [hello([4]), features(), c.request({ kind: 'port_desc' }), getConfig(), barrier()];
    const bytes = Buffer.concat(script.map((m) => encode(m)));
    await c.step(
      [new Uint8Array(bytes)],
      'hello',
      'features_reply',
      'multipart port_desc',
      'get_config_reply',
      'barrier_reply',
    );
    const slow = await join();
    for (const byte of bytes) await slow.send(Uint8Array.of(byte));
    expect(slow.raw.slice(1)).to.deep.equal(c.raw.slice(1));
  });
});
