/**
 * Nanoseconds a message: flow-mods in, packet-ins out, and what else is frequent. `node dist/bench/wire.js` after a
 * build.
 */
import { fromHex, Writer } from '../lib/bytes/index.js';
import { type Action, fields, Match, OFPP } from '../lib/nxm/index.js';
import { decode, encode, encodeRows, type FlowStats, type Message, writeMessage } from '../lib/wire/index.js';

const value = (field: (typeof fields)[keyof typeof fields], hex: string) => ({
  field,
  value: fromHex(hex),
  mask: null,
});

const match = Match.of([
  value(fields.in_port_oxm, '00000001'),
  value(fields.eth_type, '0800'),
  value(fields.ip_src, '0a000001'),
  value(fields.ct_state, '00000021'),
]);
const apply: Action[] = [
  {
    type: 'ct',
    commit: true,
    force: false,
    zone: 5,
    zoneFrom: null,
    table: 1,
    alg: 0,
    exec: [{ type: 'set_field', ...value(fields.ct_mark, '00000001') }],
  } as Action,
  { type: 'output', port: 2, maxLen: 0 },
];

const flowMod: Message = {
  type: 'flow_mod',
  xid: 1,
  change: {
    command: 'add',
    tableId: 0,
    priority: 100,
    cookie: 1n,
    cookieMask: 0n,
    idleTimeout_s: 10,
    hardTimeout_s: 0,
    bufferId: 0xffffffff,
    outPort: OFPP.ANY,
    outGroup: 0xffffffff,
    flags: 0,
    match,
    instructions: { apply },
  },
};
const packetIn: Message = {
  type: 'packet_in',
  xid: 0,
  bufferId: 0xffffffff,
  totalLen: 64,
  reason: 'no_match',
  tableId: 0,
  cookie: 0n,
  fields: [value(fields.in_port_oxm, '00000001')],
  data: new Uint8Array(64),
};
const row: FlowStats = {
  tableId: 0,
  duration_s: 1,
  duration_ns: 2,
  priority: 100,
  idleTimeout_s: 0,
  hardTimeout_s: 0,
  flags: 0,
  cookie: 1n,
  packets: 5,
  bytes: 500,
  match,
  instructions: { apply },
};
const ROWS = 1000;
const manyRows = Array.from({ length: ROWS }, () => row);

/** The best of several rounds, in nanoseconds a call. */
function measure(name: string, per: number, run: () => unknown): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    const calls = Math.ceil(100_000 / per);
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / (calls * per));
  }
  console.log(`${name.padEnd(34)} ${best.toFixed(0).padStart(7)} ns`);
}

const flowModBytes = encode(flowMod);
const packetInBytes = encode(packetIn);
const barrier = encode({ type: 'barrier_request', xid: 1 });
measure(`flow_mod decode (${flowModBytes.length} bytes)`, 1, () => decode(flowModBytes));
measure('flow_mod decode, lenient', 1, () => decode(flowModBytes, { lenient: true }));
measure('flow_mod encode', 1, () => encode(flowMod));
measure(`packet_in encode (${packetInBytes.length} bytes)`, 1, () => encode(packetIn));
const writer = new Writer(2048);
measure('packet_in behind other messages', 1, () => writeMessage(writer.at > 1000 ? writer.reset() : writer, packetIn));
measure('packet_in decode', 1, () => decode(packetInBytes));
measure('barrier decode', 1, () => decode(barrier));
measure('flow statistics, a row', ROWS, () => [...encodeRows('flow', 1, manyRows)]);
