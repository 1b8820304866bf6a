/** A reader of standard output that doesn't read: a signal ends the program all the same, and only a signal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { decode, encode, type Message } from '../../lib/wire/index.js';
import { NOBODY, PROGRAM } from './program.js';

/** More than a pipe holds, as JSON lines. */
const EVENTS = 2000;

const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
after(() => rmSync(folder, { recursive: true }));

/** The program, with a pipe that nobody reads, and a controller that is connected to it. */
class Unread {
  readonly child: ChildProcess;
  readonly ended: Promise<string | number | null>;
  readonly heard: Message[] = [];
  private peer: Socket | null = null;
  private rest = Buffer.alloc(0);

  constructor(
    readonly path: string,
    args: readonly string[],
  ) {
    const stdio = ['pipe', 'pipe', 'ignore'] as const;
    this.child = spawn(process.execPath, [PROGRAM, ...args, '--listen', `punix:${path}`], { stdio: [...stdio] });
    this.child.stdout?.pause();
    // Its streams don't close: what was written is still in the pipe.
    this.ended = new Promise((resolve) => this.child.once('exit', (status, signal) => resolve(signal ?? status)));
  }

  async dial(): Promise<void> {
    await until(() => existsSync(this.path));
    this.peer = connect(this.path);
    this.peer.on('error', () => {});
    this.peer.on('data', (data: Buffer) => {
      this.rest = Buffer.concat([this.rest, data]);
      for (let length = 0; this.rest.length >= 8; this.rest = this.rest.subarray(length)) {
        length = this.rest.readUInt16BE(2);
        if (this.rest.length < length) return;
        this.heard.push(decode(new Uint8Array(this.rest.subarray(0, length))));
      }
    });
    this.peer.write(Buffer.from('0400000800000001', 'hex'));
    await until(() => this.said('hello') !== undefined);
  }

  said<T extends Message['type']>(type: T) {
    return this.heard.find((m) => m.type === type) as (Message & { readonly type: T }) | undefined;
  }

  /** Sends messages, and waits until the switch is done with them. */
  async tell(...messages: Message[]): Promise<void> {
    this.peer?.write(Buffer.concat([...messages, { type: 'barrier_request', xid: 9 } as const].map((m) => encode(m))));
    await until(() => this.said('barrier_reply') !== undefined);
  }

  async kill(): Promise<void> {
    this.peer?.destroy();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.ended;
    this.child.stdout?.destroy();
  }
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(what()).to.equal(true);
}

function portMods(): Message[] {
  const mac = Uint8Array.of(0x50, 0x54, 0, 0, 0, 0x0a);
  return Array.from({ length: EVENTS }, (_, i) => {
    return { type: 'port_mod', xid: i, port: 1, mac, config: i & 1 ? 0 : 1, mask: 1, advertise: 0 };
  });
}

describe('standard output that nobody reads', function () {
  this.timeout(30_000);
  let program: Unread | null = null;
  let count = 0;
  const start = (...args: string[]): Unread => {
    program = new Unread(`${folder}/${count++}.mgmt`, args);
    return program;
  };
  afterEach(() => program?.kill());

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`run --json ends on ${signal}`, async () => {
      const run = start('run', '--json', '--port', 'host:a,50:54:00:00:00:0a,10.0.0.1');
      await run.dial();
      await run.tell(...portMods());
      run.child.kill(signal);
      expect(await run.ended).to.equal(0);
    });
  }

  it('the demo ends on SIGTERM', async () => {
    const demo = start('--controller', NOBODY);
    await demo.dial();
    // The last line tells, over the wire, that those before it are done.
    demo.child.stdin?.write(`${'help\nports\n'.repeat(400)}link h1 down\n`);
    await until(() => demo.said('port_status') !== undefined);
    demo.child.kill('SIGTERM');
    expect(await demo.ended).to.equal(0);
  });

  it('a second signal ends it at once, while the first one still lets the reader read', async function () {
    // The reader has half a second: on a busy machine the second signal can come too late.
    this.retries(4);
    const run = start('run', '--json', '--port', 'host:a,50:54:00:00:00:0a,10.0.0.1');
    await run.dial();
    await run.tell(...portMods());
    run.child.kill('SIGTERM');
    // Its socket is gone when it has cleaned up: what is left is to be read.
    await until(() => !existsSync(run.path));
    run.child.kill('SIGINT');
    expect(await run.ended).to.be.oneOf(['SIGINT', 130]);
  });

  it('a reader that is slow gets everything where no signal came', async () => {
    const demo = start('--controller', NOBODY);
    demo.child.stdin?.end('help\nports\n'.repeat(400));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    let text = '';
    demo.child.stdout?.on('data', (data: Buffer) => {
      text += data.toString();
    });
    const all = new Promise((resolve) => demo.child.stdout?.once('end', resolve));
    demo.child.stdout?.resume();
    expect(await demo.ended).to.equal(0);
    await all;
    expect(text.match(/^ +4 +h4 /gm)).to.have.length(400);
  });
});
