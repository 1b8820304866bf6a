/** What npm packs, installed in an empty folder as a user does it: it runs there, and has only what is needed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bytesIn, filesIn, installPackage } from '../support/installed-package.js';
import { skipped } from '../support/needs.js';

/** Installed without optional parts, with everything it depends on. */
const MAX_INSTALLED_BYTES = 20_000_000;
/** What npm says where it can't reach what it needs. */
const OFFLINE = /ENOTCACHED|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENOTFOUND|ECONNRESET|E403|E50\d/;
/** Folders and files of the package; a top entry that isn't here has to earn its place. */
const TOP = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'dist',
  'docs',
  'examples',
  'package.json',
  'scenarios',
  'schemas',
];
/** Those that come with other parts of the project. */
const MORE = ['python', 'web'];

const SCENARIO = `ports: {inside: 1, outside: 2}
flows: |
  table=0,ip,actions=ct(table=1)
  table=1,in_port=inside,ct_state=+trk+new,ip,actions=ct(commit),outside
  table=1,in_port=outside,ct_state=+trk+est,ip,actions=inside
steps:
- name: inside may open
  send: {inside: "tcp,nw_src=10.0.0.1,nw_dst=192.0.2.9,tp_dst=80"}
  expect: {outside: same}
- name: outside may answer
  send: {outside: reply}
  expect: {inside: same}
`;

describe('project: the package', function () {
  this.timeout(120_000);
  let folder: string;
  let installed: string;

  before(function () {
    folder = mkdtempSync(join(tmpdir(), 'ctswitch-package-'));
    const { home, status, complaint } = installPackage(folder);
    if (status !== 0 && OFFLINE.test(complaint)) {
      skipped.set('npm can reach neither a registry nor what it needs in its cache', 1);
      this.skip();
    }
    expect(status, complaint).to.equal(0);
    installed = join(home, 'node_modules', 'ctswitch');
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The program as `npx ctswitch` would find it, in the empty folder. */
  function ctswitch(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    const cwd = join(folder, 'empty');
    return spawnSync(join(cwd, 'node_modules', '.bin', 'ctswitch'), args, { cwd, encoding: 'utf8' });
  }

  it('runs ctswitch test on a scenario of its user', () => {
    writeFileSync(join(folder, 'empty', 'firewall.ct.yaml'), SCENARIO);
    const { status, stdout, stderr } = ctswitch('test', 'firewall.ct.yaml');
    expect(status, stdout + stderr).to.equal(0);
    writeFileSync(join(folder, 'empty', 'firewall.ct.yaml'), SCENARIO.replace('+est', '+new'));
    expect(ctswitch('test', 'firewall.ct.yaml').status).to.equal(1);
  });

  it('runs its own example and says its version', () => {
    const example = join(installed, 'examples', 'stateful-firewall', 'solution.ct.yaml');
    expect(ctswitch('test', example).status).to.equal(0);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(ctswitch('--version').stdout).to.equal(`${version}\n`);
  });

  it('exports what package.json names', () => {
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };
    const names = Object.keys(exports).map((path) => `ctswitch${path.slice(1)}`);
    const modules = names.filter((name) => !name.endsWith('.json'));
    const script = `
      for (const name of ${JSON.stringify(modules)}) if (Object.keys(await import(name)).length === 0) throw Error(name);
      for (const name of ${JSON.stringify(names)}) import.meta.resolve(name);`;
    const node = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(folder, 'empty'),
      encoding: 'utf8',
    });
    expect(node.status, node.stderr).to.equal(0);
  });

  it('has neither specs nor maps without sources, and no folder that nobody needs', () => {
    const files = filesIn(installed);
    expect(
      files.filter((file) => /\.spec\.|\.map$|\.tsbuildinfo|(^|\/)(spec|bench|fixtures)\//.test(file)),
    ).to.deep.equal([]);
    expect(readdirSync(installed).filter((name) => !TOP.includes(name) && !MORE.includes(name))).to.deep.equal([]);
    expect(files).to.include.members([
      'schemas/scenario.schema.json',
      'schemas/trace.schema.json',
      'docs/scenarios.md',
    ]);
  });

  it(`takes less than ${MAX_INSTALLED_BYTES / 1e6} MB with all that it depends on`, () => {
    expect(bytesIn(join(folder, 'empty', 'node_modules'))).to.be.below(MAX_INSTALLED_BYTES);
  });
});
