/** Random lines through the ovs-ofctl of this machine and through our reader and printer: same text, same bytes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { formatFlowMod, parseFlow } from '../../lib/text/index.js';
import { requires } from '../support/needs.js';
import { flowText } from './arbitrary-flows.js';
import { flowModHex } from './vectors.js';

const LINES = 300;

describe('text: against ovs-ofctl', () => {
  let folder: string;

  before(function () {
    requires(this, 'ovs-ofctl');
    folder = mkdtempSync(join(tmpdir(), 'flow-text-'));
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true });
  });

  it(`${LINES} random lines give its text and its bytes`, function () {
    this.timeout(60_000);
    const seed = Number(process.env.SEED ?? Date.now() % 1e9);
    const lines = fc.sample(flowText, { numRuns: LINES, seed });
    const file = join(folder, 'flows.txt');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const run = spawnSync('ovs-ofctl', ['-O', 'OpenFlow13', '-mmmmmm', 'parse-flows', file], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    expect(run.status, `SEED=${seed}: ${run.stderr.trim()}`).to.equal(0);
    const messages = run.stdout.split(/^OFPT_FLOW_MOD .*?: /m).slice(1);
    expect(messages).to.have.length(lines.length);
    for (const [i, message] of messages.entries()) {
      const [text, ...dump] = message.split('\n');
      const rows = dump.map((row) => /^[0-9a-f]{8} {2}(.{48})/.exec(row)?.[1].replace(/[^0-9a-f]/g, '') ?? '');
      const bytes = rows.join('').replace(/^(.{8})(.{8})/, '$100000001');
      const flow = parseFlow(lines[i]);
      expect(formatFlowMod(flow), `SEED=${seed}: ${lines[i]}`).to.equal(text);
      expect(flowModHex(flow), `SEED=${seed}: ${lines[i]}`).to.equal(bytes);
    }
  });
});
