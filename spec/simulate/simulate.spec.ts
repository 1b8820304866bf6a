import { expect } from 'chai';
import { OpenVSwitch } from '../../bench/compare/ovs.js';
import { toHex } from '../../lib/bytes/index.js';
import { CaseError, MAX_WARP_MS, parseCase, type SimulateAnswer, type SimulateCase } from '../../lib/simulate/case.js';
import { simulate } from '../../lib/simulate/simulate.js';
import { udp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';

const THERE = toHex(udp4({ src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 53 }));
const BACK = toHex(udp4({ src: '10.0.0.2', dst: '10.0.0.1', sport: 53, dport: 1000 }));
const FIREWALL = [
  'table=0,udp,actions=ct(table=1)',
  'table=1,in_port=1,ct_state=+trk+new,udp,actions=ct(commit),2',
  'table=1,in_port=1,ct_state=+trk+est,udp,actions=2',
  'table=1,in_port=2,ct_state=+trk+est,udp,actions=1',
];

describe('simulate', () => {
  it('a stateful firewall: stopped before, let through after, stopped again when the connection has expired', async () => {
    const answer = await simulate({
      id: 'fw',
      flows: FIREWALL,
      packets: [[2, BACK], [1, THERE], { port: 2, frame: BACK, ct: true }, { warp: 61_000 }, [2, BACK]],
    });
    expect(answer.id).to.equal('fw');
    expect(answer.results?.map((result) => result.out)).to.deep.equal([[], [[2, THERE]], [[1, BACK]], [], []]);
    expect(answer.results?.[2].ct).to.deep.equal([
      'udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=53),reply=(src=10.0.0.2,dst=10.0.0.1,sport=53,dport=1000)',
    ]);
    expect(answer.conntrack).to.deep.equal([]);
    expect(answer.flows?.[0]).to.match(/^cookie=0x0, duration=61s, table=0, n_packets=4, /);
  });

  it('connections end by ct-flush and ct-flush-zone', async () => {
    const flows = ['udp,in_port=1,actions=ct(commit,zone=5)', 'udp,in_port=2,actions=ct(commit,zone=6)'];
    const tuple = 'ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_nw_proto=17,ct_tp_src=1000,ct_tp_dst=53';
    const left = async (...ofctl: string[]) => {
      const { results, conntrack } = await simulate({ flows, packets: [[1, THERE], [2, THERE], { ofctl }] });
      return results?.[2].error ?? conntrack?.map((line) => /zone=\d/.exec(line)?.[0]);
    };
    expect(await left('ct-flush-zone', 'br0', '5')).to.deep.equal(['zone=6']);
    expect(await left('ct-flush', 'br0', 'zone=6', tuple)).to.deep.equal(['zone=5']);
    expect(await left('ct-flush', 'br0', 'zone=7', tuple)).to.deep.equal(['zone=5', 'zone=6']);
    expect(await left('ct-flush', 'br0', 'ct_nw_src=10.0.0.1')).to.deep.equal([]);
    expect(await left('ct-flush', 'br0')).to.deep.equal([]);
    expect(await left('ct-flush-zone', 'br0', 'x')).to.match(/zone/);
  });

  it('what is not built, or not right, is a load_error with its place', async () => {
    expect((await simulate({ flows: ['udp,actions=2', 'udp,actions=learn(tabel=1)'] })).load_error).to.match(
      /^line 2:/,
    );
    expect((await simulate({ flows: ['actions=pop_vlan,2'] })).load_error).to.match(/^line 1:1: .*MATCH_INCONSISTENT/);
  });

  it('commands of the management socket come first, or as steps', async () => {
    const answer = await simulate({
      appctl: [
        ['zone/timeout', '5', 'udp_first=7'],
        ['dpctl/ct-set-limits', 'zone=5,limit=1'],
      ],
      flows: ['priority=1,udp,actions=ct(commit,zone=5),NORMAL'],
      packets: [
        [1, THERE],
        [2, BACK],
        { appctl: ['fdb/show', 'br0'] },
        { appctl: ['dpctl/dump-conntrack', '-s'] },
        { appctl: ['fdb/show', 'br1'] },
        { appctl: ['wait', 'controller'] },
        { appctl: ['port/add', '9', 'tap:tap0'] },
      ],
    });
    const [, , macs, connections, ...refused] = answer.results ?? [];
    expect(macs.text).to.match(/^ port {2}VLAN {2}MAC {16}Age\n +2 +0 .*\n$/);
    expect(connections.text).to.match(/udp,.*zone=5.*timeout=/);
    expect(refused.map(({ error }) => error)).to.deep.equal([
      'no such bridge',
      'wait: time stands still here; {"warp": MS} moves it',
      "ports can't be added here",
    ]);
    const unknown = await simulate({ appctl: [['fdb/shwo', 'br0']], flows: [] });
    expect(unknown.load_error).to.match(/^appctl fdb\/shwo br0: "fdb\/shwo" is not a valid command/);
  });

  it('answers appctl as Open vSwitch does', async function () {
    this.timeout(20_000);
    requires(this, 'ovs-vswitchd', 'ovs-ofctl');
    const given: SimulateCase = {
      appctl: [['dpctl/ct-set-maxconns', '17']],
      flows: [...FIREWALL, 'table=3,priority=7,ip6,idle_timeout=3,actions=NORMAL', 'table=4,actions=drop'],
      packets: [
        [1, THERE],
        { appctl: ['dpctl/ct-get-maxconns'] },
        { appctl: ['bridge/dump-flows', '--offload-stats', 'br0'] },
        { appctl: ['dpctl/dump-conntrack'] },
        { appctl: ['bridge/dump-flows', 'br9'] },
        { appctl: ['ofproto/list'] },
      ],
    };
    const ovs = await OpenVSwitch.start();
    // A bridge of Open vSwitch's has flows of its own, which nobody made; its counters come when a revalidator looks.
    const told = (answer: SimulateAnswer) =>
      answer.results?.map(({ text, error }) => {
        const lines = (text ?? '').replaceAll(/n_(packets|bytes)=\d+/g, 'n_$1=N').split('\n');
        return { error, lines: lines.filter((line) => !line.startsWith('table_id=254')).sort() };
      });
    try {
      expect(told(await simulate(given))).to.deep.equal(told(await ovs.run(given)));
    } finally {
      await ovs.close();
    }
  });

  it('a year passes at once, even with addresses learned and connections open', async () => {
    const answer = await simulate({
      flows: ['priority=1,udp,actions=ct(commit),NORMAL'],
      packets: [[1, THERE], { warp: MAX_WARP_MS }, [1, THERE]],
    });
    expect(answer.results).to.have.length(3);
  });

  for (const [line, why] of [
    ['{', /^not JSON/],
    ['[]', /a case is a JSON object/],
    ['{"flow":[]}', /unknown key "flow"/],
    ['{"ports":-1}', /"ports" is a number from 0 to 1024/],
    ['{"ports":"x"}', /"ports" is a number/],
    ['{"packets":[{"warp":1e18}]}', /packets\[0\] is no/],
    ['{"packets":[[1,"00"],{"warp":-1}]}', /packets\[1\] is no/],
    ['{"flows":[1]}', /"flows" is a text or a list of texts/],
    ['{"appctl":["fdb/show"]}', /"appctl" is a list of commands, each a list of words/],
    ['{"packets":[{"appctl":[]}]}', /packets\[0\] is no/],
  ] as const) {
    it(`refuses ${line}`, () => {
      expect(() => parseCase(line)).to.throw(CaseError, why);
    });
  }
});
