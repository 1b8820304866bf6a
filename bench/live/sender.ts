/**
 * Sends a set of frames from an interface, over and over, at a rate, 64 a call: `sender.js IFACE KIND COUNT ROUND RATE
 * SECONDS`; with 0 seconds each frame once. Everything is prepared before the clock starts. Prints what it sent, as
 * JSON.
 */
import { FRAME_BYTES, type FrameKind, frameSet } from './frames.js';
import { openSocket } from './socket.js';

const BATCH = 64;
const MESSAGE_BYTES = 64;

async function main(): Promise<void> {
  const [name, kind, ...numbers] = process.argv.slice(2);
  const [count, round, rate, seconds] = numbers.map(Number);
  const { libc, fd } = await openSocket(name, 0);
  const frames = frameSet(kind as FrameKind, count, round);
  const framesAt = Number(libc.address(frames));
  const total = Math.ceil(count / BATCH) * BATCH;
  const iovecs = new Uint32Array(total * 4);
  const messages = new Uint32Array(total * 16);
  const put = (words: Uint32Array, at: number, address: number): void => {
    words[at] = address;
    words[at + 1] = address / 2 ** 32;
  };
  const iovecsAt = Number(libc.address(iovecs));
  for (let i = 0; i < total; i++) {
    put(iovecs, i * 4, framesAt + (i % count) * FRAME_BYTES);
    iovecs[i * 4 + 2] = FRAME_BYTES;
    put(messages, i * 16 + 4, iovecsAt + i * 16);
    messages[i * 16 + 6] = 1;
  }
  const messagesAt = libc.address(messages);
  const limit = seconds === 0 ? count : Number.POSITIVE_INFINITY;
  const begun = performance.now();
  let [sent, failed, elapsed_ms] = [0, 0, 0];
  for (let at = 0; sent + failed < limit && (seconds === 0 || elapsed_ms < seconds * 1000); ) {
    elapsed_ms = performance.now() - begun;
    const due = Math.floor((elapsed_ms * rate) / 1000) - sent - failed;
    const batch = Math.min(BATCH, total - at, limit - sent - failed);
    if (due < batch) {
      if (batch - due > rate / 2000) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.2);
      continue;
    }
    const done = libc.sendmmsg(fd, messagesAt + BigInt(at * MESSAGE_BYTES), batch, 0);
    if (done <= 0) failed++;
    else sent += done;
    at = (at + Math.max(done, 1)) % total;
  }
  elapsed_ms = performance.now() - begun;
  console.log(JSON.stringify({ sent, failed, seconds: elapsed_ms / 1000 }));
  // Until here the kernel may have read them.
  if (frames.length + iovecs.length + messages.length === 0) throw new Error('nothing was sent');
}

await main();
