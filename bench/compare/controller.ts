/**
 * As much of an OpenFlow 1.3 controller as a comparison needs, written by hand so that it shares nothing with the
 * switch it judges: hello, SET_CONFIG, an echo as a barrier, and the messages that came before it.
 */
import { connect, type Socket } from 'node:net';

const TYPE = { hello: 0, echoRequest: 2, echoReply: 3, setConfig: 9, packetIn: 10 } as const;
const VERSION = 4;

export class Controller {
  private left: Buffer = Buffer.alloc(0);
  private xid = 1;
  private failed: Error | null = null;
  private gathered: Buffer[] = [];
  private waiting: { xid: number; resolve(): void; reject(error: Error): void } | null = null;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the switch closed the connection')));
  }

  /** Connects to a switch's management socket; packets of misses come whole. */
  static async open(path: string): Promise<Controller> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const controller = new Controller(socket);
    controller.send(TYPE.hello, Buffer.alloc(0));
    controller.send(TYPE.setConfig, Buffer.from([0, 0, 0xff, 0xff]));
    await controller.packetIns();
    return controller;
  }

  private send(type: number, body: Buffer, xid = this.xid++): number {
    const header = Buffer.alloc(8);
    header.writeUInt8(VERSION, 0);
    header.writeUInt8(type, 1);
    header.writeUInt16BE(8 + body.length, 2);
    header.writeUInt32BE(xid, 4);
    this.socket.write(Buffer.concat([header, body]));
    return xid;
  }

  /** Waits until the switch has done everything so far; the packet-ins that it sent meanwhile, in hexadecimal. */
  async packetIns(): Promise<string[]> {
    if (this.failed) throw this.failed;
    const xid = this.send(TYPE.echoRequest, Buffer.from('now?'));
    await new Promise<void>((resolve, reject) => {
      this.waiting = { xid, resolve, reject };
    });
    const messages = this.gathered;
    this.gathered = [];
    return messages.filter((message) => message[1] === TYPE.packetIn).map((message) => message.toString('hex'));
  }

  private take(chunk: Buffer): void {
    this.left = Buffer.concat([this.left, chunk]);
    while (this.left.length >= 8 && this.left.length >= this.left.readUInt16BE(2)) {
      const length = this.left.readUInt16BE(2);
      this.message(this.left.subarray(0, length));
      this.left = this.left.subarray(length);
    }
  }

  private message(message: Buffer): void {
    const xid = message.readUInt32BE(4);
    if (message[1] === TYPE.echoRequest) {
      this.send(TYPE.echoReply, message.subarray(8), xid);
    } else if (message[1] === TYPE.echoReply && xid === this.waiting?.xid) {
      this.waiting.resolve();
      this.waiting = null;
    } else {
      this.gathered.push(Buffer.from(message));
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
