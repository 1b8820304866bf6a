/** examples/ that need a machine elsewhere (a container engine, GitHub): what of them can be held here. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { Switch } from '../../lib/index.js';
import { requires } from '../support/needs.js';

interface Lab {
  readonly topology: {
    readonly nodes: Record<string, { readonly cmd?: string; readonly binds?: readonly string[] }>;
    readonly links: readonly { readonly endpoints: readonly string[] }[];
  };
}
interface Workflow {
  readonly jobs: Record<string, { readonly steps: readonly Record<string, unknown>[] }>;
}

async function yaml<T>(path: string): Promise<T> {
  const { parse } = await import('yaml');
  return parse(readFileSync(path, 'utf8')) as T;
}

describe('docs: examples', function () {
  this.timeout(60_000);

  it("containerlab's topology names nodes, interfaces and files that are there, and flows that load", async () => {
    const { topology } = await yaml<Lab>('examples/containerlab/ctswitch.clab.yml');
    const ends = topology.links.flatMap(({ endpoints }) => endpoints.map((end) => end.split(':')));
    for (const [node] of ends) expect(topology.nodes).to.have.property(node);
    const own = ends.filter(([node]) => node === 's1').map(([, name]) => name);
    for (const name of own) expect(topology.nodes.s1.cmd).to.include(`pcap:${name}`);
    for (const bind of topology.nodes.s1.binds ?? [])
      expect(existsSync(join('examples/containerlab', bind.split(':')[0])), bind).to.equal(true);
    const sw = new Switch();
    sw.flows.load(readFileSync('examples/containerlab/flows.txt', 'utf8'));
    expect(sw.flows.list()).to.have.length(5);
    await sw.close();
  });

  it("GitHub's workflow has steps that run or use something", async () => {
    const { jobs } = await yaml<Workflow>('examples/github/ctswitch.yml');
    for (const { steps } of Object.values(jobs))
      for (const step of steps) expect('run' in step !== 'uses' in step, JSON.stringify(step)).to.equal(true);
  });

  it("the workflow's test of a controller passes with os-ken", function () {
    requires(this, 'linux', 'os-ken');
    const cwd = mkdtempSync(join(tmpdir(), 'ctswitch-example-'));
    try {
      const script = resolve('examples/github/controller-test.sh');
      const test = spawnSync('bash', [script, resolve('examples/os-ken/learning_switch.py')], {
        cwd,
        encoding: 'utf8',
        env: {
          ...process.env,
          CTSWITCH: `${process.execPath} ${resolve('dist/bin/ctswitch.js')}`,
          CONTROLLER_PORT: String(30_000 + (process.pid % 2000)),
        },
      });
      expect(test.status, test.stdout + test.stderr).to.equal(0);
      expect(test.stdout).to.include('12/12 pings answered');
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  it("what the container's user does needs no right: scenarios, a network, a prompt", function () {
    requires(this, 'linux', 'root');
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
    const run = (args: readonly string[], input = '') => {
      const words = [...nobody, '--no-new-privs', process.execPath, resolve('dist/bin/ctswitch.js'), ...args];
      return spawnSync('setpriv', words, { encoding: 'utf8', input, env: { PATH: process.env.PATH } });
    };
    const tested = run(['test', 'scenarios/nat']);
    expect(tested.stdout + tested.stderr).to.match(/scenarios, \d+ steps: all passed/);
    const typed = 'h1 ping h3 1\npingall\n';
    const net = run(['--topo', 'linear,3', '--listen', 'ptcp:0', '--controller', 'tcp:127.0.0.1:1'], typed);
    expect(net.stdout).to.match(/6\/6 pings answered/);
    expect(net.status, net.stderr).to.equal(0);
  });

  it('the Containerfile copies and runs what the package has', () => {
    const text = readFileSync('examples/container/Containerfile', 'utf8');
    const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: Record<string, string> };
    const [, entry] = /^ENTRYPOINT \["(\w+)"\]$/m.exec(text) ?? [];
    expect(bin).to.have.property(entry);
    expect(text).to.match(/^USER node$/m);
    expect(readFileSync('.containerignore', 'utf8').split('\n')).to.include.members(['node_modules', 'dist', '.git']);
  });
});
