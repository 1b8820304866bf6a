/**
 * Receives what leaves the switch: counts frames of a set and compares each with what it has to be. `receiver.js
 * IFACE`; a line "KIND COUNT ROUND SHARE" on standard input says which set comes next, and that one in SHARE frames is
 * looked at, a power of two; an empty line asks for the counts since the last answer, as JSON. What isn't looked at is
 * thrown away by a filter in the kernel: putting it into the ring would count as the switch's work, on whose processor
 * it is done. The interface counts all.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Poll } from '../../lib/ports/native.js';
import { FRAME_BYTES, type FrameKind, frameSet, numberOf } from './frames.js';
import { ETH_P_ALL, openSocket, type PacketSocket, SOL_PACKET } from './socket.js';

const BLOCK_BYTES = 1024 * 1024;
const BLOCKS = 64;
const BLOCK_TIMEOUT_MS = 10;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const PACKET_IGNORE_OUTGOING = 23;
const TPACKET_V3 = 2;
const ETHER_TYPE = 12;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

class Receiver {
  private readonly bytes: Uint8Array;
  private readonly words: Uint32Array;
  private readonly halves: Uint16Array;
  private block = 0;
  private kind: FrameKind = 'query';
  private expected: Uint8Array = new Uint8Array(0);
  private counts = { frames: 0, wrong: 0, others: 0 };
  /** Nobody waits any more when it is forgotten. */
  readonly poll: Poll;

  private before: number;

  constructor(
    private readonly socket: PacketSocket,
    private readonly name: string,
  ) {
    this.before = this.all();
    const { libc, fd } = socket;
    const memory = libc.view(libc.mmap(0, BLOCK_BYTES * BLOCKS, 3, 1, fd, 0), BLOCK_BYTES * BLOCKS);
    this.bytes = new Uint8Array(memory);
    this.words = new Uint32Array(memory);
    this.halves = new Uint16Array(memory);
    this.poll = libc.poll(fd, () => this.readable());
  }

  expect(kind: FrameKind, count: number, round: number, share: number): void {
    this.kind = kind;
    this.expected = frameSet(kind, count, round);
    const { libc, fd } = this.socket;
    const filter = lookAt(share);
    // struct sock_fprog: the number of instructions, and where they are.
    const program = new Uint32Array([filter.length / 2, 0, 0, 0]);
    new DataView(program.buffer).setBigUint64(8, libc.address(filter), true);
    if (libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, program.byteLength) < 0) throw new Error('filter');
  }

  /** Counts since the last call; frames that the ring had no room for were forwarded too. */
  report(): object {
    const statistics = new Uint32Array(3);
    const { libc, fd } = this.socket;
    libc.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, statistics, Uint32Array.of(12));
    const all = this.all();
    const counts = { ...this.counts, unseen: statistics[1], all: all - this.before };
    this.before = all;
    this.counts = { frames: 0, wrong: 0, others: 0 };
    return counts;
  }

  private all(): number {
    return Number(readFileSync(`/sys/class/net/${this.name}/statistics/rx_packets`, 'latin1'));
  }

  private readable(): void {
    const { words, halves } = this;
    for (;;) {
      const block = (this.block * BLOCK_BYTES) >>> 2;
      if ((words[block + 2] & 1) === 0) return;
      let at = this.block * BLOCK_BYTES + words[block + 4];
      for (let left = words[block + 3]; left > 0; left--) {
        this.take(at + halves[(at + 24) >>> 1], words[(at + 12) >>> 2]);
        at += words[at >>> 2];
      }
      words[block + 2] = 0;
      this.block = (this.block + 1) % BLOCKS;
    }
  }

  private take(start: number, length: number): void {
    const { bytes, expected } = this;
    const number = numberOf(this.kind, bytes, start) * FRAME_BYTES;
    if (bytes[start + ETHER_TYPE] !== 8 || length !== FRAME_BYTES) {
      this.counts.others++;
      return;
    }
    this.counts.frames++;
    for (let i = 0; i < FRAME_BYTES; i++) {
      if (bytes[start + i] === expected[number + i]) continue;
      this.counts.wrong++;
      return;
    }
  }
}

/**
 * A classic filter that takes one in `share` frames by chance: load a random word, mask it, is it zero? take : leave.
 */
function lookAt(share: number): Uint32Array {
  const instruction = (code: number, jt: number, jf: number, k: number) => [code | (jt << 16) | (jf << 24), k];
  return Uint32Array.from([
    ...instruction(0x20, 0, 0, 0xfffff038),
    ...instruction(0x54, 0, 0, share - 1),
    ...instruction(0x15, 0, 1, 0),
    ...instruction(0x06, 0, 0, 0xffff),
    ...instruction(0x06, 0, 0, 0),
  ]);
}

const socket = await openSocket(process.argv[2], ETH_P_ALL, (set) => {
  set(PACKET_VERSION, TPACKET_V3);
  set(PACKET_IGNORE_OUTGOING, 1);
  set(PACKET_RX_RING, BLOCK_BYTES, BLOCKS, 2048, (BLOCK_BYTES / 2048) * BLOCKS, BLOCK_TIMEOUT_MS, 0, 0);
});
const receiver = new Receiver(socket, process.argv[2]);
console.log('ready');
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [kind, ...numbers] = line.split(' ');
    const [count, round, share] = numbers.map(Number);
    if (kind === '') setTimeout(() => console.log(JSON.stringify(receiver.report())), 3 * BLOCK_TIMEOUT_MS);
    else receiver.expect(kind as FrameKind, count, round, share);
  })
  .on('close', () => process.exit());
