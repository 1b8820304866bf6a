/** The protocol of ovs-appctl: JSON objects over a Unix stream socket, without framing, one request at a time. */
import { connect, type Socket } from 'node:net';

/** A daemon's control socket. */
export class Unixctl {
  private text = '';
  private id = 0;
  private failed: Error | null = null;
  private waiting: { resolve(result: string): void; reject(error: Error): void } | null = null;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.take(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the daemon closed its control socket')));
  }

  static async open(path: string): Promise<Unixctl> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Unixctl(socket);
  }

  /** Runs a command; rejects with the daemon's own words where it refuses. */
  call(method: string, ...params: string[]): Promise<string> {
    if (this.failed) return Promise.reject(this.failed);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(JSON.stringify({ id: ++this.id, method, params }));
    });
  }

  private take(chunk: string): void {
    this.text += chunk;
    let reply: { result: string | null; error: string | null };
    try {
      reply = JSON.parse(this.text);
    } catch {
      return; // The rest of the object is still to come.
    }
    this.text = '';
    const { waiting } = this;
    this.waiting = null;
    if (reply.error === null) waiting?.resolve(reply.result ?? '');
    else waiting?.reject(new Error(reply.error));
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
