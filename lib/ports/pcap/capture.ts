/**
 * A driver of pcap ports by npm's `pcap` (libpcap), for machines without packet sockets.
 *
 * The package has traps that can't be mended from outside: its dispatch doesn't return while frames keep coming, so the
 * event loop stands still; close() on a quiet interface leaves descriptors, the ring and a running process behind, and
 * on one that vanished there is no way to close; a process may load it in one thread only. So each port has a process
 * of its own for it (capture-process.ts), with a pipe each way: the switch reads at its own pace, 256 frames a turn,
 * and closing ends the process. One handle a port: a second one would see what the first one sends.
 *
 * Frames from senders that leave work to their network card are repaired on the way: partial checksums are completed
 * when a frame comes in, and TCP frames longer than the MTU are cut when they go out.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { formatMac } from '../../bytes/index.js';
import { completeChecksum } from '../checksum-offload.js';
import type { Driver } from '../driver.js';
import { FRAMES_A_TURN, PortError, type PortHost } from '../port.js';
import { segment } from '../segment.js';
import { ADVICE } from './advice.js';
import { Batch, type Failure, KIND, Messages } from './pipe.js';

/** Bytes that may wait for the capture process; a frame that would make it more is lost. */
export const MAX_UNSENT_BYTES = 4 * 1024 * 1024;
const BATCH_BYTES = 256 * 1024;
/** How long a capture process may take to open the interface, and to end, in milliseconds. */
const OPEN_TIMEOUT_MS = 10_000;
const END_TIMEOUT_MS = 1000;

const PROCESS = fileURLToPath(new URL('./capture-process.js', import.meta.url));

/** A capture process and the pipes to it. */
export class Capture implements Driver {
  mtu = 1500;
  /** Resolves when the interface is open, rejects with a PortError where it can't be. */
  readonly opened: Promise<void>;
  private readonly child: ChildProcess;
  private readonly input: Writable;
  private readonly output: Readable;
  private readonly exited: Promise<void>;
  private readonly messages = new Messages();
  private readonly batch = new Batch(BATCH_BYTES);
  private flushing = false;
  private ended = false;
  private why = 'its capture process ended';
  private settle: { resolve(): void; reject(error: Error): void } = { resolve() {}, reject() {} };

  constructor(
    private readonly name: string,
    mac: Uint8Array | undefined,
    buffer_timeout_ms: number,
    private readonly host: PortHost,
    /** The process ended by itself. */
    private readonly lost: (why: string) => void,
  ) {
    const own = mac === undefined || mac.every((byte) => byte === 0) ? '' : formatMac(mac);
    this.child = spawn(process.execPath, [PROCESS, name, own, String(buffer_timeout_ms)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.input = this.child.stdin as Writable;
    this.output = this.child.stdout as Readable;
    this.opened = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    const timer = setTimeout(() => this.child.kill('SIGKILL'), OPEN_TIMEOUT_MS);
    this.opened.then(() => clearTimeout(timer)).catch(() => clearTimeout(timer));
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => this.gone(error.message, resolve));
      this.child.once('close', () => this.gone(this.why, resolve));
    });
    this.input.on('error', () => {});
    this.output.on('error', () => {});
    this.output.on('data', (chunk: Buffer) => {
      this.messages.push(chunk);
      this.turn();
    });
  }

  send(bytes: Uint8Array, start: number, end: number): void {
    if (segment(bytes, start, end, this.mtu, this.piece) === 0) this.host.lost('tx', 'dropped', 1);
  }

  private readonly piece = (bytes: Uint8Array, start: number, end: number): void => {
    if (!this.pass(bytes, start, end)) this.host.lost('tx', 'dropped', 1);
  };

  /** The process tells of them by itself. */
  count(): void {}

  /** Takes a frame to be sent, or gives false where too much waits already. */
  private pass(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.ended || this.input.writableLength + this.batch.length > MAX_UNSENT_BYTES) return false;
    if (!this.batch.fits(end - start)) this.flush();
    if (!this.batch.fits(end - start)) return false;
    this.batch.append(bytes, start, end);
    if (!this.flushing) {
      this.flushing = true;
      setImmediate(() => this.flush());
    }
    return true;
  }

  /** Ends the process, with everything that it holds, and resolves when it is gone. */
  async end(): Promise<void> {
    this.flush();
    this.ended = true;
    this.input.end();
    this.output.destroy();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_TIMEOUT_MS);
    await this.exited;
    clearTimeout(timer);
  }

  private flush(): void {
    this.flushing = false;
    if (this.batch.length > 0 && this.input.writable) this.input.write(this.batch.take());
  }

  /** Handles at most FRAMES_A_TURN messages, and what is left of the chunk in later turns. */
  private turn(): void {
    for (let frames = 0; !this.ended; frames++) {
      if (frames === FRAMES_A_TURN) {
        this.output.pause();
        setImmediate(() => this.turn());
        return;
      }
      if (!this.messages.next()) break;
      this.handle(this.messages);
    }
    if (this.output.isPaused()) this.output.resume();
  }

  private handle({ kind, bytes, start, end }: Messages): void {
    if (kind === KIND.frame) {
      completeChecksum(bytes, start, end);
      this.host.receive(bytes, start, end);
    } else if (kind === KIND.ready) {
      this.settle.resolve();
    } else if (kind === KIND.failed) {
      this.why = new TextDecoder().decode(bytes.subarray(start, end));
    } else if (kind === KIND.counts) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + start, 12);
      const [dropped, cut, unsent] = [0, 4, 8].map((at) => view.getUint32(at, true));
      if (dropped > 0) this.host.lost('rx', 'dropped', dropped);
      if (cut > 0) this.host.lost('rx', 'errors', cut);
      if (unsent > 0) this.host.lost('tx', 'errors', unsent);
    }
  }

  private gone(why: string, resolve: () => void): void {
    const [failure, ...words] = why.split(' ');
    const advice = Object.hasOwn(ADVICE, failure) ? ADVICE[failure as Failure].replace('IFACE', this.name) : '';
    this.settle.reject(new PortError(this.name, advice === '' ? why : `${advice} (${words.join(' ')})`));
    if (!this.ended) this.lost(advice === '' ? why : words.join(' '));
    this.ended = true;
    resolve();
  }
}
