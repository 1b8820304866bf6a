/** `ctswitch test` as a process: what it writes, where, and how it ends. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ctswitch } from './program.js';

const GOOD = `ports: {a: 1, b: 2}
flows: |
  udp,actions=b
  arp,actions=b
steps:
- name: passes
  send: {a: udp}
  expect: {b: same}
`;

describe('cli: test', () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  const put = (name: string, text: string): string => {
    writeFileSync(path(name), text);
    return path(name);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'scenarios-'));
    mkdirSync(path('sub'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('runs files and folders, and ends with 0 where all passed', async () => {
    put('sub/one.ct.yaml', GOOD);
    put('sub/no-scenario.yaml', 'nonsense');
    const { status, out, err } = await ctswitch(['test', folder, put('x.yaml', GOOD)]);
    expect([status, out, err]).to.deep.equal([0, '2 files, 2 scenarios, 2 steps: all passed\n', '']);
  });

  it('ends with 1 where a step failed, and says where', async () => {
    const file = put('a.ct.yaml', GOOD.replace('same', 'drop'));
    const { status, out } = await ctswitch(['test', file, '--coverage']);
    expect(status).to.equal(1);
    expect(out).to.include(`FAIL ${file}:6 a: passes\n  ${file}:8:12 b: frame isn't expected: udp,`);
    expect(out).to.include(`${file}: 1 of 2 flows were hit\n  ${file}:4 no step hits arp actions=output:2\n`);
    expect(out).to.match(/1 file, 1 scenario, 1 step: 1 failed\n$/);
  });

  it('ends with 2 for a mistake, after the other files, and shows the line', async () => {
    const bad = put('a.ct.yaml', GOOD.replace('send', 'sned'));
    const { status, out, err } = await ctswitch(['test', bad, put('b.ct.yaml', GOOD), '--junit', path('out.xml')]);
    expect(status).to.equal(2);
    expect(err).to.equal(
      `ctswitch: ${bad}:7:3: unknown key "sned" in one of steps (did you mean "send"?)\n    sned: {a: udp}\n    ^\n`,
    );
    expect(out).to.equal('2 files, 1 scenario, 1 step: 0 failed, 1 file with mistakes\n');
    const xml = readFileSync(path('out.xml'), 'utf8');
    expect(xml).to.include('tests="2" failures="0" errors="1"').and.include('<testcase classname="b" name="passes"');
  });

  it('ends with 2 for what is missing', async () => {
    const { status, err } = await ctswitch(['test', path('none.ct.yaml')]);
    expect([status, err]).to.deep.equal([2, `ctswitch: ${path('none.ct.yaml')}: there is no such file\n`]);
    const filtered = await ctswitch(['test', put('a.ct.yaml', GOOD), '--filter', 'nobody']);
    expect([filtered.status, filtered.err]).to.deep.equal([
      2,
      `ctswitch: ${path('a.ct.yaml')}: no scenario's name has "nobody"\n`,
    ]);
    expect((await ctswitch(['test', path('sub')])).status).to.equal(2);
    expect((await ctswitch(['test'])).status).to.equal(2);
  });

  it('writes JSON lines and nothing else with --json', async () => {
    const program = await ctswitch(['test', '--json', '--coverage', put('a.ct.yaml', GOOD)]);
    expect(program.json()).to.deep.equal([
      {
        ...{ schema: 'ctswitch/test-step@1', file: path('a.ct.yaml'), line: 6, scenario: 'a', step: 'passes' },
        ...{ passed: true, failures: [], trace: [] },
      },
      ...[
        [3, 'udp actions=output:2', 1],
        [4, 'arp actions=output:2', 0],
      ].map(([line, flow, packets]) => ({
        ...{ schema: 'ctswitch/test-coverage@1', file: path('a.ct.yaml'), line, flow, packets, hidden_by: null },
      })),
      { schema: 'ctswitch/test-summary@1', files: 1, scenarios: 1, steps: 1, failed: 0, errors: 0 },
    ]);
  });

  it('fills in the file with --update, and judges what came of it', async () => {
    const file = put('a.ct.yaml', GOOD.replace('  expect: {b: same}\n', ''));
    expect((await ctswitch(['test', file])).status).to.equal(1);
    const { status, out } = await ctswitch(['test', '--update', file]);
    expect([status, out]).to.deep.equal([
      0,
      `${file}: filled in what was empty\n1 file, 1 scenario, 1 step: all passed\n`,
    ]);
    expect(readFileSync(file, 'utf8')).to.equal(GOOD);
  });

  it('reads frames of captures beside the file', async () => {
    const header = 'd4c3b2a1020004000000000000000000ffff000001000000';
    const frame = `ffffffffffff02000000000988b5${'00'.repeat(46)}`;
    writeFileSync(path('a.pcap'), Buffer.from(`${header}0000000000000000${'3c000000'.repeat(2)}${frame}`, 'hex'));
    const steps = '- send: {a: "pcap:a.pcap#1"}\n  expect: {b: "dl_src=02:00:00:00:00:09,dl_type=0x88b5"}\n';
    const file = put('a.ct.yaml', `ports: {a: 1, b: 2}\nflows: actions=b\nsteps:\n${steps}`);
    expect((await ctswitch(['test', file])).status).to.equal(0);
    put('b.ct.yaml', `ports: {a: 1, b: 2}\nflows: actions=b\nsteps:\n${steps.replace('#1', '#2')}`);
    const { status, err } = await ctswitch(['test', path('b.ct.yaml')]);
    expect([status, err.split('\n')[0]]).to.deep.equal([
      2,
      `ctswitch: ${path('b.ct.yaml')}:4:14: a.pcap has 1 frames: there is no 2`,
    ]);
  });
});
