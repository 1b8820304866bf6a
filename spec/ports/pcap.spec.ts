import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type Clock, fromHex, silent, toHex } from '../../lib/bytes/index.js';
import { FRAMES_A_TURN, type HostPort, host, type PcapPort, PortError, pcap } from '../../lib/ports/index.js';
import { requires } from '../support/needs.js';
import { Bridge, realClock, until } from './bridge.js';
import { descriptors, echo, ip, run, script, tryIp, veth } from './machine.js';

const [A, B, NS_A, NS_B] = ['a', 'b', 'ns-a', 'ns-b'].map((end) => `c${process.pid}${end}`);
const H1_MAC = '50:54:00:00:00:01';
const IN_NS = '198.18.0.2';
const H1 = '198.18.0.1';
const LIBRARY = new URL('../../lib/ports/index.js', import.meta.url);

/** Each driver, what it needs, and how a script makes a port of it. */
const DRIVERS = [
  { driver: undefined, what: 'packet socket', needs: 'koffi' },
  { driver: 'lib', what: "npm's pcap", needs: 'pcap' },
] as const;

for (const { driver, what, needs } of DRIVERS) live(driver, what, needs);

function live(driver: 'lib' | undefined, what: string, needs: 'koffi' | 'pcap'): void {
  describe(`ports/pcap (live, ${what})`, function () {
    this.timeout(60_000);
    const options = { driver };
    const made = (name: string) => `pcap('${name}', ${JSON.stringify(options)})`;
    let bridge: Bridge<Clock>;
    let port: PcapPort;
    let h1: HostPort;

    before(async function () {
      requires(this, 'netns', needs);
      for (const [name, namespace, address] of [
        [A, NS_A, IN_NS],
        [B, NS_B, '198.18.0.3'],
      ]) {
        ip(`netns add ${namespace}`);
        veth(name, namespace, address);
      }
      bridge = new Bridge(realClock);
      h1 = bridge.add(host({ name: 'h1', mac: H1_MAC, ipv4: `${H1}/24` }));
      port = await bridge.start(pcap(A, options));
    });
    after(async () => {
      await port?.close();
      h1?.close();
      for (const name of [A, B]) tryIp(`link del ${name}`);
      for (const namespace of [NS_A, NS_B]) tryIp(`netns del ${namespace}`);
    });

    it('receives and sends, and does not hand in what it sent, or what this machine sent', async () => {
      bridge.seen.length = 0;
      const { output } = await run(NS_A, 'ping', '-c', '3', '-i', '0.2', '-W', '2', H1);
      expect(output).to.match(/3 received/);
      const sources = bridge.seen.map((frame) => toHex(frame, 6, 12));
      const [ours, theirs] = [H1_MAC.replaceAll(':', ''), toHex(port.mac as Uint8Array)];
      expect(sources.filter((mac) => mac === ours)).to.have.length.at.most(5);
      expect(sources).not.to.include(theirs);
      const requests = bridge.seen.filter((frame) => toHex(frame, 12, 14) === '0800' && frame[34] === 8);
      expect(requests).to.have.length(3);
    });

    it('does not hand in what the machine itself sends from the interface', async () => {
      const sent = () => Number(readFileSync(`/sys/class/net/${A}/statistics/tx_packets`, 'latin1'));
      const theirs = toHex(port.mac as Uint8Array);
      bridge.seen.length = 0;
      ip(`addr add 192.0.2.1/24 dev ${A}`);
      try {
        const before = sent();
        // Nobody has this address: the machine asks for it with ARP, from its own hardware address.
        await run(null, 'ping', '-c', '1', '-W', '1', '-I', A, '192.0.2.2');
        expect(sent()).to.be.above(before);
        // A frame behind them, so that they are here by now if they come.
        expect((await run(NS_A, 'ping', '-c', '1', '-W', '2', H1)).output).to.match(/1 received/);
      } finally {
        ip(`addr del 192.0.2.1/24 dev ${A}`);
      }
      expect(bridge.seen.map((frame) => toHex(frame, 6, 12))).not.to.include(theirs);
    });

    it('brings VLAN tags in and out, which the kernel takes off on the way', async () => {
      const tagged = (source: string) => `ffffffffffff${source}81006007890088b5`.padEnd(120, '5');
      bridge.seen.length = 0;
      const far = script(
        NS_A,
        `import { pcap } from '${LIBRARY}';
       const port = ${made('e')};
       const clock = { now: () => 0, wall: () => 0, after: () => ({ cancel() {} }) };
       const receive = (bytes, start, end) => {
         const hex = Buffer.from(bytes.subarray(start, end)).toString('hex');
         if (!hex.includes('88b5')) return;
         console.log(hex);
         void port.close();
       };
       await port.start({ clock, log: console, receive, link() {}, lost() {} });
       port.send(Buffer.from('${tagged('020000000001')}', 'hex'), 0, 60);
       setTimeout(() => port.close(), 10000).unref();`,
      );
      const hex = () => bridge.seen.map((frame) => toHex(frame));
      await until('the tagged frame is here', () => hex().includes(tagged('020000000001')));
      const answer = fromHex(tagged('020000000002'));
      port.send(answer, 0, answer.length);
      expect((await far).output).to.equal(`${tagged('020000000002')}\n`);
    });

    it("completes partial checksums, with the far end's default offloads", async () => {
      const udp = await script(
        NS_A,
        `import dgram from 'node:dgram';
       const socket = dgram.createSocket('udp4');
       socket.on('message', (data) => { console.log(String(data)); socket.close(); });
       socket.send('hello', 7, '${H1}');
       setTimeout(() => socket.close(), 3000).unref();`,
      );
      expect(udp.output).to.equal('hello\n');
      const tcp = await script(NS_A, echo(H1, 300_000));
      expect(tcp.output).to.equal('300000 true\n');
    });

    it('cuts TCP frames that are longer than the MTU, so that TCP works between two live ports', async () => {
      const other = await bridge.start(pcap(B, options));
      const server = script(
        NS_B,
        `import net from 'node:net';
       const server = net.createServer((socket) => { socket.pipe(socket); socket.on('close', () => server.close()); });
       server.listen(7);
       setTimeout(() => process.exit(1), 20000).unref();`,
      );
      bridge.seen.length = 0;
      await new Promise((resolve) => setTimeout(resolve, 500));
      const client = await script(NS_A, echo('198.18.0.3', 5_000_000));
      expect(client.output).to.equal('5000000 true\n');
      expect((await server).status).to.equal(0);
      expect(Math.max(...bridge.seen.map((frame) => frame.length))).to.be.above(1514);
      await other.close();
    });

    it('hands in a bounded number of frames a turn, so that others are served', async () => {
      const turns = { most: 0, sum: 0, idle: 0 };
      let frames = 0;
      let counting = true;
      const count = () => {
        turns.most = Math.max(turns.most, frames);
        turns.sum += frames;
        turns.idle = frames === 0 ? turns.idle + 1 : 0;
        frames = 0;
        if (counting) setImmediate(count);
      };
      bridge.drop = () => {
        frames++;
        for (const end = performance.now() + 0.02; performance.now() < end; );
        return true;
      };
      count();
      await script(
        NS_A,
        `import dgram from 'node:dgram';
       const socket = dgram.createSocket('udp4');
       socket.bind(() => {
         for (let i = 0; i < 20000; i++) socket.send('flood', 9, '${H1}');
         setTimeout(() => socket.close(), 500);
       });`,
      );
      await until('the flood is over', () => turns.sum > 1000 && turns.idle > 1000);
      counting = false;
      bridge.drop = () => false;
      expect(turns.most).to.be.at.most(2 * FRAMES_A_TURN);
    });

    it('tells of a link that goes down and up at either end, and goes on', async () => {
      const said = (what: string) => until(`the port says ${what}`, () => bridge.said.at(-1) === `${A} ${what}`);
      bridge.said.length = 0;
      ip(`-n ${NS_A} link set e down`);
      await said('down');
      ip(`-n ${NS_A} link set e up`);
      await said('up');
      ip(`link set ${A} down`);
      await said('down');
      expect(() => port.send(new Uint8Array(60), 0, 60)).not.to.throw();
      ip(`link set ${A} up`);
      await said('up');
      await reachable();
    });

    it('goes on when its interface was off for a moment only', async () => {
      for (let i = 0; i < 3; i++) {
        ip(`link set ${A} down`);
        ip(`link set ${A} up`);
        await reachable();
      }
    });

    it('survives an interface that vanishes, and takes it up again when it comes back', async () => {
      bridge.said.length = 0;
      ip(`link del ${A}`);
      await until('the port says gone', () => bridge.said.includes(`${A} gone`));
      port.send(new Uint8Array(60), 0, 60);
      expect(bridge.said).to.include(`${A} tx dropped 1`);
      veth(A, NS_A, IN_NS);
      await until('the port says up', () => bridge.said.includes(`${A} up`));
      await reachable();
    });

    async function reachable(): Promise<void> {
      for (let tries = 0; tries < 20; tries++) {
        const { output } = await run(NS_A, 'ping', '-c', '1', '-W', '1', H1);
        if (/1 received/.test(output)) return;
      }
      expect.fail('no ping came through');
    }

    it('leaves no descriptor and no process behind when it is closed, and lets the process end', async () => {
      const counts: number[] = [];
      for (let i = 0; i < 3; i++) {
        const other = await new Bridge(realClock).start(pcap(B, options));
        await other.close();
        await other.close();
        counts.push(descriptors());
      }
      expect(counts[2]).to.equal(counts[0]);
      const { status, output } = await script(
        null,
        `import { pcap } from '${LIBRARY}';
       const port = ${made(B)};
       const clock = { now: () => 0, wall: () => 0, after: () => ({ cancel() {} }) };
       await port.start({ clock, log: console, receive() {}, link() {}, lost() {} });
       await port.close();
       process.on('exit', () => console.log('ended'));`,
      );
      expect([status, output]).to.deep.equal([0, 'ended\n']);
    });

    it('ends its capture process when the switch is killed', async function () {
      if (driver === undefined) this.skip();
      const source = `
      import { pcap } from '${LIBRARY}';
      const clock = { now: () => 0, wall: () => 0, after: () => ({ cancel() {} }) };
      await ${made(B)}.start({ clock, log: console, receive() {}, link() {}, lost() {} });
      console.log('started');`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const [capture] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').trim().split(' ');
      expect(existsSync(`/proc/${capture}`)).to.equal(true);
      child.kill('SIGKILL');
      await until('the capture process is gone', () => !existsSync(`/proc/${capture}`));
    });

    it('starts on an interface that is off, and says so', async () => {
      ip(`link set ${B} down`);
      const off = new Bridge<Clock>(realClock);
      const other = await off.start(pcap(B, options));
      expect(off.said).to.deep.equal([`${B} down`]);
      ip(`link set ${B} up`);
      await until('the port says up', () => off.said.includes(`${B} up`));
      await other.close();
    });

    it('says that the link is up only when frames can go out again', async () => {
      const other = pcap(B, options);
      const said: string[] = [];
      await other.start({
        clock: realClock,
        log: silent,
        receive() {},
        link(up) {
          said.push(up ? 'up' : 'down');
          if (up) other.send(new Uint8Array(60), 0, 60);
        },
        lost: (direction, kind, count) => said.push(`${direction} ${kind} ${count}`),
      });
      ip(`link set ${B} down`);
      await until('the port says down', () => said.includes('down'));
      ip(`link set ${B} up`);
      await until('the port says up', () => said.includes('up'));
      await other.close();
      expect(said).to.deep.equal(['down', 'up']);
    });

    it('says what to do where there is no such interface', async () => {
      const error = await new Bridge(realClock).start(pcap('nosuch0')).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(PortError);
      expect(String(error)).to.equal('PortError: nosuch0: there is no such interface: ip link lists those there are');
    });

    it('says what to do where rights are missing', async () => {
      const { output } = await run(
        null,
        'setpriv',
        '--reuid=65534',
        '--clear-groups',
        process.execPath,
        '--input-type=module',
        '-e',
        `import { pcap } from '${LIBRARY}';
       const clock = { now: () => 0, wall: () => 0, after: () => ({ cancel() {} }) };
       await ${made('lo')}.start({ clock, log: console, receive() {}, link() {}, lost() {} }).catch((e) => console.log(e.message));`,
      );
      expect(output).to.match(/^lo: no right to capture: run it as root/);
    });
  });
}
