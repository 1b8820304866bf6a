/**
 * A million connections in a process of its own, whose memory nothing else has used before: `million.js KIND` prints
 * what the tracker's tables take and what the process has grown by, in bytes, as JSON.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Random } from '../../lib/bytes/index.js';
import { BARE_NAT, type CtRequest, lookupRequest, Tracker } from '../../lib/ct/index.js';
import type { Packet } from '../../lib/packet/index.js';
import { udp6 } from '../../spec/support/frames.js';
import { Aimed, put, receive } from './tracker.js';

const MILLION = 1_000_000;
const commit = { ...lookupRequest(1), commit: true };

/** How a kind of connections is asked for, and the packet of each. */
interface Kind {
  readonly ask: CtRequest;
  send(n: number): Packet;
}

function plain(): Kind {
  const aimed = new Aimed();
  return { ask: commit, send: (n) => aimed.at(n) };
}

/** IPv6 connections with a label and a reply tuple of their own: the most that one can take. */
function whole6(): Kind {
  const frame = udp6({ payload: 'x'.repeat(18) });
  const [min, max] = [1, 0x0fffffff].map((last) => Int32Array.of(0x20010db8, 2, 0, last));
  const nat = { ...BARE_NAT, kind: 'src' as const, family: 6 as const, min, max };
  const ones = new Uint32Array(4).fill(0xffffffff);
  const send = (n: number): Packet => {
    const sent = frame.slice();
    // What one word of an address gains another loses, so the checksum stays.
    put(sent, 14 + 8 + 10, n >>> 8, 2);
    put(sent, 14 + 8 + 12, ~(n >>> 8), 2);
    put(sent, 14 + 8 + 8, n & 0xff, 2);
    put(sent, 14 + 8 + 6, ~(n & 0xff), 2);
    return receive(sent);
  };
  return { ask: { ...commit, nat, labelValue: new Uint32Array(4).fill(1), labelMask: ones }, send };
}

const KINDS: Readonly<Record<string, () => Kind>> = { plain, whole6 };

function resident(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().rss;
}

const { ask, send } = KINDS[process.argv[2]]();
const before = resident();
const tracker = new Tracker({ random: new Random(1) });
for (let n = 0; n < MILLION; n++) tracker.process(send(n), ask, 0);
if (tracker.count !== MILLION) throw new Error(`${tracker.count} connections instead of ${MILLION}`);
console.log(JSON.stringify({ tables: tracker.connections.bytes, grown: resident() - before }));
