/**
 * What an FTP control segment announces: PORT and 227 (RFC 959 §4.1.2), EPRT and 229 (RFC 2428). Pure: bytes in, an
 * announcement out. Only whole lines are read; where a segment ends in the middle of one, `unfinished` says where it
 * begins, and who calls joins it.
 */

/** What a segment said. */
export const FTP_NOTHING = 0;
/** A command that announces an endpoint, but contradicts the protocol. */
export const FTP_BAD = 1;
export const FTP_ENDPOINT = 2;

/** An endpoint that one side announced; one reused object. */
export class FtpEndpoint {
  /** The address as text without what separates it ("10.0.0.1", "fd00::1"); "" where it is the connection's own. */
  address = '';
  port = 0;
  /** Where the address stands in the segment, and its length as written. */
  at = 0;
  length = 0;
  /** The address is written with commas (PORT, 227). */
  commas = false;
}

/** Longer lines are no commands. */
const LONGEST_LINE = 512;

const NUMBERS = /(?<![\d,])(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})(?![\d,])/;
const PORT = /^PORT\s+(?=[\d,]+\s*$)/i;
const EPRT = /^EPRT\s+([!-~])([12])\1([\da-fA-F:.]+)\1(\d{1,5})\1\s*$/i;
const EPSV = /^229 .*\(([!-~])\1\1(\d{1,5})\1\)/;

/** Reads the payload `bytes[from, end)` of a segment of the client, or (`reply`) of the server. */
export function readFtp(bytes: Uint8Array, from: number, end: number, reply: boolean, out: FtpEndpoint): number {
  for (let start = from; start < end; ) {
    const stop = bytes.indexOf(10, start);
    if (stop < 0 || stop >= end) return FTP_NOTHING;
    if (stop - start <= LONGEST_LINE && mayAnnounce(bytes, start, reply)) {
      const line = String.fromCharCode(...bytes.subarray(start, stop));
      const found = reply ? readReply(line, out) : readCommand(line, out);
      if (found !== FTP_NOTHING) {
        out.at += start - from;
        return found;
      }
    }
    start = stop + 1;
  }
  return FTP_NOTHING;
}

const COMMANDS = ['PORT ', 'EPRT '];
const REPLIES = ['227', '229'];

/** Where the last line of `bytes[from, end)` begins, if it isn't whole and may become an announcement; else -1. */
export function unfinished(bytes: Uint8Array, from: number, end: number, reply: boolean): number {
  let start = end;
  while (start > from && bytes[start - 1] !== 10) start--;
  if (start === end) return -1;
  const begins = (word: string): boolean => {
    for (let i = 0; i < word.length && start + i < end; i++) {
      const letter = bytes[start + i];
      const wanted = word.charCodeAt(i);
      if (letter !== wanted && (letter & 0xdf) !== wanted) return false;
    }
    return true;
  };
  return (reply ? REPLIES : COMMANDS).some(begins) ? start : -1;
}

/** A first look at a line: P or E of the client, 22 of the server. */
function mayAnnounce(bytes: Uint8Array, at: number, reply: boolean): boolean {
  if (reply) return bytes[at] === 0x32 && bytes[at + 1] === 0x32;
  const letter = bytes[at] & 0xdf;
  return letter === 0x50 || letter === 0x45;
}

function readCommand(line: string, out: FtpEndpoint): number {
  if (/^PORT\s/i.test(line)) {
    const found = PORT.test(line) ? NUMBERS.exec(line) : null;
    return numbers(found, out);
  }
  if (!/^EPRT\s/i.test(line)) return FTP_NOTHING;
  const found = EPRT.exec(line);
  if (found === null) return FTP_BAD;
  const [whole, , family, address, port] = found;
  if ((family === '2') !== address.includes(':')) return FTP_BAD;
  out.address = address;
  out.at = whole.indexOf(address, whole.search(/\s/));
  out.length = address.length;
  out.commas = false;
  return portIs(Number(port), out);
}

function readReply(line: string, out: FtpEndpoint): number {
  if (/^227\s/.test(line)) return numbers(NUMBERS.exec(line.slice(3)), out, 3);
  if (!/^229 /.test(line)) return FTP_NOTHING;
  const found = EPSV.exec(line);
  if (found === null) return FTP_BAD;
  out.address = '';
  out.at = 0;
  out.length = 0;
  return portIs(Number(found[2]), out);
}

/** h1,h2,h3,h4,p1,p2 */
function numbers(found: RegExpExecArray | null, out: FtpEndpoint, skipped = 0): number {
  if (found === null) return FTP_BAD;
  const all = found.slice(1, 7).map(Number);
  if (all.some((number) => number > 255)) return FTP_BAD;
  out.address = all.slice(0, 4).join('.');
  out.at = found.index + skipped;
  out.length = found.slice(1, 5).join(',').length;
  out.commas = true;
  return portIs(all[4] * 256 + all[5], out);
}

function portIs(port: number, out: FtpEndpoint): number {
  out.port = port;
  return port > 0 && port <= 0xffff ? FTP_ENDPOINT : FTP_BAD;
}
