/** The other end of a management socket: one command at a time, ours or of any daemon that speaks unixctl. */
import { connect, type Socket } from 'node:net';
import { ObjectReader } from './requests.js';

/** The longest answer that is taken, in characters: a dump of a million connections and more. */
const MAX_ANSWER = 1 << 29;

/** The daemon refuses: its own words. */
export class RefusedError extends Error {}

/** A connection to a daemon. */
export class ManagementClient {
  private readonly reader = new ObjectReader(MAX_ANSWER);
  private waiting: { resolve(text: string): void; reject(error: Error): void } | null = null;
  private failed: Error | null = null;
  private id = 0;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.take(text));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the switch closed its management socket')));
  }

  /** Connects. Rejects with the system's error. */
  static async open(path: string): Promise<ManagementClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new ManagementClient(socket);
  }

  /** Runs a command; rejects with a RefusedError. */
  call(method: string, ...params: string[]): Promise<string> {
    if (this.failed) return Promise.reject(this.failed);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(JSON.stringify({ id: ++this.id, method, params }));
    });
  }

  private take(text: string): void {
    let values: unknown[];
    try {
      values = this.reader.push(text);
    } catch (error) {
      this.fail(error as Error);
      this.socket.destroy();
      return;
    }
    for (const value of values) {
      const { result, error } = value as { result: string | null; error: string | null };
      const { waiting } = this;
      this.waiting = null;
      if (error === null || error === undefined) waiting?.resolve(result ?? '');
      else waiting?.reject(new RefusedError(error.trimEnd()));
    }
  }

  private fail(error: Error): void {
    this.failed ??= error;
    this.waiting?.reject(error);
    this.waiting = null;
  }

  close(): void {
    this.socket.destroy();
  }
}
