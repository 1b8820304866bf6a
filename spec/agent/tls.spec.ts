/** OpenFlow over TLS: the switch with the genuine ovs-ofctl, with os-ken, and with our own client. */
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { parseActive } from '../../lib/channel/index.js';
import { Tls } from '../../lib/channel/tls.js';
import { Client } from '../../lib/ofctl/index.js';
import { memory } from '../../lib/ports/memory.js';
import { ALL_FLOWS, type StartOptions, Switch, type SwitchEvent } from '../../lib/switch.js';
import { Running } from '../live/lab.js';
import { type Certificates, certificates, type Files, optionsOf, tlsOf } from '../support/certificates.js';
import { requires } from '../support/needs.js';
import { RealClock } from './real-clock.js';

const run = promisify(execFile);
const clock = new RealClock();

describe('agent with TLS', function () {
  this.timeout(60_000);
  let files: Certificates;
  const ends: (() => unknown)[] = [];
  before(function () {
    requires(this, 'openssl');
    files = certificates();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function started(options: StartOptions) {
    const sw = new Switch({});
    ends.push(() => sw.close());
    const events: string[] = [];
    sw.on((event: SwitchEvent) => {
      if (event.type !== 'controller') return;
      events.push('why' in event.event ? `${event.event.type}: ${event.event.why}` : event.event.type);
    });
    sw.addPort(1, memory({ name: 'p1' }));
    const { listening } = await sw.start({ tls: tlsOf(files.sw), ...options });
    return { sw, events, listening };
  }

  /** The same address from the other side. */
  const active = (listening: string): string => `ssl:127.0.0.1:${listening.split(':')[1]}`;

  it('the genuine ovs-ofctl reads and writes flows, and is turned away with a certificate of strangers', async function () {
    requires(this, 'ovs-ofctl');
    const { sw, listening } = await started({ listen: ['pssl:0'] });
    const address = active(listening[0]);
    const ofctl = (who: Files, ...words: string[]) => {
      return run('ovs-ofctl', ['-O', 'OpenFlow13', '--timeout=10', ...optionsOf(who), ...words]);
    };
    expect((await ofctl(files.controller, 'show', address)).stdout).to.match(/ 1\(p1\): addr/);
    const flow = 'cookie=0x5,priority=7,ip,nw_dst=10.0.0.1,actions=output:1';
    await ofctl(files.controller, 'add-flow', address, flow);
    const { stdout } = await ofctl(files.controller, '--no-stats', 'dump-flows', address);
    expect(stdout).to.match(/cookie=0x5, priority=7,ip,nw_dst=10.0.0.1 actions=output:1/);
    expect(sw.flows.list()).to.have.length(1);
    for (const who of [files.stranger, files.old]) {
      const failed = await ofctl(who, 'show', address).catch((error: { readonly stderr: string }) => error);
      expect(failed.stderr).to.match(/failed to connect|unexpected eof/);
    }
    const { stderr } = await run('ovs-ofctl', ['-O', 'OpenFlow13', 'show', address.replace('ssl', 'tcp')]).catch(
      (error: { readonly stderr: string }) => error,
    );
    expect(stderr).to.match(/failed to connect to socket/);
  });

  it("os-ken's controller is dialled, and adds its flows", async function () {
    requires(this, 'os-ken');
    const port = await freePort();
    const { key, cert, ca } = files.controller;
    const secure = ['--ctl-privkey', key, '--ctl-cert', cert, '--ca-certs', ca, '--ofp-ssl-listen-port', `${port}`];
    const app = ['/usr/bin/osken-manager', ...secure, 'examples/os-ken/learning_switch.py'];
    const controller = new Running('os-ken', spawn('/usr/bin/python3', app));
    ends.push(() => controller.end());
    const { sw, events } = await started({ controllers: [`ssl:127.0.0.1:${port}`] });
    await until(() => sw.flows.list().length > 0);
    expect(events.filter((event) => !event.startsWith('failed: nobody'))).to.deep.equal(['connected', 'control']);
    expect(sw.controllers()).to.have.length(1);
    expect(sw.controllers()[0]).to.include({ address: `ssl:127.0.0.1:${port}`, kind: 'dialled', state: 'open' });
  });

  it('our own client, with many flows and their statistics', async () => {
    const { sw, listening } = await started({ listen: ['pssl:0'] });
    const lines = Array.from({ length: 3000 }, (_, i) => `table=1,priority=${i},actions=output:1`);
    sw.flows.load(lines.join('\n'));
    const tls = new Tls(tlsOf(files.controller), clock);
    const client = await Client.connect(parseActive(active(listening[0])), { clock, timeout_ms: 10_000, tls });
    ends.push(() => client.close());
    const echo = await client.request({ type: 'echo_request', data: new Uint8Array(60_000).fill(7) }, 'echo_reply');
    expect(echo.data).to.deep.equal(new Uint8Array(60_000).fill(7));
    expect(await client.list({ kind: 'flow', ...ALL_FLOWS })).to.have.length(3000);
    expect(sw.controllers()[0].address).to.match(/^ssl:127\.0\.0\.1:\d+$/);
  });

  it('a controller that it lost, or that nobody trusts, is dialled again', async () => {
    const { key, cert, ca } = tlsOf(files.controller);
    const streams: TLSSocket[] = [];
    const server = createTlsServer({ key, cert, ca, requestCert: true }, (stream) => {
      stream.on('error', () => {}).resume();
      stream.write(Buffer.from('0400000800000001', 'hex'));
      streams.push(stream);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      for (const stream of streams) stream.destroy();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { sw, events } = await started({ controllers: [`ssl:127.0.0.1:${port}`] });
    await until(() => events.includes('control'));
    const stranger = tlsOf(files.stranger);
    server.setSecureContext({ key: stranger.key, cert: stranger.cert, ca });
    streams[0].destroy();
    await until(() => events.some((event) => /^failed: the peer's certificate isn't signed/.test(event)));
    expect(sw.controllers()[0].why).to.match(/isn't signed by the CA/);
    server.setSecureContext({ key, cert, ca });
    await until(() => events.filter((event) => event === 'connected').length === 2);
    expect(sw.controllers()[0].state).to.equal('open');
  });

  it('nothing is dialled, and nothing listens, where TLS is missing or can not be used', async () => {
    const sw = new Switch({});
    ends.push(() => sw.close());
    const why = async (options: StartOptions): Promise<string> => {
      return sw.start(options).then(
        () => 'it started',
        (error: Error) => error.message,
      );
    };
    const mixed = { listen: ['ptcp:0', 'pssl:0'], controllers: ['tcp:127.0.0.1:1'] };
    expect(await why(mixed)).to.match(/^pssl:0:127.0.0.1: TLS needs --private-key, .*tls: \{ key, cert, ca \}/);
    expect(await why({ ...mixed, tls: { ...tlsOf(files.sw), key: 'x' } })).to.match(
      /^tls.key: there is no private key/,
    );
    expect(sw.controllers()).to.deep.equal([]);
    await sw.start({ tls: tlsOf(files.sw) });
    await sw.setControllers(['ssl:127.0.0.1:1']);
    expect(sw.controllers().map(({ address }) => address)).to.deep.equal(['ssl:127.0.0.1:1']);
  });
});

/** A TCP port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Waits until something is true, twenty seconds at most. */
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  if (!what()) throw new Error(`it never came: ${what}`);
}
