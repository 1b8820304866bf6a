/**
 * The receive ring of a packet socket (PACKET_RX_RING, TPACKET_V2; packet(7), linux/if_packet.h): slots that the kernel
 * fills in turn and the switch gives back. Version 2, because the kernel hands over each frame at once; version 3
 * collects them for a millisecond at least. A frame that is longer than a slot comes through the socket itself
 * (PACKET_COPY_THRESH), in its turn.
 *
 * Frames are handled where they stand: before each is room for headers. Another processor writes the ring, so the word
 * that says whose a slot is is read and written by Atomics; but where the processor keeps loads and stores in order by
 * itself, plain ones do, since those cost a twentieth of what a frame costs in all.
 */
import type { Libc } from '../native.js';
import { VNET_BYTES } from './offload.js';

/** Bytes of a ring. */
export const RING_BYTES = 16 * 1024 * 1024;
const BLOCK_BYTES = 256 * 1024;
const BLOCKS = RING_BYTES / BLOCK_BYTES;
/**
 * A slot: headers, room and a frame of 1,518 bytes; an odd number of cache lines, so that slots spread over all sets.
 */
const SLOT_BYTES = 27 * 64;
const SLOTS_A_BLOCK = Math.floor(BLOCK_BYTES / SLOT_BYTES);
/** Room that the kernel keeps before a frame beside its own headers. */
const RESERVED_BYTES = 112;
/** struct tpacket2_hdr and struct sockaddr_ll stand at the begin of a slot. */
const HEADER_BYTES = 52;

const SOL_PACKET = 263;
const PACKET_RX_RING = 5;
const PACKET_COPY_THRESH = 7;
const PACKET_VERSION = 10;
const PACKET_RESERVE = 12;
const TPACKET_V2 = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

const KEEPS_ORDER = process.arch === 'x64';
const TP_STATUS_KERNEL = 0;
const TP_STATUS_USER = 1;
const TP_STATUS_COPY = 2;
const TP_STATUS_VLAN_VALID = 16;
const TP_STATUS_VLAN_TPID_VALID = 64;
const ETH_P_8021Q = 0x8100;

/** The options that a ring needs, to be set in this order. Throws an Error with what `set` throws. */
export function setRing(set: (option: number, ...values: number[]) => void): void {
  set(PACKET_VERSION, TPACKET_V2);
  set(PACKET_RESERVE, RESERVED_BYTES);
  set(PACKET_COPY_THRESH, 1);
  set(PACKET_RX_RING, BLOCK_BYTES, BLOCKS, SLOT_BYTES, SLOTS_A_BLOCK * BLOCKS);
}
export { SOL_PACKET };

export class Ring {
  bytes: Uint8Array;
  /** The frame in hand: its place, the place of its virtio_net_hdr, and the first byte that is its slot's to write. */
  start = 0;
  end = 0;
  header = 0;
  floor = 0;
  /** Its length on the wire; more than `end - start` where only its begin stands here. */
  length = 0;
  /** It is whole in the socket's queue. */
  queued = false;
  /** The tag that the kernel took off: TPID and TCI; 0 where it took none. */
  tpid = 0;
  tci = 0;
  private readonly at: number | bigint;
  private words: Int32Array;
  private halves: Uint16Array;
  private block = 0;
  private slot = 0;

  /** Maps the ring of a socket. Throws an Error with the error number. */
  constructor(
    private readonly libc: Libc,
    fd: number,
  ) {
    this.at = libc.mmap(0, RING_BYTES, PROT_READ_WRITE, MAP_SHARED, fd, 0);
    if (BigInt(this.at) === 2n ** 64n - 1n) throw new Error(`its ring can't be mapped (error ${libc.errno()})`);
    const memory = libc.view(this.at, RING_BYTES);
    this.bytes = new Uint8Array(memory);
    this.words = new Int32Array(memory);
    this.halves = new Uint16Array(memory);
  }

  /** Goes to the next frame; false where there is none yet. */
  next(): boolean {
    const at = this.block * BLOCK_BYTES + this.slot * SLOT_BYTES;
    const { words, halves } = this;
    const status = KEEPS_ORDER ? words[at >>> 2] : Atomics.load(words, at >>> 2);
    if ((status & TP_STATUS_USER) === 0) return false;
    this.length = words[(at + 4) >>> 2];
    this.start = at + halves[(at + 12) >>> 1];
    this.end = this.start + words[(at + 8) >>> 2];
    this.header = this.start - VNET_BYTES;
    this.floor = at + HEADER_BYTES;
    this.queued = (status & TP_STATUS_COPY) !== 0;
    this.tpid = 0;
    if (status & TP_STATUS_VLAN_VALID) {
      this.tci = halves[(at + 24) >>> 1];
      this.tpid = status & TP_STATUS_VLAN_TPID_VALID ? halves[(at + 26) >>> 1] : ETH_P_8021Q;
    }
    return true;
  }

  /** Gives the slot of the frame in hand back to the kernel. */
  release(): void {
    const at = (this.block * BLOCK_BYTES + this.slot * SLOT_BYTES) >>> 2;
    if (KEEPS_ORDER) this.words[at] = TP_STATUS_KERNEL;
    else Atomics.store(this.words, at, TP_STATUS_KERNEL);
    if (++this.slot < SLOTS_A_BLOCK) return;
    this.slot = 0;
    if (++this.block === BLOCKS) this.block = 0;
  }

  /** Unmaps it; nobody may touch `bytes` as they were any more. */
  close(): void {
    this.bytes = new Uint8Array(0);
    this.words = new Int32Array(0);
    this.halves = new Uint16Array(0);
    this.libc.munmap(this.at, RING_BYTES);
  }
}
