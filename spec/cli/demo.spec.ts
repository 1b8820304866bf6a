/** The demo: the real program, told what to do through a pipe; its hosts, links and tables; ovs-ofctl against it. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { endAll, NOBODY, PROGRAM, Program } from './program.js';

const run = promisify(execFile);
const QUIET = ['--controller', NOBODY, '--listen', 'ptcp:0'];

describe('the demo', function () {
  this.timeout(30_000);
  afterEach(endAll);

  /** Types lines, ends the input, and gives what was answered behind the greeting, and the exit status. */
  async function demo(...typed: string[]): Promise<{ text: string; status: number | null }> {
    const program = new Program(QUIET);
    const { status } = await program.finish(`${typed.join('\n')}\n`);
    return { text: program.out, status };
  }

  it('says what it is, what listens, what fail-mode means, and what to try, with -O OpenFlow13', async () => {
    const program = new Program(QUIET);
    const [, port] = await program.until(/listens on +ptcp:(\d+):127\.0\.0\.1\n/);
    const { status } = await program.finish('quit\n');
    expect(program.out).to.match(/four hosts, h1 to h4, on ports 1 to 4/);
    expect(program.out).to.match(/controller +tcp:127\.0\.0\.1:1, dialled/);
    expect(program.out)
      .to.match(/STANDALONE/)
      .and.match(/until a controller connects/);
    expect(program.out).to.contain(`ovs-ofctl -O OpenFlow13 show tcp:127.0.0.1:${port}`);
    for (const line of program.out.split('\n')) if (/ovs-ofctl /.test(line)) expect(line).to.contain('-O OpenFlow13');
    expect(program.err).to.match(/WARN: tcp:127\.0\.0\.1:1: nobody listens there/);
    expect(status).to.equal(0);
  });

  it('lets hosts ping each other', async () => {
    const { text, status } = await demo('h1 ping h2', 'h3 ping 10.0.0.4 1', 'h2 ping 2001:db8::1 1', 'pingall');
    expect(text).to.match(
      / {2}3: h2 \(10\.0\.0\.2\) answers in [\d.]+ ms\nh1 → h2 \(10\.0\.0\.2\): 3 of 3 pings answered\n/,
    );
    expect(text).to.contain('h3 → 10.0.0.4: 1 of 1 pings answered');
    expect(text).to.contain('h2 → 2001:db8::1: 1 of 1 pings answered');
    expect(text).to.contain('12/12 pings answered');
    expect(status).to.equal(0);
  });

  it('lets hosts talk over UDP and TCP, and says what is open where nothing is', async () => {
    const well = await demo('h1 udp h2:53 a b', 'h1 tcp h2:80 some text', 'h1 tcp [2001:db8::4]:80');
    expect(well.text).to.match(/h1 → h2:53: 3 bytes came back in [\d.]+ ms: "a b"/);
    expect(well.text).to.match(/h1 → h2:80: connected, 9 bytes came back: "some text", closed by both/);
    expect(well.text).to.match(/h1 → \[2001:db8::4\]:80: connected/);
    expect(well.status).to.equal(0);
    const closed = await demo('h1 tcp h2:81', 'h1 udp h2:54');
    expect(closed.text).to.contain('h1 → h2:81: refused: h2 has tcp 7 and 80 open');
    expect(closed.text).to.contain('h1 → h2:54: unreachable: h2 has udp 7 and 53 open');
    expect(closed.status).to.equal(1);
  });

  it('pulls a cable and plugs it in again', async () => {
    const { text, status } = await demo('link h1 down', 'h2 ping h1 1', 'ports', 'link h1 up', 'h2 ping h1 1');
    expect(text).to.match(/port 1 \(h1\) is down\nh1's link is down\n/);
    expect(text).to.match(/0 of 1 pings answered\n {2}h1's link is down: link h1 up\n/);
    expect(text).to.match(/ 1 +h1 +down /);
    expect(text).to.match(/port 1 \(h1\) is up\nh1's link is up\n {2}1: h1 .* answers/);
    expect(status).to.equal(1);
  });

  it('shows flows, ports, connections, hosts and controllers, and changes flows', async () => {
    const { text, status } = await demo(
      ...['flows', 'ct', 'add-flow priority=10,ip,actions=ct(commit),NORMAL', 'h1 udp h2:53', 'flows', 'ct'],
      ...['del-flows', 'ports', 'hosts', 'controllers', 'help'],
    );
    expect(text)
      .to.match(/no flows: packets are switched/)
      .and.match(/no connection is tracked/);
    expect(text).to.match(/ cookie=0x0, .*n_packets=2, .*priority=10,ip actions=ct\(commit\),NORMAL\n/);
    expect(text).to.match(/^udp,orig=\(src=10\.0\.0\.1,dst=10\.0\.0\.2,sport=\d+,dport=53\),reply=/m);
    expect(text).to.contain('1 flow is gone');
    expect(text)
      .to.match(/port +name +link/)
      .and.match(/ 4 +h4 +up +\d+ /);
    expect(text).to.match(/h4 +4 +50:54:00:00:00:04 +10\.0\.0\.4 +2001:db8::4/);
    expect(text).to.match(/tcp:127\.0\.0\.1:1 +dialled +(waiting|connecting)/);
    expect(text).to.match(/h1 ping h2 \[COUNT\]/);
    expect(status).to.equal(0);
  });

  it("with a firewall's flows a connection from inside passes, and one from outside does not", async () => {
    const { text, status } = await demo(
      'add-flow priority=10,tcp,ct_state=-trk,actions=ct(table=1)',
      'add-flow table=1,priority=20,in_port=1,tcp,ct_state=+trk+new,actions=ct(commit),NORMAL',
      'add-flow table=1,priority=10,tcp,ct_state=+trk+est,actions=NORMAL',
      'add-flow priority=1,actions=NORMAL',
      ...['h1 tcp h2:80 hello', 'h2 tcp h1:80', 'ct'],
    );
    expect(text).to.match(/h1 → h2:80: connected, 5 bytes came back: "hello"/);
    expect(text).to.not.match(/h2 → h1:80: connected/);
    expect(text).to.match(/^tcp,orig=\(src=10\.0\.0\.1,dst=10\.0\.0\.2,/m);
    expect(text).to.not.match(/^tcp,orig=\(src=10\.0\.0\.2/m);
    expect(status).to.equal(1);
  });

  const MISTAKES: readonly (readonly [typed: string, said: string])[] = [
    ['flwos', 'unknown command "flwos" (did you mean "flows"?)'],
    ['xyzzy', 'unknown command "xyzzy"; help lists the commands'],
    ['h1 pnig h2', 'h1 does ping, tcp, udp, not "pnig" (did you mean "ping"?)'],
    ['h1', 'what should h1 do? h1 ping …, h1 tcp …, h1 udp …'],
    ['h1 ping h9', '"h9" is no host and no address (did you mean "h1"?)'],
    ['h1 ping h1', 'h1 is itself: give another host'],
    ['h1 ping h2 x', '"x" is no count: 1 to 10000 (h1 ping HOST|ADDRESS [COUNT])'],
    ['h1 tcp h2', '"h2" is no host and port: h1 tcp HOST:PORT [TEXT]'],
    ['link h7 up', '"h7" is no host (did you mean "h1"?)'],
    ['link h1 sideways', 'link HOST down|up'],
    ['flows all', 'flows takes nothing behind it'],
    ['add-flow ip,actoins=drop', 'unknown keyword "actoins" (did you mean "actions"?)\n  ip,actoins=drop\n     ^'],
  ];
  it('answers what it does not understand with a line that helps, and goes on', async () => {
    const { text, status } = await demo(...MISTAKES.map(([typed]) => typed), '# no command', 'h1 ping h2 1');
    for (const [, said] of MISTAKES) expect(text).to.contain(`${said}\n`);
    expect(text).to.contain('1 of 1 pings answered');
    expect(status).to.equal(2);
  });

  it('runs on as a server where no command came, until SIGTERM', async () => {
    const child = spawn(process.execPath, [PROGRAM, ...QUIET, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise((resolve) => child.on('exit', (status) => resolve(status)));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(await Promise.race([ended, new Promise((resolve) => setTimeout(() => resolve('running'), 300))])).to.equal(
      'running',
    );
    child.kill('SIGTERM');
    expect(await ended).to.equal(0);
  });

  it('takes the next free port where its own is in use, and says so', async () => {
    const blocker = createServer();
    const blocked = new Promise<void>((resolve) => {
      blocker.once('error', () => resolve()); // Somebody else has it: as good.
      blocker.listen(6654, '127.0.0.1', () => resolve());
    });
    await blocked;
    try {
      const program = new Program(['--controller', NOBODY]);
      await program.finish('quit\n');
      const [, port] = /listens on +ptcp:(\d+):/.exec(program.out) ?? [];
      expect(Number(port)).to.be.greaterThan(6654);
      expect(program.out).to.contain('port 6654 is in use: this is the next free one');
    } finally {
      blocker.close();
    }
  });

  it('answers commands as JSON lines with --json', async () => {
    const program = new Program([...QUIET, '--json']);
    const { status } = await program.finish('h1 ping h2 1\nflwos\n');
    const [ready, ...rest] = program.json();
    expect(ready.schema).to.equal('ctswitch/ready@1');
    const answers = rest.filter(({ schema }) => schema === 'ctswitch/answer@1');
    expect(answers.map(({ command, outcome }) => [command, outcome])).to.deep.equal([
      ['h1 ping h2 1', 'ok'],
      ['flwos', 'unclear'],
    ]);
    expect(status).to.equal(2);
  });

  describe('with ovs-ofctl', () => {
    before(function () {
      requires(this, 'ovs-ofctl');
    });

    it('is shown, programmed, dumped, sent packets, and monitored', async () => {
      const program = new Program(QUIET);
      const [, port] = await program.until(/listens on +ptcp:(\d+):/);
      const at = `tcp:127.0.0.1:${port}`;
      const ofctl = async (command: string, ...words: string[]): Promise<string> =>
        (await run('ovs-ofctl', ['-O', 'OpenFlow13', '--no-names', command, at, ...words])).stdout;

      expect(await ofctl('show'))
        .to.match(/dpid:0000000000000001/)
        .and.match(/ 4\(h4\): addr:50:54:00:00:00:04/);
      const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
      const env = { ...process.env, OVS_RUNDIR: folder };
      const monitor = spawn('ovs-ofctl', ['-O', 'OpenFlow13', 'monitor', at, '65534'], { env });
      let seen = '';
      monitor.stdout.on('data', (data: Buffer) => {
        seen += data.toString();
      });
      monitor.stderr.on('data', (data: Buffer) => {
        seen += data.toString();
      });
      try {
        await program.until(/tcp:127\.0\.0\.1:\d+: connected\n/);
        await ofctl('add-flow', 'priority=9,udp,actions=controller,NORMAL');
        await ofctl('add-flow', 'priority=1,actions=NORMAL');
        program.type('h1 udp h2:53\n');
        await program.until(/h1 → h2:53: 13 bytes came back/);
        await program.until(/packet-in: action in table 0, 55 bytes: udp,in_port=h1,/);
        expect(await ofctl('dump-flows')).to.match(/n_packets=2, n_bytes=110, priority=9,udp actions=CONTROLLER/);
        expect(await ofctl('dump-ports')).to.match(/port +1: rx pkts=\d+/);
        expect(await ofctl('dump-tables'))
          .to.match(/table 0:?/)
          .and.match(/active=2/);
        await ofctl(
          'packet-out',
          `in_port=controller packet=${'ff'.repeat(12)}0800${'00'.repeat(46)} actions=output:3`,
        );
        expect(await ofctl('dump-ports', '3')).to.match(/tx pkts=[1-9]/);
        await waitFor(() => /PACKET_IN/.test(seen));
        program.type('link h4 down\n');
        await waitFor(() => /PORT_STATUS/.test(seen));
        await ofctl('del-flows');
        expect(await ofctl('dump-flows')).not.to.match(/cookie=/);
      } finally {
        monitor.kill();
        rmSync(folder, { recursive: true });
      }
      expect(await program.signal('SIGTERM')).to.deep.equal({ status: 0, signal: null });
    });

    it('tells one that speaks OpenFlow 1.0 what to add', async () => {
      const program = new Program(QUIET);
      const [, port] = await program.until(/listens on +ptcp:(\d+):/);
      const failed = await run('ovs-ofctl', ['show', `tcp:127.0.0.1:${port}`]).catch((error: Error) => error);
      expect(failed).to.be.instanceOf(Error);
      await program.until(/refused: it offers OpenFlow 1\.0.*-O OpenFlow13/, 'err');
      await program.signal('SIGTERM');
    });
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(condition()).to.equal(true);
}
