/**
 * Sends a set of frames from an interface, over and over, at a rate, 32 a call: `sender.js IFACE KIND COUNT ROUND RATE
 * SECONDS`; with 0 seconds each frame once. Everything is prepared before the clock starts. Prints what it sent, as
 * JSON.
 *
 * Frames go out by an AF_XDP socket, which is the cheapest way: on one processor, with all that the kernel does for
 * the interface at the far end, a packet socket makes a sixth less, too few to see what a fast switch can take.
 */
import { readFileSync } from 'node:fs';
import { libc } from '../../lib/ports/native.js';
import { XdpSender } from '../../lib/ports/packet-socket/xdp-sender.js';
import { FRAME_BYTES, type FrameKind, frameSet } from './frames.js';

const BATCH = 32;
const RETRY_MS = 0.02;
const SHORT_MS = 0.2;
const asleep = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms: number): unknown => Atomics.wait(asleep, 0, 0, ms);

async function main(): Promise<void> {
  const [name, kind, ...numbers] = process.argv.slice(2);
  const [count, round, rate, seconds] = numbers.map(Number);
  const index = Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'latin1'));
  let failed = 0;
  const socket = XdpSender.open(await libc(), index, () => failed++);
  if (socket === null) throw new Error(`${name}: there can be no AF_XDP socket on it`);
  const frames = frameSet(kind as FrameKind, count, round);
  const limit = seconds === 0 ? count : Number.POSITIVE_INFINITY;
  const begun = performance.now();
  let [taken, elapsed_ms] = [0, 0];
  for (let at = 0; taken < limit && (seconds === 0 || elapsed_ms < seconds * 1000); ) {
    elapsed_ms = performance.now() - begun;
    const due = Math.floor((elapsed_ms * rate) / 1000) - taken;
    const batch = Math.min(BATCH, limit - taken);
    const ahead_ms = ((batch - due) * 1000) / rate;
    if (ahead_ms > 0) {
      // What comes sooner is waited for awake: a sleeper is late by as much.
      if (ahead_ms > SHORT_MS) sleep(ahead_ms);
      continue;
    }
    for (let i = 0; i < batch; i++) {
      if (!socket.add(frames, at, at + FRAME_BYTES)) throw new Error(`${name}: no room behind an empty queue`);
      at += FRAME_BYTES;
      if (at === frames.length) at = 0;
    }
    for (let how = socket.send(); how !== 'done'; how = socket.send()) {
      if (how === 'never') throw new Error(`${name}: the kernel takes no frames`);
      sleep(RETRY_MS);
    }
    taken += batch;
  }
  elapsed_ms = performance.now() - begun;
  console.log(JSON.stringify({ sent: taken - failed, failed, seconds: elapsed_ms / 1000 }));
  socket.close();
}

await main();
