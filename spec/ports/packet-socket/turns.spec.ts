import { expect } from 'chai';
import { type Taker, Turns } from '../../../lib/ports/packet-socket/turns.js';

/** A socket with so many frames, of which it hands over two a turn. */
class Fake implements Taker {
  turns = 0;
  rested = 0;
  onTurn = (): void => {};

  constructor(public frames: number) {}

  turn(): number {
    this.turns++;
    this.onTurn();
    const taken = Math.min(2, this.frames);
    this.frames -= taken;
    return taken;
  }

  rest(): void {
    this.rested++;
  }
}

const round = () => new Promise((resolve) => setImmediate(resolve));

async function rested(...takers: Fake[]): Promise<void> {
  const end = performance.now() + 5000;
  while (takers.some((taker) => taker.rested === 0) && performance.now() < end) await round();
}

describe('ports/packet-socket: turns', () => {
  it('gives each socket a turn a round, lets others run between rounds, and lets those rest that have nothing', async () => {
    const turns = new Turns();
    const [a, b] = [new Fake(6), new Fake(100)];
    turns.wake(a);
    expect(a.turns, 'the first turn is at once').to.equal(1);
    turns.wake(b);
    expect(b.turns).to.equal(0);
    await round();
    expect([a.turns, b.turns]).to.deep.equal([2, 1]);
    await round();
    expect([a.turns, b.turns]).to.deep.equal([3, 2]);
    await rested(a, b);
    expect([a.frames, b.frames, a.rested, b.rested]).to.deep.equal([0, 0, 1, 1]);
    expect(b.turns).to.be.at.least(51);
    const { turns: idle } = b;
    await round();
    expect(b.turns, 'nobody looks any more').to.equal(idle);
  });

  it('looks a moment longer, so that the next frame finds it awake', async () => {
    const turns = new Turns();
    const a = new Fake(2);
    turns.wake(a);
    await rested(a);
    expect(a.turns).to.be.at.least(2);
  });

  it('flushes at the end of a round what was sent in it, once, and else when the running callback is done', async () => {
    const turns = new Turns();
    const said: string[] = [];
    const holder = { flush: () => said.push('flush') };
    const a = new Fake(2);
    a.onTurn = () => {
      if (a.turns === 1) turns.hold(holder);
      said.push('turn');
    };
    turns.wake(a);
    expect(said.slice(0, 2)).to.deep.equal(['turn', 'flush']);
    await rested(a);
    expect(said.filter((what) => what === 'flush')).to.have.length(1);
    turns.hold(holder);
    expect(said.at(-1)).to.equal('turn');
    await Promise.resolve();
    expect(said.at(-1)).to.equal('flush');
  });

  it('leaves out a socket that is closed in a turn, its own or another', async () => {
    const turns = new Turns();
    const [a, b, c] = [new Fake(9), new Fake(9), new Fake(9)];
    b.onTurn = () => {
      turns.forget(a);
      turns.forget(b);
    };
    for (const taker of [a, b, c]) turns.wake(taker);
    await rested(c);
    expect([a.turns, b.turns, b.rested]).to.deep.equal([2, 1, 0]);
    expect(c.frames).to.equal(0);
  });

  it('goes on with the others when handling a frame throws', async () => {
    const turns = new Turns();
    const [a, b] = [new Fake(4), new Fake(4)];
    turns.wake(b);
    a.onTurn = () => {
      a.onTurn = () => {};
      throw new Error('a mistake of ours');
    };
    expect(() => {
      const alone = new Turns();
      alone.wake(a);
    }).to.throw('a mistake of ours');
    await rested(a, b);
    expect([a.frames, b.frames]).to.deep.equal([0, 0]);
  });
});
