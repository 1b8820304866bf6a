/** The README's TypeScript is compiled against the package's own types, and run. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const FOLDER = join('dist', 'readme');
const TSC = [
  join('node_modules', 'typescript', 'bin', 'tsc'),
  ...['--ignoreConfig', '--strict', '--noEmitOnError', '--skipLibCheck', '--types', 'node'],
  ...['--target', 'es2023', '--module', 'nodenext'],
];

function compile(name: string, source: string): string {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${name}.ts`);
  writeFileSync(file, source);
  const { stdout, status } = spawnSync(process.execPath, [...TSC, file], { encoding: 'utf8' });
  expect(status, stdout).to.equal(0);
  return join(FOLDER, `${name}.js`);
}

describe('project: README', () => {
  const blocks = [...readFileSync('README.md', 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1]);

  after(() => rmSync(FOLDER, { recursive: true, force: true }));

  it('shows the library', () => expect(blocks).to.have.length.greaterThan(0));

  blocks.forEach((block, i) => {
    it(`block ${i + 1} compiles and runs, and each line gives what is said of it`, () => {
      // A statement's value is what stands before its comment; those that the text tells are asked for.
      const file = compile(
        `block-${i + 1}`,
        `${block}\nconsole.log(JSON.stringify([sw.trace('in_port=2,udp').outcome.verdict, query.length, sw.conntrack().length]));\n`,
      );
      expect(JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8' }))).to.deep.equal(['drop', 42, 0]);
    });
  });

  it("docs/topologies.md's sample compiles and runs", () => {
    const [, sample] = /^```ts\n([\s\S]*?)^```/m.exec(readFileSync('docs/topologies.md', 'utf8')) ?? [];
    const file = compile('topologies', `${sample}\nconsole.log((await answered)[0].outcome, net.switches.size);\n`);
    expect(execFileSync(process.execPath, [file], { encoding: 'utf8' })).to.equal('reply 4\n');
  });

  it('types refuse what the switch would', () => {
    const source = `
      import { ManualClock, memory, Switch, tcp } from 'ctswitch';
      const sw = new Switch({ clock: new ManualClock() });
      const port = sw.addPort(1, memory());
      const frames: Uint8Array[] = port.taken();
      // @ts-expect-error a seed is a number
      new Switch({ seed: 'seven' });
      // @ts-expect-error a fail-mode is one of two words
      new Switch({ failMode: 'open' });
      // @ts-expect-error a port has a number, LOCAL or null
      sw.addPort('1', memory());
      // @ts-expect-error TCP has no icmp_type
      tcp({ icmp_type: 1 });
      // @ts-expect-error one packet gives one trace
      sw.trace('in_port=1,tcp').length;
      const verdict: 'output' | 'controller' | 'held' | 'drop' = sw.trace('in_port=1,tcp').outcome.verdict;
      const zone: number | undefined = sw.conntrack({ zone: 5 })[0]?.zone;
      sw.on((event) => {
        if (event.type === 'packet_in') event.packet.frame satisfies Uint8Array;
        // @ts-expect-error only a packet-in has a packet
        else event.packet;
      });
      export { frames, verdict, zone };`;
    compile('types', source);
  });
});
