/** What can be changed and awaited on a running switch, beside what Open vSwitch's own commands do (ovs.spec.ts). */
import { expect } from 'chai';
import { type ManagementClient, Refused } from '../../lib/manage/index.js';
import { tcp4, udp4 } from '../support/frames.js';
import { Managed } from './managed.js';

describe('manage: commands', () => {
  let managed: Managed;
  let client: ManagementClient;
  beforeEach(async () => {
    managed = new Managed(
      {},
      {
        typed: async (line) => {
          if (line === 'h1 fails') throw new Refused('h1 fails');
          return line.startsWith('h1 ') ? `did: ${line}\n` : null;
        },
      },
    );
    client = await managed.open();
  });
  afterEach(async () => managed.close());

  async function refused(method: string, ...params: string[]): Promise<string> {
    try {
      return `taken: ${await client.call(method, ...params)}`;
    } catch (error) {
      return (error as Error).message;
    }
  }

  it('every command is listed, and has its usage', async () => {
    const text = await client.call('list-commands');
    const names = text
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[0]);
    expect(names).to.deep.equal([...names].sort());
    expect(names).to.include.members(['dpctl/dump-conntrack', 'ofproto/trace', 'wait', 'port/add', 'exit', 'vlog/set']);
  });

  it('ports come, go and lose their link', async () => {
    await client.call('port/add', '9', 'memory:extra');
    expect(await client.call('port/list')).to.match(/ 9 {2}extra +memory +up/);
    await client.call('link', 'extra', 'down');
    expect(await client.call('port/list')).to.match(/ 9 {2}extra +memory +down/);
    await client.call('port/del', '9');
    expect(await client.call('port/list')).not.to.match(/extra/);
    expect(await refused('port/add', '1', 'memory:again')).to.match(/port 1 is taken/);
    expect(await refused('port/add', 'x', 'memory:again')).to.equal('"x" is no port number');
    expect(await refused('port/add', '7', 'tin:can')).to.match(/tin/);
    expect(await refused('port/del', '77')).to.equal('there is no port 77');
    expect(await refused('link', '1', 'sideways')).to.equal('"sideways" is neither up nor down');
  });

  it('controllers are set: others are hung up on', async () => {
    await client.call('controller/set', 'tcp:127.0.0.1:1', 'unix:/nowhere');
    expect(managed.sw.controllers().map(({ address }) => address)).to.deep.equal(['tcp:127.0.0.1:1', 'unix:/nowhere']);
    await client.call('controller/set', 'unix:/nowhere');
    expect(await client.call('controller/show')).to.match(/^unix:\/nowhere \w+\n$/);
    expect(await refused('controller/set', 'udp:1')).to.match(/udp:1/);
    await client.call('controller/set', 'none');
    expect(await client.call('controller/show')).to.equal('');
  });

  it("a zone's timeouts", async () => {
    await client.call('zone/timeout', '5', 'udp_first=7');
    expect(await client.call('zone/timeout', '5')).to.include('udp_first=7,udp_single=60');
    expect(await client.call('zone/timeout', '6')).to.include('udp_first=60');
    managed.sw.flows.load('udp,actions=ct(commit,zone=5)');
    managed.ports[0].inject(udp4());
    expect(await client.call('dpctl/dump-conntrack', '-s')).to.include('timeout=7');
    expect(await refused('zone/timeout', '5', 'udp=1')).to.match(/one of tcp_syn_sent/);
    expect(await refused('zone/timeout', '65536')).to.match(/no zone/);
  });

  it('flows, and words of the prompt', async () => {
    managed.sw.flows.load('table=0,udp,actions=drop\ntable=1,actions=output:2');
    expect(await client.call('flows')).to.match(/table=0.*\n.*table=1/);
    expect(await client.call('flows', 'table=1')).to.match(/^[^\n]*table=1[^\n]*\n$/);
    expect(await refused('flows', 'tabel=1')).to.match(/unknown keyword "tabel"/);
    expect(await client.call('h1', 'ping', 'h2')).to.equal('did: h1 ping h2\n');
    expect(await refused('h1', 'fails')).to.equal('h1 fails');
    expect(await refused('h9', 'ping')).to.match(/is not a valid command/);
  });

  it('queues, and the rate of a port', async () => {
    await client.call('port/rate', 'p2', '10M');
    await client.call('queue/set', 'p2', '1', 'min=2M', 'max=500k');
    await client.call('queue/set', '2', '7');
    expect(
      managed.sw
        .queues()
        .map(({ port, queueId, min_rate_bps, max_rate_bps, port_rate_bps }) => [
          port,
          queueId,
          min_rate_bps,
          max_rate_bps,
          port_rate_bps,
        ]),
    ).to.deep.equal([
      [2, 1, 2e6, 5e5, 1e7],
      [2, 7, undefined, undefined, 1e7],
    ]);
    managed.sw.flows.load('in_port=1,actions=set_queue:1,output:2');
    managed.ports[0].inject(udp4());
    expect(await client.call('queue/list')).to.match(
      /^port 2 queue 1: min=2000000 max=500000 packets=1 bytes=\d+ errors=0\nport 2 queue 7: packets=0 /,
    );
    expect(await refused('queue/set', '2', '8', 'min=9M')).to.match(/^min rates of 11000000 b\/s in a port of/);
    expect(await refused('queue/set', '2', '8', 'most=9M')).to.equal('"most=9M": a queue has min=RATE and max=RATE');
    expect(await refused('queue/set', '2', '8', 'max=fast')).to.match(/^"fast" is no rate/);
    expect(await refused('queue/set', '2', '4294967295')).to.match(/is no queue: 0 to 4294967294/);
    expect(await refused('queue/set', '9', '1')).to.equal('there is no port 9');
    expect(await refused('queue/del', '2', '8')).to.equal('port 2 has no queue 8');
    expect(await refused('port/rate', '2', '1k')).to.match(/^min rates of 2000000 b\/s in a port of 1000 b\/s/);
    await client.call('queue/del', '2', '1');
    await client.call('port/rate', '2', 'none');
    expect(await client.call('queue/list')).to.match(/^port 2 queue 7: /);
  });

  /** Waits while the clock goes on. */
  async function waiting(...words: string[]): Promise<string> {
    const answer = refused('wait', ...words);
    let done = false;
    void answer.then(() => {
      done = true;
    });
    while (!done) {
      managed.clock.advance(20);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return answer;
  }

  it('wait answers when a condition holds, and not before', async () => {
    managed.sw.flows.load('table=3,tcp,actions=drop\nudp,actions=ct(commit,zone=5),2');
    expect(await waiting('flow', 'table=3,tcp')).to.equal('taken: ');
    expect(await waiting('flow', 'table=4', '--timeout', '1')).to.equal('timed out after 1 s: flow table=4');
    expect(await waiting('no', 'flow', 'table=4')).to.equal('taken: ');
    const soon = waiting('ct', 'udp', 'zone=5', 'dport=80', '--timeout', '5');
    managed.ports[0].inject(udp4({ dport: 80 }));
    expect(await soon).to.equal('taken: ');
    expect(await waiting('flow', 'udp packets=1')).to.equal('taken: ');
    expect(await waiting('flow', 'udp packets=2', '--timeout', '1')).to.match(/^timed out/);
    expect(await waiting('ct', 'state=ESTABLISHED', '--timeout', '1')).to.match(/^timed out/);
    managed.sw.setLink(2, false);
    expect(await waiting('port', 'p2', 'down')).to.equal('taken: ');
    expect(await waiting('controller', '--timeout', '1')).to.equal('timed out after 1 s: controller');
    expect(await waiting('flow', 'udp packets=many')).to.equal('packets=N, not "packets=many"');
    expect(await waiting('weather')).to.match(/"weather" is no condition/);
    expect(await waiting('controller', '--timeout', 'soon')).to.match(/--timeout is 0 to/);
  });

  it('a trace of the running switch, with its connections', async () => {
    managed.sw.flows.load(
      'tcp,ct_state=-trk,actions=ct(table=1)\ntable=1,tcp,ct_state=+new,actions=ct(commit),2\ntable=1,tcp,ct_state=+est,actions=3',
    );
    managed.ports[0].inject(tcp4({ flags: 'syn' }));
    const flow = 'in_port=2,tcp,nw_src=10.0.0.2,nw_dst=10.0.0.1,tp_src=80,tp_dst=1000,tcp_flags=+syn+ack';
    const before = managed.sw.conntrackText();
    expect(await client.call('ofproto/trace', 'br0', flow)).to.match(
      /ct_state=est\|rpl\|trk.*Verdict: output: sent to 3/s,
    );
    const json = JSON.parse(await client.call('ofproto/trace', '--json', 'br0', flow));
    expect(json.outcome.ports).to.deep.equal([3]);
    expect(managed.sw.conntrackText()).to.deep.equal(before);
    const out = await client.call(
      'ofproto/trace-packet-out',
      'br0',
      'in_port=1,dl_type=0x1234',
      'push_vlan:0x8100,output:2',
    );
    expect(out).to.include('Datapath actions: push_vlan(vid=0,pcp=0),2');
    expect(await refused('ofproto/trace', 'br0', '--ct-next', 'blue', flow)).to.match(/invalid ct_state/);
  });

  it('many traces: the switch goes on between packets, and what it does then is seen by those behind', async () => {
    managed.sw.flows.load(
      'udp,actions=ct(table=1)\ntable=1,ct_mark=0,udp,actions=ct(commit,exec(load:1->NXM_NX_CT_MARK[])),2\ntable=1,ct_mark=1,udp,actions=3',
    );
    const packets = Array.from(
      { length: 256 },
      (_, i) => `in_port=1,udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_dst=9,tp_src=${1 + (i >> 1)}`,
    );
    const trace = (more: object): Promise<string> => client.call('trace', JSON.stringify({ packets, ...more }));
    const ports = (answer: string): number[][] =>
      answer
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).outcome.ports);
    expect(ports(await trace({}))).to.deep.equal(packets.map((_, i) => [2 + (i & 1)]));
    expect(managed.sw.conntrackText()).to.deep.equal([]);
    let turns = 0;
    const answer = trace({});
    let done = false;
    void answer.then(() => {
      done = true;
    });
    for (; !done; turns++) {
      if (turns === 40) managed.sw.flows.add('table=0,priority=40000,udp,actions=4');
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(turns).to.be.at.least(256);
    const out = ports(await answer).map(([port]) => port);
    expect([out[0], out.at(-1)]).to.deep.equal([2, 4]);
    expect(out.indexOf(4)).to.be.lessThan(40);
    expect(out.lastIndexOf(3)).to.be.lessThan(out.indexOf(4));
    const wrong = JSON.stringify({ packets: [...packets.slice(0, 200), 'in_port=1,udp,colour=red'] });
    expect(await refused('trace', wrong)).to.match(/colour/);
    expect(await refused('trace', JSON.stringify({ packets: [...packets, ...packets] }))).to.match(/at most 256/);
    for (const bad of ['nonsense', '3', 'null', '{}', '{"packets":3}', '{"packets":[3]}', '{"packets":[{}]}'])
      expect(await refused('trace', bad), bad).not.to.match(/internal/);
  });

  it('the log, counters, the end', async () => {
    await client.call('vlog/set', 'ANY:console:dbg');
    expect(managed.server.daemon.verbosity).to.equal(2);
    expect(await client.call('vlog/list')).to.match(/^ctswitch +DBG +OFF +OFF$/m);
    await client.call('vlog/set', 'file:err');
    expect(managed.server.daemon.verbosity).to.equal(2);
    expect(await refused('vlog/set', 'x:info')).to.equal('no destination, level, or module "x"');
    expect(await refused('vlog/set', 'constructor')).to.equal('no destination, level, or module "constructor"');
    expect(await refused('dpctl/flush-conntrack', 'constructor=1')).to.match(/invalid conntrack tuple field/);
    managed.sw.flows.load('actions=2');
    for (let n = 0; n < 10; n++) managed.ports[0].inject(udp4());
    managed.clock.advance(5000);
    expect(await client.call('coverage/show')).to.match(/^hits +1\.8\/sec +0\.150\/sec +0\.0025\/sec +total: 9$/m);
    expect(await client.call('coverage/read-counter', 'hits')).to.equal('9\n');
    expect(await refused('coverage/read-counter', 'nonsense')).to.equal('No such counter');
    expect(await client.call('exit')).to.equal('');
    expect(managed.exited).to.equal(true);
  });

  it('datapath flows with what they counted', async () => {
    managed.sw.flows.load('udp,in_port=1,actions=dec_ttl,2');
    for (let n = 0; n < 3; n++) managed.ports[0].inject(udp4({ ttl: 9 }));
    managed.sw.flows.list();
    managed.ports[0].inject(udp4({ ttl: 9 }));
    managed.clock.advance(1500);
    const text = await client.call('dpif/dump-flows', 'br0');
    expect(text).to.match(
      /^recirc_id\(0\),in_port\(1\),packet_type\(ns=0,id=0\),eth_type\(0x0800\),ipv4\(proto=17,ttl=9,frag=no\), packets:4, bytes:\d+, used:1\.500s, actions:set\(ipv4\(ttl=8\)\),2\n$/,
    );
    expect(await client.call('dpctl/dump-flows')).to.equal(`flow-dump from the main thread:\n${text}`);
    expect(await client.call('dpif/show')).to.equal(
      'netdev@ovs-netdev: hit:3 missed:1\n  br0:\n    p1 1/1: (memory)\n    p2 2/2: (memory)\n    p3 3/3: (memory)\n    p4 4/4: (memory)\n',
    );
  });
});
