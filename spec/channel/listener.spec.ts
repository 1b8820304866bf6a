import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { silent } from '../../lib/bytes/index.js';
import { parsePassive } from '../../lib/channel/address.js';
import { ChannelError } from '../../lib/channel/channel-error.js';
import { Listener, MAX_ACCEPTED } from '../../lib/channel/listener.js';
import { openStream } from '../../lib/channel/stream.js';

describe('channel/listener', () => {
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
  const open: Listener[] = [];
  after(() => rmSync(folder, { recursive: true }));
  afterEach(async () => {
    for (const listener of open.splice(0)) await listener.close();
  });

  async function listen(text: string): Promise<{ listener: Listener; peers: string[] }> {
    const peers: string[] = [];
    const accept = (_: Socket, peer: string): void => {
      peers.push(peer);
    };
    const listener = await Listener.open(parsePassive(text), accept, silent);
    open.push(listener);
    return { listener, peers };
  }

  async function failure(text: string): Promise<ChannelError> {
    try {
      await listen(text);
    } catch (error) {
      if (error instanceof ChannelError) return error;
      throw error;
    }
    throw new Error(`${text} should not be possible`);
  }

  function connected(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
  }

  it('takes a free port for ptcp:0, on the loopback only', async () => {
    const { listener, peers } = await listen('ptcp:0');
    const { address } = listener;
    if (address.kind !== 'ptcp') throw new Error('not a TCP address');
    expect(address.host).to.equal('127.0.0.1');
    expect(address.port).to.be.greaterThan(0);
    const socket = openStream({ kind: 'tcp', host: '127.0.0.1', port: address.port });
    await connected(socket);
    await until(() => peers.length > 0);
    expect(peers).to.deep.equal([`tcp:127.0.0.1:${socket.localPort}`]);
    socket.destroy();
  });

  it('listens on IPv6', async function () {
    const { listener, peers } = await listen('ptcp:0:[::1]').catch(() => this.skip());
    if (listener.address.kind !== 'ptcp') throw new Error('not a TCP address');
    const socket = openStream({ kind: 'tcp', host: '::1', port: listener.address.port });
    await connected(socket);
    await until(() => peers.length > 0);
    expect(peers).to.deep.equal([`tcp:[::1]:${socket.localPort}`]);
    socket.destroy();
  });

  it('turns away more peers than it holds at once', async () => {
    const path = `${folder}/many`;
    const { listener, peers } = await listen(`punix:${path}`);
    const sockets = Array.from({ length: MAX_ACCEPTED + 3 }, () => openStream({ kind: 'unix', path }));
    await Promise.all(sockets.map(connected));
    await until(() => peers.length + listener.refused === sockets.length);
    expect([peers.length, listener.refused]).to.deep.equal([MAX_ACCEPTED, 3]);
    for (const socket of sockets) socket.destroy();
  });

  it('says what to do about a port in use', async () => {
    const { listener } = await listen('ptcp:0');
    if (listener.address.kind !== 'ptcp') throw new Error('not a TCP address');
    const error = await failure(`ptcp:${listener.address.port}`);
    expect(error).to.include({ kind: 'environment', code: 'EADDRINUSE' });
    expect(error.message).to.match(/^ptcp:\d+:127\.0\.0\.1: port \d+ is in use; stop what uses it, or choose another/);
  });

  it('says so of a host that is not ours', async () => {
    expect((await failure('ptcp:0:192.0.2.1')).message).to.include('192.0.2.1 is no address of this machine');
  });

  it('makes a unix socket, and removes it', async () => {
    const path = `${folder}/s1`;
    const { listener, peers } = await listen(`punix:${path}`);
    const socket = openStream({ kind: 'unix', path });
    await connected(socket);
    await until(() => peers.length > 0);
    expect(peers).to.deep.equal([`unix:${path}#1`]);
    socket.destroy();
    await listener.close();
    expect(existsSync(path)).to.equal(false);
  });

  it('replaces a socket that nobody listens on', async () => {
    const path = `${folder}/stale`;
    await leaveBehind(path);
    expect(existsSync(path)).to.equal(true);
    const { listener } = await listen(`punix:${path}`);
    expect(listener.address).to.deep.equal({ kind: 'punix', path });
  });

  it('leaves a socket alone that somebody listens on', async () => {
    const path = `${folder}/busy`;
    await listen(`punix:${path}`);
    expect((await failure(`punix:${path}`)).message).to.include('another process listens on this socket');
    expect(existsSync(path)).to.equal(true);
  });

  it('leaves a file alone that is no socket', async () => {
    const path = `${folder}/file`;
    writeFileSync(path, 'precious');
    const error = await failure(`punix:${path}`);
    expect(error).to.include({ kind: 'environment', code: 'EADDRINUSE' });
    expect(error.why).to.equal("this is a file, not a socket, and isn't touched; choose another path");
    expect(readFileSync(path, 'latin1')).to.equal('precious');
    expect((await failure(`punix:${folder}`)).why).to.include('this is a directory, not a socket');
  });

  it('says so of a directory that is not there', async () => {
    expect((await failure(`punix:${folder}/none/s1`)).message).to.include('the directory does not exist');
  });
});

/**
 * A socket's file without a listener, as a process that was killed leaves it: the name is moved before the close
 * removes it.
 */
async function leaveBehind(path: string): Promise<void> {
  const { renameSync } = await import('node:fs');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.new`, resolve));
  renameSync(`${path}.new`, path);
  await new Promise((resolve) => server.close(resolve));
}

/** Waits until something is true, five seconds at most. */
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
}
