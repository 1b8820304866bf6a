/** TLS at the command line: run, ofctl, inspect and replay; each mistake is one line with place and reason. */
import { expect } from 'chai';
import { type Certificates, certificates, optionsOf } from '../support/certificates.js';
import { requires } from '../support/needs.js';
import { ctswitch, endAll, Program } from './program.js';

describe('cli: TLS', function () {
  this.timeout(60_000);
  let files: Certificates;
  let address = '';
  before(async function () {
    requires(this, 'openssl');
    files = certificates();
    const options = ['--port', '1=memory:p1', '--listen', 'pssl:0', '--no-ctl'];
    const program = new Program(['run', ...options, ...optionsOf(files.sw)]);
    const [, port] = await program.until(/listens on +pssl:(\d+):127\.0\.0\.1\n/);
    address = `ssl:127.0.0.1:${port}`;
    await program.until(new RegExp(`ovs-ofctl -O OpenFlow13 -p KEY -c CERTIFICATE -C CA show ${address}\n`));
  });
  after(endAll);

  it('ofctl against run, by long names and short ones', async () => {
    const { key, cert, ca } = files.controller;
    const long = [`--private-key=${key}`, `--certificate=${cert}`, `--ca-cert=${ca}`];
    expect((await ctswitch(['ofctl', 'add-flow', address, 'priority=3,actions=drop', ...long])).status).to.equal(0);
    const shown = await ctswitch(['ofctl', ...optionsOf(files.controller), '--no-stats', 'dump-flows', address]);
    expect([shown.status, shown.out, shown.err]).to.deep.equal([0, ' priority=3 actions=drop\n', '']);
    const any = await ctswitch(['ofctl', ...optionsOf({ key, cert, ca: 'none' }), 'show', address]);
    expect(any.status).to.equal(0);
    const same = await ctswitch(['ofctl', ...optionsOf(files.controller), 'diff-flows', address, address]);
    expect(same.status).to.equal(0);
  });

  it('inspect puts TLS on for a client without, and each switch of a network has its own address', async () => {
    const proxy = new Program(['inspect', '--listen', 'ptcp:0', '--proxy', address, ...optionsOf(files.controller)]);
    const [, port] = await proxy.until(/between ptcp:(\d+):/);
    const shown = await ctswitch(['ofctl', 'show', `tcp:127.0.0.1:${port}`]);
    expect(shown.status).to.equal(0);
    await proxy.until(/OFPT_FEATURES_REPLY/);
    const linear = ['--topo', 'linear,2', '--listen', 'pssl:0', '--no-ctl', '--json'];
    const net = new Program(['run', ...linear, ...optionsOf(files.sw)]);
    await net.until(/"listening":\["pssl:\d+:127\.0\.0\.1"\].*"listening":\["pssl:\d+:127\.0\.0\.1"\]/);
  });

  it('a capture is replayed to a switch behind TLS', async () => {
    const capture = 'fixtures/sessions/os-ken-learning-switch.pcap';
    const args = ['replay', capture, '--against', address, ...optionsOf(files.controller)];
    const { status, out, err } = await ctswitch(args);
    // It has other ports than the recorded one, so it answers, and differs.
    expect([status, err]).to.deep.equal([1, '']);
    expect(out).to.match(/1 session, 1 with differences\n$/);
  });

  /** Options by what they are, exit status, what standard error says. */
  const CASES: readonly (readonly [what: string, (f: Certificates) => string[], number, RegExp])[] = [
    [
      'none of the options',
      () => [],
      2,
      /^ssl:127.0.0.1:\d+: --private-key FILE, --certificate FILE, --ca-cert FILE are missing$/,
    ],
    ['no CA', (f) => ['-p', f.sw.key, '-c', f.sw.cert], 2, /^ssl:\S+: --ca-cert FILE is missing$/],
    [
      'a file that is not there',
      (f) => optionsOf({ ...f.sw, key: '/no/such.pem' }),
      2,
      /^--private-key \/no\/such.pem: there is no such file$/,
    ],
    ['a folder', (f) => optionsOf({ ...f.sw, ca: f.folder }), 2, /^--ca-cert \S+: it is a folder$/],
    ['a device', (f) => optionsOf({ ...f.sw, ca: '/dev/zero' }), 2, /^--ca-cert \/dev\/zero: it is a device$/],
    [
      'no PEM',
      (f) => optionsOf({ ...f.sw, cert: f.garbage }),
      2,
      /^--certificate \S+garbage: there is no certificate in PEM in it$/,
    ],
    ['a locked key', (f) => optionsOf({ ...f.sw, key: f.locked }), 2, /^--private-key \S+: the key is encrypted, /],
    [
      'a key of another',
      (f) => optionsOf({ ...f.sw, key: f.stranger.key }),
      2,
      /^--private-key \S+stranger.key: the key doesn't fit the certificate of --certificate \S+sw.pem$/,
    ],
    ['an expired certificate', (f) => optionsOf(f.old), 2, /^--certificate \S+old.pem: the certificate has expired/],
    [
      'a CA that signed nothing',
      (f) => optionsOf({ ...f.controller, ca: f.otherCa }),
      3,
      /^ssl:\S+: the peer's certificate isn't signed by the CA of --ca-cert/,
    ],
    [
      "a stranger's certificate",
      (f) => optionsOf(f.stranger),
      3,
      /^ssl:\S+: closed by the peer before its HELLO: does it trust this end's certificate\?$/,
    ],
  ];
  for (const [what, options, status, said] of CASES) {
    it(`one line: ${what}`, async () => {
      const ended = await ctswitch(['ofctl', ...options(files), 'show', address]);
      expect(ended.err).to.match(/^ctswitch: .*\n$/);
      expect(ended.err.slice('ctswitch: '.length, -1)).to.match(said);
      expect(ended.status).to.equal(status);
    });
  }

  it('run, the demo and inspect say the same before they begin', async () => {
    const { key } = files.sw;
    for (const command of [['run'], ['demo'], ['run', '--topo', 'single,1'], ['demo', '--topo', 'single,1']]) {
      const ended = await ctswitch([...command, '--no-ctl', '--controller', 'ssl:127.0.0.1:1', '-p', key]);
      expect(ended.err).to.equal('ctswitch: ssl:127.0.0.1:1: --certificate FILE, --ca-cert FILE are missing\n');
      expect(ended.status).to.equal(2);
    }
    const inspect = await ctswitch(['inspect', '--listen', 'pssl:0']);
    expect(inspect.err).to.match(/^ctswitch: pssl:0: --private-key FILE.* are missing\n$/);
    const alone = await ctswitch(['run', '--no-ctl', '-C', files.sw.ca]);
    expect(alone.err).to.equal('ctswitch: TLS: --private-key FILE, --certificate FILE are missing\n');
  });
});
