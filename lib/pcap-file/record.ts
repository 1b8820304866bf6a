/**
 * A captured frame, and what both formats agree on: the limit of a record's length, and which link types a reader takes
 * (Ethernet alone, unless it is told otherwise).
 */
import { CaptureError } from './capture-error.js';

/**
 * The longest frame that a file may hold, in bytes: the largest snapshot length that libpcap uses. Longer is a bad
 * file.
 */
export const MAX_RECORD = 262_144;

/**
 * One captured frame. A reader fills the same object each time; the bytes stay valid until the reader is given more.
 */
export interface CaptureRecord {
  /** Whole seconds since 1970. */
  sec: number;
  /** Nanoseconds of the second, 0 to 999,999,999. */
  nsec: number;
  bytes: Uint8Array;
  /** The frame, without FCS, is `bytes[start, end)`. */
  start: number;
  end: number;
  /** What the frame begins with: a number of the tcpdump group's list. */
  linkType: number;
  /** Length of the frame on the wire, in bytes; more than `end - start` where the capture cut it. */
  originalLength: number;
}

/** LINKTYPE_ETHERNET of the tcpdump group's list. */
export const ETHERNET = 1;

const LINK_TYPES: Readonly<Record<number, string>> = {
  0: 'BSD loopback',
  9: 'PPP',
  12: 'raw IP',
  101: 'raw IP',
  105: '802.11',
  113: 'Linux cooked',
  127: '802.11 radiotap',
  228: 'raw IPv4',
  229: 'raw IPv6',
  276: 'Linux cooked v2',
};

/** Throws a CaptureError unless the reader takes the link type. */
export function needLink(taken: ReadonlySet<number>, linkType: number, offset: number): void {
  if (taken.has(linkType)) return;
  const name = LINK_TYPES[linkType];
  const what = name === undefined ? `link type ${linkType}` : `link type ${linkType} (${name})`;
  const others = taken.size > 1 ? `${[...taken].sort((a, b) => a - b).join(', ')} are` : `Ethernet (${ETHERNET}) is`;
  throw new CaptureError(`${what}, but only ${others} read`, offset);
}

/** Points `record` at the frame `at` bytes on, less an FCS of `fcs` bytes where the capture has all of it. */
export function fillFrame(
  record: CaptureRecord,
  bytes: Uint8Array,
  start: number,
  captured: number,
  original: number,
  fcs: number,
): void {
  const cut = captured - Math.max(0, original - fcs);
  record.bytes = bytes;
  record.start = start;
  record.end = start + captured - (fcs > 0 && cut > 0 ? Math.min(cut, fcs) : 0);
  record.originalLength = Math.max(0, original - fcs);
}
