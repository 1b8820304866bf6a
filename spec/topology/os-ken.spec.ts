/**
 * Networks under os-ken with our applications: a learning switch over three switches, shortest paths in a ring whose
 * link goes and comes back, os-ken's own spanning tree there, and 200 switches of one process at one controller.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { HostPort } from '../../lib/ports/host.js';
import { type Network, network } from '../../lib/topology/index.js';
import { Running } from '../live/lab.js';
import { requires } from '../support/needs.js';

const [PYTHON, OSKEN] = ['/usr/bin/python3', '/usr/bin/osken-manager'];
const application = (name: string) => fileURLToPath(new URL(`../../../examples/os-ken/${name}.py`, import.meta.url));

/** Applications that wait for less than they would in the field. */
const FAST = { PATHS_SETTLE_S: '1', STP_HELLO_S: '1', STP_MAX_AGE_S: '4', STP_FORWARD_DELAY_S: '1' };

/** A TCP port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A port and its state, out of a line of the spanning tree's. */
function portState({ event, dpid, port, state }: ReturnType<Running['lines']>[number]): [string, string][] {
  return event === 'port' ? [[`${dpid}:${port}`, String(state)]] : [];
}

describe('topology with os-ken', function () {
  this.timeout(60_000);
  let controller: Running | null = null;
  let net: Network | null = null;

  before(function () {
    requires(this, 'os-ken');
  });
  afterEach(async () => {
    await net?.close();
    await controller?.end();
    net = null;
    controller = null;
  });

  /** Starts an application, and a network whose switches dial it. */
  async function start(shape: string, name: string, ...options: string[]): Promise<{ net: Network; app: Running }> {
    const port = await freePort();
    const listen = ['--ofp-tcp-listen-port', String(port), '--ofp-listen-host', '127.0.0.1', ...options];
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...FAST };
    const child = spawn(PYTHON, [OSKEN, ...listen, application(name)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const app = new Running(name, child);
    controller = app;
    const made = await network(shape);
    net = made;
    await made.start({ controllers: [`tcp:127.0.0.1:${port}`] });
    return { net: made, app };
  }

  /** Pings until it is answered; gives up after a while. */
  async function reaches(from: HostPort, to: HostPort): Promise<boolean> {
    for (let i = 0; i < 20; i++) {
      const [{ outcome }] = await from.ping(to.addresses[0], { count: 1, timeout_ms: 500 });
      if (outcome === 'reply') return true;
    }
    return false;
  }

  it('hosts reach each other over three switches, by a learning switch', async () => {
    const { net, app } = await start('linear,3', 'learning_switch');
    for (const n of [1, 2, 3]) {
      const dpid = `000000000000000${n}`;
      await app.line(`s${n} joins`, (line) => line.event === 'joined' && line.dpid === dpid, 0, 20_000);
    }
    await app.line('all are ready', () => app.lines().filter(({ event }) => event === 'ready').length === 3);
    expect(await reaches(net.host('h1'), net.host('h3'))).to.equal(true);
    expect(await reaches(net.host('h2'), net.host('h1'))).to.equal(true);
    const probes = await net.host('h1').ping('10.0.0.3', { count: 5, interval_ms: 10 });
    expect(probes.map(({ outcome }) => outcome)).to.deep.equal(['reply', 'reply', 'reply', 'reply', 'reply']);
    // Both ways between h1 and h3, at each switch.
    for (const sw of net.switches.values()) expect(sw.flows.list().length).to.be.greaterThan(2);
    net.link('s2', 's3').down();
    const told = (name: string) =>
      app.line(name, (line) => line.event === 'port_status' && line.name === name && line.down === true);
    await Promise.all([told('s2-eth3'), told('s3-eth2')]);
    expect(app.text).to.not.match(/Traceback|"event": "error"/);
  });

  it('a ring has paths; a link that goes is routed around, and used again', async () => {
    const { net, app } = await start('ring,4', 'shortest_paths', '--observe-links');
    const [h1, h2] = [net.host('h1'), net.host('h2')];
    const links = (count: number, from = 0) => app.line(`${count} links`, (line) => line.links === count, from, 20_000);
    const path = (switches: number[], from: number) => {
      const is = (line: { readonly switches?: unknown }) => String(line.switches) === String(switches);
      return app.line(`a path over ${switches}`, is, from);
    };
    await links(8);
    expect(await reaches(h1, h2)).to.equal(true);
    await path([1, 2], 0);

    let from = app.lines().length;
    net.link('s1', 's2').down();
    await links(6, from);
    expect(await reaches(h1, h2)).to.equal(true);
    await path([1, 4, 3, 2], from);

    from = app.lines().length;
    net.link('s1', 's2').up();
    await links(8, from);
    expect(await reaches(h1, h2)).to.equal(true);
    await path([1, 2], from);
    expect(app.text).to.not.match(/Traceback|"event": "error"/);
  });

  it("os-ken's spanning tree blocks a ring, and mends it when a link goes", async () => {
    const { net, app } = await start('ring,3', 'spanning_tree', '--default-log-level', '30');
    const [h1, h2, h3] = ['h1', 'h2', 'h3'].map((name) => net.host(name));
    /** How many ports are in a state now. */
    const count = (state: string): number => {
      const latest = new Map(app.lines().flatMap((line) => portState(line)));
      return [...latest.values()].filter((each) => each === state).length;
    };
    const tree = (forwarding: number, blocked: number, disabled: number) =>
      app.line(
        `${forwarding} ports forward, ${blocked} is blocked`,
        () => count('forwarding') === forwarding && count('blocked') === blocked && count('disabled') === disabled,
        0,
        20_000,
      );
    await tree(8, 1, 0);
    expect(await reaches(h1, h2)).to.equal(true);
    expect(await reaches(h3, h2)).to.equal(true);
    // No frame goes round: one broadcast is seen once at each host.
    const seen = () => net.switch('s3').ports()[0].counters.txPackets;
    const before = seen();
    await h1.ping('10.0.0.77', { count: 1, timeout_ms: 300 });
    expect(seen() - before).to.be.within(1, 8);

    // What is pulled is a link of the tree: s1 is its root.
    net.link('s1', 's2').down();
    await tree(7, 0, 2);
    expect(await reaches(h1, h2)).to.equal(true);
    net.link('s1', 's2').up();
    await tree(8, 1, 0);
    expect(await reaches(h2, h1)).to.equal(true);
    expect(app.text).to.not.match(/Traceback|"event": "error"/);
  });

  it('200 switches connect to one controller, and stay there', async () => {
    const { net, app } = await start('linear,200', 'learning_switch');
    await app.line('all join', () => app.lines().filter(({ event }) => event === 'ready').length === 200, 0, 40_000);
    const dpids = new Set(app.lines().flatMap(({ event, dpid }) => (event === 'joined' ? [dpid] : [])));
    expect(dpids.size).to.equal(200);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (const [name, sw] of net.switches) {
      expect(
        sw.controllers().map(({ state }) => state),
        name,
      ).to.deep.equal(['open']);
    }
    expect(await reaches(net.host('h100'), net.host('h103'))).to.equal(true);
    expect(app.text).to.not.match(/"left"|Traceback|"event": "error"/);
  });
});
