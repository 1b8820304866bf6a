/** Waiting awake begins behind messages that come soon after one another, and ends by itself. */
import { expect } from 'chai';
import { ManualClock, silent } from '../../lib/bytes/index.js';
import { Connection } from '../../lib/channel/index.js';
import { SOON_MS } from '../../lib/channel/linger.js';
import { RawPeer, turns } from './raw-peer.js';

const BARRIER = '0414000800000001';

/** Does Node's loop go round without sleeping? Nothing of this spec waits for its turn when it asks. */
function awake(): boolean {
  return process.getActiveResourcesInfo().includes('Immediate');
}

async function begun(clock: ManualClock): Promise<RawPeer> {
  const peer = new RawPeer();
  const user = { opened() {}, message() {}, mistake() {}, closed() {} };
  new Connection(peer.far, user, { clock, log: silent, name: 'peer' });
  await peer.hello();
  await rest();
  return peer;
}

/** Lets the loop go round until nobody keeps it awake. */
async function rest(): Promise<void> {
  await turns(100);
  await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('channel/linger', () => {
  it('does not stay awake behind a message that comes alone', async () => {
    const clock = new ManualClock();
    const peer = await begun(clock);
    clock.advance(SOON_MS * 2);
    await peer.send(BARRIER);
    expect(awake()).to.equal(false);
  });

  it('stays awake behind a packet-in, which a controller may answer at once', async () => {
    const clock = new ManualClock();
    const peer = new RawPeer();
    const user = { opened() {}, message() {}, mistake() {}, closed() {} };
    const connection = new Connection(peer.far, user, { clock, log: silent, name: 'peer' });
    await peer.hello();
    await rest();
    expect(awake()).to.equal(false);
    connection.sendPacketIn(Uint8Array.from([4, 2, 0, 8, 0, 0, 0, 0]));
    expect(awake()).to.equal(true);
    await rest();
    expect(awake()).to.equal(false);
  });

  it('stays awake behind one that comes soon after, and not for ever', async () => {
    const clock = new ManualClock();
    const peer = await begun(clock);
    await peer.send(BARRIER);
    expect(awake()).to.equal(true);
    await rest();
    expect(awake()).to.equal(false);
  });
});
