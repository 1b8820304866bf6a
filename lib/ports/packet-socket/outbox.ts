/**
 * Frames on their way out of a packet socket: copied into memory that the kernel is told of once, and handed over many
 * at a time by sendmmsg(2). What the socket has no room for waits, in order, at most OUTBOX_FRAMES frames or
 * OUTBOX_BYTES; what comes on top is lost and counted. Each frame has a virtio_net_hdr before it (linux/virtio_net.h),
 * zero unless the kernel is to cut it.
 *
 * Where many short frames leave and nobody looks on, they take the short way (xdp-sender.ts). It is taken from the
 * round on that fills a batch, until one has few frames: what a person sends by hand, or a test, always leaves by the
 * socket, where tcpdump sees it.
 */
import type { Timer } from '../../bytes/index.js';
import { ERRNO, type Libc } from '../native.js';
import type { PortHost } from '../port.js';
import { inHand, putSegmentation, VNET_BYTES } from './offload.js';
import { FrameCopier } from './short-frames.js';
import { type Holder, turns } from './turns.js';
import { XDP_FRAME_BYTES, type XdpSender } from './xdp-sender.js';

/** Frames and bytes that may wait. */
export const OUTBOX_FRAMES = 1024;
export const OUTBOX_BYTES = 1024 * 1024;
/** Frames that are handed over before the round ends. */
const BATCH_FRAMES = 64;
/** Until what waits is tried again, unless more is sent before, in milliseconds. */
const RETRY_MS = 1;

/** Before a frame: its header, behind two bytes that let both stand at multiples of four. */
const BEFORE = VNET_BYTES + 2;
/** 32-bit words of a struct iovec, and of a struct mmsghdr; where the latter's msg_iov and msg_iovlen stand. */
const IOVEC_WORDS = 4;
const MESSAGE_WORDS = 16;
const MSG_IOV = 4;
const MSG_IOVLEN = 6;
const MSG_DONTWAIT = 0x40;
/** With so few frames a round the short way ends. */
const FEW_FRAMES = 8;
const ETHERNET_HEADER = 14;

export class Outbox implements Holder {
  private readonly bytes = new Uint8Array(OUTBOX_BYTES);
  private readonly words = new Uint32Array(this.bytes.buffer);
  private readonly iovecs = new Uint32Array(OUTBOX_FRAMES * IOVEC_WORDS);
  private readonly messages = new Uint32Array(OUTBOX_FRAMES * MESSAGE_WORDS);
  private readonly bytesAt: number;
  private readonly messagesAt: bigint;
  /** Frames in the box, those of them that were sent, and bytes in use. */
  private count = 0;
  private sent = 0;
  private used = 0;
  private readonly copier = new FrameCopier(this.bytes, this.words);
  /** The short way, where there is one, and whether nobody would miss what takes it. */
  private short: XdpSender | null = null;
  private alone: () => boolean = () => true;
  /** A batch was filled since somebody set this to false. */
  filled = false;
  /** It is taken; frames of this round that went it, or filled the batch that opened it. */
  private many = false;
  private went = 0;
  private held = false;
  private retry: Timer | null = null;
  private closed = false;

  constructor(
    private readonly libc: Libc,
    private readonly fd: number,
    private readonly host: PortHost,
  ) {
    this.bytesAt = Number(libc.address(this.bytes));
    this.messagesAt = libc.address(this.messages);
    const iovecsAt = Number(libc.address(this.iovecs));
    for (let i = 0; i < OUTBOX_FRAMES; i++) {
      putAddress(this.messages, i * MESSAGE_WORDS + MSG_IOV, iovecsAt + i * IOVEC_WORDS * 4);
      this.messages[i * MESSAGE_WORDS + MSG_IOVLEN] = 1;
    }
  }

  /** Takes a copy of a frame that a device with this MTU takes, or that the kernel can cut for it. */
  add(bytes: Uint8Array, start: number, end: number, mtu: number): void {
    const length = end - start;
    if (this.many && this.addShort(bytes, start, end, mtu)) return;
    if (this.count === OUTBOX_FRAMES || this.used + BEFORE + length > OUTBOX_BYTES) this.flush();
    if (this.closed || this.count === OUTBOX_FRAMES || this.used + BEFORE + length > OUTBOX_BYTES) {
      this.host.lost('tx', 'dropped', 1);
      return;
    }
    const { bytes: own, words, iovecs, used } = this;
    const at = used + BEFORE;
    const header = used >>> 2;
    words[header] = 0;
    words[header + 1] = 0;
    words[header + 2] = 0;
    this.copier.copy(bytes, start, end, at);
    if (!putSegmentation(own, at - VNET_BYTES, at, at + length, mtu)) {
      this.host.lost('tx', 'dropped', 1);
      return;
    }
    const iovec = this.count * IOVEC_WORDS;
    putAddress(iovecs, iovec, this.bytesAt + at - VNET_BYTES);
    iovecs[iovec + 2] = VNET_BYTES + length;
    this.used = (at + length + 3) & ~3;
    this.count++;
    this.hold();
    if (this.count - this.sent < BATCH_FRAMES || this.retry !== null) return;
    this.filled = true;
    this.many = this.short !== null && (this.many || this.alone());
    this.went = BATCH_FRAMES;
    this.send();
  }

  /** The same by the short way: not for what is to be cut, nor past frames that wait in the box. */
  private addShort(bytes: Uint8Array, start: number, end: number, mtu: number): boolean {
    const { short } = this;
    const length = end - start;
    if (short === null || this.count > 0 || inHand.segment_bytes !== 0) return false;
    if (length > XDP_FRAME_BYTES || length > mtu + ETHERNET_HEADER || !short.add(bytes, start, end)) return false;
    this.went++;
    this.hold();
    if (short.due && this.retry === null) this.sendShort(short);
    return true;
  }

  private hold(): void {
    if (this.held) return;
    this.held = true;
    turns.hold(this);
  }

  /** From now on the short way may be taken whenever `alone` says so; null: no more. */
  shorten(short: XdpSender | null, alone = this.alone): void {
    if (this.short !== null && this.short !== short) this.leaveShort(this.short);
    this.short = short;
    this.alone = alone;
  }

  private leaveShort(short: XdpSender): void {
    if (short.waiting > 0) short.send();
    if (short.waiting > 0) this.host.lost('tx', 'dropped', short.waiting);
    short.close();
    this.short = null;
    this.many = false;
  }

  /** Hands over what there is: a round ends. */
  flush(): void {
    this.held = false;
    this.many &&= this.went >= FEW_FRAMES;
    this.went = 0;
    this.send();
  }

  /** Hands over what went the short way; false where some of it waits. */
  private sendShort(short: XdpSender): boolean {
    const how = short.send();
    if (how === 'later') this.retryLater();
    if (how === 'never') this.leaveShort(short);
    return how !== 'later';
  }

  private retryLater(): void {
    this.retry ??= this.host.clock.after(RETRY_MS, () => this.again());
  }

  private send(): void {
    if (this.short !== null && this.short.waiting > 0 && !this.closed && !this.sendShort(this.short)) return;
    while (this.sent < this.count && !this.closed) {
      const at = this.sent === 0 ? this.messagesAt : this.messagesAt + BigInt(this.sent * MESSAGE_WORDS * 4);
      const sent = this.libc.sendmmsg(this.fd, at, this.count - this.sent, MSG_DONTWAIT);
      if (sent > 0) {
        this.sent += sent;
        continue;
      }
      const errno = this.libc.errno();
      if (errno === ERRNO.EAGAIN) {
        this.retryLater();
        return;
      }
      if (errno === ERRNO.EINTR) continue;
      const dropped = errno === ERRNO.ENOBUFS || errno === ERRNO.ENETDOWN || errno === ERRNO.ENXIO;
      this.host.lost('tx', dropped ? 'dropped' : 'errors', 1);
      this.sent++;
    }
    this.count = 0;
    this.sent = 0;
    this.used = 0;
  }

  private again(): void {
    this.retry = null;
    this.send();
  }

  /** What still waits is lost. The memory must be kept until the socket is closed. */
  close(): void {
    this.shorten(null);
    this.closed = true;
    this.retry?.cancel();
  }
}

/** Writes an address of 64 bits, low word first. */
function putAddress(words: Uint32Array, at: number, address: number): void {
  words[at] = address;
  words[at + 1] = address / 2 ** 32;
}
