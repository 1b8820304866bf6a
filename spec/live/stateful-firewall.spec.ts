/**
 * Connection tracking on real interfaces, installed by os-ken's Nicira actions: inside may open, outside may only
 * answer.
 */
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { address, CONTROLLER_PORT, Lab, type Running } from './lab.js';

/** Answers each connection with what it sent, in capitals. */
const SERVER = `
  import net from 'node:net';
  const server = net.createServer((socket) => socket.on('data', (data) => socket.end(String(data).toUpperCase())));
  server.listen(80, () => console.log(JSON.stringify({ listening: true })));`;

const client = (to: string): string => `
  import net from 'node:net';
  const socket = net.connect(80, '${to}', () => socket.write('hello'));
  socket.setTimeout(1000, () => { console.log(JSON.stringify({ got: null })); process.exit(0); });
  socket.on('error', (error) => console.log(JSON.stringify({ got: error.code })));
  socket.on('data', (data) => console.log(JSON.stringify({ got: String(data) })));`;

for (const [kind, needs] of [
  ['pcap', 'koffi'],
  ['pcap+lib', 'pcap'],
] as const) {
  describe(`live/os-ken: a stateful firewall on ${kind} ports`, function () {
    this.timeout(30_000);
    let lab: Lab;
    let controller: Running;

    before(async function () {
      requires(this, 'netns', 'os-ken', needs, 'ovs-ofctl');
      lab = new Lab(2, kind);
      controller = lab.controller('stateful_firewall');
      await lab.switch('--controller', `tcp:127.0.0.1:${CONTROLLER_PORT}`);
      await controller.line('the flows are installed', ({ event }) => event === 'installed');
      for (const host of ['h1', 'h2']) await lab.script(host, SERVER).until(/listening/);
    });
    after(() => lab?.close());

    /** What a client in one host gets from the server in the other. */
    async function fetched(from: number, to: number): Promise<unknown> {
      const { got } = await lab.script(`h${from}`, client(address(to))).line('an end', (line) => 'got' in line);
      return got;
    }

    it('keeps the flows as os-ken sent them', () => {
      const flows = lab.ofctl('dump-flows');
      expect(flows.match(/n_packets/g)).to.have.lengthOf(9);
      expect(flows).to.match(/ct_state=-trk,ip actions=ct\(table=1,zone=1\)$/m);
      expect(flows).to.match(
        /ct_state=\+new\+trk,ip,in_port=1 actions=ct\(commit,zone=1,exec\(set_field:0x2a->ct_mark\)\),output:2$/m,
      );
      expect(flows).to.match(/ct_state=\+est\+trk,ct_mark=0x2a,ip,in_port=2 actions=output:1$/m);
      expect(flows).to.match(/ct_state=\+inv\+trk,ip actions=drop$/m);
    });

    it('lets inside ping and connect', async () => {
      expect(lab.do('h1', `ping -c 3 -i 0.05 -W 2 ${address(2)}`)).to.include(' 3 received');
      expect(await fetched(1, 2)).to.equal('HELLO');
    });

    it('stops what outside opens, and tells the controller with the fields of the tracker', async () => {
      expect(await fetched(2, 1)).to.equal(null);
      const refused = await controller.line('a refusal', ({ event }) => event === 'refused');
      expect(refused).to.include({ src: address(2), dst: address(1), cookie: 0x10a, ct_state: 0x21, ct_zone: 1 });
      // TCP's first segment: 14 of Ethernet, 20 of IPv4, 40 of TCP with its options.
      expect(refused).to.include({ length: 74, kept: 74 });
      expect(controller.text).to.not.match(/Traceback|"event": "error"/);
    });
  });
}
