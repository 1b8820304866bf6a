/**
 * Dialled controllers over real sockets with a clock that the spec moves: reconnection, and what fail-mode goes by.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { Agent, type AgentEvent } from '../../lib/agent/index.js';
import { ManualClock, silent } from '../../lib/bytes/index.js';
import { type ActiveAddress, formatAddress } from '../../lib/channel/index.js';
import { encode } from '../../lib/wire/index.js';
import { FakePipeline } from './fake-pipeline.js';

/** Waits until something is true. */
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(what(), what.toString()).to.equal(true);
}

/** A controller that says HELLO and nothing else. */
class Controller {
  readonly sockets: Socket[] = [];
  private server: Server | null = null;

  /** The highest version that it speaks. */
  constructor(private readonly version = 4) {}

  async start(port: number): Promise<ActiveAddress> {
    const server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on('error', () => {});
      socket.resume();
      socket.write(encode({ type: 'hello', xid: 1, version: this.version, versions: null }));
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP address');
    return { kind: 'tcp', host: '127.0.0.1', port: address.port };
  }

  async stop(): Promise<void> {
    const stopped = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets.splice(0)) socket.destroy();
    await stopped;
  }
}

describe('agent dialling', () => {
  let clock: ManualClock;
  let agent: Agent;
  let told: string[];
  const controller = new Controller();

  beforeEach(() => {
    clock = new ManualClock();
    agent = new Agent({ pipeline: new FakePipeline(), clock, log: silent, datapathId: 1n });
    told = [];
    agent.on((event: AgentEvent) => told.push(event.type === 'control' ? `control ${event.connected}` : event.type));
  });
  afterEach(async () => {
    await agent.close();
    await controller.stop();
  });

  it('connects, comes back when the controller does, and says when there is none', async () => {
    const address = await controller.start(0);
    agent.dial(address);
    expect(agent.connected).to.equal(false);
    await until(() => agent.connected);
    expect(told).to.deep.equal(['connected', 'control true']);
    clock.advance(4_000);
    await controller.stop();
    await until(() => !agent.connected);
    expect(told).to.deep.equal(['connected', 'control true', 'disconnected', 'control false']);
    expect(agent.controllers()).to.deep.include.members([
      {
        address: formatAddress(address),
        kind: 'dialled',
        state: 'waiting',
        role: null,
        since_ms: 4_000,
        why: 'closed by the peer',
        droppedPacketIns: 0,
      },
    ]);

    // Nobody answers: told once. The pause doubles.
    for (const delay_ms of [100, 200, 400]) {
      clock.advance(delay_ms);
      expect(agent.controllers()[0].state).to.equal('connecting');
      await until(() => agent.controllers()[0].state === 'waiting');
    }
    expect(told.slice(4)).to.deep.equal(['failed']);
    expect(agent.controllers()[0].why).to.equal('nobody listens there');

    if (address.kind === 'tcp') await controller.start(address.port);
    clock.advance(800);
    await until(() => agent.connected);
    expect(told.slice(5)).to.deep.equal(['connected', 'control true']);
    expect(agent.controllers()[0].why).to.equal('');
  });

  it('keeps several controllers; one of them is enough for control', async () => {
    const other = new Controller();
    const [first, second] = [await controller.start(0), await other.start(0)];
    agent.dial(first);
    agent.dial(second);
    agent.dial(second);
    await until(() => agent.controllers().filter(({ state }) => state === 'open').length === 2);
    await other.stop();
    await until(() => told.includes('disconnected'));
    expect(agent.connected).to.equal(true);
    agent.hangUp(first);
    expect(agent.connected).to.equal(false);
    expect(agent.controllers().map(({ address }) => address)).to.deep.equal([formatAddress(second)]);
  });

  it('goes on trying where a controller speaks an older version', async () => {
    const old = new Controller(1);
    agent.dial(await old.start(0));
    await until(() => told.includes('refused'));
    expect(agent.controllers()[0]).to.include({ state: 'waiting' });
    expect(agent.controllers()[0].why).to.include('it offers OpenFlow 1.0');
    clock.advance(100);
    await until(() => told.length === 2);
    expect(told).to.deep.equal(['refused', 'refused']);
    await old.stop();
  });

  it('is not controlled by whoever connects to it', async () => {
    const bound = await agent.listen({ kind: 'ptcp', host: '127.0.0.1', port: 0 });
    const tool = new Agent({ pipeline: new FakePipeline(), clock, log: silent, datapathId: 2n });
    if (bound.kind !== 'ptcp') throw new Error('not a TCP address');
    tool.dial({ kind: 'tcp', host: '127.0.0.1', port: bound.port });
    await until(() => told.includes('connected'));
    expect(agent.connected).to.equal(false);
    await tool.close();
    await until(() => told.includes('disconnected'));
    expect(told).to.deep.equal(['connected', 'disconnected']);
  });

  it('closes while it is connecting, waiting and connected', async () => {
    const address = await controller.start(0);
    agent.dial(address);
    agent.dial({ kind: 'unix', path: '/nowhere/at/all' });
    await until(() => agent.connected && told.includes('failed'));
    agent.dial({ kind: 'unix', path: '/nowhere/either' });
    await agent.close();
    clock.advance(60_000);
    expect(agent.controllers()).to.deep.equal([]);
    await until(() => controller.sockets.every((socket) => socket.destroyed || socket.readableEnded));
  });
});
