/**
 * The short way out for many frames: an AF_XDP socket that only sends (if_xdp.h; Linux's
 * Documentation/networking/af_xdp.rst). The kernel reads frames out of memory that it was told of once, and a ring
 * says where: what is spent on a frame before it reaches the device falls to a third. Nobody but the device sees such a
 * frame, no queueing discipline and no other packet socket, so who uses this asks Onlookers first.
 *
 * It copies, as every device lets it; no program is loaded, and nothing is received.
 */
import { ERRNO, type Libc } from '../native.js';
import { FrameCopier } from './short-frames.js';

const AF_XDP = 44;
const SOCK_RAW = 3;
const SOL_XDP = 283;
const XDP_MMAP_OFFSETS = 1;
const XDP_TX_RING = 3;
const XDP_UMEM_REG = 4;
const XDP_UMEM_FILL_RING = 5;
const XDP_UMEM_COMPLETION_RING = 6;
const XDP_COPY = 2;
const PGOFF_TX_RING = 0x8000_0000;
const PGOFF_COMPLETION_RING = 0x1_8000_0000;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const MSG_DONTWAIT = 0x40;
/** Offsets of a ring in struct xdp_mmap_offsets: producer, consumer, descriptors, flags; rx, tx, fill, completion. */
const OFFSETS_WORDS = 16;
const TX_OFFSETS = 4;
const COMPLETION_OFFSETS = 12;
/** 32-bit words of a struct xdp_desc, and of a place in the completion ring. */
const DESC_WORDS = 4;
const COMPLETION_WORDS = 2;

/** Frames that may wait, a power of two; each has a chunk of its own. */
export const XDP_FRAMES = 512;
const CHUNK_BITS = 11;
const MEMORY_BYTES = XDP_FRAMES << CHUNK_BITS;
/** Chunks begin at multiples of a page's half; frames a few cache lines behind, so that they spread over all sets. */
const SPREAD_LINES = 7;
/** The longest frame. */
export const XDP_FRAME_BYTES = (1 << CHUNK_BITS) - SPREAD_LINES * 64;
/** A frame costs the kernel's turn no more than this many at once. */
const FRAMES_A_CALL = 32;

interface Mapped {
  readonly at: number | bigint;
  readonly length: number;
}

export class XdpSender {
  /** Frames that were added and not taken by the kernel. */
  waiting = 0;
  private readonly words: Uint32Array;
  private readonly copier: FrameCopier;
  /** Chunks that are free, the last one freed on top, since it is still in the processor's cache. */
  private readonly free = Uint16Array.from({ length: XDP_FRAMES }, (_, i) => i);
  private freed = XDP_FRAMES;
  private produced = 0;
  private completed = 0;

  private constructor(
    private readonly libc: Libc,
    private readonly fd: number,
    private readonly mapped: readonly Mapped[],
    memory: ArrayBuffer,
    private readonly tx: Int32Array,
    private readonly txAt: readonly number[],
    private readonly completion: Int32Array,
    private readonly completionAt: readonly number[],
    /** A frame was taken, and lost by the device. */
    private readonly lost: () => void,
  ) {
    this.words = new Uint32Array(memory);
    this.copier = new FrameCopier(new Uint8Array(memory), this.words);
  }

  /** Opens one on the interface with the kernel's number `index`; null where there can't be one. */
  static open(libc: Libc, index: number, lost: () => void): XdpSender | null {
    const fd = libc.socket(AF_XDP, SOCK_RAW, 0);
    if (fd < 0) return null;
    const mapped: Mapped[] = [];
    const map = (length: number, flags: number, of: number, offset: number): Mapped | null => {
      const at = libc.mmap(0, length, PROT_READ_WRITE, flags, of, offset);
      if (BigInt(at) === 2n ** 64n - 1n) return null;
      mapped.push({ at, length });
      return { at, length };
    };
    const sender = XdpSender.set(libc, fd, index, map, mapped, lost);
    if (sender !== null) return sender;
    libc.close(fd);
    for (const { at, length } of mapped) libc.munmap(at, length);
    return null;
  }

  private static set(
    libc: Libc,
    fd: number,
    index: number,
    map: (length: number, flags: number, of: number, offset: number) => Mapped | null,
    mapped: readonly Mapped[],
    lost: () => void,
  ): XdpSender | null {
    const memory = map(MEMORY_BYTES, MAP_PRIVATE_ANONYMOUS, -1, 0);
    if (memory === null) return null;
    // struct xdp_umem_reg: address, length, size of a chunk, headroom; all of 64 bits but the last two.
    const region = new BigUint64Array([BigInt(memory.at), BigInt(MEMORY_BYTES), BigInt(1 << CHUNK_BITS)]);
    const set = (option: number, value: Uint8Array | Int32Array): boolean =>
      libc.setsockopt(fd, SOL_XDP, option, value, value.byteLength) === 0;
    const size = Int32Array.of(XDP_FRAMES);
    if (!set(XDP_UMEM_REG, new Uint8Array(region.buffer)) || !set(XDP_UMEM_FILL_RING, size)) return null;
    if (!set(XDP_UMEM_COMPLETION_RING, size) || !set(XDP_TX_RING, size)) return null;
    const offsets = new BigUint64Array(OFFSETS_WORDS);
    const length = Uint32Array.of(offsets.byteLength);
    if (libc.getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, new Uint8Array(offsets.buffer), length) < 0) return null;
    if (length[0] !== offsets.byteLength) return null;
    const [txAt, completionAt] = [TX_OFFSETS, COMPLETION_OFFSETS].map((from) =>
      Array.from(offsets.subarray(from, from + 3), (offset) => Number(offset)),
    );
    const tx = map(txAt[2] + XDP_FRAMES * DESC_WORDS * 4, MAP_SHARED, fd, PGOFF_TX_RING);
    const done = map(completionAt[2] + XDP_FRAMES * COMPLETION_WORDS * 4, MAP_SHARED, fd, PGOFF_COMPLETION_RING);
    if (tx === null || done === null || !bind(libc, fd, index)) return null;
    const view = ({ at, length }: Mapped) => libc.view(at, length);
    const rings = [new Int32Array(view(tx)), new Int32Array(view(done))];
    const words = [txAt, completionAt].map((at) => at.map((offset) => offset >>> 2));
    return new XdpSender(libc, fd, mapped, view(memory), rings[0], words[0], rings[1], words[1], lost);
  }

  /** Takes a copy of a frame of at most XDP_FRAME_BYTES; false where there is no room. */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.freed === 0) return false;
    const chunk = this.free[--this.freed];
    const at = (chunk << CHUNK_BITS) + ((chunk & SPREAD_LINES) << 6);
    this.copier.copy(bytes, start, end, at);
    const { tx } = this;
    const desc = this.txAt[2] + (this.produced & (XDP_FRAMES - 1)) * DESC_WORDS;
    tx[desc] = at;
    tx[desc + 2] = end - start;
    this.produced = (this.produced + 1) | 0;
    this.waiting++;
    return true;
  }

  /** Is there a whole call's worth of frames? */
  get due(): boolean {
    return this.waiting >= FRAMES_A_CALL;
  }

  /** Hands frames over. 'later': the device takes no more now; 'never': nor ever again through this. */
  send(): 'done' | 'later' | 'never' {
    const { libc, tx, txAt } = this;
    Atomics.store(tx, txAt[0], this.produced);
    while (this.waiting > 0) {
      const sent = libc.send(this.fd, 0, 0, MSG_DONTWAIT);
      const errno = sent < 0 ? libc.errno() : 0;
      const left = (this.produced - Atomics.load(tx, txAt[1])) | 0;
      const moved = left !== this.waiting;
      this.waiting = left;
      this.reclaim();
      // The frame before was taken, and the device had no use for it.
      if (errno === ERRNO.EBUSY && moved) this.lost();
      else if (errno !== 0 && errno !== ERRNO.EAGAIN && errno !== ERRNO.EINTR && errno !== ERRNO.ENOBUFS)
        return 'never';
      if (!moved && errno !== ERRNO.EINTR) return 'later';
    }
    return 'done';
  }

  /** Chunks that the kernel is done with are free again. */
  private reclaim(): void {
    const { completion, completionAt, free } = this;
    const done = Atomics.load(completion, completionAt[0]);
    if (done === this.completed) return;
    for (let i = this.completed; i !== done; i = (i + 1) | 0) {
      const place = completionAt[2] + (i & (XDP_FRAMES - 1)) * COMPLETION_WORDS;
      free[this.freed++] = completion[place] >>> CHUNK_BITS;
    }
    this.completed = done;
    Atomics.store(completion, completionAt[1], done);
  }

  /** Gives everything back; what waits is lost. */
  close(): void {
    this.libc.close(this.fd);
    for (const { at, length } of this.mapped) this.libc.munmap(at, length);
  }
}

/** struct sockaddr_xdp: family, flags, interface, queue, descriptor of shared memory. */
function bind(libc: Libc, fd: number, index: number): boolean {
  const address = new Uint8Array(16);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_XDP, true);
  view.setUint16(2, XDP_COPY, true);
  view.setUint32(4, index, true);
  return libc.bind(fd, address, address.length) === 0;
}
