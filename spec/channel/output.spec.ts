/** Bytes that wait for a peer are those that were sent, however their buffers are used. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import { ManualClock, silent } from '../../lib/bytes/index.js';
import { Connection } from '../../lib/channel/index.js';
import { decode, encode } from '../../lib/wire/index.js';
import { RawPeer, turns } from './raw-peer.js';

const HELLO = '0400001000000001 0001000800000010';
const COUNT = 300;
const BYTES = 40_000;

/** Answers that are all made in one array. */
function* passing(): Generator<Uint8Array> {
  const message = encode({ type: 'echo_reply', xid: 0, data: new Uint8Array(BYTES) });
  for (let xid = 1; xid <= COUNT; xid++) {
    message.fill(xid & 0xff, 8);
    message[6] = xid >> 8;
    message[7] = xid;
    yield message;
  }
}

function begin(stream: Duplex): Connection {
  const user = { opened() {}, message() {}, mistake() {}, closed() {} };
  return new Connection(stream, user, { clock: new ManualClock(), log: silent, name: 'peer' });
}

/** Throws unless the answers are as they were made. */
function compare(stream: Uint8Array): void {
  let at = 0;
  for (let xid = 1; xid <= COUNT; xid++) {
    const message = decode(new Uint8Array(stream.subarray(at, at + BYTES + 8)));
    at += BYTES + 8;
    if (message.type !== 'echo_reply') throw new Error(`${message.type} instead of an answer`);
    expect(message.xid).to.equal(xid);
    expect(
      message.data.every((byte) => byte === (xid & 0xff)),
      `answer ${xid}`,
    ).to.equal(true);
  }
  expect(at).to.equal(stream.length);
}

describe('channel/output', () => {
  it('gives a socket what was sent, though buffers are used again', async () => {
    let server: Server | null = null;
    let ours: Socket | null = null;
    try {
      server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address() as { port: number };
      const theirs = connect(address.port, '127.0.0.1');
      [ours] = (await once(server, 'connection')) as [Socket];
      const connection = begin(ours);
      const chunks: Buffer[] = [];
      theirs.on('data', (chunk) => chunks.push(chunk));
      theirs.write(Buffer.from(HELLO.replace(' ', ''), 'hex'));
      while (connection.state !== 'open') await turns(1);
      // It reads late: much waits in the socket meanwhile.
      theirs.pause();
      for (const message of passing()) {
        connection.send(message);
        await turns(1);
      }
      expect(connection.queuedBytes).to.be.above(BYTES);
      theirs.resume();
      const total = (): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      while (total() < 16 + COUNT * (BYTES + 8)) await turns(5);
      compare(Buffer.concat(chunks).subarray(16));
      connection.close();
      theirs.destroy();
    } finally {
      ours?.destroy();
      server?.close();
    }
  });

  it('keeps no hands on what another stream has taken', async () => {
    const peer = new RawPeer();
    const connection = begin(peer.far);
    const chunks: Uint8Array[] = [];
    await peer.hello();
    peer.near.removeAllListeners('data');
    peer.near.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    connection.sendAll(passing());
    for (let i = 0; i < 3000 && connection.queuedBytes > 0; i++) await turns(1);
    await turns(20);
    compare(Buffer.concat(chunks));
  });
});
