/**
 * The tracker alone, run by hand: `node --expose-gc dist/bench/ct.js`. Lookups with state update over 10,000 and a
 * million connections, commits, bytes a connection, and the longest pause while a table of a million grows, expires
 * and is flushed.
 */
import { performance } from 'node:perf_hooks';
import { checksum, Random } from '../lib/bytes/index.js';
import { lookupRequest, Tracker } from '../lib/ct/index.js';
import { extract, Key, Packet } from '../lib/packet/index.js';
import { udp4, udp6 } from '../spec/support/frames.js';

const packet = new Packet();
const base = receive(udp4({ payload: 'x'.repeat(18) }));

function receive(frame: Uint8Array): Packet {
  packet.attach(frame);
  extract(packet, new Key(), 1);
  return packet;
}

/** Makes the packet that of connection `n`, its checksums with it. */
function aim(n: number, reply: boolean): void {
  const { bytes } = base;
  const client = 0x0a000000 + (n >>> 12);
  const server = 0xc0a80001;
  const port = 1024 + (n & 0xfff);
  const src = reply ? server : client;
  const dst = reply ? client : server;
  put32(bytes, 26, src);
  put32(bytes, 30, dst);
  put16(bytes, 34, reply ? 53 : port);
  put16(bytes, 36, reply ? port : 53);
  put16(bytes, 24, 0);
  put16(bytes, 24, checksum(bytes, 14, 34));
  put16(bytes, 40, 0);
  put16(bytes, 40, checksum(bytes, 26, bytes.length, 17 + 26) || 0xffff);
}
function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}
function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16);
  put16(bytes, at + 2, value);
}

/** Millions a second of `run` called with 0 … n-1. */
function rate(n: number, run: (i: number) => void): number {
  const start = performance.now();
  for (let i = 0; i < n; i++) run(i);
  return n / 1000 / (performance.now() - start);
}

const lookup = lookupRequest(1);
const commit = { ...lookupRequest(1), commit: true };
const print = (what: string, value: number, unit: string): void =>
  console.log(`${what.padEnd(58)} ${value.toFixed(2).padStart(9)} ${unit}`);

function resident(): number {
  globalThis.gc?.();
  const { rss } = process.memoryUsage();
  return rss;
}

function measure(size: number): void {
  const random = new Random(1);
  const before = resident();
  const tracker = new Tracker({ random });
  const frames = rate(size, (i) => aim(i, false));
  const both = rate(size, (i) => {
    aim(i, false);
    tracker.process(packet, commit, 0);
  });
  const net = (all: number): number => 1 / (1 / all - 1 / frames);
  print(`commits into an empty table, ${size}`, net(both), 'M/s');
  print(`bytes a connection (held by the tables), ${size}`, tracker.connections.bytes / size, 'B');
  print(`bytes a connection (resident), ${size}`, (resident() - before) / size, 'B');
  const order = Uint32Array.from({ length: 1 << 20 }, () => random.below(size));
  for (const round of [1, 2, 3]) {
    const made = rate(2_000_000, (i) => aim(order[i & 0xfffff], (i & 1) === 1));
    const all = rate(2_000_000, (i) => {
      aim(order[i & 0xfffff], (i & 1) === 1);
      tracker.process(packet, lookup, round);
    });
    print(`lookups with state update over ${size}, round ${round}`, 1 / (1 / all - 1 / made), 'M/s');
  }
  if (tracker.count !== size) throw new Error(`${tracker.count} connections instead of ${size}`);
}

function pauses(size: number): void {
  const tracker = new Tracker({ random: new Random(1) });
  const longest = { commit: 0, flush: 0, sweep: 0, expire: 0 };
  const time = (what: keyof typeof longest, run: () => void): void => {
    const start = performance.now();
    run();
    longest[what] = Math.max(longest[what], performance.now() - start);
  };
  const fill = (): void => {
    for (let i = 0; i < size; i++) {
      aim(i, false);
      time('commit', () => tracker.process(packet, commit, 0));
    }
  };
  fill();
  time('flush', () => tracker.flush({}, 0));
  for (let due = 0; due === 0; ) time('sweep', () => (due = tracker.sweep(0)));
  if (tracker.count !== 0) throw new Error('the flush left something');
  fill();
  for (let due = 0; due === 0; ) time('expire', () => (due = tracker.sweep(600_000)));
  if (tracker.count !== 0) throw new Error('expiry left something');
  for (const [what, ms] of Object.entries(longest)) print(`longest pause of one ${what}, ${size}`, ms, 'ms');
}

function ipv6WithLabel(size: number): void {
  const before = resident();
  const tracker = new Tracker({ random: new Random(1) });
  receive(udp6({ payload: 'x'.repeat(18) }));
  const { bytes } = packet;
  const ask = { ...commit, labelValue: new Uint32Array(4).fill(1), labelMask: new Uint32Array(4).fill(0xffffffff) };
  for (let i = 0; i < size; i++) {
    // Adding the same to one word and taking it from another keeps the checksum.
    put16(bytes, 14 + 8 + 10, i >>> 8);
    put16(bytes, 14 + 8 + 12, ~(i >>> 8));
    put16(bytes, 14 + 8 + 8, i & 0xff);
    put16(bytes, 14 + 8 + 6, ~(i & 0xff));
    tracker.process(packet, ask, 0);
  }
  print(`IPv6 with label: stored of ${size}`, tracker.count / 1e6, 'M');
  print('IPv6 with label: bytes a connection (tables)', tracker.connections.bytes / Math.max(1, tracker.count), 'B');
  print('IPv6 with label: bytes a connection (resident)', (resident() - before) / Math.max(1, tracker.count), 'B');
}

measure(10_000);
measure(1_000_000);
pauses(1_000_000);
ipv6WithLabel(1_000_000);
