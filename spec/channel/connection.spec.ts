import { expect } from 'chai';
import fc from 'fast-check';
import { ManualClock, OpenFlowError, silent } from '../../lib/bytes/index.js';
import { Connection, type ConnectionOptions, PACKET_IN_BYTES, PAUSE_BYTES } from '../../lib/channel/index.js';
import { UNASKED_BYTES } from '../../lib/channel/output.js';
import { encode, type Message } from '../../lib/wire/index.js';
import { RawPeer, turns } from './raw-peer.js';

/** A connection that notes what it is told; barriers are answered. */
function session(options: Partial<ConnectionOptions> = {}) {
  const clock = new ManualClock();
  const peer = new RawPeer();
  const told: string[] = [];
  const connection: Connection = new Connection(
    peer.far,
    {
      opened: () => told.push('opened'),
      message(m: Message) {
        told.push(m.type);
        if (m.type === 'barrier_request') connection.send(encode({ type: 'barrier_reply', xid: m.xid }));
        if (m.type === 'role_request') throw new OpenFlowError('OFPRRFC_STALE', 'too old');
      },
      mistake: (error) => told.push(`mistake ${error.error}`),
      closed: (cause, why) => told.push(`closed ${cause}: ${why}`),
    },
    { clock, log: silent, name: 'peer', ...options },
  );
  return { clock, peer, told, connection };
}

async function opened(options: Partial<ConnectionOptions> = {}) {
  const s = session(options);
  await s.peer.hello();
  expect(s.told).to.deep.equal(['opened']);
  s.peer.forget();
  s.told.length = 0;
  return s;
}

const barrier = (xid: number): Message => ({ type: 'barrier_request', xid });

describe('channel/connection', () => {
  describe('OpenFlow 1.3.5 §6.3.1: hello', () => {
    it('goes out at once, with a bitmap of 1.3 alone', async () => {
      const { peer, connection } = session();
      await turns();
      expect(peer.last('hello')).to.deep.include({ version: 4, versions: [4] });
      expect(connection.state).to.equal('hello');
    });

    for (const [what, hex] of [
      ['1.3 without a bitmap', '0400000800000009'],
      ['1.5 without a bitmap', '0600000800000009'],
      ['a bitmap with 1.3 in it', '0600001000000009 0001000800000050'],
    ]) {
      it(`agrees with ${what}`, async () => {
        const { peer, told } = session();
        await peer.send(hex);
        expect(told).to.deep.equal(['opened']);
      });
    }

    for (const [what, hex, version, names] of [
      ['1.0 alone', '0100000800000009', 1, '1.0'],
      ['a bitmap without 1.3', '0600001000000009 0001000800000042', 6, '1.0, 1.5'],
    ] as const) {
      it(`answers ${what} with HELLO_FAILED and a text that says -O OpenFlow13`, async () => {
        const { peer, told } = session();
        await peer.send(hex);
        const error = peer.last('error');
        expect(error).to.deep.include({ version, error: { type: 0, code: 0 } });
        expect(new TextDecoder().decode(error.data)).to.include(`you offer ${names}`).and.include('-O OpenFlow13');
        expect(peer.ended).to.equal(true);
        expect(told).to.deep.equal([
          `closed hello: it offers OpenFlow ${names}, and 1.3 is spoken here (ovs-ofctl needs -O OpenFlow13)`,
        ]);
      });
    }

    it('says so of a HELLO that offers nothing', async () => {
      const { peer, told } = session();
      await peer.send('0400001000000009 0001000800000000');
      expect(told).to.deep.equal([
        'closed hello: it offers no version of OpenFlow, and 1.3 is spoken here (ovs-ofctl needs -O OpenFlow13)',
      ]);
    });

    it('waits several seconds for a late one, then gives up', async () => {
      const late = session();
      late.clock.advance(9_999);
      await late.peer.hello();
      expect(late.told).to.deep.equal(['opened']);
      const never = session();
      never.clock.advance(10_000);
      await turns();
      expect(never.told).to.deep.equal(['closed hello: no HELLO within 10 s']);
    });

    it('must be the first message', async () => {
      const { peer, told } = session();
      await peer.send({ type: 'features_request', xid: 1 });
      expect(told).to.deep.equal(['closed hello: its first message is of type 5, not HELLO']);
    });

    it("tells the peer's reason where it refuses", async () => {
      const { peer, told } = session();
      const data = new TextEncoder().encode('go away\n');
      await peer.send({ type: 'error', xid: 1, version: 1, error: { type: 0, code: 0 }, data });
      expect(told).to.deep.equal(['closed hello: it refuses our HELLO: go away']);
    });

    it('may come in one segment with what follows, and again later', async () => {
      const { peer, told } = session();
      await peer.send('0400000800000009', barrier(1), '0400000800000009', barrier(2));
      expect(told).to.deep.equal(['opened', 'barrier_request', 'barrier_request']);
    });
  });

  it('gives the same answers whatever the chunks', async () => {
    const requests = [barrier(1), { type: 'echo_request', xid: 2, data: new Uint8Array(90) } as const, barrier(3)];
    const stream = Buffer.concat([
      encode({ type: 'hello', xid: 1, version: 4, versions: [4] }),
      ...requests.map((m) => encode(m)),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 8 }), async (cuts) => {
        const { peer, told } = session();
        const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
        for (let i = 1; i < at.length; i++) if (at[i] > at[i - 1]) peer.near.write(stream.subarray(at[i - 1], at[i]));
        await turns();
        expect(told).to.deep.equal(['opened', 'barrier_request', 'barrier_request']);
        expect(peer.messages.slice(1).map((m) => `${m.type} ${m.xid}`)).to.deep.equal([
          'barrier_reply 1',
          'echo_reply 2',
          'barrier_reply 3',
        ]);
        peer.near.destroy();
      }),
      { numRuns: 40 },
    );
  });

  it('answers a turn of requests in one write', async () => {
    const { peer } = await opened();
    await peer.send(...Array.from({ length: 500 }, (_, i) => barrier(i)));
    expect(peer.all('barrier_reply')).to.have.length(500);
    expect(peer.chunks).to.equal(1);
  });

  describe('mistakes', () => {
    it('go up with their bytes, and the session goes on', async () => {
      const { peer, told } = await opened();
      await peer.send('0499000800000001', '040e000900000002ff', '0114000800000003', '0414000c0000000400000000');
      await peer.send({ type: 'role_request', xid: 5, role: 'master', generationId: 0n }, barrier(6));
      expect(told).to.deep.equal([
        'mistake OFPBRC_BAD_TYPE',
        'mistake OFPBRC_BAD_LEN',
        'mistake OFPBRC_BAD_VERSION',
        'mistake OFPBRC_BAD_LEN',
        'role_request',
        'mistake OFPRRFC_STALE',
        'barrier_request',
      ]);
    });

    it('of framing close the connection', async () => {
      const { peer, told } = await opened();
      await peer.send(barrier(1), '0400000700000000', barrier(2));
      expect(told).to.deep.equal([
        'barrier_request',
        'closed framing: a message says it is 7 bytes long: this is not OpenFlow',
      ]);
      expect(peer.all('barrier_reply')).to.have.length(1);
      expect(peer.ended).to.equal(true);
    });
  });

  describe('OpenFlow 1.3.5 §6.4: echo', () => {
    it('is answered with xid and data', async () => {
      const { peer, told } = await opened();
      await peer.send({ type: 'echo_request', xid: 77, data: Uint8Array.of(1, 2, 3) });
      expect(peer.last('echo_reply')).to.deep.include({ xid: 77, data: Uint8Array.of(1, 2, 3) });
      expect(told).to.deep.equal([]);
    });

    it('probes after silence, and an answer without data will do', async () => {
      const { peer, told, clock } = await opened();
      for (let i = 0; i < 3; i++) {
        clock.advance(4_999);
        await turns();
        expect(peer.messages).to.have.length(0);
        clock.advance(1);
        await turns();
        await peer.send({ type: 'echo_reply', xid: peer.last('echo_request').xid, data: new Uint8Array(0) });
        peer.forget();
      }
      expect(told).to.deep.equal([]);
    });

    it('does not probe a peer that speaks', async () => {
      const { peer, clock } = await opened();
      for (let i = 0; i < 5; i++) {
        clock.advance(3_000);
        await peer.send(barrier(i));
      }
      expect(peer.all('echo_request')).to.have.length(0);
    });

    it('closes when nothing answers', async () => {
      const { peer, told, clock } = await opened();
      clock.advance(9_999);
      await turns();
      expect(peer.all('echo_request')).to.have.length(1);
      expect(told).to.deep.equal([]);
      clock.advance(1);
      await turns();
      expect(told).to.deep.equal(['closed silence: no answer to a probe within 5 s']);
    });

    it('can be told not to', async () => {
      const { peer, told, clock } = await opened({ probe_ms: 0 });
      clock.advance(1_000_000);
      await turns();
      expect([peer.messages, told]).to.deep.equal([[], []]);
    });
  });

  describe('a peer that does not read', () => {
    const big = new Uint8Array(60_000);
    const echo = (xid: number): Message => ({ type: 'echo_request', xid, data: big });

    it('is not read from once replies of 1 MiB wait, and loses none of them', async () => {
      const { peer, connection } = await opened();
      peer.near.pause();
      for (let i = 0; i < 50; i++) peer.near.write(encode(echo(i)));
      await turns(60);
      expect(connection.queuedBytes).to.be.within(PAUSE_BYTES, PAUSE_BYTES + 2 * big.length);
      peer.near.resume();
      await turns(200);
      expect(peer.all('echo_reply').map((m) => m.xid)).to.deep.equal(Array.from({ length: 50 }, (_, i) => i));
      expect(connection.queuedBytes).to.equal(0);
    });

    it('is bounded also within one chunk', async () => {
      const { peer, connection, told } = await opened();
      peer.near.pause();
      const requests = Buffer.concat(Array.from({ length: 60 }, (_, i) => encode(echo(i))));
      peer.near.write(requests);
      await turns(60);
      expect(connection.queuedBytes).to.be.within(PAUSE_BYTES, PAUSE_BYTES + 2 * big.length);
      peer.near.resume();
      await turns(200);
      expect(peer.all('echo_reply')).to.have.length(60);
      expect(told).to.deep.equal([]);
    });

    it('loses packet-ins first, which are counted', async () => {
      const { peer, connection } = await opened();
      peer.near.pause();
      const message = new Uint8Array(1000);
      let sent = 0;
      for (let i = 0; i < 1000; i++) if (connection.sendPacketIn(message)) sent++;
      expect(sent).to.equal(Math.floor(PACKET_IN_BYTES / 1000));
      expect(connection.droppedPacketIns).to.equal(1000 - sent);
    });

    it('is disconnected where it would miss what it must not', async () => {
      const { peer, connection, told } = await opened();
      peer.near.pause();
      const message = encode(echo(1));
      const count = Math.ceil(UNASKED_BYTES / message.length) + 1;
      for (let i = 0; i < count; i++) connection.sendUnasked(message);
      await turns();
      expect(told).to.deep.equal(['closed overflow: it does not read: too many messages wait for it']);
    });

    it('is given up after two probes of silence', async () => {
      const { peer, clock, told } = await opened();
      peer.near.pause();
      for (let i = 0; i < 50; i++) peer.near.write(encode(echo(i)));
      await turns(60);
      clock.advance(10_000);
      await turns();
      expect(told).to.deep.equal(['closed silence: no answer to a probe within 5 s']);
    });
  });

  it('sends what waits before it closes, and nothing afterwards', async () => {
    const { peer, connection, told } = await opened();
    connection.send(encode(barrier(1)));
    connection.close('enough');
    connection.send(encode(barrier(2)));
    await turns();
    expect(peer.all('barrier_request').map((m) => m.xid)).to.deep.equal([1]);
    expect(told).to.deep.equal(['closed self: enough']);
    expect(connection.state).to.equal('closed');
  });

  it('answers what was asked before the peer closed', async () => {
    const { peer, told } = await opened();
    peer.near.end(encode(barrier(1)));
    await turns();
    expect(peer.all('barrier_reply')).to.have.length(1);
    expect(told).to.deep.equal(['barrier_request', 'closed peer: closed by the peer']);
  });

  it('shows both directions to a tap', async () => {
    const seen: string[] = [];
    const { peer } = session({ tap: (direction, bytes) => seen.push(`${direction} ${bytes[1]}`) });
    await peer.hello();
    await peer.send(barrier(1));
    expect(seen).to.deep.equal(['out 0', 'in 0', 'in 20', 'out 21']);
  });

  it('survives anything a peer sends: messages, mistakes or an end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (noise, afterHello) => {
        const { peer, told } = session();
        if (afterHello) await peer.hello();
        peer.near.end(noise);
        await turns();
        expect(told.at(-1)).to.match(/^closed (peer|hello|framing): /);
      }),
      { numRuns: 60 },
    );
  });

  describe('long answers', () => {
    /** Messages of 40,000 bytes, and how many of them were made. */
    function parts(count: number) {
      const made = { count: 0 };
      function* make(): Generator<Uint8Array> {
        for (let xid = 1; xid <= count; xid++) {
          made.count++;
          yield encode({ type: 'echo_reply', xid, data: new Uint8Array(40_000) });
        }
      }
      return { made, messages: make() };
    }

    it('are made no faster than the peer reads, and nothing of them is lost', async () => {
      const { peer, connection } = await opened();
      peer.near.pause();
      const { made, messages } = parts(1000);
      connection.sendAll(messages);
      await turns(50);
      expect(made.count).to.be.lessThan(100);
      expect(connection.queuedBytes).to.be.lessThan(PAUSE_BYTES + 100_000);
      peer.near.resume();
      await turns(3000);
      expect(peer.all('echo_reply').map(({ xid }) => xid)).to.deep.equal(Array.from({ length: 1000 }, (_, i) => i + 1));
    });

    it('keep their order: what was asked later is answered later', async () => {
      const { peer, connection } = await opened();
      peer.near.pause();
      connection.sendAll(parts(50).messages);
      connection.sendAll([encode({ type: 'echo_reply', xid: 77, data: new Uint8Array(0) })]);
      peer.near.write(encode(barrier(9)));
      await turns(20);
      peer.near.resume();
      await turns(300);
      expect(peer.messages.slice(-2).map(({ type, xid }) => `${type} ${xid}`)).to.deep.equal([
        'echo_reply 77',
        'barrier_reply 9',
      ]);
      expect(peer.messages).to.have.length(52);
    });

    it('end with the connection', async () => {
      const { peer, connection, told } = await opened();
      peer.near.pause();
      const { made, messages } = parts(1000);
      connection.sendAll(messages);
      connection.close();
      peer.near.resume();
      await turns(300);
      expect(told).to.deep.equal(['closed self: closed by this end']);
      expect(made.count).to.be.lessThan(100);
    });

    it('close the connection where a part can not be made', async () => {
      const { connection, told } = await opened();
      function* broken(): Generator<Uint8Array> {
        yield encode(barrier(1));
        throw new OpenFlowError('OFPBRC_BAD_LEN', 'a flow row does not fit in a message');
      }
      connection.sendAll(broken());
      await turns(20);
      expect(told.at(-1)).to.include('closed error: a reply could not be made: a flow row does not fit');
    });
  });

  it('writes messages that are not bytes yet behind the others, and shows them to a tap', async () => {
    for (const tap of [undefined, (direction: string, bytes: Uint8Array) => seen.push(`${direction} ${bytes[1]}`)]) {
      const { peer, connection } = await opened({ tap });
      connection.send(encode(barrier(1)));
      connection.write(barrier(2));
      connection.send(new Uint8Array(encode({ type: 'echo_request', xid: 3, data: new Uint8Array(60_000) })));
      connection.write(barrier(4));
      await turns();
      expect(peer.messages.map(({ xid }) => xid)).to.deep.equal([1, 2, 3, 4]);
    }
    expect(seen.slice(-4)).to.deep.equal(['out 20', 'out 20', 'out 2', 'out 20']);
  });
  const seen: string[] = [];
});
