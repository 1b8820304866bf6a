import { Socket } from 'node:net';
import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';
import { Dialer } from '../../lib/channel/dialer.js';

/** A dialer whose sockets are made but never connect by themselves. */
function dialer() {
  const clock = new ManualClock();
  const sockets: Socket[] = [];
  const told: string[] = [];
  const user = {
    connected: (_: Socket, name: string) => told.push(`connected to ${name}`),
    failed: (why: string, delay_ms: number) => told.push(`${why}, again in ${delay_ms}`),
  };
  const d = new Dialer({ kind: 'tcp', host: 'h', port: 1 }, clock, user, () => {
    const socket = new Socket();
    sockets.push(socket);
    return socket;
  });
  const refuse = (): void => {
    const socket = sockets.at(-1) as Socket;
    socket.emit('error', Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  };
  const connect = (): void => {
    (sockets.at(-1) as Socket).emit('connect');
  };
  return { d, clock, sockets, told, refuse, connect };
}

describe('channel/dialer', () => {
  it('waits from 100 ms, doubling up to 8 s', () => {
    const { d, clock, sockets, told, refuse } = dialer();
    d.start();
    for (const delay_ms of [100, 200, 400, 800, 1600, 3200, 6400, 8000, 8000]) {
      const attempts = sockets.length;
      refuse();
      expect(told.at(-1)).to.equal(`nobody listens there, again in ${delay_ms}`);
      clock.advance(delay_ms - 1);
      expect(sockets).to.have.length(attempts);
      clock.advance(1);
      expect(sockets).to.have.length(attempts + 1);
    }
  });

  it('starts over at 100 ms after a session that lasted', () => {
    const { d, clock, refuse, connect } = dialer();
    d.start();
    refuse();
    clock.advance(100);
    refuse();
    clock.advance(200);
    connect();
    d.sessionOpened();
    clock.advance(400);
    expect(d.sessionClosed()).to.equal(100);
  });

  it('goes on doubling where sessions end as soon as they open, or never do', () => {
    const { d, clock, connect } = dialer();
    d.start();
    for (const delay_ms of [100, 200, 400]) {
      connect();
      if (delay_ms !== 200) d.sessionOpened();
      clock.advance(delay_ms - 1);
      expect(d.sessionClosed()).to.equal(delay_ms);
      clock.advance(delay_ms);
    }
  });

  it('gives up an attempt that nobody answers', () => {
    const { d, clock, sockets, told } = dialer();
    d.start();
    clock.advance(8000);
    expect(told).to.deep.equal(['no answer within 8 s, again in 100']);
    expect(sockets[0].destroyed).to.equal(true);
    expect(d.state).to.equal('waiting');
  });

  it('makes no attempt once it is closed', () => {
    const { d, clock, sockets, refuse } = dialer();
    d.start();
    refuse();
    d.close();
    clock.advance(100_000);
    expect(sockets).to.have.length(1);
    expect(d.state).to.equal('idle');
  });
});
