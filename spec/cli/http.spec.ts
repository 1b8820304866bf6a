/**
 * `--http` as people type it: off unless asked for, of one switch and of a network, and what is wrong with an address.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { ctswitch, endAll, NOBODY, Program } from './program.js';

const QUIET = ['--json', '--controller', NOBODY];

describe('cli: --http', () => {
  after(endAll);

  async function names(args: readonly string[]): Promise<string[]> {
    const program = new Program(args);
    const [, url] = await program.until(/"http":"([^"]+)"/);
    const found = (await (await fetch(`${url}api/switches`)).json()) as string[];
    // A browser's connection that stays open doesn't hold the end up.
    expect((await program.signal('SIGTERM')).status).to.equal(0);
    return found;
  }

  it('is off unless asked for', async () => {
    const program = new Program(['run', ...QUIET, '--no-ctl']);
    await program.until(/"http":null/);
    await program.signal('SIGTERM');
  });

  it('shows the switch of run under its name', async () => {
    expect(await names(['run', ...QUIET, '--no-ctl', '--name', 'lab', '--http', '0'])).to.deep.equal(['lab']);
  });

  it('shows all switches of a network', async () => {
    expect(await names(['run', ...QUIET, '--topo', 'linear,2', '--http', '127.0.0.1:0'])).to.deep.equal(['s1', 's2']);
  });

  it('tells people where it is', async () => {
    const program = new Program(['demo', '--no-ctl', '--listen', 'ptcp:0', '--controller', NOBODY, '--http', '0']);
    await program.until(/page {8}http:\/\/127\.0\.0\.1:\d+\/ and http:\/\/127\.0\.0\.1:\d+\/metrics\n/);
    await program.finish('quit\n');
  });

  it('status 2 for what is no address, 3 for one in use', async () => {
    const wrong = await ctswitch(['run', '--http', 'eighty']);
    expect([wrong.status, wrong.err]).to.deep.equal([
      2,
      'ctswitch: --http eighty: "eighty" is no address: HOST:PORT, [IPv6]:PORT or PORT\n',
    ]);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const taken = await ctswitch(['run', '--no-ctl', '--http', String(port)]);
    other.close();
    expect(taken.status).to.equal(3);
    expect(taken.err).to.match(/^ctswitch: --http: .*EADDRINUSE.*\n$/);
  });
});
