/**
 * Wireshark's dissector reads all that the whole switch sends in one rich session: every reply that it gives, the
 * statistics and the removal of every kind of flow, packet-ins with registers and the tracker's fields, errors about
 * everything it refuses. It may not know Nicira's fields, but nothing is malformed and nothing earns a warning. A frame
 * that max_len cuts is of a protocol it doesn't know, since it would complain about the cut. (spec/wire/tshark.spec.ts
 * does the same for messages made by hand.)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromHex, ManualClock } from '../../lib/bytes/index.js';
import { ANY_GROUP, Match, OFPP } from '../../lib/nxm/index.js';
import { captureHeader, captureRecord } from '../../lib/pcap-file/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { decode, encode, type Message, type MultipartRequest, peekType } from '../../lib/wire/index.js';
import { arp, ethernet, icmp4, tcp4, tcp6, udp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';
import { recordedFlows } from '../text/vectors.js';
import { SAMPLES } from '../wire/samples.js';
import { eventually } from './lab.js';

/** Notes are below this; warnings, errors and malformed messages are not. */
const COMPLAINTS = 'openflow_v4 && (_ws.malformed || _ws.expert.severity >= 0x600000)';
const PORT = 6653;
/** A segment's payload at most, in bytes: what IPv4 has room for, well rounded down. */
const SEGMENT_BYTES = 60_000;

const any = { tableId: 0xff, outPort: OFPP.ANY, outGroup: ANY_GROUP, cookie: 0n, cookieMask: 0n, match: Match.all };
const multipart = (body: MultipartRequest['body']): Message => ({
  type: 'multipart_request',
  xid: 9,
  more: false,
  body,
});

/** A controller on a real socket, and what the switch sent it, message by message. */
class Controller {
  readonly received: Uint8Array[] = [];
  private readonly socket: net.Socket;

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    // The switch's own tap collects what comes.
    this.socket.resume();
    this.socket.on('error', () => {});
  }

  send(...messages: (Message | Uint8Array)[]): void {
    for (const m of messages) this.socket.write(m instanceof Uint8Array ? m : encode(m));
  }

  private barriers = 0x7000;
  /** Sends messages and waits until the switch has done what they ask. */
  async done(...messages: (Message | Uint8Array)[]): Promise<void> {
    const xid = this.barriers++;
    this.send(...messages, { type: 'barrier_request', xid });
    const answered = (bytes: Uint8Array): boolean => {
      return peekType(bytes) === 21 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(4) === xid;
    };
    await eventually('a barrier reply', () => this.received.some(answered));
  }

  end(): void {
    this.socket.destroy();
  }
}

/** The flow-mods that ovs-ofctl sent for every flow of fixtures/text, asking to be told of their end. */
function flowMods(): Uint8Array[] {
  const messages = recordedFlows().flatMap(({ message }) => (message === undefined ? [] : [fromHex(message)]));
  for (const bytes of messages) bytes[45] |= 1;
  return messages;
}

/** Flows that make packet-ins of every reason, with registers, metadata and what the tracker knows. */
const PACKET_INS = `
table=0,priority=60000,udp,in_port=1,actions=set_field:0x1234->reg3,set_field:0x5->metadata,set_field:7->tun_id,controller
table=0,priority=60000,dl_type=0x88b5,actions=controller(max_len=64)
table=0,priority=60000,icmp,in_port=1,actions=ct(table=200,zone=7)
table=200,priority=9,ct_state=+trk+new,icmp,actions=ct(commit,zone=7,exec(set_field:0x2a->ct_mark,set_field:0x99->ct_label)),ct(table=201,zone=7)
table=201,priority=9,actions=controller
table=0,priority=60000,tcp,in_port=1,actions=dec_ttl,output:2
table=0,priority=0,actions=controller
`;

/** Messages one after the other, as one end of a TCP connection sends them. */
function capture(messages: readonly Uint8Array[]): Uint8Array {
  let seq = 1;
  const records: Uint8Array[] = [];
  for (const m of messages) {
    for (let at = 0; at < m.length; at += SEGMENT_BYTES) {
      const payload = m.subarray(at, at + SEGMENT_BYTES);
      const frame = tcp4({ sport: PORT, dport: 50000, seq, ack: 1, flags: 'ack|psh', payload });
      seq = (seq + payload.length) >>> 0;
      records.push(captureRecord(1_700_000_000_000 + records.length, frame));
    }
  }
  return Buffer.concat([captureHeader(), ...records]);
}

describe('live/tshark: a rich session', function () {
  this.timeout(60_000);
  const clock = new ManualClock();
  let folder = '';
  let sw: Switch;
  let controller: Controller;
  let ports: MemoryPort[];
  const kinds = new Map<string, number>();

  before(async function () {
    requires(this, 'tshark');
    folder = mkdtempSync(join(tmpdir(), 'ctswitch-'));
    sw = new Switch({
      datapathId: 0xabcn,
      clock,
      agent: {
        onMessage: (direction, _, bytes) => {
          if (direction === 'out') controller.received.push(bytes.slice());
        },
      },
    });
    ports = ['p1', 'p2', 'p3'].map((name, i) => sw.addPort(i + 1, memory({ name })));
    const { listening } = await sw.start({ listen: ['ptcp:0:127.0.0.1'] });
    controller = new Controller(Number(listening[0].split(':')[1]));
    await session();
    controller.end();
    await sw.close();
    for (const bytes of controller.received) {
      const m = decode(bytes, { lenient: true });
      const kind = m.type === 'multipart_reply' ? m.body.kind : m.type;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    writeFileSync(join(folder, 'session.pcap'), capture(controller.received));
  });
  after(async () => {
    controller?.end();
    await sw?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  async function session(): Promise<void> {
    const everything = { packetIn: [7, 7], portStatus: [7, 7], flowRemoved: [15, 15] } as const;
    await controller.done(SAMPLES[0], { type: 'set_async', xid: 1, ...everything });
    await controller.done(...flowMods());
    clock.advance(1500);
    await controller.done(multipart({ kind: 'flow', ...any }));
    sw.flows.load(PACKET_INS);
    for (const format of [1, 0]) {
      const data = Uint8Array.of(0, 0, 0, format === 1 ? 2 : 0);
      await controller.done({ type: 'experimenter', xid: 1, experimenter: 0x2320, expType: 16, data });
      for (const frame of [udp4(), ethernet(0x88b5, new Uint8Array(200)), icmp4(), tcp4({ ttl: 1 }), tcp6(), arp()])
        ports[0].inject(frame);
    }
    ports[1].link(false);
    ports[1].link(true);
    await sw.removePort(3);
    sw.addPort(4, memory({ name: 'p4' }));
    // What controllers send, and with it what is refused: every sample but those that only a switch sends.
    await controller.done(...SAMPLES.slice(2).filter(({ type }) => type !== 'error' && type !== 'hello'));
    await controller.done({ type: 'set_async', xid: 1, ...everything });
    await controller.done(multipart({ kind: 'aggregate', ...any }), multipart({ kind: 'flow', ...any, tableId: 77 }));
    await controller.done(multipart({ kind: 'table' }), multipart({ kind: 'port_stats', port: OFPP.ANY }));
    const change = { ...any, command: 'delete', priority: 0, idleTimeout_s: 0, hardTimeout_s: 0, flags: 0 } as const;
    const rest = { bufferId: 0xffffffff, instructions: {} };
    await controller.done({ type: 'flow_mod', xid: 2, change: { ...change, ...rest } });
    clock.advance(6000);
    await eventually('an echo request', () => controller.received.some((bytes) => peekType(bytes) === 2));
  }

  function tshark(file: string, filter: string): string[][] {
    const columns = ['frame.number', 'openflow_v4.type', '_ws.expert.message'].flatMap((column) => ['-e', column]);
    const args = ['-r', join(folder, file), '-d', `tcp.port==${PORT},openflow`, '-Y', filter, '-T', 'fields'];
    const run = spawnSync('tshark', [...args, ...columns], { encoding: 'utf8', maxBuffer: 1e9 });
    expect(run.status, run.stderr).to.equal(0);
    return run.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'));
  }

  it('has everything that the switch sends', () => {
    const asked = [
      'features_reply',
      'get_config_reply',
      'echo_reply',
      'barrier_reply',
      'role_reply',
      'get_async_reply',
    ];
    const multiparts = ['desc', 'flow', 'aggregate', 'table', 'port_stats', 'table_features', 'port_desc'];
    const unasked = ['hello', 'error', 'echo_request', 'packet_in', 'nxt_packet_in2', 'flow_removed', 'port_status'];
    expect([...kinds.keys()]).to.include.members([...asked, ...multiparts, ...unasked]);
    expect(kinds.get('flow_removed')).to.be.greaterThan(100);
    expect(kinds.get('packet_in')).to.be.greaterThan(3);
  });

  it('is taken message by message', () => {
    const rows = tshark('session.pcap', 'openflow_v4');
    // A long message stands in the frame that ends it; an error's data is dissected, too, so the first type counts.
    const seen = rows.map(([, type]) => Number(type.split(',')[0]));
    expect(seen).to.deep.equal(controller.received.map((bytes) => peekType(bytes)));
  });

  it('earns no complaint', () => {
    // Wireshark doesn't know flow monitors, Open vSwitch's own neither.
    const known = tshark('session.pcap', COMPLAINTS).filter(
      (row) => !row.join().includes('Experimenter multipart reply body'),
    );
    expect(known).to.deep.equal([]);
  });
});
