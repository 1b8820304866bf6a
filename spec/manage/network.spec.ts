/** Several switches behind one management socket: which of them a command is about. */
import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';
import { Commands } from '../../lib/manage/commands.js';
import { type Daemon, Refused } from '../../lib/manage/index.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';

const UDP = 'udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=5000,tp_dst=53';
const SEVERAL = `there are several switches: write one's name before it`;

describe('manage: a network', () => {
  const clock = new ManualClock();
  let switches: Map<string, Switch>;
  let commands: Commands;
  beforeEach(() => {
    switches = new Map(['s1', 's2', 's3'].map((name) => [name, new Switch({ clock })]));
    for (const [name, sw] of switches) {
      for (const n of [1, 2]) sw.addPort(n, memory({ name: `${name}-eth${n}` }));
    }
    const daemon: Daemon = {
      ...{ switches, clock, network: true, version: 'ctswitch 0.0.0', verbosity: 0 },
      exit() {},
      async typed(line) {
        if (/^(link s1 s2|flows$|h1 )/.test(line)) return `did: ${line}\n`;
        if (line.startsWith('link')) throw new Refused('link NODE [NODE] down|up');
        return null;
      },
    };
    commands = new Commands(daemon);
    commands.start();
  });
  afterEach(async () => {
    commands.stop();
    for (const sw of switches.values()) await sw.close();
  });

  async function call(...words: string[]): Promise<string> {
    const [method, ...params] = words;
    let text = '';
    for await (const piece of commands.answer({ method, params }, new AbortController().signal)) text += piece;
    return text;
  }
  const refused = async (...words: string[]): Promise<string> =>
    call(...words).then(
      (text) => `taken: ${text}`,
      (error: Error) => error.message,
    );

  it('a bridge is named as in Open vSwitch, a datapath by its own name', async () => {
    switches.get('s2')?.flows.load('udp,actions=ct(commit),NORMAL');
    await call('s2', 'port/inject', '1', UDP);
    expect(await call('fdb/show', 's2')).to.match(/\n +1 +0 /);
    expect(await call('fdb/show', 's1')).to.equal(' port  VLAN  MAC                Age\n');
    expect(await refused('fdb/show', 's9')).to.equal('no such bridge');
    expect(await call('ofproto/list')).to.equal('s1\ns2\ns3\n');
    expect(await call('dpctl/dump-dps')).to.equal('netdev@s1\nnetdev@s2\nnetdev@s3\n');
    for (const name of ['s2', 'netdev@s2']) {
      expect(await call('dpctl/dump-conntrack', name)).to.match(/^udp,.*dport=53.*\n$/);
      expect(await call('dpctl/dump-conntrack', '-s', name, 'zone=0')).to.match(/timeout=/);
      expect(await call('dpctl/ct-get-nconns', name)).to.equal('1\n');
    }
    expect(await call('dpctl/ct-get-nconns', 's1')).to.equal('0\n');
    expect(await refused('dpctl/dump-conntrack')).to.equal(
      'ctswitch: multiple datapaths, specify one: s1, s2, … (dpctl/dump-dps) (Invalid argument)',
    );
    expect(await refused('dpctl/flush-conntrack', 's7')).to.match(/multiple datapaths/);
    expect(await call('dpctl/ct-set-maxconns', 's3', '7')).to.match(/successful/);
    expect(switches.get('s3')?.tracker.limit).to.equal(7);
    expect(await call('dpif/show')).to.match(/^netdev@s1: hit:0 .*\n {2}s1:\n {4}s1-eth1 1\/1.*netdev@s3: /s);
    expect((await call('dpctl/show')).match(/^netdev@/gm)).to.have.length(3);
    expect(await call('dpctl/show', 's2')).to.match(/^netdev@s2:\n {2}lookups: hit:\d+ missed:1 /);
    expect(await call('dpif/dump-flows', 's2')).to.match(/^recirc_id\(0\).*actions:/);
    expect(await call('dpctl/dump-flows', 's2')).to.match(/\nrecirc_id\(0\)/);
    expect(await call('bridge/dump-flows', 's2')).to.match(
      /^duration=0s, n_packets=1, .* udp,actions=ct\(commit\),NORMAL/,
    );
    expect(await call('ofproto/trace', 's2', `in_port=1,${UDP}`)).to.match(/^Flow: udp,in_port=1.*bridge\("s2"\)/s);
    expect(await refused('ofproto/trace', 's9', 'in_port=1')).to.equal('s9: unknown bridge');
    await call('fdb/flush');
    expect(await call('fdb/show', 's2')).to.equal(await call('fdb/show', 's1'));
  });

  it('upcall/show tells of each switch', async () => {
    switches.get('s1')?.flows.load('actions=2');
    await call('s1', 'port/inject', '1', UDP);
    clock.advance(5000);
    expect(await call('upcall/show')).to.match(
      /^netdev@s1:\n {2}flows {9}: \(current 1\) \(avg 0\) \(max 1\) \(limit 200000\)\n.*\n {2}0: \(keys 1\)\nnetdev@s2:\n {2}flows {9}: \(current 0\)/s,
    );
    expect(await call('s2', 'upcall/show')).to.match(/^netdev@s2:[^@]*$/);
  });

  it('any other command stands behind a name', async () => {
    await call('s1', 'flows/load', 'table=3,udp,actions=2');
    expect(await call('s1', 'flows')).to.match(/table=3/);
    expect(await call('s2', 'flows')).to.equal('');
    expect(await call('s2', 'dpctl/dump-dps')).to.equal('netdev@s2\n');
    expect(await call('s2', 'fdb/show', 's2')).to.match(/^ port/);
    expect(await refused('s2', 'fdb/show', 's1')).to.equal('no such bridge');
    expect(await refused('port/list')).to.equal(`${SEVERAL}, "s1 port/list"`);
    expect(await refused('conntrack', '--json')).to.equal(`${SEVERAL}, "s1 conntrack"`);
    expect(await refused('s1')).to.match(/^what of s1\?/);
    expect(await refused('s1', 'version')).to.equal('"version" is about the whole program: leave s1 out');
    expect(await refused('s1', 'nonsense')).to.match(/^"nonsense" is not a valid command/);
    expect(await refused('s9', 'flows')).to.match(/^"s9" is not a valid command/);
    expect(await call('version')).to.equal('ctswitch 0.0.0\n');
    await call('s1', 'port/inject', '1', UDP);
    await call('s2', 'port/inject', '1', UDP);
    expect(await call('coverage/read-counter', 'misses')).to.equal('2\n');
  });

  it("without a name, the prompt's words are the prompt's", async () => {
    expect(await call('link', 's1', 's2', 'down')).to.equal('did: link s1 s2 down\n');
    expect(await call('flows')).to.equal('did: flows\n');
    expect(await call('h1', 'ping', 'h2')).to.equal('did: h1 ping h2\n');
    expect(await refused('link')).to.equal('link NODE [NODE] down|up');
    await call('s1', 'link', 's1-eth2', 'down');
    expect(await call('s1', 'port/list')).to.match(/s1-eth2 .* down/);
  });

  /** Waits while the clock goes on. */
  async function waiting(...words: string[]): Promise<string> {
    let said: string | null = null;
    void refused(...words).then((text) => {
      said = text;
    });
    while (said === null) {
      clock.advance(20);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return said;
  }

  it('wait without a name waits for all, and says who is missing', async () => {
    for (const name of ['s1', 's3']) switches.get(name)?.flows.load('table=1,actions=drop');
    expect(await waiting('wait', 'flow', 'table=1', '--timeout', '1')).to.equal(
      'timed out after 1 s: flow table=1 at s2',
    );
    expect(await waiting('s1', 'wait', 'flow', 'table=1')).to.equal('taken: ');
    expect(await waiting('wait', 'no', 'controller')).to.equal('taken: ');
    switches.get('s2')?.flows.load('table=1,actions=drop');
    expect(await waiting('wait', 'flow', 'table=1')).to.equal('taken: ');
  });
});
