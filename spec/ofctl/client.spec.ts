/** The client against peers that refuse, lie, keep silent or go away; and many changes in a row. */
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { ManualClock, Writer } from '../../lib/bytes/index.js';
import { ChannelError, Framer } from '../../lib/channel/index.js';
import { Client, changeOf, NoAnswer, Refused } from '../../lib/ofctl/index.js';
import { parseFlow } from '../../lib/text/index.js';
import { decode, encode, type Message } from '../../lib/wire/index.js';
import { connect, listening } from './desk.js';

/** A switch that says HELLO and then answers as a spec wants it to. */
class Peer {
  port = 0;
  readonly heard: Message[] = [];
  /** Further messages are answered by what this returns. */
  answer: (message: Message) => readonly (Message | Uint8Array)[] = () => [];
  private readonly server: Server;
  private readonly sockets: Socket[] = [];

  constructor(private readonly hello: Uint8Array = encode({ type: 'hello', xid: 1, version: 4, versions: [4] })) {
    this.server = createServer((socket) => this.accept(socket));
  }

  private accept(socket: Socket): void {
    this.sockets.push(socket);
    socket.on('error', () => {});
    socket.write(this.hello);
    const framer = new Framer();
    socket.on('data', (chunk) => {
      framer.push(new Uint8Array(chunk));
      for (let bytes = framer.next(); bytes; bytes = framer.next()) {
        const message = decode(bytes);
        if (message.type === 'hello') continue;
        this.heard.push(message);
        for (const reply of this.answer(message)) socket.write(reply instanceof Uint8Array ? reply : encode(reply));
      }
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const bound = this.server.address();
    this.port = typeof bound === 'object' && bound ? bound.port : 0;
    return `tcp:127.0.0.1:${this.port}`;
  }

  hangUp(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }

  stop(): Promise<void> {
    this.hangUp();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it resolved');
}

const flow = (text: string, place = '') => changeOf({ type: 'flow_mod', change: parseFlow(text) }, place);
const barrier = (m: Message): Message[] =>
  m.type === 'barrier_request' ? [{ type: 'barrier_reply', xid: m.xid }] : [];

describe('ofctl: client', () => {
  const peers: Peer[] = [];
  async function peer(hello?: Uint8Array): Promise<[Peer, string]> {
    const made = new Peer(hello);
    peers.push(made);
    return [made, await made.start()];
  }
  afterEach(() => Promise.all(peers.splice(0).map((each) => each.stop())));

  it('rejects where nobody listens, and where another version is spoken', async () => {
    const nobody = await rejection(connect('tcp:127.0.0.1:1'));
    expect(nobody).to.be.instanceOf(ChannelError);
    expect(nobody.message).to.equal('tcp:127.0.0.1:1: nobody listens there');
    const [, address] = await peer(encode({ type: 'hello', xid: 1, version: 1, versions: null }));
    expect((await rejection(connect(address))).message).to.match(/it offers OpenFlow 1\.0, and 1\.3 is spoken here/);
  });

  it('gives up on a peer that says no HELLO, or answers nothing, when the time is up', async () => {
    const [, mute] = await peer(new Uint8Array(0));
    const noHello = await rejection(connect(mute, 50));
    expect(noHello).to.be.instanceOf(NoAnswer);
    const [, address] = await peer();
    const client = await connect(address, 50);
    const error = await rejection(client.request({ type: 'features_request' }, 'features_reply'));
    expect(error.message).to.equal(`${address}: no answer within 0.05 s (--timeout gives it longer)`);
    expect(await rejection(client.request({ type: 'barrier_request' }, 'barrier_reply'))).to.equal(error);
  });

  it('counts the time from the last answer on', async () => {
    const clock = new ManualClock();
    const [silent, address] = await peer();
    const [, host, port] = address.split(':');
    const client = await Client.connect({ kind: 'tcp', host, port: Number(port) }, { clock, timeout_ms: 1000 });
    clock.advance(900);
    let outcome = '';
    const asked = client.request({ type: 'echo_request', data: new Uint8Array(0) }, 'echo_reply').catch((error) => {
      outcome = error.message;
    });
    clock.advance(900);
    expect(outcome).to.equal('');
    await until(() => silent.heard.length > 0);
    clock.advance(101);
    await asked;
    expect(outcome).to.match(/no answer within 1 s/);
  });

  it('tells what waits when the peer goes away', async () => {
    const [lost, address] = await peer();
    const client = await connect(address);
    const asked = rejection(client.request({ type: 'features_request' }, 'features_reply'));
    await until(() => lost.heard.length === 1);
    lost.hangUp();
    expect((await asked).message).to.match(/closed by the peer|ECONNRESET/);
    expect(await client.closed).to.match(/closed by the peer|ECONNRESET/);
  });

  it('gathers a reply in parts', async () => {
    const [parts, address] = await peer();
    parts.answer = ({ xid }) => {
      const row = { tableId: 1, active: 0, lookups: 0, matched: 0 };
      return [true, true, false].map((more): Message => {
        return { type: 'multipart_reply', xid, more, body: { kind: 'table', rows: [row] } };
      });
    };
    const client = await connect(address);
    expect(await client.list({ kind: 'table' })).to.have.length(3);
    await client.close();
  });

  it('reads statistics with fields that it has never heard of', async () => {
    const [foreign, address] = await peer();
    // OpenFlow 1.3.5 §7.3.5.2: one flow whose match has a TLV of class 0x7777.
    foreign.answer = ({ xid }) => {
      const w = new Writer(128)
        .u8(4)
        .u8(19)
        .u16(16 + 64)
        .u32(xid)
        .u16(1)
        .u16(0)
        .zeros(4);
      w.u16(64).u8(0).zeros(1).u32(1).u32(0).u16(7).u16(0).u16(0).u16(0).zeros(4).u64(0n).u64(0n).u64(0n);
      return [
        w
          .u16(1)
          .u16(4 + 5)
          .u16(0x7777)
          .u8(2)
          .u8(1)
          .u8(9)
          .zeros(7)
          .done(),
      ];
    };
    const client = await connect(address);
    const match = parseFlow('actions=drop').match;
    const all = { tableId: 0xff, outPort: 0xffffffff, outGroup: 0xffffffff, cookie: 0n, cookieMask: 0n, match };
    const [row] = await client.list({ kind: 'flow', ...all });
    expect(row.priority).to.equal(7);
    expect(row.match.tlvs).to.have.length(5);
    await client.close();
  });

  it('rejects a reply that makes no sense', async () => {
    const [liar, address] = await peer();
    liar.answer = ({ xid }) => [new Writer(16).u8(4).u8(19).u16(16).u32(xid).u16(77).zeros(6).done()];
    const client = await connect(address);
    expect((await rejection(client.list({ kind: 'table' }))).message).to.match(
      /reply can't be read: multipart type 77/,
    );
    liar.answer = ({ xid }) => [{ type: 'barrier_reply', xid }];
    const other = await rejection(client.request({ type: 'features_request' }, 'features_reply'));
    expect(other.message).to.match(/barrier_reply came, not features_reply/);
    await client.close();
  });

  it('names an error that it has no name for by its numbers, and hands on what nobody asked for', async () => {
    const [odd, address] = await peer();
    const error = (xid: number): Message => {
      return { type: 'error', xid, version: 4, error: { type: 99, code: 3 }, data: new Uint8Array(0) };
    };
    odd.answer = ({ xid }) => [error(0xdead), error(xid)];
    const client = await connect(address);
    const seen: Message[] = [];
    client.onEvent = (message) => seen.push(message);
    const refused = await rejection(client.list({ kind: 'table' }));
    expect(refused).to.be.instanceOf(Refused);
    expect(refused.message).to.equal('error type 99, code 3: the switch refused OFPST_TABLE request');
    expect(seen.map(({ xid }) => xid)).to.deep.equal([0xdead]);
    await client.close();
  });

  it('changes: sends further ones only while at most three barriers are unanswered', async () => {
    const [slow, address] = await peer();
    const client = await connect(address);
    let made = 0;
    function* changes() {
      for (; made < 5000; made++) yield flow('actions=drop');
    }
    const done = client.change(changes());
    await until(() => slow.heard.filter(({ type }) => type === 'barrier_request').length === 3);
    const before = made;
    expect(before).to.be.below(2000);
    slow.answer = barrier;
    const waiting = slow.heard.filter(({ type }) => type === 'barrier_request');
    slow.hangUp();
    expect(waiting).to.have.length(3);
    await rejection(done);
    expect(made).to.be.below(5000);
  });

  it('changes: the first refusal ends them, and names its place', async () => {
    const [strict, address] = await peer();
    let flows = 0;
    strict.answer = (m) => {
      if (m.type !== 'flow_mod') return barrier(m);
      flows++;
      if (flows !== 10 && flows !== 20) return [];
      return [{ type: 'error', xid: m.xid, version: 4, error: { type: 5, code: 1 }, data: new Uint8Array(0) }];
    };
    const client = await connect(address);
    const all = Array.from({ length: 20_000 }, (_, i) => flow(`priority=${i},actions=drop`, `f:${i}`));
    const refused = await rejection(client.change(all));
    expect(refused.message).to.equal(
      'f:9: OFPFMFC_TABLE_FULL: the switch refused OFPT_FLOW_MOD: ADD priority=9 actions=drop',
    );
    expect(flows).to.be.below(5000);
    await client.close();
  });

  it('changes: 20,000 are all in force when it resolves', async () => {
    const { sw, address } = await listening();
    const client = await connect(address);
    const all = Array.from({ length: 20_000 }, (_, i) => flow(`table=1,priority=${i + 1},actions=drop`));
    expect(await client.change(all)).to.equal(20_000);
    expect(sw.flows.list()).to.have.length(20_000);
    expect(await client.change([])).to.equal(0);
    await client.close();
    await sw.close();
  });
});

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(what(), what.toString()).to.equal(true);
}
