/** A controller that sends bytes and hears names of errors: any switch at an address, ours or another one. */
import { connect, type Socket } from 'node:net';
import { errorName, fromHex } from '../../lib/bytes/index.js';
import { Framer, parseActive } from '../../lib/channel/index.js';
import { decode, encode, type Message } from '../../lib/wire/index.js';

export class RawController {
  private readonly framer = new Framer();
  private heard: Message[] = [];
  private xid = 0x7000_0000;
  private barrier: { xid: number; done(): void } | null = null;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.framer.push(new Uint8Array(chunk));
      for (let bytes = this.framer.next(); bytes; bytes = this.framer.next()) this.take(decode(bytes));
    });
    socket.on('error', () => {});
  }

  static async open(text: string): Promise<RawController> {
    const address = parseActive(text);
    const socket = address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const controller = new RawController(socket);
    socket.write(encode({ type: 'hello', xid: 1, version: 4, versions: [4] }));
    await controller.ask();
    return controller;
  }

  private take(m: Message): void {
    if (m.type === 'echo_request') this.socket.write(encode({ ...m, type: 'echo_reply' }));
    else if (m.type === 'barrier_reply' && m.xid === this.barrier?.xid) this.barrier.done();
    else if (m.type !== 'hello') this.heard.push(m);
  }

  /** Sends messages, or hex; what came until all of them were done. */
  async ask(...messages: (Message | string)[]): Promise<Message[]> {
    this.heard = [];
    for (const m of messages) this.socket.write(typeof m === 'string' ? fromHex(m.replaceAll(' ', '')) : encode(m));
    const xid = this.xid++;
    await new Promise<void>((done) => {
      this.barrier = { xid, done };
      this.socket.write(encode({ type: 'barrier_request', xid }));
    });
    return this.heard;
  }

  /** The same: names of errors alone. */
  async errors(...messages: (Message | string)[]): Promise<string[]> {
    const heard = await this.ask(...messages);
    return heard.flatMap((m) => (m.type === 'error' ? [errorName(m.error) ?? `${m.error.type}/${m.error.code}`] : []));
  }

  close(): void {
    this.socket.destroy();
  }
}
