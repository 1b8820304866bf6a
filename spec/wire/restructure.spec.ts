/** The fixed layouts written a second time, declared once more from the specification, with somebody else's encoder. */
import { expect } from 'chai';
import fc from 'fast-check';
import * as r from 'restructure';
import { toHex } from '../../lib/bytes/index.js';
import { encode, type FlowStats, type MessageOf, type Port } from '../../lib/wire/index.js';
import { anyBody, anyMessage } from './arbitraries.js';

type Words = Record<string, number | Uint8Array>;

const header = new r.Struct<Words>({ version: r.uint8, type: r.uint8, length: r.uint16, xid: r.uint32 });

/** ofp_port: §7.2.1. */
const ofpPort = new r.Struct<Words>({
  port_no: r.uint32,
  pad: new r.Reserved(r.uint8, 4),
  hw_addr: new r.Buffer(6),
  pad2: new r.Reserved(r.uint8, 2),
  name: new r.Buffer(16),
  config: r.uint32,
  state: r.uint32,
  curr: r.uint32,
  advertised: r.uint32,
  supported: r.uint32,
  peer: r.uint32,
  curr_speed: r.uint32,
  max_speed: r.uint32,
});

/** ofp_flow_stats up to its match: §7.3.5.2. */
const ofpFlowStats = new r.Struct<Words>({
  length: r.uint16,
  table_id: r.uint8,
  pad: new r.Reserved(r.uint8, 1),
  duration_sec: r.uint32,
  duration_nsec: r.uint32,
  priority: r.uint16,
  idle_timeout: r.uint16,
  hard_timeout: r.uint16,
  flags: r.uint16,
  pad2: new r.Reserved(r.uint8, 4),
  cookie_high: r.uint32,
  cookie_low: r.uint32,
  packets_high: r.uint32,
  packets_low: r.uint32,
  bytes_high: r.uint32,
  bytes_low: r.uint32,
});

function halves(value: bigint | number | null): [high: number, low: number] {
  const all = value === null ? 2n ** 64n - 1n : BigInt(value);
  return [Number(all >> 32n), Number(all & 0xffffffffn)];
}

function text(value: string, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  out.set(new TextEncoder().encode(value));
  return out;
}

function portWords(p: Port): Words {
  return {
    port_no: p.number,
    hw_addr: p.mac,
    name: text(p.name, 16),
    config: p.config,
    state: p.state,
    curr: p.current,
    advertised: p.advertised,
    supported: p.supported,
    peer: p.peer,
    curr_speed: p.speed_kbps,
    max_speed: p.maxSpeed_kbps,
  };
}

function flowWords(f: FlowStats, length: number): Words {
  const [cookie_high, cookie_low] = halves(f.cookie);
  const [packets_high, packets_low] = halves(f.packets);
  const [bytes_high, bytes_low] = halves(f.bytes);
  return {
    length,
    table_id: f.tableId,
    duration_sec: f.duration_s,
    duration_nsec: f.duration_ns,
    priority: f.priority,
    idle_timeout: f.idleTimeout_s,
    hard_timeout: f.hardTimeout_s,
    flags: f.flags,
    cookie_high,
    cookie_low,
    packets_high,
    packets_low,
    bytes_high,
    bytes_low,
  };
}

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const HEADERS = 16;

describe('wire/restructure', () => {
  it('writes the same headers', () => {
    const same = (m: MessageOf<'echo_request'>) => {
      const bytes = encode(m);
      const second = header.toBuffer({ version: 4, type: 2, length: bytes.length, xid: m.xid });
      expect(toHex(bytes, 0, 8)).to.equal(toHex(second));
    };
    fc.assert(fc.property(anyMessage('echo_request') as fc.Arbitrary<MessageOf<'echo_request'>>, same), { seed: SEED });
  });

  it('writes the same ports', () => {
    const same = (m: MessageOf<'port_status'>) => {
      expect(toHex(encode(m), HEADERS)).to.equal(toHex(ofpPort.toBuffer(portWords(m.port))));
    };
    fc.assert(fc.property(anyMessage('port_status') as fc.Arbitrary<MessageOf<'port_status'>>, same), { seed: SEED });
  });

  it('writes the same rows of flow statistics', () => {
    const same = (body: { rows: readonly FlowStats[] }) => {
      for (const row of body.rows) {
        const bytes = encode({ type: 'multipart_reply', xid: 1, more: false, body: { kind: 'flow', rows: [row] } });
        const second = ofpFlowStats.toBuffer(flowWords(row, bytes.length - HEADERS));
        expect(toHex(bytes, HEADERS, HEADERS + second.length)).to.equal(toHex(second));
      }
    };
    const rows = anyBody('flow', 'reply') as unknown as fc.Arbitrary<{ rows: readonly FlowStats[] }>;
    fc.assert(fc.property(rows, same), { seed: SEED });
  });
});
