/**
 * The process that npm's `pcap` lives in, one for each pcap port; pcap.ts starts it and says why. It writes frames that
 * come in to its standard output and sends those that it reads from its standard input. It ends when its input does.
 *
 * Of the package only the native session is used, since its JavaScript side copies nothing and closes nothing.
 */
import { readFileSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Batch, type Failure, KIND, Messages, message } from './pipe.js';

/** What is used of the native session (pcap 3.1.0, pcap_session.cc). */
interface Session {
  open_live(
    device: string,
    filter: string,
    buffer_size: number,
    snap_length: number,
    outfile: string,
    packet_ready: () => void,
    monitor: boolean,
    buffer_timeout: number,
    warning: (text: string) => void,
    promiscuous: boolean,
  ): string;
  start_polling(): void;
  dispatch(buffer: Uint8Array, header: Uint8Array): number;
  inject(frame: Uint8Array): void;
  stats(): { ps_drop: number };
  read_callback?: () => void;
}

/** Whole frames: what offloads make has up to 65,535 bytes of IP behind Ethernet and a tag. */
const SNAP_LENGTH = 65_535 + 18;
/** The kernel's ring, in bytes. */
const RING_BYTES = 16 * 1024 * 1024;
/** Bytes collected before they are written, and frames after which the other direction is served. */
const BATCH_BYTES = 128 * 1024;
const FRAMES_A_TURN = 256;
const COUNT_INTERVAL_MS = 500;

const [device, mac, buffer_timeout] = process.argv.slice(2);
const batch = new Batch(BATCH_BYTES);
const incoming = new Messages();
const buffer = new Uint8Array(SNAP_LENGTH);
const header = new Uint8Array(16);
const lengths = new DataView(header.buffer);
const fromParent = new Uint8Array(65_536);
const counted = { cut: 0, unsent: 0, dropped: 0 };
let frames = 0;
let changes = '';

/**
 * Writes all of it; blocks while the switch is busy, so that what is too much is lost in the kernel's ring and counted
 * there.
 */
function write(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at, bytes.length - at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(0);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function fail(failure: Failure, why: string): never {
  write(message(KIND.failed, new TextEncoder().encode(`${failure} ${why}`)));
  process.exit(1);
}

/** A file of the interface, '' where it is missing. */
function link(file: string): string {
  try {
    return readFileSync(`/sys/class/net/${device}/${file}`, 'latin1').trim();
  } catch {
    return '';
  }
}

/**
 * The native session calls this for each frame, from inside `dispatch`, which returns only when the ring is empty. So
 * the turn's bound is here: after a batch, what is to be sent is sent before more is taken. `buffer` and `header` are
 * used again for the next frame, so the frame is copied at once.
 */
function packetReady(): void {
  const captured = lengths.getUint32(8, true);
  if (captured < lengths.getUint32(12, true)) {
    counted.cut++;
    return;
  }
  if (!batch.fits(captured)) write(batch.view());
  batch.append(buffer, 0, captured);
  if (++frames % FRAMES_A_TURN === 0) {
    write(batch.view());
    sendWaiting();
  }
}

/** Sends what is in the pipe, without waiting. */
function sendWaiting(): void {
  try {
    const length = readSync(0, fromParent);
    if (length === 0) process.exit(0);
    send(fromParent, length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(0);
  }
}

function send(bytes: Uint8Array, length: number): void {
  incoming.push(bytes, length);
  while (incoming.next()) {
    try {
      session.inject(incoming.bytes.subarray(incoming.start, incoming.end));
    } catch {
      // The error doesn't say which it was: too long, or the interface off, or no room.
      counted.unsent++;
    }
  }
  incoming.release();
}

function readable(): void {
  const before = frames;
  const result = session.dispatch(buffer, header);
  if (batch.length > 0) write(batch.view());
  if (result < 0) fail('down', 'the interface vanished or was switched off');
  // Switching an interface off wakes the poll once and ends it for good, without an error: look whether that was it.
  if (frames === before && (link('carrier_changes') !== changes || link('ifindex') === '')) {
    fail('down', 'the interface was switched off');
  }
}

function tellCounts(): void {
  const { ps_drop } = session.stats();
  const lost = (ps_drop - counted.dropped) >>> 0;
  counted.dropped = ps_drop;
  if (lost + counted.cut + counted.unsent === 0) return;
  const body = new DataView(new ArrayBuffer(12));
  body.setUint32(0, lost, true);
  body.setUint32(4, counted.cut, true);
  body.setUint32(8, counted.unsent, true);
  counted.cut = 0;
  counted.unsent = 0;
  write(message(KIND.counts, new Uint8Array(body.buffer)));
}

function load(): { PcapSession: new () => Session } {
  try {
    return createRequire(import.meta.url)('pcap/build/Release/pcap_binding.node');
  } catch (error) {
    return fail('missing', (error as Error).message.split('\n')[0]);
  }
}

/**
 * Frames that this machine itself sends from the interface are seen too, and are no frames that came in. They have the
 * interface's address. (The filter "inbound" would say it better, but libpcap drops frames with it: it filters its
 * first blocks itself, and doesn't know the direction then.) What this handle sends, it doesn't see.
 */
function open(): void {
  try {
    const own = mac === '' ? '' : `not ether src ${mac}`;
    changes = link('carrier_changes');
    const type = session.open_live(
      device,
      own,
      RING_BYTES,
      SNAP_LENGTH,
      '',
      packetReady,
      false,
      Number(buffer_timeout),
      () => {},
      true,
    );
    if (type !== 'LINKTYPE_ETHERNET') fail('other', `it is no Ethernet interface (${type})`);
  } catch (error) {
    const why = (error as Error).message;
    const failure = /permi|CAP_NET_RAW/i.test(why)
      ? 'rights'
      : /not up|down|No such device/i.test(why)
        ? 'down'
        : 'other';
    fail(failure, why);
  }
}

// The terminal's and the service manager's signals go to the whole group: the switch decides, and closes the pipe.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
const session = new (load().PcapSession)();
open();
session.read_callback = readable;
session.start_polling();
process.stdin.on('data', (chunk: Buffer) => send(chunk, chunk.length));
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
setInterval(tellCounts, COUNT_INTERVAL_MS).unref();
write(message(KIND.ready, new Uint8Array(0)));
