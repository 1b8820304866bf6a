/**
 * `python/ctswitch.py` by its own tests, python/tests: under Debian's pytest, and in Mininet's networks where those can
 * be made.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { PROGRAM } from '../cli/program.js';
import { requires } from '../support/needs.js';

const run = promisify(execFile);

/** Runs a command in the tests' folder; resolves to its last line, rejects with all that it wrote. */
async function lastLine(command: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, CTSWITCH: PROGRAM, PYTHONDONTWRITEBYTECODE: '1' };
  const options = { cwd: 'python/tests', env, timeout: 90_000 };
  const { stdout } = await run(command, args, options).catch((error: { stdout?: string; stderr?: string }) => {
    throw new Error(`${command} ${args.join(' ')}:\n${error.stdout}\n${error.stderr}`);
  });
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

describe('python', function () {
  this.timeout(100_000);

  for (const file of ['switch', 'network', 'death', 'docs']) {
    it(`test_${file}.py`, async function () {
      requires(this, 'pytest');
      expect(await lastLine('pytest-3', ['-q', `test_${file}.py`])).to.match(/^\d+ passed in/);
    });
  }

  it('test_mininet.py, in a network and a list of processes of its own', async function () {
    requires(this, 'pytest', 'mininet', 'netns', 'koffi', 'os-ken');
    // A /sys of its own tells of its own interfaces.
    const inside = 'mount -t sysfs sysfs /sys && ip link set lo up && exec pytest-3 -q test_mininet.py';
    const args = ['--net', '--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c', inside];
    expect(await lastLine('unshare', args)).to.match(/^\d+ passed in/);
  });
});
