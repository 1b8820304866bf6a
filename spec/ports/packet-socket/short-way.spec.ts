/** The short way out of a packet socket, on real interfaces: who takes it, and who doesn't. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { silent } from '../../../lib/bytes/index.js';
import { type PcapPort, pcap } from '../../../lib/ports/index.js';
import { type Libc, libc } from '../../../lib/ports/native.js';
import { heardInterfaces } from '../../../lib/ports/packet-socket/onlookers.js';
import { XdpSender } from '../../../lib/ports/packet-socket/xdp-sender.js';
import { udp4 } from '../../support/frames.js';
import { requires, skipped } from '../../support/needs.js';
import { realClock } from '../bridge.js';
import { ip, tryIp, veth } from '../machine.js';

const [NAME, NAMESPACE] = [`c${process.pid}sa`, `c${process.pid}sb`];
/** Until the port has looked around: it does four times a second. */
const LOOK_MS = 400;
const LOOPBACK = 1;
/** Where a frame's source port stands. */
const PORT = 34;
const ROUND = 64;

/** Prints the numbers (UDP source ports) of `count` frames that come to an interface, or leave it, joined. */
const listener = (name: string, count: number) => `
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
s.bind(('${name}', 0))
s.settimeout(5)
got = []
print('ready', flush=True)
try:
  while len(got) < ${count}:
    frame = s.recv(70000)
    if frame[12:14] == b'\\x08\\x00': got.append(int.from_bytes(frame[34:36], 'big'))
except TimeoutError: pass
print(*got)
`;

describe('ports/packet-socket: the short way', function () {
  this.timeout(30_000);
  let port: PcapPort;
  let lost: string[];
  let calls: Libc;
  /** How often frames were handed over by either way. */
  let short = 0;
  let long = 0;
  let plain: Pick<Libc, 'send' | 'sendmmsg'>;

  before(async function () {
    requires(this, 'netns', 'koffi');
    calls = await libc();
    const probe = XdpSender.open(calls, LOOPBACK, () => {});
    if (probe === null) {
      skipped.set('the kernel has no AF_XDP sockets, or gives none', 1);
      this.skip();
    }
    probe.close();
    const { send, sendmmsg } = calls;
    plain = { send, sendmmsg };
    calls.send = (...words) => {
      short++;
      return send(...words);
    };
    calls.sendmmsg = (...words) => {
      long++;
      return sendmmsg(...words);
    };
  });
  after(() => calls && Object.assign(calls, plain));

  beforeEach(async () => {
    ip(`netns add ${NAMESPACE}`);
    veth(NAME, NAMESPACE, '198.18.0.2');
    lost = [];
    port = pcap(NAME);
    await port.start({
      clock: realClock,
      log: silent,
      receive() {},
      link() {},
      lost: (...what) => lost.push(what.join(' ')),
    });
    [short, long] = [0, 0];
  });
  afterEach(async () => {
    await port.close();
    tryIp(`link del ${NAME}`);
    tryIp(`netns del ${NAMESPACE}`);
  });

  /** Sends frames with these numbers, `lengthOf` bytes of data each, a batch a turn of the loop. */
  async function send(from: number, to: number, lengthOf = (_: number) => 18, perRound = ROUND): Promise<void> {
    for (let i = from; i < to; i++) {
      const frame = udp4({ payload: new Uint8Array(lengthOf(i)) });
      frame[PORT] = i >> 8;
      frame[PORT + 1] = i;
      port.send(frame, 0, frame.length);
      if ((i - from + 1) % perRound === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Starts a listener; what it gives resolves to the numbers that it got. */
  async function listen(namespace: string | null, name: string, count: number): Promise<Promise<number[]>[]> {
    const inside = namespace === null ? [] : ['ip', 'netns', 'exec', namespace];
    const [command, ...words] = [...inside, 'python3', '-c', listener(name, count)];
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    const ended = new Promise<number[]>((resolve) => {
      child.once('close', () => resolve((output.split('\n')[1] ?? '').split(' ').map(Number)));
    });
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.stdout.on('data', (text: Buffer) => {
        output += text.toString();
        resolve();
      });
    });
    return [ended];
  }

  /** Sends until frames take the short way, as they do when the port has looked. */
  async function takesIt(context: { skip(): never }): Promise<void> {
    for (const end = performance.now() + 10_000; short === 0 && performance.now() < end; await pause(50)) {
      await send(0, 4 * ROUND);
    }
    // Another program on this machine listens everywhere.
    if (short === 0 && heardInterfaces(readFileSync('/proc/net/packet', 'latin1'), new Set()).has(0)) context.skip();
    expect(short).to.be.above(0);
  }

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const range = (to: number) => Array.from({ length: to }, (_, i) => i);

  it('many frames take it and arrive in order, with longer ones between them', async () => {
    const COUNT = 20 * ROUND;
    ip(`link set ${NAME} mtu 9000`);
    ip(`-n ${NAMESPACE} link set e mtu 9000`);
    // Until the port has looked.
    await pause(LOOK_MS);
    const [arriving] = await listen(NAMESPACE, 'e', COUNT);
    await send(0, COUNT, (i) => (i % 50 === 49 ? 4000 : i % 7 === 3 ? 1400 : 18));
    expect(await arriving).to.deep.equal(range(COUNT));
    expect(short, 'frames took the short way').to.be.above(10);
    expect(lost).to.deep.equal([]);
  });

  it('few frames, as a person sends them, do not', async () => {
    await send(0, 200, () => 18, 5);
    expect(short).to.equal(0);
    expect(long).to.equal(40);
  });

  it('it ends with a round of few frames', async function () {
    await takesIt(this);
    await send(0, 1);
    short = 0;
    await send(0, 10, () => 18, 1);
    expect(short).to.equal(0);
  });

  it('no frame takes it past who listens at the interface, from when the port has looked', async function () {
    const COUNT = 10 * ROUND;
    const [seeing] = await listen(null, NAME, COUNT);
    await pause(LOOK_MS);
    await send(0, COUNT);
    expect(await seeing).to.deep.equal(range(COUNT));
    expect(short).to.equal(0);
    await takesIt(this);
  });

  it('nor past a queueing discipline', async function () {
    execFileSync('tc', ['qdisc', 'add', 'dev', NAME, 'root', 'pfifo', 'limit', '1000']);
    await pause(LOOK_MS);
    await send(0, 10 * ROUND);
    expect(short).to.equal(0);
    execFileSync('tc', ['qdisc', 'del', 'dev', NAME, 'root']);
    await takesIt(this);
  });

  it('what the device has no use for is counted, and the port goes on when it is there again', async () => {
    ip(`-n ${NAMESPACE} link set e down`);
    await send(0, 10 * ROUND);
    const counted = () => lost.reduce((sum, said) => sum + Number(/^tx dropped (\d+)$/.exec(said)?.[1] ?? 0), 0);
    // The first batch goes the other way, where it depends on the kernel whether it tells.
    expect(counted()).to.be.within(9 * ROUND, 10 * ROUND);
    ip(`-n ${NAMESPACE} link set e up`);
    const [arriving] = await listen(NAMESPACE, 'e', 4 * ROUND);
    await send(0, 4 * ROUND);
    expect(await arriving).to.deep.equal(range(4 * ROUND));
  });
});
