/**
 * `--until-eof`: a switch that goes when the program at the other end of its standard input does, whatever that one
 * dies of.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { endAll, Program } from './program.js';

describe('cli: the end of standard input', () => {
  const folder = mkdtempSync(join(tmpdir(), 'eof-'));
  const socket = join(folder, 's.ctl');
  afterEach(endAll);
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('ends a switch, and a network, where that was asked for', async () => {
    const program = new Program(['run', '--json', '--until-eof', '--ctl', socket, '--port', 'memory']);
    await program.until(/ready@1.*\n/);
    expect(existsSync(socket)).to.equal(true);
    expect(await program.finish('what is typed means nothing\n')).to.deep.equal({ status: 0, signal: null });
    expect(existsSync(socket)).to.equal(false);
    const network = new Program(['run', '--json', '--until-eof', '--topo', 'linear,2']);
    await network.until(/ready@1.*\n/);
    expect((await network.finish()).status).to.equal(0);
  });

  it('else means nothing', async () => {
    const program = new Program(['run', '--json', '--ctl', socket, '--port', 'memory']);
    await program.until(/ready@1.*\n/);
    void program.finish();
    // It answers still, behind the end of its input.
    const ctl = new Program(['ctl', '--ctl', socket, 'version']);
    expect((await ctl.finish()).status).to.equal(0);
    expect((await program.signal('SIGTERM')).status).to.equal(0);
  });
});
