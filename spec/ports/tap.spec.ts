import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { type Clock, checksum, sumBytes, toHex } from '../../lib/bytes/index.js';
import { host, PortError, type TapPort, tap } from '../../lib/ports/index.js';
import { requires } from '../support/needs.js';
import { Bridge, realClock, until } from './bridge.js';
import { descriptors, ip, run, script, tryIp } from './machine.js';

const NAME = `ct${process.pid}`;
const exists = (name = NAME) => existsSync(`/sys/class/net/${name}`);

/** Whether a frame is short enough and, where it is TCP over IPv4, its checksum is full. */
function whole(frame: Uint8Array): boolean {
  if (frame.length > 1514) return false;
  if (toHex(frame, 12, 14) !== '0800' || frame[23] !== 6) return true;
  const end = 14 + ((frame[16] << 8) | frame[17]);
  return checksum(frame, 34, end, sumBytes(frame, 26, 34) + 6 + end - 34) === 0;
}

describe('ports/tap (live)', function () {
  this.timeout(60_000);
  let bridge: Bridge<Clock>;
  let port: TapPort | undefined;

  before(async function () {
    requires(this, 'netns', 'koffi');
    requires(this, 'root');
    bridge = new Bridge(realClock);
  });
  after(async () => {
    await port?.close();
    tryIp(`link del ${NAME}`);
  });

  it('makes the interface, switched on, and knows its address', async () => {
    expect(exists()).to.equal(false);
    port = await bridge.start(tap(NAME));
    expect(exists()).to.equal(true);
    expect(port.mac).to.have.length(6);
    expect((await run(null, 'ip', '-br', 'link', 'show', NAME)).output).to.match(/UP/);
  });

  it('carries frames both ways; with offloads off, their checksums are full and they fit the MTU', async () => {
    ip(`addr add 198.18.1.2/24 dev ${NAME}`);
    const h1 = bridge.add(host({ name: 'h1', mac: '50:54:00:00:00:01', ipv4: '198.18.1.1/24' }));
    expect((await run(null, 'ping', '-c', '2', '-i', '0.2', '-W', '2', '198.18.1.1')).output).to.match(/2 received/);
    bridge.seen.length = 0;
    const { output } = await script(
      null,
      `import net from 'node:net';
       let back = 0;
       const socket = net.connect(7, '198.18.1.1', () => socket.end(Buffer.alloc(500000)));
       socket.on('data', (part) => { back += part.length; });
       socket.on('close', () => console.log(back));
       socket.setTimeout(15000, () => process.exit(1));`,
    );
    expect(output).to.equal('500000\n');
    const fromKernel = bridge.seen.filter((frame) => toHex(frame, 0, 6) === '505400000001');
    expect(fromKernel).to.have.length.above(300);
    expect(fromKernel.every(whole)).to.equal(true);
    h1.close();
  });

  it('tells of its link, and counts what goes out while it is down', async () => {
    bridge.said.length = 0;
    ip(`link set ${NAME} down`);
    await until('the port says down', () => bridge.said.includes(`${NAME} down`));
    bridge.said.length = 0;
    port?.send(new Uint8Array(60), 0, 60);
    expect(bridge.said).to.deep.equal([`${NAME} tx dropped 1`]);
    ip(`link set ${NAME} up`);
    await until('the port says up', () => bridge.said.includes(`${NAME} up`));
  });

  it('goes when the port is closed, with its descriptors', async () => {
    await port?.close();
    await port?.close();
    expect(exists()).to.equal(false);
    const counts: number[] = [];
    for (let i = 0; i < 3; i++) {
      const other = await new Bridge(realClock).start(tap(NAME));
      await other.close();
      counts.push(descriptors());
    }
    expect(counts[2]).to.equal(counts[0]);
  });

  it('survives its deletion by others', async () => {
    const other = await bridge.start(tap(NAME));
    bridge.said.length = 0;
    ip(`link del ${NAME}`);
    await until('the port says gone', () => bridge.said.includes(`${NAME} gone`));
    other.send(new Uint8Array(60), 0, 60);
    expect(bridge.said.at(-1)).to.equal(`${NAME} tx dropped 1`);
    await other.close();
  });

  it('lets the process end when it is closed, and goes with a process that is killed', async () => {
    const source = (then: string) => `
      import { tap } from '${new URL('../../lib/ports/index.js', import.meta.url)}';
      const port = tap('${NAME}');
      const clock = { now: () => 0, wall: () => 0, after: () => ({ cancel() {} }) };
      await port.start({ clock, log: console, receive() {}, link() {}, lost() {} });
      ${then}`;
    const { status, output } = await script(null, source(`await port.close(); console.log('closed');`));
    expect([status, output]).to.deep.equal([0, 'closed\n']);
    const child = spawn(process.execPath, ['--input-type=module', '-e', source('')], { stdio: 'ignore' });
    await until('the tap is there', () => exists());
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    await until('the tap is gone', () => !exists());
  });

  it('says what to do where the name is taken or rights are missing', async () => {
    const taken = await new Bridge(realClock).start(tap('lo')).catch((caught: unknown) => caught);
    expect(taken).to.be.instanceOf(PortError);
    expect(String(taken)).to.equal(
      'PortError: lo: an interface of that name exists and is no tap: choose another name',
    );
    const { output } = await run(
      null,
      'setpriv',
      '--reuid=65534',
      '--clear-groups',
      process.execPath,
      '--input-type=module',
      '-e',
      `import { tap } from '${new URL('../../lib/ports/index.js', import.meta.url)}';
       const clock = { now: () => 0, wall: () => 0, after: () => ({ cancel() {} }) };
       await tap('${NAME}').start({ clock, log: console, receive() {}, link() {}, lost() {} }).catch((e) => console.log(e.message));`,
    );
    expect(output).to.match(/: no right to make it: run it as root/);
  });
});
