/** A meter on real interfaces: what passes after the burst is its rate, within 5 %. */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { udp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';
import { Lab, mac } from './lab.js';

/** How long is measured, and how long before, until the burst is spent. */
const MEASURED_MS = 3000;
const BEFORE_MS = 1500;

/** Sends a frame so many times a second, for as long as it lives. */
const sender = (frame: string, rate: number): string => `
import socket, time
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(('eth0', 0))
frame = bytes.fromhex('${frame}')
sent, begun = 0, time.monotonic()
while True:
    due = int((time.monotonic() - begun) * ${rate})
    while sent < due:
        out.send(frame)
        sent += 1
    time.sleep(0.0005)
`;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('live/meters', function () {
  this.timeout(60_000);
  // A sender that waits for a busy processor stands still, and then sends more than the burst at once.
  this.retries(3);
  let lab: Lab;

  before(async function () {
    requires(this, 'netns', 'koffi', 'ovs-ofctl');
    lab = new Lab(2);
    await lab.switch();
  });
  after(() => lab?.close());

  for (const rate of [100, 1000, 10_000]) {
    it(`${rate} packets/s: what passes after the burst is that within 5 % (OpenFlow 1.3.5 §5.7)`, async () => {
      lab.ofctl('del-flows');
      lab.ofctl('del-meters');
      lab.ofctl('add-meter', `meter=1,pktps,burst,bands=type=drop,rate=${rate},burst_size=${rate / 10}`);
      lab.ofctl('add-flow', 'priority=5,in_port=1,udp,actions=meter:1,output:2');
      const frame = toHex(udp4({ eth_src: mac(1), eth_dst: mac(2), payload: '0123456789abcdefgh' }));
      const traffic = lab.start('h1', ['python3', '-c', sender(frame, rate * 1.5)]);
      try {
        await sleep(BEFORE_MS);
        const begun = {
          at: performance.now(),
          passed: lab.counter(2, 'rx_packets'),
          offered: lab.counter(1, 'tx_packets'),
        };
        await sleep(MEASURED_MS);
        const seconds = (performance.now() - begun.at) / 1000;
        const passed = (lab.counter(2, 'rx_packets') - begun.passed) / seconds;
        const offered = (lab.counter(1, 'tx_packets') - begun.offered) / seconds;
        expect(offered, 'offered').to.be.greaterThan(rate * 1.2);
        expect(passed / rate, `${Math.round(passed)} of ${Math.round(offered)} packets/s passed`).to.be.within(
          0.95,
          1.05,
        );
      } finally {
        await traffic.end();
      }
    });
  }
});
