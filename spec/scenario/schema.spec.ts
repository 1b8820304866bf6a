/**
 * Scenario files as text: what the schema refuses, with its place and the nearest known word; bounds; and the published
 * schema.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { TextError } from '../../lib/bytes/index.js';
import { parseScenarios, SCENARIO_SCHEMA } from '../../lib/scenario/index.js';

const HEAD = 'ports: {in: 1, out: 2}\n';

/** Text, and what is wrong with it. */
const BAD: readonly (readonly [string, string])[] = [
  ['', 'x:1:1: a scenario file is a mapping (KEY: VALUE), not nothing'],
  ['- a', 'x:1:1: a scenario file is a mapping (KEY: VALUE), not a list'],
  ['ports: {in: 1}', 'x:1:1: a scenario file needs "steps" or "scenarios"'],
  ['steps: []', 'x:1:1: a scenario needs "ports"'],
  ['ports: {in: 1}\nsteps: []\nscenarios: []', 'x:3:12: a file has "steps" or "scenarios", not both'],
  [`${HEAD}step: []`, 'x:2:1: unknown key "step" in a scenario file (did you mean "steps"?)'],
  [`${HEAD}steps:\n- sned: {in: tcp}`, 'x:3:3: unknown key "sned" in one of steps (did you mean "send"?)'],
  [`${HEAD}steps:\n- send: {inn: tcp}`, 'x:3:10: there is no port "inn" (did you mean "in"?)'],
  [`${HEAD}steps:\n- expect: {contoller: same}`, 'x:3:12: there is no port "contoller" (did you mean "controller"?)'],
  [`${HEAD}steps:\n- expect: nothing`, 'x:3:11: expect is drop, not "nothing"'],
  [
    `${HEAD}steps:\n- wait: 60`,
    'x:3:9: wait: "60" isn\'t what is asked for. Time that passes first: 60s, 1500ms, 5m, 2h, 1d.',
  ],
  [`${HEAD}steps:\n- wait: 32d`, 'x:3:9: a wait lasts at most 31 days'],
  [`${HEAD}steps:\n${'- wait: 31d\n'.repeat(4)}`, 'x:3:1: the waits of a scenario last at most 100 days'],
  [`${HEAD}steps:\n- link: {in: dwn}`, 'x:3:14: in is up or down, not "dwn" (did you mean "down"?)'],
  [`${HEAD}steps:\n- send: {in: "tcp,nw_srx=1.2.3.4"}`, 'x:3:19: unknown field "nw_srx" (did you mean "nw_src"?)'],
  [`${HEAD}steps:\n- send: {in: same}`, 'x:3:14: "same" is for what is expected: here stands what is sent'],
  [
    `${HEAD}steps:\n- expect: {out: reply}`,
    'x:3:17: "reply" is for what is sent: expected is same, a match text, hex or pcap:FILE#N',
  ],
  [
    `${HEAD}steps:\n- expect: {ct: "tcp,orgi=(src=1.1.1.1)"}`,
    'x:3:21: unknown word "orgi" of a connection (did you mean "orig"?)',
  ],
  [
    `${HEAD}steps:\n- expect: {ct: "tcp,orig=(scr=1.1.1.1)"}`,
    'x:3:27: unknown word "scr" in orig (did you mean "src"?)',
  ],
  [
    `${HEAD}steps:\n- expect: {state: "+nwe"}`,
    'x:3:20: unknown ct_state flag "nwe": there are new, est, rel, rpl, inv, trk, snat, dnat',
  ],
  [
    `${HEAD}steps:\n- expect: {controller: {resaon: action}}`,
    'x:3:25: unknown key "resaon" in controller (did you mean "reason"?)',
  ],
  [`${HEAD}steps:\n- flush: {zone: 65536}`, 'x:3:17: zone is a number from 0 to 65535, not 65536'],
  [`${HEAD}steps:\n- settings: {fail_mode: secure}`, 'x:3:25: a switch keeps its fail_mode: set it above the steps'],
  [`${HEAD}settings: {zone_limits: {70000: 1}}\nsteps: []`, 'x:2:26: "70000" is no zone: 0 to 65535'],
  [
    `${HEAD}settings: {timeouts: {default: {tcp_syn: 1}}}\nsteps: []`,
    'x:2:33: unknown key "tcp_syn" in default; there are tcp_syn_sent,',
  ],
  ['ports: {in: 0}\nsteps: []', 'x:1:13: in is a number from 1 to 65279, not 0'],
  [
    'ports: {ct: 1}\nsteps: []',
    'x:1:9: "ct" can\'t be a name in ports: a letter first, and no word of its own meaning',
  ],
  ['ports: {a: 1, b: 1}\nsteps: []', 'x:1:15: port 1 is a already'],
  [`${HEAD}scenarios:\n- steps: []`, 'x:3:3: one of scenarios needs "name"'],
  [`${HEAD}steps: []\nsteps: []`, 'x:3:1: Map keys must be unique'],
  [`${HEAD}steps: [`, 'x:2:9: '],
  [`${HEAD}steps: !ruby []`, 'x:2:14: there is no use here for the tag !ruby'],
  [`${HEAD}steps: *none`, 'x:2:8: '],
  [`${HEAD}? [a]\n: 1`, 'x:2:3: a key is a word'],
  [`${HEAD}--- a`, 'x:2:1: '],
];

/** Runs until it refuses, and gives what it says. */
async function refused(text: string): Promise<string> {
  try {
    await parseScenarios(text, 'x');
  } catch (error) {
    if (error instanceof TextError) return error.message;
    throw error;
  }
  throw new Error('it was read');
}

describe('scenario: files', () => {
  for (const [text, message] of BAD) {
    it(`refuses ${JSON.stringify(text.replace(HEAD, ''))}`, async () => {
      expect(await refused(text)).to.satisfy((told: string) => told.startsWith(message), `${message} …`);
    });
  }

  it('holds out against bombs of aliases, depth and length', async () => {
    const bomb = Array.from({ length: 12 }, (_, i) => `k${i}: &a${i} [${`*a${i - 1},`.repeat(i === 0 ? 0 : 9)}]`);
    expect(await refused(bomb.join('\n'))).to.match(/more than 1000 aliases$/);
    expect(await refused(`${HEAD}steps: ${'['.repeat(100)}${']'.repeat(100)}`)).to.match(/nested more than 32 deep$/);
    expect(await refused(`${HEAD}steps: ${'['.repeat(20_000)}`)).to.match(/x:\d+:\d+: nested too deep$/);
    expect(await refused(`${HEAD}steps: [${'a,'.repeat(100_001)}]`)).to.match(/more than 100000 nodes$/);
    expect(await refused(`# ${'x'.repeat(5_000_000)}`)).to.match(/longer than 4194304 characters$/);
    expect(await refused(`${HEAD}steps:\n${'- {}\n'.repeat(20_001)}`)).to.match(/more than 20000 steps$/);
  });

  it('takes what stands above for all scenarios of a file, and their own instead', async () => {
    const [a, b] = await parseScenarios(
      `${HEAD}flows: |\n  actions=drop\nseed: 5\nscenarios:\n- {name: a, steps: []}\n- {name: b, seed: 6, ports: {x: LOCAL}, flows: '', steps: []}`,
    );
    expect([a.name, a.seed, [...a.ports.keys()], a.flows?.trim()]).to.deep.equal([
      'a',
      5,
      ['in', 'out'],
      'actions=drop',
    ]);
    expect([b.name, b.seed, [...b.ports.keys()], b.flows?.trim()]).to.deep.equal(['b', 6, ['x'], '']);
  });

  it('publishes the schema that it holds files to', () => {
    const published: unknown = JSON.parse(readFileSync('schemas/scenario.schema.json', 'utf8'));
    expect(published).to.deep.equal(JSON.parse(JSON.stringify(SCENARIO_SCHEMA)));
    const { files, exports }: Record<string, unknown> = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(files).to.include('schemas');
    expect(exports).to.have.property('./scenario.schema.json', './schemas/scenario.schema.json');
  });
});
