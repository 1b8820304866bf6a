/**
 * The whole switch on real interfaces, driven by os-ken with our own learning switch: two hosts in namespaces, veth
 * pairs with the offloads that the kernel gives them, the built program. The steps build on each other.
 */
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { address, CONTROLLER_PORT, Lab, mac, type Running } from './lab.js';

const TRANSFER_BYTES = 100_000_000;
/**
 * What a change of a link may take to be known to the controller, in milliseconds, and what a busy machine gets on top.
 */
const LINK_CHANGE_MS = 1000;
const ALLOWANCE_MS = 500;

interface PortCounters {
  packets: number;
  bytes: number;
  dropped: number;
  errors: number;
}

/** What dump-ports says of a port, in each direction. */
function portCounters(text: string, port: number): { rx: PortCounters; tx: PortCounters } {
  const numbers = 'pkts=(\\d+), bytes=(\\d+), drop=(\\d+), errs=(\\d+)';
  const found = new RegExp(`port\\s+${port}: rx ${numbers}.*?tx ${numbers}`, 's').exec(text);
  if (!found) throw new Error(`no port ${port} in:\n${text}`);
  const [rx, tx] = [1, 5].map((at) => {
    const [packets, bytes, dropped, errors] = found.slice(at, at + 4).map(Number);
    return { packets, bytes, dropped, errors };
  });
  return { rx, tx };
}

/** Packets and bytes of the flow from one host to the other, by what dump-flows says. */
function flowCounters(text: string, from: number, to: number): { packets: number; bytes: number } {
  const pair = `n_packets=(\\d+), n_bytes=(\\d+), .*in_port=${from},dl_src=${mac(from)},dl_dst=${mac(to)} actions=output:${to}$`;
  const found = new RegExp(pair, 'm').exec(text);
  if (!found) throw new Error(`no flow from ${from} to ${to} in:\n${text}`);
  return { packets: Number(found[1]), bytes: Number(found[2]) };
}

/** Serves one connection and prints how much came and its hash. */
const RECEIVER = `
  import net from 'node:net';
  import { createHash } from 'node:crypto';
  const hash = createHash('sha256');
  let bytes = 0;
  const server = net.createServer((socket) => {
    socket.on('data', (part) => { hash.update(part); bytes += part.length; });
    socket.on('end', () => { console.log(JSON.stringify({ bytes, hash: hash.digest('hex') })); socket.end(); server.close(); });
  });
  server.listen(5001, () => console.log(JSON.stringify({ listening: true })));`;

/** Sends bytes that don't repeat soon, and prints their number, their hash and the time until the other end has all. */
const sender = (to: string, size: number): string => `
  import net from 'node:net';
  import { createHash, createCipheriv } from 'node:crypto';
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const hash = createHash('sha256');
  const zeros = Buffer.alloc(1_000_000);
  const start = performance.now();
  let left = ${size};
  const socket = net.connect(5001, '${to}');
  function more() {
    while (left > 0) {
      const part = cipher.update(zeros.subarray(0, Math.min(left, zeros.length)));
      hash.update(part);
      left -= part.length;
      if (!socket.write(part)) return;
    }
    socket.end();
  }
  socket.on('connect', more);
  socket.on('drain', more);
  socket.on('error', (error) => console.log(JSON.stringify({ error: error.message })));
  socket.on('close', () => console.log(JSON.stringify({ bytes: ${size} - left, hash: hash.digest('hex'), took_ms: performance.now() - start })));
  socket.resume();`;

describe('live/os-ken: a learning switch', function () {
  this.timeout(45_000);
  let lab: Lab;
  let sw: Running;
  let controller: Running;

  before(async function () {
    requires(this, 'netns', 'os-ken', 'koffi', 'ovs-ofctl');
    lab = new Lab(2);
    controller = lab.controller('learning_switch', { LEARNING_IDLE_TIMEOUT_S: '300' });
    sw = await lab.switch('--controller', `tcp:127.0.0.1:${CONTROLLER_PORT}`);
  });
  after(() => lab?.close());

  /** What ping says of `count` echoes from one host to the other. */
  function ping(from: number, to: number, count: number): string {
    return lab.do(`h${from}`, `ping -c ${count} -i 0.05 -W 2 ${address(to)}`);
  }

  it('joins: os-ken knows its id, its tables and its ports', async () => {
    const joined = await controller.line('the switch joins', ({ event }) => event === 'joined');
    expect(joined).to.include({ dpid: '0000000000000abc', tables: 254 });
    const ready = await controller.line('the switch is ready', ({ event }) => event === 'ready');
    expect(ready.ports).to.deep.equal([1, 2]);
    expect(lab.ofctl('dump-flows')).to.match(/priority=0 actions=CONTROLLER:65535$/m);
  });

  it('lets hosts ping, by flows that the controller has learned', async () => {
    const text = ping(1, 2, 5);
    expect(text).to.include('5 packets transmitted, 5 received, 0% packet loss');
    const first = await controller.line('a packet-in', ({ event }) => event === 'packet_in');
    expect(first).to.include({ port: 1, src: mac(1), dst: 'ff:ff:ff:ff:ff:ff', length: 42 });
    const flows = lab.ofctl('dump-flows');
    expect(flowCounters(flows, 1, 2).packets).to.be.greaterThan(0);
    expect(flowCounters(flows, 2, 1).packets).to.be.greaterThan(0);
    expect(flows).to.match(/idle_timeout=300, send_flow_rem priority=10,/);
  });

  it('counts what went through, flows and ports alike', () => {
    // From here on nobody asks for addresses: what goes over the wire is what a spec sends.
    for (const [from, to] of [
      [1, 2],
      [2, 1],
    ]) {
      lab.ip(`-n ${lab.namespace(`h${from}`)} neigh replace ${address(to)} lladdr ${mac(to)} dev eth0 nud permanent`);
    }
    const [flowsBefore, portsBefore] = [lab.ofctl('dump-flows'), lab.ofctl('dump-ports')];
    ping(1, 2, 10);
    const [flows, ports] = [lab.ofctl('dump-flows'), lab.ofctl('dump-ports')];
    // An echo of 56 bytes has 8 of ICMP, 20 of IP, 14 of Ethernet before it.
    const growth = { packets: 10, bytes: 980 };
    for (const [from, to] of [
      [1, 2],
      [2, 1],
    ]) {
      const [was, is] = [flowCounters(flowsBefore, from, to), flowCounters(flows, from, to)];
      expect({ packets: is.packets - was.packets, bytes: is.bytes - was.bytes }).to.deep.equal(growth);
      const [portWas, portIs] = [portCounters(portsBefore, from), portCounters(ports, from)];
      for (const way of ['rx', 'tx'] as const) {
        const grown = {
          packets: portIs[way].packets - portWas[way].packets,
          bytes: portIs[way].bytes - portWas[way].bytes,
        };
        expect(grown, `port ${from} ${way}`).to.deep.equal(growth);
        expect(portIs[way], `port ${from} ${way}`).to.include({ dropped: 0, errors: 0 });
      }
      expect(portIs.rx.packets).to.equal(lab.counter(from, 'tx_packets'));
      expect(portIs.tx.packets).to.equal(lab.counter(from, 'rx_packets'));
    }
  });

  it('carries 100 MB of TCP whole, with the offloads that the interfaces have', async () => {
    expect(lab.do('h1', 'ethtool -k eth0'))
      .to.match(/tcp-segmentation-offload: on/)
      .and.match(/tx-checksumming: on/);
    const [flowBefore, portBefore] = [
      flowCounters(lab.ofctl('dump-flows'), 1, 2),
      portCounters(lab.ofctl('dump-ports'), 1),
    ];
    const receiver = lab.script('h2', RECEIVER);
    await receiver.until(/listening/);
    const sending = lab.script('h1', sender(address(2), TRANSFER_BYTES));
    const received = await receiver.line('the receiver has all', ({ bytes }) => bytes !== undefined, 0, 40_000);
    const sent = await sending.line('the sender is done', ({ bytes }) => bytes !== undefined);
    expect(received.bytes).to.equal(TRANSFER_BYTES);
    expect(received.hash).to.equal(sent.hash);
    const [flow, port] = [flowCounters(lab.ofctl('dump-flows'), 1, 2), portCounters(lab.ofctl('dump-ports'), 1)];
    expect(flow.bytes - flowBefore.bytes).to.be.greaterThan(TRANSFER_BYTES);
    // All that came in on the port went through the one flow, and what the host sent came in or was counted as lost.
    expect(flow.packets - flowBefore.packets).to.equal(port.rx.packets - portBefore.rx.packets);
    expect(flow.bytes - flowBefore.bytes).to.equal(port.rx.bytes - portBefore.rx.bytes);
    expect(port.rx.packets + port.rx.dropped).to.equal(lab.counter(1, 'tx_packets'));
    const mbit = (TRANSFER_BYTES * 8) / 1000 / Number(sent.took_ms);
    console.log(`      ${Math.round(mbit)} Mbit/s, ${port.rx.dropped} frames lost in the ring`);
  });

  it('goes on without its controller, and finds it again', async () => {
    await controller.end('SIGKILL');
    await sw.line(
      'the switch has noticed',
      ({ schema, event }) => schema === 'ctswitch/controller@1' && event === 'disconnected',
    );
    expect(ping(1, 2, 2)).to.include(' 2 received');
    controller = lab.controller('learning_switch', { LEARNING_IDLE_TIMEOUT_S: '300' });
    await controller.line('the switch joins again', ({ event }) => event === 'ready', 0, 20_000);
    expect(ping(1, 2, 2)).to.include(' 2 received');
    const { packets } = flowCounters(lab.ofctl('dump-flows'), 1, 2);
    expect(packets, 'flows outlive the connection').to.be.greaterThan(1000);
  });

  /** How long changes took to be told. */
  const delays: string[] = [];

  /** Does something to a link and expects the controller to be told of it in time. */
  async function told(doing: string, what: () => void, expected: Record<string, unknown>): Promise<void> {
    const from = controller.lines().length;
    what();
    const start = performance.now();
    const is = (line: Readonly<Record<string, unknown>>): boolean => line.event === 'port_status';
    const line = await controller.line(doing, is, from, LINK_CHANGE_MS + ALLOWANCE_MS);
    expect(line, doing).to.include(expected);
    delays.push(`${doing} ${Math.round(performance.now() - start)} ms`);
  }

  it('tells of a link that goes down and comes up, within a second', async () => {
    const host = lab.namespace('h2');
    const about = { reason: 'modify', port: 2, name: 'sw2' };
    await told('down', () => lab.ip(`-n ${host} link set eth0 down`), { ...about, down: true });
    await told('up', () => lab.ip(`-n ${host} link set eth0 up`), { ...about, down: false });
    // Taking an interface down forgets its permanent neighbours.
    lab.ip(`-n ${host} neigh replace ${address(1)} lladdr ${mac(1)} dev eth0 nud permanent`);
    expect(ping(1, 2, 2)).to.include(' 2 received');
  });

  it('tells of an interface that vanishes and of one that comes back, within a second', async () => {
    const about = { reason: 'modify', port: 2, name: 'sw2' };
    await told('gone', () => lab.ip(`-n ${lab.namespace('sw')} link del sw2`), { ...about, down: true });
    expect(lab.ofctl('show')).to.match(/2\(sw2\): addr:\S+\n\s+config:\s+0\n\s+state:\s+LINK_DOWN/);
    await told('back', () => lab.wire(2), { ...about, down: false });
    lab.ip(`-n ${lab.namespace('h2')} neigh replace ${address(1)} lladdr ${mac(1)} dev eth0 nud permanent`);
    // The link is up as soon as the interface is; capturing on it begins a moment later.
    lab.do('h1', `ping -c 1 -w 5 -i 0.1 ${address(2)}`);
  });

  it('has given the controller no reason to complain, and ends cleanly', async () => {
    console.log(`      ${delays.join(', ')}`);
    expect(controller.text).to.not.match(/Traceback|"event": "error"/);
    expect(await sw.end()).to.equal(0);
  });
});
