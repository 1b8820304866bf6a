/** `run --config FILE`: options from a file, the command line behind them, and mistakes with their place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { ctswitch } from './program.js';

const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
const FILE = `${folder}/switch.yaml`;
after(() => rmSync(folder, { recursive: true }));

function run(config: string, ...args: string[]) {
  writeFileSync(FILE, config);
  return ctswitch(['run', '--json', '--until-eof', '--config', FILE, ...args]);
}

async function ready(config: string, ...args: string[]) {
  const program = await run(config, ...args);
  expect(program.status, program.err).to.equal(0);
  return program.json()[0] as { name: string; datapath_id: string; ports: { number: number; name: string }[] };
}

async function refused(config: string, ...args: string[]): Promise<string> {
  const program = await run(config, ...args);
  expect(program.status, program.out).to.equal(2);
  return program.err.replaceAll(`${folder}/`, '');
}

describe('run --config', () => {
  it('options by their long names: a text, a number, a mapping, a list, true and false', async () => {
    writeFileSync(`${folder}/drop.flows`, 'priority=1,actions=drop\n');
    const line = await ready(`
# Everything as on the command line.
name: edge
dpid: 2a
port: {1: "memory:left", 7: "host:h7,50:54:00:00:00:07,10.0.0.7"}
flows: ${folder}/drop.flows
ct-zone: [5=short]
ct-timeouts: short:udp_first=10
ctl: false
conntrack-events: true
verbose: 2
`);
    expect(line.name).to.equal('edge');
    expect(line.datapath_id).to.equal('000000000000002a');
    expect(line.ports.map(({ number, name }) => [number, name])).to.deep.equal([
      [1, 'left'],
      [7, 'h7'],
    ]);
  });

  it('what the command line says wins, and what may be repeated adds up', async () => {
    const line = await ready('name: a\nport: memory:one\n', '--name', 'b', '--port', 'memory:two');
    expect(line.name).to.equal('b');
    expect(line.ports.map(({ name }) => name)).to.deep.equal(['one', 'two']);
  });

  it('an empty file says nothing', async () => expect((await ready('# nothing\n')).name).to.equal('s1'));

  const mistakes: readonly (readonly [string, string, string])[] = [
    [
      'an unknown option',
      'name: a\ncontroler: tcp:127.0.0.1\n',
      'switch.yaml:2:1: run has no option "controler" (did you mean "controller"?)',
    ],
    ['a value that is none', 'dpid: xyz\n', 'switch.yaml:1:7: dpid can\'t be "xyz". It has 1 to 16 hexadecimal digits'],
    [
      'a word that is none',
      'fail-mode: safe\n',
      'switch.yaml:1:12: fail-mode can\'t be "safe". Allowed choices are secure',
    ],
    ['two of one', 'name: [a, b]\n', 'switch.yaml:1:7: name has one value'],
    ['a flag that is a text', 'until-eof: maybe\n', 'switch.yaml:1:12: until-eof is true or false'],
    ['nothing', 'name:\n', 'name has a text here'],
    ['a mapping of what has no names', 'controller: {a: b}\n', 'controller is a text or a list of them'],
    ['no mapping', '- name\n', 'a configuration is a mapping of options'],
    ['a file in a file', 'config: other.yaml\n', 'run has no option "config"'],
    ['broken YAML', 'name: [a\n', 'switch.yaml:'],
  ];
  for (const [what, config, message] of mistakes) {
    it(`${what} is refused with its place`, async () => expect(await refused(config)).to.include(message));
  }

  it('two files, or one that is not there, are refused', async () => {
    expect(await refused('', `--config=${FILE}`)).to.include('--config names one file, not 2');
    const program = await ctswitch(['run', '--config', `${folder}/none.yaml`]);
    expect(program.status).to.equal(2);
    expect(program.err).to.include('none.yaml: there is no such file');
  });

  it('options that exclude each other do so across file and command line', async () => {
    expect(await refused('port: memory\n', '--topo', 'linear,2')).to.match(/--topo .*cannot be used with .*--port/);
  });
});
