/** The prompt on a pseudo-terminal, which `script` makes: what stands on the screen, what keys do, how it ends. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { NOBODY, PROGRAM } from './program.js';

const PROMPT = 'ctswitch> ';
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const UP = '\x1b[A';

describe('the prompt', function () {
  this.timeout(30_000);
  let child: ChildProcessWithoutNullStreams | null = null;
  let seen = '';
  let ended: Promise<number | null>;

  before(function () {
    requires(this, 'linux', 'script');
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    child = null;
  });

  /** Starts the demo on a terminal; resolves to the port that it listens on, once the prompt is there. */
  async function open(env: NodeJS.ProcessEnv = {}): Promise<number> {
    const command = `stty columns 200; exec "${process.execPath}" "${PROGRAM}" --controller ${NOBODY} --listen ptcp:0`;
    const { NO_COLOR, FORCE_COLOR, CI, ...inherited } = process.env;
    seen = '';
    child = spawn('script', ['-qfec', command, '/dev/null'], {
      env: { ...inherited, TERM: 'xterm', SHELL: '/bin/sh', ...env },
    });
    child.stdout.on('data', (data: Buffer) => {
      // Escape as a sign that can be read, and written in a pattern.
      seen += data.toString().replaceAll('\x1b', '␛');
    });
    child.stdin.on('error', () => {});
    const { exitCode } = child;
    ended = new Promise((resolve) => child?.on('close', (status) => resolve(exitCode ?? status)));
    await until(/nobody listens there/);
    await until(/ctswitch> $|ctswitch> ␛\[\d+G$/);
    return Number(/listens on +ptcp:(\d+)/.exec(seen)?.[1]);
  }

  /** Waits until what the screen has got since `from` matches. */
  async function until(what: RegExp, from = 0): Promise<void> {
    for (let i = 0; i < 500; i++) {
      if (what.test(seen.slice(from))) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${what} does not come:\n${seen.slice(from)}`);
  }

  /** Types keys one by one, as people do; gives where the screen stood before. */
  async function type(keys: string): Promise<number> {
    const from = seen.length;
    for (const key of keys.startsWith(UP) ? [UP, ...keys.slice(UP.length)] : keys) {
      child?.stdin.write(key);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return from;
  }

  it('runs what is typed, remembers it, and ends on quit', async () => {
    await open();
    let from = await type('h1 ping h2 1\r');
    await until(/1 of 1 pings answered\r\n.*ctswitch> /s, from);
    from = await type(`${UP}\r`);
    await until(/1 of 1 pings answered\r\n.*ctswitch> /s, from);
    from = await type('flwos\r');
    await until(/unknown command "flwos" \(did you mean "flows"\?\)/, from);
    await type('quit\r');
    expect(await ended).to.equal(0);
  });

  it('completes commands, hosts and verbs', async () => {
    await open();
    let from = await type('ping\t\r');
    await until(/12\/12 pings answered/, from);
    from = await type('li\th3 d\t\r');
    await until(/h3's link is down/, from);
    from = await type('h1 tc\th2\t80\r');
    await until(/h1 → h2:80: connected/, from);
  });

  it('writes events above the line that is being typed, and keeps the line', async () => {
    const port = await open();
    const typed = await type('h1 ping h2 1');
    // A busy machine may take its time to echo what was typed.
    await until(/h1 ping h2 1$/, typed);
    const from = seen.length;
    const peer = connect(port, '127.0.0.1');
    peer.on('error', () => {});
    peer.end(Buffer.from('0400000800000001', 'hex'));
    await until(/tcp:127\.0\.0\.1:\d+: disconnected.*ctswitch> h1 ping h2 1/s, from);
    await type('\r');
    await until(/1 of 1 pings answered/, from);
  });

  it('Ctrl-C stops a command, discards a line, and ends at an empty one', async () => {
    await open();
    let from = await type('h1 ping h2 1000\r');
    await until(/ 2: h2/, from);
    from = await type(CTRL_C);
    await until(/(\d+) of \1 pings answered.*ctswitch> /s, from);
    from = await type(`h1 ping h9${CTRL_C}flows\r`);
    await until(/no flows/, from);
    expect(seen.slice(from)).not.to.match(/no host/);
    await type(CTRL_C);
    expect(await ended).to.equal(0);
  });

  it('ends on Ctrl-D, with the terminal as it was', async () => {
    await open();
    await type(CTRL_D);
    expect(await ended).to.equal(0);
    expect(seen.endsWith('\r\n')).to.equal(true);
  });

  it('has colours, and none with NO_COLOR', async () => {
    await open();
    expect(seen).to.match(/␛\[\d*m/);
    child?.kill('SIGKILL');
    await open({ NO_COLOR: '1' });
    expect(seen).not.to.match(/␛\[[\d;]*m/);
    expect(seen).to.contain(PROMPT);
  });
});
