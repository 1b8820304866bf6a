/** The socket: its protocol, its owner, and clients that misbehave. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { MAX_CLIENTS, ManagementClient, ManagementServer, SILENCE_MS } from '../../lib/manage/index.js';
import { MAX_REQUEST, ObjectReader } from '../../lib/manage/requests.js';
import { udp4 } from '../support/frames.js';
import { Managed } from './managed.js';

function raw(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket));
    socket.on('error', reject);
  });
}

/** Resolves when the other end has closed; to what it had said. */
function closed(socket: Socket): Promise<string> {
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve) => socket.once('close', () => resolve(said)));
}

describe('manage: the socket', () => {
  let managed: Managed;
  let client: ManagementClient;
  beforeEach(async () => {
    managed = new Managed();
    client = await managed.open();
  });
  afterEach(async () => managed.close());

  const alive = async (): Promise<void> => {
    expect(await client.call('version')).to.equal('ctswitch 0.0.0\n');
  };

  it("is its owner's alone, and gone at the end", async () => {
    expect(statSync(managed.path).mode & 0o777).to.equal(0o600);
    await managed.server.close();
    expect(existsSync(managed.path)).to.equal(false);
  });

  it('answers one object after the other, whatever the pieces', async () => {
    const socket = await raw(managed.path);
    let said = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const requests = '{"id":0,"method":"version","params":[]}\n {"id":"x\\"}","method":"foo","params":["}"]}';
    for (const letter of requests) socket.write(letter);
    while (!said.includes('valid commands)')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(new ObjectReader().push(said)).to.deep.equal([
      { id: 0, error: null, result: 'ctswitch 0.0.0\n' },
      {
        id: 'x"}',
        error: '"foo" is not a valid command (use "list-commands" to see a list of valid commands)\n',
        result: null,
      },
    ]);
    socket.destroy();
  });

  it('counts arguments as unixctl does', async () => {
    const refused = async (method: string, ...params: string[]): Promise<string> => {
      try {
        return await client.call(method, ...params);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await refused('fdb/show')).to.equal('"fdb/show" command requires at least 1 arguments');
    expect(await refused('version', 'x')).to.equal('"version" command takes at most 0 arguments');
  });

  for (const [what, text] of [
    ['garbage', 'GET / HTTP/1.1\r\n\r\n'],
    ['a closing bracket', ']'],
    ['JSON that is no request', '[1,2]'],
    ['no method', '{"id":1}'],
    ['parameters that are no texts', '{"method":"version","params":[1]}'],
    ['broken JSON', '{"method" "version"}'],
    ['too much', `{"method":"${'x'.repeat(MAX_REQUEST)}`],
    ['too many requests', '{"method":"wait","params":["controller"]}'.repeat(70)],
  ] as const) {
    it(`a client that sends ${what} is closed, and no other`, async () => {
      const socket = await raw(managed.path);
      const ended = closed(socket);
      socket.write(text);
      await ended;
      expect(managed.server.counters.garbage).to.equal(1);
      await alive();
    });
  }

  it('a client that sends nothing, or half a request, is closed after a while', async () => {
    const sockets = [await raw(managed.path), await raw(managed.path)];
    sockets[1].write('{"id":');
    await alive();
    const ended = sockets.map(closed);
    managed.clock.advance(SILENCE_MS);
    await Promise.all(ended);
    expect(managed.server.counters.silent).to.equal(2);
    await alive();
  });

  it('too many clients push out the one that was idle for the longest', async () => {
    const sockets: Socket[] = [];
    for (let n = 0; n < MAX_CLIENTS + 3; n++) {
      managed.clock.advance(1);
      sockets.push(await raw(managed.path));
    }
    const last = await ManagementClient.open(managed.path);
    expect(await last.call('version')).to.equal('ctswitch 0.0.0\n');
    expect(managed.server.counters.clients).to.be.at.most(MAX_CLIENTS);
    expect(managed.server.counters.crowded).to.be.at.least(4);
    for (const socket of sockets) socket.destroy();
    last.close();
  });

  it('a long answer goes out in pieces, and the switch goes on between them', async () => {
    managed.sw.flows.load('udp,actions=ct(commit)');
    for (let n = 0; n < 3000; n++) managed.ports[0].inject(udp4({ sport: 1 + n }));
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const text = await client.call('dpctl/dump-conntrack');
    counting = false;
    expect(text.trimEnd().split('\n')).to.have.length(3000);
    expect(turns).to.be.greaterThan(10);
  });

  it('a client that goes away in the middle of an answer leaves nothing behind', async () => {
    const socket = await raw(managed.path);
    socket.write('{"id":1,"method":"wait","params":["controller","--timeout","100"]}');
    await alive();
    socket.destroy();
    while (managed.server.counters.clients > 1) await new Promise((resolve) => setTimeout(resolve, 5));
    managed.clock.advance(100);
    await alive();
  });

  it('a client that takes nothing of its answer does not hold the end', async () => {
    managed.sw.flows.load('udp,actions=ct(commit)');
    for (let n = 0; n < 3000; n++) managed.ports[0].inject(udp4({ sport: 1 + n }));
    const socket = await raw(managed.path);
    socket.pause();
    // The first answers fill what the system holds.
    socket.write('{"id":1,"method":"dpctl/dump-conntrack","params":["-m"]}'.repeat(8));
    await alive();
    for (let n = 0; n < 200; n++) await new Promise((resolve) => setImmediate(resolve));
    await managed.server.close();
    socket.destroy();
  });

  it('a file that is no socket stays as it is', async () => {
    const path = `${managed.folder}/letter.txt`;
    writeFileSync(path, 'Dear');
    const other = new ManagementServer(managed.server.daemon, path);
    const why = await other.listen().then(
      () => 'it listens',
      (error: Error) => error.message,
    );
    expect(why).to.match(/letter\.txt: there is something that is no socket/);
    expect(readFileSync(path, 'utf8')).to.equal('Dear');
    await other.close();
  });

  it('a socket that nobody listens on makes way; one of a living process stays', async () => {
    const other = new ManagementServer(managed.server.daemon, managed.path);
    let refused = '';
    await other.listen().catch((error: Error) => {
      refused = error.message;
    });
    expect(refused).to.match(/another process listens there/);
    await alive();
    // What a killed process leaves: bound, and nobody there.
    const path = `${managed.folder}/stale.ctl`;
    const dead = createServer().listen(path);
    await new Promise((resolve) => dead.once('listening', resolve));
    const stale = new ManagementServer(managed.server.daemon, path);
    dead.close = () => dead;
    (dead as unknown as { _handle: { close(): void } })._handle.close();
    writeFileSync(`${managed.folder}/note`, '');
    await stale.listen();
    await stale.close();
  });
});
