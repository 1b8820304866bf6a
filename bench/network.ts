/**
 * What a network in one process costs: memory a switch, and how long many switches take to connect to one controller and stay there.
 *
 *     node --expose-gc dist/bench/network.js [SWITCHES]
 *
 * The controller is a small one inside the process: it says hello, asks for features and answers echoes.
 */
import { createServer, type Socket } from 'node:net';
import { Framer } from '../lib/channel/framer.js';
import { network } from '../lib/topology/index.js';
import { decode, encode } from '../lib/wire/index.js';

const SWITCHES = Number(process.argv[2] ?? 200);
const STAY_MS = 12_000;
const MB = 2 ** 20;

interface Controller {
  readonly address: string;
  readonly joined: Set<bigint>;
  readonly left: number;
  close(): void;
}

/** A controller that does the least that keeps switches connected. */
async function controller(): Promise<Controller> {
  const joined = new Set<bigint>();
  const sockets = new Set<Socket>();
  let left = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    const framer = new Framer();
    socket.write(encode({ type: 'hello', xid: 1, version: 4, versions: [4] }));
    socket.write(encode({ type: 'features_request', xid: 2 }));
    socket.on('data', (chunk) => {
      framer.push(chunk);
      for (let bytes = framer.next(); bytes !== null; bytes = framer.next()) {
        const message = decode(bytes);
        if (message.type === 'features_reply') joined.add(message.datapathId);
        else if (message.type === 'echo_request') socket.write(encode({ ...message, type: 'echo_reply' }));
      }
    });
    socket.on('close', () => {
      left++;
      sockets.delete(socket);
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    address: `tcp:127.0.0.1:${port}`,
    joined,
    get left() {
      return left;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function memory(): { rss: number; heap: number; arrays: number } {
  globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, heap: heapUsed, arrays: arrayBuffers };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const before = memory();
const made_ms = performance.now();
const net = await network(`linear,${SWITCHES}`);
const built_ms = performance.now();
const built = memory();
const boss = await controller();
const dialled_ms = performance.now();
await net.start({ controllers: [boss.address] });
while (boss.joined.size < SWITCHES && performance.now() - dialled_ms < 60_000) await pause(5);
const joined_ms = performance.now();
await pause(STAY_MS);
const connected = memory();
const open = [...net.switches.values()].filter((sw) => sw.controllers()[0]?.state === 'open').length;

const each = (bytes: number) => `${Math.round(bytes / SWITCHES / 1024)} KiB`;
const of = (now: typeof before, then: typeof before) =>
  `${each(now.heap - then.heap)} of heap and ${each(now.arrays - then.arrays)} of arrays; ${each(now.rss - then.rss)} of the process`;
console.log(`${SWITCHES} switches in a row, a host at each:`);
console.log(`- built in ${Math.round(built_ms - made_ms)} ms; a switch takes ${of(built, before)}`);
console.log(
  `- all connected after ${Math.round(joined_ms - dialled_ms)} ms; with both ends of its connection a switch takes`,
);
console.log(`  ${of(connected, before)}`);
console.log(
  `- ${open} connected after ${STAY_MS / 1000} s, ${boss.left} had left; the process has ${Math.round(memory().rss / MB)} MiB`,
);
await net.close();
boss.close();
process.exitCode = open === SWITCHES && boss.left === 0 ? 0 : 1;
