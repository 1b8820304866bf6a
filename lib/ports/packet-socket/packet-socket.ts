/**
 * A driver of pcap ports on Linux: a packet socket with a mapped receive ring, and batches of frames to send.
 * Everything happens in the switch's own thread: no other process, no copy of what comes in, one copy of what goes out.
 * koffi makes the calls, so that no compiler is needed to install it.
 */
import type { Driver } from '../driver.js';
import type { Libc, Poll } from '../native.js';
import { FRAMES_A_TURN, type PortHost } from '../port.js';
import {
  completeReceived,
  cutDatagrams,
  datagramSize,
  inHand,
  isTunnelled,
  leftToCard,
  segmentSize,
  VNET_BYTES,
} from './offload.js';
import { onlookers } from './onlookers.js';
import { OpenError, type Opened, openPacketSockets } from './open.js';
import { Outbox } from './outbox.js';
import { Ring, SOL_PACKET } from './ring.js';
import { cutTunnelled } from './tunnelled.js';
import { type Taker, turns } from './turns.js';
import { XdpSender } from './xdp-sender.js';

const SOL_SOCKET = 1;
const SO_ERROR = 4;
const PACKET_STATISTICS = 6;
const MSG_DONTWAIT = 0x40;
/** Frames that count as having come at one time: some tens of microseconds at full rate. */
const FRAMES_A_MOMENT = 32;
/** How often the short way out is tried to be opened, in vain: a quarter of a second lies between. */
const MAX_REFUSALS = 40;
const VLAN_TAG = 4;
const MACS = 12;
/** Room before a frame that the socket itself hands over, and the longest frame. */
const HEADROOM = 128;
const FRAME_BYTES = 65_536 + 256;
/** Places of such a frame's header and of the frame. */
const LONG_START = HEADROOM + VNET_BYTES;

export class PacketSocket implements Driver, Taker {
  /** In bytes, without the Ethernet header. */
  mtu = 1500;
  private readonly libc: Libc;
  private readonly input: number;
  private readonly output: number;
  private readonly ring: Ring;
  private readonly outbox: Outbox;
  private readonly poll: Poll;
  /** For frames that are longer than a slot, and for datagrams that were cut. */
  private readonly long = new Uint8Array(LONG_START + FRAME_BYTES);
  private readonly longFrame = this.long.subarray(HEADROOM);
  private readonly piece = new Uint8Array(HEADROOM + FRAME_BYTES);
  private readonly counts = new Uint32Array(2);
  private readonly sizes = new Uint32Array(1);
  private readonly error = new Int32Array(1);
  private readonly inode: number;
  /** Whether the short way out is open, may be opened, or can't be. */
  private short: 'open' | 'closed' | 'none' = 'closed';
  private refusals = 0;
  private ended = false;
  /** Is the descriptor waited for? And turns since it had something; -1 while it has nothing. */
  private waits = true;
  private turns = -1;
  /** When the frame in hand came. */
  private now_ms = 0;

  private constructor(
    opened: Opened,
    private readonly index: number,
    private readonly host: PortHost,
  ) {
    const { libc, input, output } = opened;
    this.libc = libc;
    this.input = input;
    this.output = output;
    this.ring = new Ring(libc, input);
    this.outbox = new Outbox(libc, output, host);
    this.poll = libc.poll(input, this.ready);
    this.inode = onlookers.know(input);
    this.chooseWay();
  }

  /** Opens the interface with the kernel's number `index`. Throws an UnsupportedError or an OpenError. */
  static async open(index: number, host: PortHost): Promise<PacketSocket> {
    const opened = await openPacketSockets(index);
    try {
      return new PacketSocket(opened, index, host);
    } catch (error) {
      opened.libc.close(opened.input);
      opened.libc.close(opened.output);
      throw error instanceof OpenError ? error : new OpenError('other', (error as Error).message);
    }
  }

  send(bytes: Uint8Array, start: number, end: number): void {
    this.outbox.add(bytes, start, end, this.mtu);
  }

  /** Counts what the kernel lost because the ring was full, since the last time. */
  count(): void {
    this.sizes[0] = this.counts.byteLength;
    const read = this.libc.getsockopt(this.input, SOL_PACKET, PACKET_STATISTICS, this.counts, this.sizes);
    if (read === 0 && this.counts[1] > 0) this.host.lost('rx', 'dropped', this.counts[1]);
    // To ask takes some 300 µs of a port that is idle: only who sends much has to know.
    if (this.outbox.filled) this.chooseWay();
    this.outbox.filled = false;
  }

  private readonly alone = (): boolean => onlookers.none(this.libc, this.index);

  /** Opens the short way out while nobody would miss what takes it. */
  private chooseWay(): void {
    if (this.short === 'none' || this.ended) return;
    const now = this.alone() ? 'open' : 'closed';
    if (now === this.short) return;
    const sender =
      now === 'open' ? XdpSender.open(this.libc, this.index, () => this.host.lost('tx', 'dropped', 1)) : null;
    this.outbox.shorten(sender, this.alone);
    // The kernel lets go of one that was closed when it has time: until then there can't be another.
    if (now === 'open' && sender === null) this.short = ++this.refusals < MAX_REFUSALS ? 'closed' : 'none';
    else this.short = now;
  }

  /** The ring stays mapped until whoever has a frame of it in hand has returned. */
  async end(): Promise<void> {
    if (this.ended) return;
    this.outbox.flush();
    this.count();
    this.ended = true;
    this.outbox.close();
    onlookers.forget(this.inode);
    turns.forget(this);
    this.poll.close();
    await new Promise((resolve) => setImmediate(resolve));
    this.libc.close(this.input);
    this.libc.close(this.output);
    this.ring.close();
  }

  turn(): number {
    // Not before what the first frames make is on its way: to leave the wait takes a system call.
    if (this.turns++ === 1) this.stopWaiting();
    const { ring } = this;
    let frames = 0;
    while (frames < FRAMES_A_TURN && !this.ended && ring.next()) {
      if (frames++ % FRAMES_A_MOMENT === 0) this.now_ms = this.host.clock.now();
      try {
        this.take();
      } finally {
        if (!this.ended) ring.release();
      }
    }
    return frames;
  }

  rest(): void {
    if (this.ended) return;
    this.turns = -1;
    if (!this.waits) this.poll.start({ readable: true }, this.ready);
    this.waits = true;
  }

  private stopWaiting(): void {
    if (this.waits && !this.ended) this.poll.stop();
    this.waits = false;
  }

  /** There are frames, or the interface went off or away (a negative status); its link's watch finds out which. */
  private readonly ready = (status: number): void => {
    if (this.ended) return;
    if (status < 0) {
      this.stopWaiting();
      this.sizes[0] = this.error.byteLength;
      this.libc.getsockopt(this.input, SOL_SOCKET, SO_ERROR, this.error, this.sizes);
    }
    if (this.turns >= 0) return;
    this.turns = 0;
    turns.wake(this);
  };

  /** Hands in the frame that the ring is at. */
  private take(): void {
    const { ring } = this;
    if (ring.end - ring.start === ring.length) {
      this.hand(ring.bytes, ring.header, ring.start, ring.end, ring.floor);
      return;
    }
    const got = ring.queued ? this.libc.recv(this.input, this.longFrame, this.longFrame.length, MSG_DONTWAIT) : -1;
    if (got === VNET_BYTES + ring.length) this.hand(this.long, HEADROOM, LONG_START, LONG_START + ring.length, 0);
    else this.host.lost('rx', ring.queued ? 'errors' : 'dropped', 1);
  }

  private hand(bytes: Uint8Array, header: number, start: number, end: number, floor: number): void {
    if (!leftToCard(bytes, header)) {
      const at = this.ring.tpid === 0 ? start : this.putTag(bytes, start);
      this.host.receive(bytes, at, end, undefined, at - floor, this.now_ms);
      return;
    }
    this.handLeft(bytes, header, start, end, floor);
  }

  /** Hands in a frame whose sender has left something of it to its card. */
  private handLeft(bytes: Uint8Array, header: number, start: number, end: number, floor: number): void {
    completeReceived(bytes, header, start, end);
    const at = this.ring.tpid === 0 ? start : this.putTag(bytes, start);
    const datagram = datagramSize(bytes, header);
    const segment = segmentSize(bytes, header);
    if (isTunnelled(bytes, header, start, at, end)) {
      cutTunnelled(bytes, at, end, datagram || segment, this.piece, HEADROOM, this.handPiece);
      return;
    }
    inHand.segment_bytes = segment;
    if (datagram === 0) this.host.receive(bytes, at, end, undefined, at - floor, this.now_ms);
    else cutDatagrams(bytes, at, end, datagram, this.piece, HEADROOM, this.handPiece);
    inHand.segment_bytes = 0;
  }

  private readonly handPiece = (bytes: Uint8Array, start: number, end: number): void => {
    if (!this.ended) this.host.receive(bytes, start, end);
  };

  /** Puts the tag back that the kernel took off; gives where the frame begins now. */
  private putTag(bytes: Uint8Array, start: number): number {
    const { tpid, tci } = this.ring;
    const at = start - VLAN_TAG;
    bytes.copyWithin(at, start, start + MACS);
    bytes[at + MACS] = tpid >>> 8;
    bytes[at + MACS + 1] = tpid;
    bytes[at + MACS + 2] = tci >>> 8;
    bytes[at + MACS + 3] = tci;
    return at;
  }
}
