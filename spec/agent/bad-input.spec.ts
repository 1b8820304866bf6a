/**
 * Whatever a controller sends, the whole switch behind the agent answers, refuses or closes; it never throws, and
 * goes on.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { Agent } from '../../lib/agent/index.js';
import { ManualClock, silent } from '../../lib/bytes/index.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { RawPeer, turns } from '../channel/raw-peer.js';

const FOLDER = 'fixtures/openflow13/packets';
const MESSAGES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.packet'))
  .map((name) => new Uint8Array(readFileSync(`${FOLDER}/${name}`)))
  .filter((bytes) => bytes.length >= 8 && bytes[0] === 4);
const BARRIER = Uint8Array.of(4, 20, 0, 8, 0, 0, 0xba, 0xaa);

/** A message with some bytes changed or its end cut off; its header's length stays true. */
const broken = fc
  .record({
    message: fc.constantFrom(...MESSAGES),
    changes: fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 3 }),
    cut: fc.oneof(fc.constant(0), fc.nat(40)),
  })
  .map(({ message, changes, cut }) => {
    const bytes = message.slice(0, Math.max(8, message.length - cut));
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    bytes[0] = 4;
    bytes[2] = bytes.length >> 8;
    bytes[3] = bytes.length & 0xff;
    return bytes;
  });

describe('agent with bad input', function () {
  this.timeout(60_000);

  it('answers a barrier after any mixture of broken messages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(broken, { minLength: 1, maxLength: 20 }), async (messages) => {
        const clock = new ManualClock();
        const sw = new Switch({ clock });
        for (const number of [1, 2, 3]) sw.addPort(number, memory());
        const { pipeline } = sw;
        const agent = new Agent({ pipeline, clock, log: silent, datapathId: 1n });
        const peer = new RawPeer();
        agent.accept(peer.far, 'c');
        await peer.hello();
        await peer.send(...messages, BARRIER);
        await turns(30);
        expect(peer.all('barrier_reply').at(-1)).to.deep.include({ xid: 0xbaaa });
        peer.near.destroy();
        await turns();
        await sw.close();
      }),
      { numRuns: 150 },
    );
  });

  it('takes a message that is cut off anywhere, and then ends', async () => {
    const agent = new Agent({
      pipeline: new Switch({ clock: new ManualClock() }).pipeline,
      clock: new ManualClock(),
      log: silent,
      datapathId: 1n,
    });
    for (const message of MESSAGES.slice(0, 40)) {
      const peer = new RawPeer();
      agent.accept(peer.far, 'c');
      await peer.hello();
      peer.near.end(message.slice(0, message.length >> 1));
      await turns();
      expect(peer.ended).to.equal(true);
    }
    expect(agent.controllers()).to.deep.equal([]);
  });
});
