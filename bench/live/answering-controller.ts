/**
 * A controller that answers each packet-in with a packet-out, and does no more: `answering-controller.js SOCKET PORT`,
 * where PORT is what the frame is sent to, for both switches the same. A line "KIND COUNT ROUND" on standard input says
 * which frames come; an empty line asks for the counts since the last answer, as JSON. Bytes are handled as they come,
 * by hand, so that as little as possible of what is measured is the controller's.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { FRAME_BYTES, type FrameKind, frameSet, numberOf } from './frames.js';

const TYPE = { hello: 0, error: 1, echoRequest: 2, echoReply: 3, setConfig: 9, packetIn: 10, packetOut: 13 } as const;
const VERSION = 4;
const HEADER_BYTES = 8;
/** Header, buffer, port, length of the actions, and an output action. */
const PACKET_OUT_BYTES = 40;
/** Where a packet-in's match begins; behind it are two bytes, and the frame. */
const MATCH = 24;
const IN_PORT = 1;

const [path, port] = process.argv.slice(2);
const socket = connect(path);
let left: Buffer = Buffer.alloc(0);
let kind: FrameKind = 'query';
let expected: Buffer = Buffer.alloc(0);
const nothing = () => ({ packetIns: 0, wrong: 0, first_ms: 0, last_ms: 0 });
let counts = nothing();

function header(bytes: Buffer, at: number, type: number, length: number, xid: number): void {
  bytes.writeUInt32BE(VERSION * 0x1000000 + (type << 16) + length, at);
  bytes.writeUInt32BE(xid, at + 4);
}

const greeting = Buffer.alloc(20);
header(greeting, 0, TYPE.hello, 8, 1);
header(greeting, 8, TYPE.setConfig, 12, 2);
// Flags, and as much of a packet as there is.
greeting.writeUInt32BE(0xffff, 16);

/** What stands before each frame that is sent back. */
const packetOut = Buffer.alloc(PACKET_OUT_BYTES);
packetOut.writeUInt32BE(0xffffffff, 8);
packetOut.writeUInt32BE(IN_PORT, 12);
packetOut.writeUInt16BE(16, 16);
packetOut.writeUInt16BE(16, 26);
packetOut.writeUInt32BE(Number(port), 28);

/** Answers the packet-in `bytes[at, end)` into `out`; where the answer ends. */
function answer(bytes: Buffer, at: number, end: number, out: Buffer, outAt: number): number {
  const match = bytes.readUInt16BE(at + MATCH + 2);
  const start = at + MATCH + ((match + 7) & ~7) + 2;
  const number = numberOf(kind, bytes, start) * FRAME_BYTES;
  counts.packetIns++;
  if (end - start !== FRAME_BYTES || bytes.compare(expected, number, number + FRAME_BYTES, start, end) !== 0) {
    counts.wrong++;
  }
  packetOut.copy(out, outAt);
  const length = PACKET_OUT_BYTES + end - start;
  header(out, outAt, TYPE.packetOut, length, counts.packetIns);
  bytes.copy(out, outAt + PACKET_OUT_BYTES, start, end);
  return outAt + length;
}

socket.on('data', (chunk: Buffer) => {
  const bytes = left.length > 0 ? Buffer.concat([left, chunk]) : chunk;
  // No answer is longer than what it answers.
  const out = Buffer.allocUnsafe(bytes.length);
  let [at, outAt] = [0, 0];
  const before = counts.packetIns;
  while (at + HEADER_BYTES <= bytes.length) {
    const end = at + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) break;
    const type = bytes[at + 1];
    if (type === TYPE.packetIn) {
      outAt = answer(bytes, at, end, out, outAt);
    } else if (type === TYPE.echoRequest) {
      bytes.copy(out, outAt, at, end);
      out[outAt + 1] = TYPE.echoReply;
      outAt += end - at;
    } else if (type === TYPE.error) {
      console.error(`the switch says ${bytes.toString('hex', at, end)}`);
      process.exit(1);
    }
    at = end;
  }
  left = bytes.subarray(at);
  if (counts.packetIns > before) {
    counts.last_ms = performance.now();
    counts.first_ms ||= counts.last_ms;
  }
  // A switch that doesn't read gets no more, and is read no more.
  if (outAt > 0 && !socket.write(out.subarray(0, outAt))) socket.pause();
});
socket.on('drain', () => socket.resume());
socket.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
socket.on('close', () => process.exit(1));
socket.on('connect', () => {
  socket.write(greeting);
  console.log('ready');
});
createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === '') {
      console.log(JSON.stringify(counts));
      counts = nothing();
      return;
    }
    const [what, count, round] = line.split(' ');
    kind = what as FrameKind;
    expected = Buffer.from(frameSet(kind, Number(count), Number(round)));
  })
  .on('close', () => process.exit());
