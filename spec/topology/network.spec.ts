/**
 * Networks on a clock that stands still: frames over several switches, delay, loss, rate, loops, cables that are
 * pulled.
 */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';
import { OFPPC } from '../../lib/pipeline/types.js';
import { Network, NetworkError, type NetworkOptions, Planner, shapePlan } from '../../lib/topology/index.js';
import { settle } from '../ports/bridge.js';

const NORMAL = 'actions=NORMAL';

function make(shape: string, options: NetworkOptions = {}, flows: string | null = NORMAL) {
  const clock = new ManualClock();
  const net = new Network(shapePlan(shape), { clock, ...options });
  for (const sw of net.switches.values()) if (flows !== null) sw.flows.add(flows);
  return { net, clock };
}

/** Two hosts on two switches, with settings of the cable between. */
function pair(settings: { delay_ms?: number; loss?: number; rate_bps?: number }, seed = 1) {
  const planner = new Planner();
  for (const n of [1, 2]) planner.addLink(planner.addHost(`h${n}`), planner.addSwitch(`s${n}`));
  planner.addLink('s1', 's2', settings);
  const clock = new ManualClock();
  const net = new Network(planner.plan(), { clock, seed });
  for (const sw of net.switches.values()) sw.flows.add(NORMAL);
  return { net, clock };
}

describe('topology: networks', () => {
  for (const shape of ['single,3', 'linear,5', 'tree,3,2', 'linear,3,2']) {
    it(`${shape}: every host reaches every other one`, async () => {
      const { net, clock } = make(shape);
      const hosts = [...net.hosts.values()];
      for (const from of hosts) {
        for (const to of hosts) {
          if (from === to) continue;
          const [probe] = await settle(clock, from.ping(to.addresses[0], { count: 1 }));
          expect(probe.outcome, `${from.name} to ${to.name}`).to.equal('reply');
        }
      }
      await net.close();
    });
  }

  it('gives the same run each time', async () => {
    const runs: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const { net, clock } = pair({ delay_ms: 3, loss: 0.2 }, 7);
      const probes = await settle(clock, net.host('h1').ping('10.0.0.2', { count: 20 }));
      runs.push([probes, [...net.switches.values()].map((sw) => sw.ports().map(({ counters }) => counters))]);
      await net.close();
    }
    expect(runs[0]).to.deep.equal(runs[1]);
  });

  it('delays: a round trip takes the cable twice', async () => {
    const { net, clock } = pair({ delay_ms: 12 });
    await settle(clock, net.host('h1').ping('10.0.0.2', { count: 1 }));
    const [probe] = await settle(clock, net.host('h1').ping('10.0.0.2', { count: 1 }));
    expect(probe.rtt_ms).to.equal(24);
    await net.close();
  });

  it('loses the share that was asked for, and counts it', async () => {
    const { net, clock } = pair({ loss: 0.3 });
    // Until both know each other's address.
    for (let known = false; !known; ) {
      const [{ outcome }] = await settle(clock, net.host('h1').ping('10.0.0.2', { count: 1 }));
      known = outcome === 'reply';
    }
    const probes = await settle(
      clock,
      net.host('h1').ping('10.0.0.2', { count: 300, interval_ms: 10, timeout_ms: 50 }),
    );
    const answered = probes.filter(({ outcome }) => outcome === 'reply').length;
    // 0.7² of 300 is 147.
    expect(answered).to.be.within(110, 185);
    const lost = ['s1', 's2'].map((name) => net.switch(name).ports()[1].counters.txDropped);
    expect(lost[0]).to.be.within(60, 120);
    expect(lost[1]).to.be.greaterThan(30);
    await net.close();
  });

  it('holds to a rate: 1 Mbit/s carries 125 kB a second', async () => {
    const { net, clock } = pair({ rate_bps: 1e6 });
    const [h1, h2] = [net.host('h1'), net.host('h2')];
    await settle(clock, h1.ping('10.0.0.2', { count: 1 }));
    const before = net.switch('s2').ports()[1].counters.rxBytes;
    h2.listen('tcp', 80);
    const transfer = h1.tcp('10.0.0.2', 80, new Uint8Array(60_000), 60_000);
    clock.advance(200);
    const grown = net.switch('s2').ports()[1].counters.rxBytes - before;
    expect(grown).to.be.within(1000, 25_500);
    const result = await settle(clock, transfer);
    expect(result.received_bytes).to.equal(60_000);
    await net.close();
  });

  it('a loop neither ends the program nor holds it: what is too much is lost', () => {
    const { net, clock } = make('ring,3', {}, 'actions=FLOOD');
    void net.host('h1').ping('10.0.0.2', { count: 1 });
    for (let i = 0; i < 20; i++) clock.advance(1);
    const { rxPackets } = net.switch('s2').ports()[1].counters;
    expect(rxPackets, 'it goes on').to.be.greaterThan(1000);
    expect(rxPackets, 'and is bounded').to.be.lessThan(21 * 4096);
    return net.close();
  });

  it('tells both sides of a cable that is pulled, and goes on when it is plugged in', async () => {
    const { net, clock } = make('linear,2');
    const told: string[] = [];
    net.on((name, event) => {
      if (event.type === 'port')
        told.push(`${name} ${event.event} ${event.port.name} ${event.port.state & 1 ? 'down' : 'up'}`);
    });
    const [h1] = [net.host('h1')];
    const ping = () => settle(clock, h1.ping('10.0.0.2', { count: 1 })).then(([{ outcome }]) => outcome);
    expect(await ping()).to.equal('reply');
    net.link('s2', 's1').down();
    expect(net.link('s1', 's2').isUp).to.equal(false);
    expect(told.sort()).to.deep.equal(['s1 modify s1-eth2 down', 's2 modify s2-eth2 down']);
    expect(await ping()).to.equal('timeout');
    net.link('s1', 's2').up();
    expect(told.slice(2).sort()).to.deep.equal(['s1 modify s1-eth2 up', 's2 modify s2-eth2 up']);
    expect(await ping()).to.equal('reply');
    net.link('h1', 's1').down();
    expect(told.at(-1)).to.equal('s1 modify s1-eth1 down');
    expect(await ping()).to.not.equal('reply');
    await net.close();
  });

  it('loses what is under way on a cable that is pulled', async () => {
    const { net, clock } = pair({ delay_ms: 100 });
    void net.host('h1').udp('10.0.0.2', 7, 'x');
    clock.advance(50);
    net.link('s1', 's2').down();
    net.link('s1', 's2').up();
    clock.advance(1000);
    expect(net.switch('s2').ports()[1].counters.rxPackets).to.equal(0);
    expect(net.switch('s1').ports()[1].counters.txDropped).to.be.greaterThan(0);
    await net.close();
  });

  it('a port that is switched off takes the carrier from the other end', async () => {
    const { net } = make('linear,2');
    const s2 = net.switch('s2');
    const [, port] = net.switch('s1').ports();
    const change = (config: number) =>
      net.switch('s1').pipeline.modifyPort({ port: 2, mac: port.mac, config, mask: OFPPC.PORT_DOWN, advertise: 0 });
    change(OFPPC.PORT_DOWN);
    expect(s2.ports()[1].state & 1).to.equal(1);
    change(0);
    expect(s2.ports()[1].state & 1).to.equal(0);
    await net.close();
  });

  it('has switches of their own: distinct ids, addresses of ports, flows', async () => {
    const { net } = make('ring,4');
    const all = [...net.switches.values()];
    expect(new Set(all.map((sw) => sw.datapathIdText)).size).to.equal(4);
    const macs = all.flatMap((sw) => sw.ports().map(({ mac }) => [...mac].join(':')));
    expect(new Set(macs).size).to.equal(macs.length);
    expect(
      net
        .switch('s3')
        .ports()
        .map(({ name, number }) => `${number} ${name}`),
    ).to.deep.equal(['1 s3-eth1', '2 s3-eth2', '3 s3-eth3']);
    await net.close();
  });

  it('takes about a mebibyte a switch', () => {
    // In a process of its own: here, arrays of earlier tests may go meanwhile.
    const program = `
      const { network } = await import(${JSON.stringify(new URL('../../lib/topology/index.js', import.meta.url))});
      const before = process.memoryUsage().arrayBuffers;
      const net = await network('linear,40');
      console.log((process.memoryUsage().arrayBuffers - before) / 40 / 1024 ** 2, net.switches.size);
      process.exit();`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(Number(said.split(' ')[0])).to.be.within(0.1, 1.2);
  });

  it('says which names there are', () => {
    const { net } = make('linear,3');
    expect(() => net.switch('s9')).to.throw(NetworkError, 'there is no switch "s9" (did you mean "s1"?)');
    expect(() => net.host('x')).to.throw(NetworkError, 'there is no host "x": there are h1, h2, h3');
    expect(() => net.link('s1', 's3')).to.throw(NetworkError, 'no link joins s1 and s3');
    expect(() => net.link('s1', 'h5')).to.throw(NetworkError, 'there is no switch or host "h5"');
    return net.close();
  });
});
