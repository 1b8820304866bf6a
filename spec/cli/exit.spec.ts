/** Exit statuses and the one line that says what to do, for every kind of mistake; help and version. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { ctswitch, endAll, Program } from './program.js';

const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
after(() => rmSync(folder, { recursive: true }));

/** Arguments, and what standard error says. */
const USAGE: readonly (readonly [what: string, args: readonly string[], said: RegExp])[] = [
  ['an unknown command', ['smulate'], /^ctswitch: unknown command "smulate" \(did you mean "simulate"\?\)\n$/],
  [
    'an unknown option',
    ['run', '--lisen', 'ptcp:0'],
    /^ctswitch: unknown option '--lisen' \(Did you mean --listen\?\)\n$/,
  ],
  ['an option without its value', ['run', '--listen'], /argument missing/],
  ['a word too much', ['run', 'fast'], /too many arguments/],
  [
    'an active address to listen on',
    ['run', '--listen', 'tcp:127.0.0.1'],
    /use ptcp:\[PORT\]\[:HOST\], pssl:\[PORT\]\[:HOST\] or punix:PATH\n$/,
  ],
  [
    'a passive address to dial',
    ['run', '--controller', 'ptcp:6653'],
    /use tcp:HOST\[:PORT\], ssl:HOST\[:PORT\] or unix:PATH\n$/,
  ],
  ['an address of the demo', ['--listen', 'nowhere'], /an address is tcp:/],
  ['a datapath id', ['run', '--dpid', 'xyz'], /1 to 16 hexadecimal digits/],
  [
    'a fail-mode',
    ['run', '--fail-mode', 'secre'],
    /--fail-mode secre: it is one of secure, standalone \(did you mean "secure"\?\)\n$/,
  ],
  ['a profile', ['run', '--profile', 'ryu'], /it is one of ovs, minimal, full/],
  ['a frame length', ['run', '--min-frame', 'x'], /a whole number from 0 to 1514/],
  [
    'a kind of port',
    ['run', '--port', '1=pcp:eth0'],
    /at column 3: "pcp" is no kind of port: did you mean pcap:IFACE\?\n$/,
  ],
  ['an empty name', ['run', '--name', ''], /--name : it has at least one character\n$/],
  [
    'a name for two ports',
    ['run', '--port', 'tap:t0', '--port', '5=tap:t0'],
    /^ctswitch: --port 5=tap:t0: --port tap:t0 has the name t0 already\n$/,
  ],
  [
    'a capture that would be overwritten while it is read',
    ['run', '--port', '1=file:/nope.pcap,/nope.pcap'],
    /^ctswitch: --port 1=file:\/nope\.pcap,\/nope\.pcap would overwrite \/nope\.pcap, which it reads: name another file\n$/,
  ],
  ['a number for two ports', ['run', '--port', '1=memory:a', '--port', '1=memory:b'], /port 1 is given twice/],
  [
    'a flow file that is not there',
    ['run', '--flows', '/nope.flows'],
    /^ctswitch: \/nope\.flows: there is no such file\n$/,
  ],
  ['a capture that is not there', ['run', '--port', '1=file:/nope.pcap'], /no such file or folder/],
  ['a file of cases that is not there', ['simulate', '/nope.jsonl'], /there is no such file/],
  ['help for an unknown command', ['help', 'rum'], /did you mean "run"\?/],
];

describe('exit statuses', function () {
  this.timeout(20_000);
  afterEach(endAll);

  for (const [what, args, said] of USAGE) {
    it(`2 for ${what}, with one line`, async () => {
      const { status, err, out } = await ctswitch(args);
      expect(err).to.match(said);
      expect(err.trim().split('\n')).to.have.length(1);
      expect(out).to.equal('');
      expect(status).to.equal(2);
    });
  }

  it('2 for a mistake in a flow file, with file, line and column, and the line with a mark', async () => {
    const file = `${folder}/bad.flows`;
    writeFileSync(file, '# a comment\n\nin_port=1,actions=2\n  ip,nw_sr=10.0.0.1,actions=drop\n');
    const { status, err } = await ctswitch(['run', '--flows', file]);
    expect(err).to.equal(
      `ctswitch: ${file}:4:6: unknown keyword "nw_sr" (did you mean "nw_src"?)\n` +
        '    ip,nw_sr=10.0.0.1,actions=drop\n' +
        '       ^\n',
    );
    expect(status).to.equal(2);
  });

  it('2 for a flow that reads well but is refused, with its line', async () => {
    const file = `${folder}/refused.flows`;
    writeFileSync(file, 'actions=drop\ntable=5,actions=goto_table:3\n');
    const { status, err } = await ctswitch(['run', '--flows', file]);
    expect(err).to.match(/refused\.flows:2:\d+: .*\n {2}table=5,actions=goto_table:3\n *\^\n$/);
    expect(status).to.equal(2);
  });

  describe('of the environment', () => {
    let server: Server;
    let port = 0;
    before((done) => {
      server = createServer().listen(0, '127.0.0.1', () => {
        const address = server.address();
        port = typeof address === 'object' && address !== null ? address.port : 0;
        done();
      });
    });
    after((done) => void server.close(done));

    it('3 for a port in use', async () => {
      const { status, err } = await ctswitch(['run', '--listen', `ptcp:${port}`]);
      expect(err).to.match(
        new RegExp(`^ctswitch: ptcp:${port}:127.0.0.1: port ${port} is in use; stop what uses it.*\n$`),
      );
      expect(status).to.equal(3);
    });

    it('3 for a socket in a folder that is not there', async () => {
      const { status, err } = await ctswitch(['run', '--listen', `punix:${folder}/nope/s1.mgmt`]);
      expect(err).to.match(/the directory does not exist; make it first\n$/);
      expect(status).to.equal(3);
    });

    it('3 for a capture that can not be written', async () => {
      const { status, err } = await ctswitch(['run', '--port', `1=file:,${folder}/nope/out.pcap`]);
      expect(err).to.match(/^ctswitch: out\.pcap: .*\/nope\/out\.pcap: no such file or folder\n$/);
      expect(status).to.equal(3);
    });

    it('3 for an interface that is not there', async function () {
      requires(this, 'linux');
      const { status, err } = await ctswitch(['run', '--port', '1=pcap:nope0']);
      expect(err).to.match(/^ctswitch: nope0: there is no such interface: ip link lists those there are\n$/);
      expect(status).to.equal(3);
    });

    it('3 for a native module that is missing, and how to get it', async function () {
      requires(this, 'linux');
      // koffi's own switch for another place to load from; an empty folder stands for a machine without it.
      const hook = `data:text/javascript,${encodeURIComponent(
        "import{register}from'node:module';register('data:text/javascript,'+encodeURIComponent(" +
          "\"export async function resolve(s,c,n){if(s==='koffi')throw new Error('no koffi');return n(s,c)}\"))",
      )}`;
      const program = new Program(['run', '--port', '1=tap:ctsnope'], { NODE_OPTIONS: `--import "${hook}"` });
      const { status } = await program.ended;
      expect(program.err).to.match(/taps need koffi: run npm install koffi; all other kinds of port work without it/);
      expect(status).to.equal(3);
    });
  });

  it('0 for help and version, on standard output', async () => {
    const help = await ctswitch(['--help']);
    expect(help.out)
      .to.match(/Examples:/)
      .and.match(/Exit statuses:/)
      .and.match(/simulate/);
    expect(help.status).to.equal(0);
    const version = await ctswitch(['--version']);
    expect(version.out).to.match(/^\d+\.\d+\.\d+\n$/);
    expect(version.status).to.equal(0);
    const run = await ctswitch(['help', 'run']);
    expect(run.out)
      .to.match(/--min-frame/)
      .and.match(/LOCAL=tap:br0/);
    expect(run.status).to.equal(0);
    expect(run.out).to.contain('--http');
  });
});
