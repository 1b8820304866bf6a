import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { script } from './machine.js';

const LIB = fileURLToPath(new URL('../../lib', import.meta.url));

describe('ports/index', () => {
  it('loads no native module when it is imported', async () => {
    const { status, output } = await script(
      null,
      `import '${join(LIB, 'ports/index.js')}';
       console.log(process.report.getReport().sharedObjects.filter((name) => name.endsWith('.node')).length);`,
    );
    expect([status, output]).to.deep.equal([0, '0\n']);
  });

  describe('where the native packages are not installed', () => {
    let folder: string;

    before(function () {
      requires(this, 'linux');
      folder = mkdtempSync(join(tmpdir(), 'ctswitch-ports-'));
      cpSync(LIB, join(folder, 'lib'), { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
      mkdirSync(join(folder, 'node_modules'));
      const ipaddr = createRequire(import.meta.url).resolve('ipaddr.js');
      symlinkSync(dirname(dirname(ipaddr)), join(folder, 'node_modules', 'ipaddr.js'));
    });
    after(() => folder && rmSync(folder, { recursive: true }));

    const cases: [string, RegExp][] = [
      [
        "pcap('lo')",
        /^lo: npm's pcap is missing or does not load: on Linux, run npm install koffi, .* all other kinds of port work/,
      ],
      ["tap('ctx0')", /^ctx0: taps need koffi: run npm install koffi; all other kinds of port work without it/],
    ];
    for (const [port, message] of cases) {
      it(`${port} says what to install`, async () => {
        const { output } = await script(
          null,
          `import { pcap, tap } from '${join(folder, 'lib/ports/index.js')}';
           const clock = { now: () => 0, wall: () => 0, after: () => ({ cancel() {} }) };
           const log = { info() {} };
           const host = { clock, log, receive() {}, link() {}, lost() {} };
           await ${port}.start(host).catch((error) => console.log(error.message));`,
        );
        expect(output).to.match(message);
      });
    }
  });
});
