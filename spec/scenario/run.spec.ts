/**
 * Runs of scenarios: every kind of expectation passes where it should, and fails where it shouldn't, with what differs.
 */
import { expect } from 'chai';
import {
  checkScenario,
  coverage,
  junitXml,
  parseScenarios,
  runScenario,
  ScenarioError,
  stepsJson,
  updated,
} from '../../lib/scenario/index.js';

const FIREWALL = `
ports: {inside: 1, outside: 2, dmz: 3}
flows: |
  table=0,ip,actions=ct(table=1)
  table=0,arp,actions=NORMAL
  table=1,in_port=inside,ct_state=+new,ip,actions=ct(commit,exec(set_field:5->ct_mark)),outside
  table=1,ct_state=+est-rpl,ip,actions=outside
  table=1,ct_state=+est+rpl,ip,actions=inside
  table=1,ct_state=+inv,ip,actions=controller(max_len=64)
`;

async function run(steps: string, head = FIREWALL) {
  const [scenario] = await parseScenarios(`${head}steps:\n${steps}`, 'x');
  return runScenario(scenario);
}

/** What fails, a line each. */
async function failures(steps: string, head = FIREWALL): Promise<string[]> {
  const { steps: results } = await run(steps, head);
  return results.flatMap(({ failures: all }) =>
    all.map(({ line, where, lines }) => `${line} ${where}: ${lines.join('; ')}`),
  );
}

describe('scenario: runs', () => {
  const PASS: Readonly<Record<string, string>> = {
    'frames, states and connections': `
- send: {inside: udp}
  expect: {outside: same, state: [+new, new|trk], ct: "udp,orig=(src=10.0.0.1),mark=0x5,timeout=60", connections: 1}
- send: {outside: reply}
  expect: {inside: "udp,nw_src=10.0.0.2,tp_src=80", state: est|rpl|trk}
- wait: 30s
  expect: {ct: none, connections: 0}`,
    'several frames of a step': `
- send: {inside: ["udp,tp_dst=1", "udp,tp_dst=2"]}
  expect: {outside: same, connections: 2}
- send: {inside: ["udp,tp_dst=1", "udp,tp_dst=3"]}
  expect: {outside: ["udp,tp_dst=1", "udp,tp_dst=3"], ct: ["udp,orig=(dport=3)", "udp,orig=(dport=1)"]}`,
    packetIns: `
- send: {inside: "udp,checksum=bad"}
  expect: {controller: {packet: same, reason: action, table: 1, max_len: 64, cookie: 0, match: "in_port=inside,ct_state=+inv+trk"}}
- send: {inside: "udp,checksum=bad"}
  expect: {controller: same}
- send: {inside: ["udp,checksum=bad", "icmp,icmp_type=0"]}
  expect: {controller: same}
- send: {inside: udp}
  expect: {outside: same, controller: drop}`,
    'changes of flows, links, flushes and settings': `
- send: {dmz: arp}
  expect: {inside: same, outside: same}
- link: {inside: down}
  send: {dmz: arp}
  expect: {outside: same}
- link: {inside: up}
  flows: "table=0,priority=40000,arp,actions=drop"
  send: {dmz: arp}
  expect: drop
- send: {inside: udp}
  expect: {outside: same, connections: 1}
- flush: {zone: 0}
  expect: {ct: none}
- settings: {timeouts: {default: {udp_first: 7}}}
  send: {inside: udp}
  expect: {outside: same, ct: "udp,timeout=7"}
- flush: all
  expect: {connections: 0}`,
  };
  for (const [what, steps] of Object.entries(PASS)) {
    it(`pass: ${what}`, async () => expect(await failures(steps)).to.deep.equal([]));
  }

  const FAIL: readonly (readonly [string, string, RegExp])[] = [
    ['a frame too many', '- send: {inside: udp}', /^11 outside: frame isn't expected: udp,/],
    ['a frame too few', '- send: {outside: udp}\n  expect: {inside: same}', /^12 inside: frame is missing: same$/],
    [
      'another field',
      '- send: {inside: udp}\n  expect: {outside: "same,nw_src=1.1.1.1"}',
      /^12 outside: frame differs from same,nw_src=1.1.1.1; nw_src is 10.0.0.1, not 1.1.1.1$/,
    ],
    ['another match', '- send: {inside: udp}\n  expect: {outside: "udp,tp_dst=81"}', /tp_dst is 80, not 81$/],
    [
      'another payload',
      '- send: {inside: "udp,payload=\\"a\\""}\n  expect: {outside: "same,payload=\\"b\\""}',
      /payload is "a", not "b"$/,
    ],
    [
      'a connection too many',
      '- send: {inside: udp}\n  expect: {outside: same, ct: none}',
      /^12 ct: no connection is expected, but there are:; +udp,orig/,
    ],
    [
      'another connection',
      '- send: {inside: udp}\n  expect: {outside: same, ct: "udp,mark=6"}',
      /^12 ct: the connection differs from udp,mark=6; mark is 5, not 6;/,
    ],
    ['no connection', '- expect: {ct: udp}', /^11 ct: no connection is udp; there are no others$/],
    ['their number', '- expect: {connections: 1}', /^11 connections: there are 0 connections, not 1$/],
    [
      'another state',
      '- send: {inside: udp}\n  expect: {outside: same, state: +est}',
      /^12 state: the state is new\|trk, not \+est; no stored connection has this tuple$/,
    ],
    [
      'no state',
      '- send: {dmz: arp}\n  expect: {inside: same, outside: same, state: +est}',
      /the packet met 0 ct actions/,
    ],
    [
      'a packet-in too many',
      '- send: {inside: "udp,checksum=bad"}',
      /^11 controller: packet-in isn't expected: action, table 1: udp,/,
    ],
    [
      'a packet-in too few',
      '- send: {inside: udp}\n  expect: {outside: same, controller: same}',
      /^12 controller: packet-in is missing$/,
    ],
    [
      'another packet-in',
      '- send: {inside: "udp,checksum=bad"}\n  expect: {controller: {table: 0, match: ct_state=+new}}',
      /^12 controller: packet-in differs; table is 1, not 0; match is .* which doesn't meet ct_state=\+new$/,
    ],
    ['one that should be dropped', '- send: {inside: udp}\n  expect: drop', /^11 outside: frame isn't expected/],
    [
      'a wrong checksum',
      '- flows: "table=0,priority=40000,udp,actions=outside"\n  send: {inside: "udp,checksum=bad"}\n  expect: {outside: udp}',
      /checksum is wrong$/,
    ],
    [
      'same without a packet',
      '- expect: {outside: same}',
      /frame is missing: "same", which is nothing: this step sends no packet$/,
    ],
  ];
  for (const [what, step, message] of FAIL) {
    it(`fail: ${what}`, async () => {
      const found = await failures(step);
      expect(found).to.have.lengthOf(1);
      expect(found[0]).to.match(message);
    });
  }

  it('shows how the packets of a failed step went', async () => {
    const { steps } = await run('- send: {inside: udp}');
    expect(steps[0].trace.join('\n'))
      .to.match(/in inside: udp/)
      .and.match(/ 0\. ip, priority 32768\n +ct\(table=1\).*resume conntrack with ct_state=new\|trk.*Verdict: output/s);
    expect(stepsJson(await run('- send: {inside: udp}'))[0]).to.include({
      file: 'x',
      line: 11,
      step: 'step 1',
      passed: false,
    });
  });

  it('places what the switch refuses, in blocks of lines, too', async () => {
    const head = (key: string, line: string) => `ports: {a: 1}\n${key}: |\n  # a comment\n  ${line}\n`;
    const refused = (key: string, line: string) =>
      run('- {}', head(key, line)).then(
        () => '',
        (error: Error) => error.message,
      );
    expect(await refused('flows', 'tabel=0,actions=drop')).to.equal(
      'x:4:3: unknown keyword "tabel" (did you mean "table"?)',
    );
    expect(await refused('flows', 'actions=group:7')).to.match(/^x:4:3: .*\(OFPBAC_BAD_OUT_GROUP\)$/);
    expect(await refused('groups', 'group_id=1,type=alll')).to.match(/^x:4:\d+: /);
    expect(await refused('meters', 'meter=1,kbps')).to.match(/^x:4:\d+: /);
    expect(await refused('settings', '').catch(String)).to.be.a('string');
  });

  it('gives the same each time, chance and all', async () => {
    const head = FIREWALL.replace('ct(commit,', 'ct(commit,nat(src=10.9.0.1-10.9.9.9:2000-60000,random),');
    const steps = '- send: {inside: udp}\n  expect: {outside: }';
    const frames = async () =>
      [...(await run(steps, head)).steps[0].outcome.outputs.values()].flat().map((f) => [...f]);
    expect(await frames()).to.deep.equal(await frames());
  });

  it('fills what is empty and nothing else', async () => {
    const steps = [
      '- name: one   # a comment',
      '  send: {inside: udp}',
      '  # another',
      '- send:',
      '    outside: reply',
      '- {send: {inside: "udp,checksum=bad"}}',
      '- send: {dmz: udp}',
      '  expect:',
      '- send: {inside: "udp,nw_ttl=9"}   # here',
      '  expect: {outside: , ct: , connections: , state: }',
      '- send: {inside: udp}',
      '  expect: drop',
    ];
    const text = `${FIREWALL}steps:\n${steps.join('\n')}\n`;
    const [scenario] = await parseScenarios(text, 'x');
    const filled = updated(text, [await runScenario(scenario)]);
    expect(
      filled
        .slice(FIREWALL.length + 7)
        .split('\n')
        .slice(0, -1),
    ).to.deep.equal([
      ...steps.slice(0, 2),
      '  expect: {outside: same}',
      ...steps.slice(2, 5),
      '  expect: {inside: same}',
      '- {send: {inside: "udp,checksum=bad"}, expect: {controller: same}}',
      steps[6],
      '  expect: {outside: same}',
      steps[8],
      '  expect: {outside: same, ct: "udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1000),mark=5", connections: 1, state: "est|trk"}',
      ...steps.slice(10),
    ]);
    const [again] = await parseScenarios(filled, 'x');
    const result = await runScenario(again);
    expect(result.steps.map(({ failures: all }) => all.length)).to.deep.equal([0, 0, 0, 0, 0, 1]);
    expect(updated(filled, [result])).to.equal(filled);
  });

  it('tells which flows no step hit, and which another one hides', async () => {
    const head = `ports: {a: 1, b: 2}\nflows: |\n  priority=5,ip,actions=b\n  priority=4,udp,actions=a\n  priority=3,arp,actions=b\n`;
    const rows = coverage('x', [await run('- send: {a: udp}\n  expect: {b: same}', head)]);
    expect(rows.map(({ line, packets, hidden_by }) => [line, packets, hidden_by])).to.deep.equal([
      [3, 1, null],
      [4, 0, 3],
      [5, 0, null],
    ]);
  });

  it("writes JUnit's XML", async () => {
    const xml = junitXml(
      [await run('- name: "<one> & \\"two\\""\n  send: {inside: udp}\n- {}')],
      [{ file: 'y', why: 'no' }],
    );
    expect(xml).to.match(/<testsuites name="ctswitch test" tests="3" failures="1" errors="1">/);
    expect(xml).to.include('name="&lt;one&gt; &amp; &quot;two&quot;" file="x" line="11">');
    expect(xml).to.match(/<failure type="outside" message="frame isn't expected[^"]*">x:11:3 outside: /);
    expect(xml).to.include('<testcase classname="y" name="can be read"><error message="no"/></testcase>');
  });

  it("is another test framework's, too", async () => {
    await checkScenario(`${FIREWALL}steps:\n- send: {inside: udp}\n  expect: {outside: same}`);
    const error = await checkScenario(`${FIREWALL}steps:\n- send: {inside: udp}`).catch((each: unknown) => each);
    expect(error).to.be.instanceOf(ScenarioError);
    expect((error as Error).message).to.match(/^FAIL scenario:11 scenario: step 1\n {2}scenario:11:3 outside: frame/);
  });
});
