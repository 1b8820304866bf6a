/**
 * Sends frames one by one from an interface, at intervals, and sees each come back: `prober.js IFACE COUNT ROUND
 * INTERVAL_MS`. Prints how long each was away, in microseconds, as JSON. Both times are the kernel's, of a ring that
 * has what goes out and what comes in (TPACKET_V2; packet(7)), so that nothing of this program is in them.
 */
import { FRAME_BYTES, frameSet, numberOf } from './frames.js';
import { ETH_P_ALL, openSocket } from './socket.js';

const SLOT_BYTES = 256;
const SLOTS = 4096;
const RING_BYTES = SLOT_BYTES * SLOTS;
const BLOCK_BYTES = 64 * 1024;
const PACKET_RX_RING = 5;
const PACKET_VERSION = 10;
const TPACKET_V2 = 1;
const TP_STATUS_USER = 1;
/** In a slot: length, place of the frame, time, and struct sockaddr_ll's kind of packet. */
const AT = { length: 4, mac: 12, s: 16, ns: 20, kind: 42 } as const;
const PACKET_OUTGOING = 4;
/** What isn't back by then is lost. */
const WAIT_MS = 1000;

interface Seen {
  /** Microseconds that each frame was away; 0 while it is. */
  readonly away_us: Float64Array;
  back: number;
  wrong: number;
}

const [name, ...numbers] = process.argv.slice(2);
const [count, round, interval_ms] = numbers.map(Number);
const frames = frameSet('query', count, round);
const seen: Seen = { away_us: new Float64Array(count), back: 0, wrong: 0 };
const left_us = new Float64Array(count);

const receiving = await openSocket(name, ETH_P_ALL, (set) => {
  set(PACKET_VERSION, TPACKET_V2);
  set(PACKET_RX_RING, BLOCK_BYTES, RING_BYTES / BLOCK_BYTES, SLOT_BYTES, SLOTS);
});
const { libc } = receiving;
const memory = libc.view(libc.mmap(0, RING_BYTES, 3, 1, receiving.fd, 0), RING_BYTES);
const [bytes, halves, words] = [new Uint8Array(memory), new Uint16Array(memory), new Uint32Array(memory)];
let slot = 0;
let first_s = 0;

/** Looks at what the ring has got. */
function drain(): void {
  for (let at = slot * SLOT_BYTES; words[at >> 2] & TP_STATUS_USER; at = slot * SLOT_BYTES) {
    const start = at + halves[(at + AT.mac) >> 1];
    first_s ||= words[(at + AT.s) >> 2];
    const now_us = (words[(at + AT.s) >> 2] - first_s) * 1e6 + words[(at + AT.ns) >> 2] / 1000;
    if (words[(at + AT.length) >> 2] === FRAME_BYTES) take(start, now_us, bytes[at + AT.kind] === PACKET_OUTGOING);
    words[at >> 2] = 0;
    slot = (slot + 1) % SLOTS;
  }
}

function take(start: number, now_us: number, leaves: boolean): void {
  const number = numberOf('query', bytes, start);
  if (leaves) {
    left_us[number] = now_us;
    return;
  }
  const wanted = number * FRAME_BYTES;
  const right = number < count && seen.away_us[number] === 0;
  if (!right || !same(start, wanted)) {
    seen.wrong++;
    return;
  }
  seen.away_us[number] = now_us - left_us[number];
  seen.back++;
}

function same(start: number, wanted: number): boolean {
  for (let i = 0; i < FRAME_BYTES; i++) if (bytes[start + i] !== frames[wanted + i]) return false;
  return true;
}

// A socket doesn't hear what it sends itself.
const sending = await openSocket(name, 0);
const iovecs = new BigUint64Array(count * 2);
const messages = new Uint32Array(count * 16);
const [framesAt, iovecsAt] = [libc.address(frames), libc.address(new Uint8Array(iovecs.buffer))];
for (let i = 0; i < count; i++) {
  iovecs[i * 2] = framesAt + BigInt(i * FRAME_BYTES);
  iovecs[i * 2 + 1] = BigInt(FRAME_BYTES);
  const at = iovecsAt + BigInt(i * 16);
  messages[i * 16 + 4] = Number(at & 0xffffffffn);
  messages[i * 16 + 5] = Number(at >> 32n);
  messages[i * 16 + 6] = 1;
}
const messagesAt = libc.address(messages);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
for (let i = 0; i < count; i++) {
  libc.sendmmsg(sending.fd, messagesAt + BigInt(i * 64), 1, 0);
  await pause(interval_ms);
  drain();
}
for (let waited = 0; seen.back < count && waited < WAIT_MS; waited += 10) {
  await pause(10);
  drain();
}
console.log(JSON.stringify({ lost: count - seen.back, wrong: seen.wrong, away_us: [...seen.away_us] }));
// Until here the kernel may have read them.
if (iovecs.length + messages.length === 0) throw new Error('nothing was sent');
process.exit();
