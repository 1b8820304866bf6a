/**
 * Who would miss frames that leave an interface by the short way (xdp-sender.ts): other packet sockets, as tcpdump and
 * Wireshark have them, listed in /proc/net/packet; and queueing disciplines (tc(8)), as Mininet's links with a delay or
 * a rate have them, asked for by rtnetlink(7). Asked several times a second by each port, looked up once for all.
 */
import { fstatSync, readFileSync } from 'node:fs';
import type { Libc } from '../native.js';

const FILE = '/proc/net/packet';
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const MSG_DONTWAIT = 0x40;
const RTM_NEWQDISC = 36;
const RTM_GETQDISC = 38;
const NLMSG_DONE = 3;
const NLM_F_DUMP_REQUEST = 0x301;
const TCA_KIND = 1;
/** Bytes of struct nlmsghdr, of struct tcmsg, and of struct nlattr. */
const HEADER_BYTES = 16;
const TCMSG_BYTES = 20;
const ATTRIBUTE_BYTES = 4;
const BUFFER_BYTES = 32 * 1024;
/** Answers that are read at most, 32 kB each; beyond, nothing is known of any interface. */
const MAX_ANSWERS = 64;
/** How long what was found holds, in milliseconds: a port asks every 250. */
const HOLDS_MS = 100;
/** All protocols: only such sockets get what is sent. */
const ETH_P_ALL = 3;

/** Interfaces by number; 0 among the heard: a socket on all of them. Null: it can't be known. */
interface Found {
  readonly heard: ReadonlySet<number>;
  readonly queued: ReadonlySet<number>;
}

/** Interfaces on which a packet socket listens that isn't one of `own` (inodes), by the text of /proc/net/packet. */
export function heardInterfaces(text: string, own: ReadonlySet<number>): Set<number> {
  const heard = new Set<number>();
  for (const line of text.split('\n').slice(1)) {
    const [, , , protocol, index, , , , inode] = line.trim().split(/\s+/);
    if (Number.parseInt(protocol, 16) === ETH_P_ALL && !own.has(Number(inode))) heard.add(Number(index));
  }
  return heard;
}

/** Adds to `queued` the interfaces that one answer to RTM_GETQDISC names with another discipline than "noqueue". */
export function readQdiscs(answer: Uint8Array, queued: Set<number>): 'more' | 'done' | 'wrong' {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  let at = 0;
  while (at + HEADER_BYTES <= answer.length) {
    const length = view.getUint32(at, true);
    const type = view.getUint16(at + 4, true);
    if (type === NLMSG_DONE) return 'done';
    const begin = at + HEADER_BYTES + TCMSG_BYTES;
    const end = at + length;
    if (type !== RTM_NEWQDISC || end > answer.length || end < begin) return 'wrong';
    if (kind(view, begin, end) !== 'noqueue') queued.add(view.getInt32(at + HEADER_BYTES + 4, true));
    at += (length + 3) & ~3;
  }
  return 'more';
}

/** The name of a discipline among its attributes `[from, end)`; '' where there is none. */
function kind(view: DataView, from: number, end: number): string {
  for (let at = from; at + ATTRIBUTE_BYTES <= end; ) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_BYTES || at + length > end) return '';
    if (view.getUint16(at + 2, true) === TCA_KIND) {
      const name = Array.from({ length: length - ATTRIBUTE_BYTES - 1 }, (_, i) => view.getUint8(at + 4 + i));
      return String.fromCharCode(...name);
    }
    at += (length + 3) & ~3;
  }
  return '';
}

export class Onlookers {
  /** Inodes of the switch's own sockets. */
  private readonly own = new Set<number>();
  private found: Found | null = null;
  private until_ms = Number.NEGATIVE_INFINITY;

  /** A socket of the switch's own, until it is forgotten. */
  know(fd: number): number {
    const { ino } = fstatSync(fd);
    this.own.add(ino);
    return ino;
  }

  forget(inode: number): void {
    this.own.delete(inode);
  }

  /** Would nobody miss frames that leave the interface with this number by the short way? */
  none(libc: Libc, index: number): boolean {
    const now_ms = performance.now();
    if (now_ms > this.until_ms) {
      this.found = this.look(libc);
      this.until_ms = now_ms + HOLDS_MS;
    }
    const { found } = this;
    return found !== null && !found.heard.has(0) && !found.heard.has(index) && !found.queued.has(index);
  }

  private look(libc: Libc): Found | null {
    let text: string;
    try {
      text = readFileSync(FILE, 'latin1');
    } catch {
      return null;
    }
    const queued = askQdiscs(libc);
    return queued === null ? null : { heard: heardInterfaces(text, this.own), queued };
  }
}

/** Interfaces with a queueing discipline; null where the kernel doesn't tell. */
function askQdiscs(libc: Libc): Set<number> | null {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW, 0);
  if (fd < 0) return null;
  try {
    const request = new Uint8Array(HEADER_BYTES + TCMSG_BYTES);
    const view = new DataView(request.buffer);
    view.setUint32(0, request.length, true);
    view.setUint16(4, RTM_GETQDISC, true);
    view.setUint16(6, NLM_F_DUMP_REQUEST, true);
    if (libc.write(fd, request, request.length) !== request.length) return null;
    const queued = new Set<number>();
    const answer = new Uint8Array(BUFFER_BYTES);
    for (let i = 0; i < MAX_ANSWERS; i++) {
      const got = libc.recv(fd, answer, answer.length, MSG_DONTWAIT);
      if (got <= 0) return null;
      const read = readQdiscs(answer.subarray(0, got), queued);
      if (read !== 'more') return read === 'done' ? queued : null;
    }
    return null;
  } finally {
    libc.close(fd);
  }
}

/** Those of this process, whose ports all ask here. */
export const onlookers = new Onlookers();
