/**
 * What a network in one process costs: memory a switch, and how long 200 switches take to connect to one controller.
 * The controller is a small one inside the process: it says hello, asks for features and answers echoes. A switch that
 * leaves within some seconds makes the benchmark fail.
 */

import { createServer, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Framer } from '../../lib/channel/framer.js';
import { network } from '../../lib/topology/index.js';
import { decode, encode } from '../../lib/wire/index.js';
import type { Row, Table } from './table.js';

const SWITCHES = 200;
/** Longer than a keep-alive takes. */
const STAY_MS = 12_000;
const JOIN_MS = 60_000;

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

interface Memory {
  readonly rss: number;
  readonly heap: number;
  readonly arrays: number;
}

function memory(): Memory {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, heap: heapUsed, arrays: arrayBuffers };
}

/** What a switch takes of what came since, in KiB. */
function aSwitch(now: Memory, then: Memory): Row['figures'] {
  const each = (bytes: number) => bytes / SWITCHES / 1024;
  return {
    heap: each(now.heap - then.heap),
    arrays: each(now.arrays - then.arrays),
    process: each(now.rss - then.rss),
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Builds, connects, waits and counts. Throws where a switch doesn't join, or leaves. */
export async function networks(): Promise<Table[]> {
  const before = memory();
  const began_ms = performance.now();
  const net = await network(`linear,${SWITCHES}`);
  const built_ms = performance.now();
  const built = memory();
  const boss = await controller();
  try {
    const dialled_ms = performance.now();
    await net.start({ controllers: [boss.address] });
    while (boss.joined.size < SWITCHES && performance.now() - dialled_ms < JOIN_MS) await pause(5);
    const joined_ms = performance.now();
    await pause(STAY_MS);
    const open = [...net.switches.values()].filter((sw) => sw.controllers()[0]?.state === 'open').length;
    if (open < SWITCHES || boss.left > 0) {
      throw new Error(`${open} of ${SWITCHES} switches are connected, ${boss.left} have left`);
    }
    const how = `${SWITCHES} switches in a row, a host at each, in one process with their controller; after ${STAY_MS / 1000} s all are connected, and none has left.`;
    return [
      {
        title: 'Memory of a switch in a network',
        unit: 'KiB a switch',
        how,
        rows: [
          { what: 'built', figures: aSwitch(built, before) },
          { what: 'connected, with both ends of the connection', figures: aSwitch(memory(), before) },
        ],
      },
      {
        title: 'Networks',
        unit: 'milliseconds',
        how,
        rows: [
          { what: 'to build all switches', figures: { ms: built_ms - began_ms } },
          { what: 'until all are connected', figures: { ms: joined_ms - dialled_ms } },
        ],
      },
    ];
  } finally {
    await net.close();
    boss.close();
  }
}
