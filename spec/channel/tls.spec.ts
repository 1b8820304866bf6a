/** TLS between our own two ends: what can't be used, peers that aren't trusted, and handshakes that fail. */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { type Clock, type Log, ManualClock, silent } from '../../lib/bytes/index.js';
import { parsePassive } from '../../lib/channel/address.js';
import { ChannelError } from '../../lib/channel/channel-error.js';
import { Listener, MAX_ACCEPTED } from '../../lib/channel/listener.js';
import { connectText, openStream } from '../../lib/channel/stream.js';
import { HANDSHAKE_TIMEOUT_MS, Tls, type TlsOptions } from '../../lib/channel/tls.js';
import { RealClock } from '../agent/real-clock.js';
import { type Certificates, certificates, tlsOf } from '../support/certificates.js';
import { requires } from '../support/needs.js';

const clock = new RealClock();

describe('channel/tls', function () {
  this.timeout(20_000);
  let files: Certificates;
  const ends: (() => unknown)[] = [];
  before(function () {
    requires(this, 'openssl');
    files = certificates();
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  const made = (options: TlsOptions): Tls => new Tls(options, clock);
  const text = (path: string): string => readFileSync(path, 'utf8');

  /** A pssl: listener as the switch, what came, and what its log says. */
  async function listening(options: TlsOptions = tlsOf(files.sw), time: Clock = clock) {
    const came: Socket[] = [];
    const said: string[] = [];
    const log: Log = { ...silent, warn: (line) => said.push(line) };
    const address = parsePassive('pssl:0');
    const accept = (stream: Socket): void => {
      stream.on('error', () => {});
      came.push(stream);
    };
    const listener = await Listener.open(address, accept, log, new Tls(options, time));
    ends.push(() => listener.close());
    if (!('port' in listener.address)) throw new Error('no port');
    return { listener, came, said, port: listener.address.port };
  }

  /** Dials with what the files say; resolves to the stream, or to why not. */
  function dial(port: number, options: TlsOptions): Promise<Socket | string> {
    const stream = openStream({ kind: 'ssl', host: '127.0.0.1', port }, made(options));
    ends.push(() => stream.destroy());
    return new Promise((resolve) => {
      stream.once('secureConnect', () => resolve(stream)).once('error', (error) => resolve(connectText(error)));
    });
  }

  /** A TCP server that does one thing with who comes. */
  async function plain(act: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      ends.push(() => socket.destroy());
      act(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => server.close());
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  it('carries bytes both ways between ends that trust each other, from TLS 1.2 on', async () => {
    const { came, port, listener } = await listening();
    const stream = await dial(port, tlsOf(files.controller));
    if (typeof stream === 'string') throw new Error(stream);
    await until(() => came.length === 1);
    const heard: string[] = [];
    came[0].on('data', (chunk: Buffer) => came[0].write(`${chunk} back`));
    stream.on('data', (chunk: Buffer) => heard.push(String(chunk)));
    stream.write('there');
    await until(() => heard.length > 0);
    expect(heard).to.deep.equal(['there back']);
    expect(listener.refused).to.equal(0);
    const { key, cert, ca } = tlsOf(files.controller);
    const host = { host: '127.0.0.1', port, key, cert, ca, checkServerIdentity: () => undefined };
    for (const [maxVersion, spoken] of [
      ['TLSv1.2', 'TLSv1.2'],
      ['TLSv1.1', null],
    ] as const) {
      const old = connectTls({ ...host, minVersion: 'TLSv1', maxVersion });
      ends.push(() => old.destroy());
      const got = await new Promise((resolve) => {
        old.once('secureConnect', () => resolve(old.getProtocol())).once('error', () => resolve(null));
      });
      expect(got).to.equal(spoken);
    }
  });

  it("a peer whose certificate the CA didn't sign, or that has none, is turned away by either end", async () => {
    const { came, said, port, listener } = await listening();
    await dial(port, tlsOf(files.stranger));
    await until(() => said.length === 1);
    expect(said[0]).to.match(/^pssl:\d+:127.0.0.1: ssl:127.0.0.1:\d+ is turned away: .* isn't signed by the CA/);
    const nobody = connectTls({ host: '127.0.0.1', port, ca: text(files.sw.ca), checkServerIdentity: () => undefined });
    const alert = await new Promise<Error>((resolve) => nobody.once('error', resolve));
    expect(connectText(alert)).to.equal('the peer asks for a certificate');
    await until(() => said.length === 2);
    expect(said[1]).to.match(/the peer shows no certificate$/);
    const other = { ...tlsOf(files.controller), ca: text(files.otherCa) };
    expect(await dial(port, other)).to.match(/isn't signed by the CA of --ca-cert/);
    await until(() => said.length === 3);
    expect(said[2]).to.match(/the peer closed the connection during the handshake$/);
    expect([came.length, listener.refused]).to.deep.equal([0, 3]);
  });

  it('an expired certificate of a peer is none', async () => {
    const { came, said, port } = await listening();
    const { key, cert, ca } = tlsOf(files.old);
    const stream = connectTls({ host: '127.0.0.1', port, key, cert, ca, checkServerIdentity: () => undefined });
    stream.on('error', () => {});
    ends.push(() => stream.destroy());
    await until(() => said.length === 1);
    expect(said[0]).to.match(/has expired$/);
    expect(came).to.deep.equal([]);
  });

  it('with "none" for a CA anybody is taken', async () => {
    const { came, port } = await listening({ ...tlsOf(files.sw), ca: 'none' });
    expect(await dial(port, { ...tlsOf(files.stranger), ca: 'none' })).to.be.an('object');
    await until(() => came.length === 1);
  });

  it('plain TCP at a TLS port, TLS at a plain one, and a peer that hangs up', async () => {
    const { said, port } = await listening();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}).write(Buffer.from('0400000800000001', 'hex'));
    ends.push(() => socket.destroy());
    await until(() => said.length === 1);
    expect(said[0]).to.match(/the peer doesn't speak TLS/);
    connect(port, '127.0.0.1', function (this: Socket) {
      this.destroy();
    });
    await until(() => said.length === 2);
    expect(said[1]).to.match(/closed the connection during the handshake$/);
    const hello = await plain((peer) => peer.write(Buffer.from('0400000800000001', 'hex')));
    expect(await dial(hello, tlsOf(files.controller))).to.match(/^the peer doesn't speak TLS/);
    const rude = await plain((peer) => peer.destroy());
    expect(await dial(rude, tlsOf(files.controller))).to.match(/reset/);
  });

  it('a handshake has its time, however many bytes trickle in', async () => {
    const time = new ManualClock(0, Date.now());
    let timers = 0;
    const counted: Clock = {
      now: () => time.now(),
      wall: () => time.wall(),
      after: (delay_ms, act) => {
        timers++;
        return time.after(delay_ms, act);
      },
    };
    const { said, port, listener } = await listening(tlsOf(files.sw), counted);
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {}).resume();
    socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
    // The timer is there once the socket is.
    await until(() => timers > 0);
    time.advance(HANDSHAKE_TIMEOUT_MS - 1);
    socket.write('x');
    expect(said).to.deep.equal([]);
    time.advance(1);
    await closed;
    await until(() => said.length === 1);
    expect(said[0]).to.match(/no handshake within 10 s$/);
    expect(listener.refused).to.equal(1);
  });

  it('those in their handshake count among those that are held', async () => {
    const { said, port, listener } = await listening();
    const sockets = Array.from({ length: MAX_ACCEPTED + 2 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
    });
    await until(() => listener.refused === 2);
    expect(said).to.have.length(2);
    expect(said[0]).to.match(/256 are connected$/);
    await listener.close();
  });

  it('says what of a key and certificates can not be used', () => {
    const good = tlsOf(files.sw);
    const why = (change: Partial<TlsOptions>): string => {
      try {
        made({ ...good, ...change });
      } catch (error) {
        if (error instanceof ChannelError && error.kind === 'usage') return error.message;
        throw error;
      }
      return 'nothing';
    };
    expect(why({})).to.equal('nothing');
    expect(why({ key: text(files.garbage) })).to.equal('tls.key: there is no private key in PEM in it');
    expect(why({ key: good.cert })).to.equal('tls.key: this is a certificate, not a private key');
    expect(why({ key: text(files.locked) })).to.match(/^tls.key: the key is encrypted/);
    expect(why({ key: text(files.controller.key) })).to.equal(
      "tls.key: the key doesn't fit the certificate of tls.cert",
    );
    expect(why({ key: good.key.replace(/\n\w{8}/, '\n!!!!') })).to.match(/^tls.key: the private key can't be read/);
    expect(why({ cert: '' })).to.equal('tls.cert: there is no certificate in PEM in it');
    expect(why({ cert: good.key })).to.equal('tls.cert: this is a private key, not a certificate');
    expect(why({ cert: good.cert.replace(/\n\w{8}/, '\n!!!!') })).to.match(/^tls.cert: the certificate can't be read/);
    expect(why(tlsOf(files.old))).to.match(/^tls.cert: the certificate has expired: it was valid to /);
    expect(why({ ca: text(files.old.cert) })).to.match(/^tls.ca: the certificate has expired/);
    expect(why({ ca: 'nobody' })).to.equal('tls.ca: there is no certificate in PEM in it');
    const names = { key: 'sc.key', cert: 'sc.pem', ca: 'ca.pem' };
    expect(why({ ca: '', names })).to.equal('ca.pem: there is no certificate in PEM in it');
    const early = new ManualClock(0, Date.now() - 86_400_000);
    expect(() => new Tls(good, early)).to.throw(ChannelError, "isn't valid yet, but from");
  });

  it('an address that takes TLS needs it', async () => {
    expect(() => openStream({ kind: 'ssl', host: 'h', port: 1 })).to.throw(
      ChannelError,
      /^ssl:h:1: TLS needs --private-/,
    );
    const failed = await Listener.open(parsePassive('pssl:0'), () => {}, silent).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(ChannelError).that.includes({ kind: 'usage', address: 'pssl:0:127.0.0.1' });
  });
});

/** Waits until something is true, five seconds at most. */
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (!what()) throw new Error(`it never came: ${what}`);
}
