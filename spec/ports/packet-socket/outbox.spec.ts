import { expect } from 'chai';
import { ManualClock, silent } from '../../../lib/bytes/index.js';
import { ERRNO, type Libc } from '../../../lib/ports/native.js';
import { OUTBOX_BYTES, OUTBOX_FRAMES, Outbox } from '../../../lib/ports/packet-socket/outbox.js';
import type { PortHost } from '../../../lib/ports/port.js';

/** A kernel that takes what it is told to: it follows addresses as struct mmsghdr and struct iovec have them. */
class Kernel {
  /** First bytes of the frames that were sent. */
  readonly sent: number[] = [];
  readonly lengths: number[] = [];
  /** How many more frames it takes, and what it answers then. */
  room = Number.POSITIVE_INFINITY;
  errno: number = ERRNO.EAGAIN;
  /** Is the answer given once only? */
  once = false;
  calls = 0;
  private readonly memory: Uint8Array[] = [];

  private at(address: number): [Uint8Array, number] {
    return [this.memory[Math.floor(address / 2 ** 33)], address % 2 ** 33];
  }

  private pointer(address: number): number {
    const [bytes, at] = this.at(address);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  }

  readonly libc = {
    address: (bytes: Uint8Array | Uint32Array) => {
      this.memory.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      return BigInt((this.memory.length - 1) * 2 ** 33);
    },
    sendmmsg: (_fd: number, messages: bigint, count: number) => {
      this.calls++;
      let done = 0;
      for (; done < count && this.room > 0; done++, this.room--) {
        const iovec = this.pointer(Number(messages) + done * 64 + 16);
        const [bytes, at] = this.at(this.pointer(iovec));
        const length = this.pointer(iovec + 8);
        expect([...bytes.subarray(at, at + 10)]).to.deep.equal(new Array(10).fill(0));
        this.sent.push((bytes[at + 10] << 8) | bytes[at + 11]);
        this.lengths.push(length - 10);
      }
      if (done > 0) return done;
      if (this.once) this.room = Number.POSITIVE_INFINITY;
      return -1;
    },
    errno: () => this.errno,
  } as unknown as Libc;
}

describe('ports/packet-socket: outbox', () => {
  let kernel: Kernel;
  let clock: ManualClock;
  let outbox: Outbox;
  let lost: Record<string, number>;

  beforeEach(() => {
    kernel = new Kernel();
    clock = new ManualClock();
    lost = { dropped: 0, errors: 0 };
    const host: PortHost = {
      clock,
      log: silent,
      receive() {},
      link() {},
      lost: (_direction, kind, count) => {
        lost[kind] += count;
      },
    };
    outbox = new Outbox(kernel.libc, 3, host);
  });

  const frame = (i: number, length = 60): Uint8Array => {
    const bytes = new Uint8Array(length + 7).fill(0xee);
    bytes.set([i >> 8, i], 7);
    return bytes;
  };
  const add = (from: number, to: number, length = 60): void => {
    for (let i = from; i < to; i++) outbox.add(frame(i, length), 7, 7 + length, 1500);
  };
  const range = (to: number) => Array.from({ length: to }, (_, i) => i);

  it('sends in order, at the end of the round or when a batch is full', async () => {
    add(0, 100);
    expect(kernel.sent).to.deep.equal(range(64));
    await Promise.resolve();
    expect(kernel.sent).to.deep.equal(range(100));
    expect(kernel.calls).to.equal(2);
    add(100, 101, 1514);
    await Promise.resolve();
    expect(kernel.lengths.at(-1)).to.equal(1514);
    expect(lost).to.deep.equal({ dropped: 0, errors: 0 });
  });

  it('keeps what the socket has no room for, in order, and tries again', () => {
    kernel.room = 70;
    add(0, 200);
    expect(kernel.sent).to.deep.equal(range(70));
    kernel.room = 50;
    clock.advance(1);
    expect(kernel.sent).to.deep.equal(range(120));
    kernel.room = Number.POSITIVE_INFINITY;
    clock.advance(1);
    expect(kernel.sent).to.deep.equal(range(200));
    expect(lost.dropped).to.equal(0);
  });

  it('keeps so many frames, counts those beyond, and goes on', () => {
    kernel.room = 0;
    add(0, OUTBOX_FRAMES + 10);
    expect(lost).to.deep.equal({ dropped: 10, errors: 0 });
    kernel.room = Number.POSITIVE_INFINITY;
    clock.advance(1);
    expect(kernel.sent).to.deep.equal(range(OUTBOX_FRAMES));
    add(OUTBOX_FRAMES, OUTBOX_FRAMES + 64);
    expect(kernel.sent).to.deep.equal(range(OUTBOX_FRAMES + 64));
  });

  it('keeps so many bytes', () => {
    kernel.room = 0;
    add(0, 900, 1514);
    const kept = Math.floor(OUTBOX_BYTES / 1528);
    expect(lost.dropped).to.equal(900 - kept);
    kernel.room = Number.POSITIVE_INFINITY;
    clock.advance(1);
    expect(kernel.sent).to.deep.equal(range(kept));
  });

  for (const [name, kind] of [
    ['ENOBUFS', 'dropped'],
    ['ENETDOWN', 'dropped'],
    ['ENXIO', 'dropped'],
    ['EMSGSIZE', 'errors'],
  ] as const) {
    it(`counts a frame that fails with ${name} as ${kind}, and sends the others`, () => {
      Object.assign(kernel, { room: 5, errno: ERRNO[name], once: true });
      add(0, 64);
      expect(kernel.sent).to.deep.equal(range(64).filter((i) => i !== 5));
      expect(lost).to.deep.equal({ dropped: 0, errors: 0, [kind]: 1 });
    });
  }

  it('loses and counts what nobody can cut for the MTU', () => {
    add(0, 1, 1515);
    expect(lost.dropped).to.equal(1);
  });
});
