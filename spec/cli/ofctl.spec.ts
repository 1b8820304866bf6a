/** `ctswitch ofctl` as people and scripts run it: exit statuses, mistakes on one line, files, pipes, signals. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { COMMANDS } from '../../lib/ofctl/index.js';
import type { Switch } from '../../lib/switch.js';
import { listening } from '../ofctl/desk.js';
import { udp4 } from '../support/frames.js';
import { ctswitch, endAll, NOBODY, Program } from './program.js';

const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
after(() => rmSync(folder, { recursive: true }));

/** Arguments behind "ofctl" (A stands for the switch), and what standard error says. */
const USAGE: readonly (readonly [what: string, args: readonly string[], said: RegExp])[] = [
  ['no command', [], /Usage: ctswitch ofctl[\s\S]*\nctswitch: ofctl needs a command\n$/],
  [
    'an unknown command',
    ['dmp-flows', 'A'],
    /^ctswitch: ofctl has no command "dmp-flows" \(did you mean "dump-flows"\?\)\n$/,
  ],
  ['a command that ovs-ofctl alone has', ['snoop', 'A'], /^ctswitch: ofctl has no command "snoop": needs a socket /],
  ['an option of other commands', ['--may-create', 'add-group', 'A', 'x'], /takes no --may-create\n$/],
  ['no address', ['show'], /^ctswitch: usage: ctswitch ofctl show ADDRESS\n$/],
  [
    'a word too much',
    ['dump-flows', 'A', 'ip', 'tcp'],
    /^ctswitch: usage: ctswitch ofctl dump-flows ADDRESS \[FLOW\]\n$/,
  ],
  ['a word too few', ['mod-port', 'A', '1'], /^ctswitch: usage: ctswitch ofctl mod-port ADDRESS PORT ACTION\n$/],
  ['a bridge', ['show', 'br0'], /^ctswitch: br0: .*unix:\/var\/run\/openvswitch\/br0\.mgmt\)\n$/],
  ['a path', ['show', '/run/s1.mgmt'], /^ctswitch: \/run\/s1\.mgmt: .*unix:\/run\/s1\.mgmt\)\n$/],
  [
    'an address to listen at',
    ['show', 'ptcp:6653'],
    /to connect, use tcp:HOST\[:PORT\], ssl:HOST\[:PORT\] or unix:PATH\n$/,
  ],
  ['ssl', ['show', 'ssl:127.0.0.1'], /: --private-key FILE, --certificate FILE, --ca-cert FILE are missing\n$/],
  ['an unknown option', ['show', 'A', '--jsn'], /^ctswitch: unknown option '--jsn' \(Did you mean --json\?\)\n$/],
  ['an option of others', ['show', 'A', '--strict'], /^ctswitch: show takes no --strict\n$/],
  ['an order for what has none', ['dump-ports', 'A', '--rsort'], /^ctswitch: dump-ports takes no --sort\n$/],
  ['a time-out', ['show', 'A', '--timeout', 'soon'], /--timeout soon: it is a number of seconds up to 86400\n$/],
  ['another OpenFlow', ['-O', 'OpenFlow10', 'show', 'A'], /OpenFlow 1\.3 is spoken here, not OpenFlow10/],
  ['a flow', ['add-flow', 'A', 'tcp_dst=80,actons=1'], /^ctswitch: line 1:\d+: /],
  ['an action', ['add-flow', 'A', 'tcp,actions=outptu:1'], /unknown action "outptu" \(did you mean "output"\?\)\n$/],
  ['a cookie to delete', ['del-flows', 'A', 'cookie=5'], /write a mask: cookie=5\/-1\n$/],
  ['a group', ['add-group', 'A', 'group_id=1,type=al'], /"al" is no group type/],
  ['a meter', ['add-meter', 'A', 'meter=1,kbps'], /a meter needs bands=…\n$/],
  ['a port', ['dump-ports', 'A', 'eth9'], /^ctswitch: the switch has no port "eth9"\n$/],
  ['a file that is not there', ['add-flows', 'A', '/no/such'], /^ctswitch: \/no\/such: there is no such file\n$/],
  ['a sort', ['dump-flows', 'A', '--sort=colour'], /can't be sorted by "colour"/],
];

describe('cli: ofctl', function () {
  this.timeout(60_000);
  let sw: Switch;
  let address = '';
  before(async () => {
    ({ sw, address } = await listening());
  });
  after(async () => {
    await endAll();
    await sw.close();
  });
  beforeEach(() => sw.flows.load('delete table=0'));

  const ofctl = (args: readonly string[], input = '') => {
    return ctswitch(['ofctl', ...args.map((word) => (word === 'A' ? address : word))], input);
  };

  for (const [what, args, said] of USAGE) {
    it(`status 2 and what to do: ${what}`, async () => {
      const { status, err, out } = await ofctl(args);
      expect(err).to.match(said);
      expect(out).to.equal('');
      expect(status).to.equal(2);
    });
  }

  it('help names every command, and each has its own', async () => {
    const { status, out } = await ofctl(['--help']);
    expect(status).to.equal(0);
    for (const { name } of COMMANDS) expect(out).to.match(new RegExp(`^  ${name} `, 'm'));
    const own = await ofctl(['mod-port', '--help']);
    expect(own.out).to.match(/^Usage: ctswitch ofctl mod-port ADDRESS PORT ACTION\n[\s\S]*no-receive/);
    expect((await ctswitch(['--help'])).out).to.match(/^ {2}ofctl /m);
  });

  it('a change, and a look at it; options may stand anywhere, and -O OpenFlow13 is welcome', async () => {
    expect((await ofctl(['-O', 'OpenFlow13', 'add-flow', 'A', 'in_port=p1,actions=output:p2'])).status).to.equal(0);
    const shown = await ofctl(['dump-flows', 'A', '--no-stats', 'in_port=p1']);
    expect([shown.status, shown.out, shown.err]).to.deep.equal([0, ' in_port=1 actions=output:2\n', '']);
    expect((await ofctl(['--names', '--no-stats', 'dump-flows', 'A'])).out).to.equal(' in_port=p1 actions=output:p2\n');
    const [row, ...others] = (await ofctl(['--json', 'dump-flows', 'A'])).json();
    expect(others).to.deep.equal([]);
    expect(row).to.include({ schema: 'ctswitch/flow@1', match: 'in_port=1', actions: 'output:2' });
    const numbers = await ofctl(['--no-names', 'add-flow', 'A', 'in_port=p1,actions=2']);
    expect([numbers.status, numbers.err]).to.deep.equal([2, 'ctswitch: line 1:9: "p1" is no port number or name\n']);
  });

  it('--bundle makes all changes or none', async () => {
    const refused = await ofctl(['--bundle', 'add-flows', 'A', '-'], 'in_port=1,actions=2\nactions=group:5\n');
    expect([refused.status, refused.err]).to.deep.equal([
      1,
      'ctswitch: standard input:2: OFPBAC_BAD_OUT_GROUP: the switch refused OFPT_FLOW_MOD: ADD actions=group:5\n',
    ]);
    expect(sw.flows.list()).to.have.length(0);
    const made = await ofctl(['bundle', 'A', '-', '--json'], 'flow in_port=1,actions=2\nflow in_port=2,actions=1\n');
    expect([made.status, made.json()]).to.deep.equal([0, [{ schema: 'ctswitch/changed@1', requests: 2 }]]);
    expect(sw.flows.list()).to.have.length(2);
  });

  it('--rsort without a field sorts by priority, and eats no word', async () => {
    sw.flows.load('priority=1,actions=1\npriority=3,actions=3\npriority=2,actions=2');
    const { out } = await ofctl(['--no-stats', '--rsort', 'dump-flows', 'A']);
    expect(out.match(/priority=\d/g)).to.deep.equal(['priority=3', 'priority=2', 'priority=1']);
  });

  it('flows from standard input and from files; a mistake says where', async () => {
    expect((await ofctl(['add-flows', 'A', '-'], 'in_port=1,actions=2\nin_port=2,actions=1\n')).status).to.equal(0);
    expect((await ofctl(['del-flows', 'A', '-'], 'in_port=1')).status).to.equal(0);
    expect(sw.flows.list()).to.have.length(1);
    const wrong = await ofctl(['add-flow', 'A', '-'], 'in_port=1,actions=2\nin_port=2,actins=1\n');
    expect([wrong.status, wrong.err.split(' ').slice(0, 3).join(' ')]).to.deep.equal([
      2,
      'ctswitch: standard input:2:11:',
    ]);
    const file = `${folder}/groups.flows`;
    writeFileSync(file, '# to a group that is not there\nactions=group:5\n');
    const refused = await ofctl(['add-flows', 'A', file]);
    expect(refused.err).to.equal(
      `ctswitch: ${file}:2: OFPBAC_BAD_OUT_GROUP: the switch refused OFPT_FLOW_MOD: ADD actions=group:5\n`,
    );
    expect([refused.status, refused.out]).to.deep.equal([1, '']);
  });

  it('diff-flows: status 1 for a difference', async () => {
    const [one, two] = [`${folder}/one`, `${folder}/two`];
    writeFileSync(one, 'in_port=1,actions=2\n');
    writeFileSync(two, 'in_port=1,actions=3\n');
    const found = await ofctl(['diff-flows', one, two]);
    expect([found.status, found.out]).to.deep.equal([1, '-in_port=1 actions=output:2\n+in_port=1 actions=output:3\n']);
    expect((await ofctl(['diff-flows', one, one])).status).to.equal(0);
    expect((await ofctl(['diff-flows', 'A', one])).out).to.equal('+in_port=1 actions=output:2\n');
    expect((await ofctl(['diff-flows', one])).err).to.equal(
      'ctswitch: usage: ctswitch ofctl diff-flows SOURCE SOURCE\n',
    );
  });

  it('status 3 where nobody listens or the peer hangs up, 4 where it keeps silent', async () => {
    const nobody = await ofctl(['show', NOBODY]);
    expect([nobody.status, nobody.err]).to.deep.equal([3, `ctswitch: ${NOBODY}: nobody listens there\n`]);
    expect((await ofctl(['show', `unix:${folder}/none`])).err).to.match(/there is no such socket\n$/);
    const rude = await server((socket) => socket.destroy());
    const gone = await ofctl(['show', rude.address]);
    expect(gone.status).to.equal(3);
    expect(gone.err).to.match(/^ctswitch: tcp:127\.0\.0\.1:\d+: (closed by the peer|read ECONNRESET)\n$/);
    const mute = await server(() => {});
    const silent = await ofctl(['show', mute.address, '--timeout', '0.2']);
    expect(silent.status).to.equal(4);
    expect(silent.err).to.match(/no answer within 0\.2 s/);
    for (const each of [rude, mute]) each.close();
  });

  it('monitor goes on until SIGINT, and tells when the switch goes away', async () => {
    sw.flows.load('in_port=1,actions=CONTROLLER');
    const monitor = new Program(['ofctl', '--json', 'monitor', address, '65535']);
    await monitor.until(/ready@1/);
    const frame = toHex(udp4());
    await ofctl(['packet-out', 'A', `in_port=1,packet=${frame},actions=CONTROLLER`]);
    await monitor.until(/packet-in@1/);
    expect((await monitor.signal('SIGINT')).status).to.equal(0);
    expect(monitor.json().map(({ schema }) => schema)).to.deep.equal(['ctswitch/ready@1', 'ctswitch/packet-in@1']);
    expect(monitor.json()[1]).to.include({ frame, in_port: 1, reason: 'action' });
    const other = await listening();
    const lost = new Program(['ofctl', 'monitor', other.address, '--json']);
    await lost.until(/ready@1/);
    await other.sw.close();
    expect([(await lost.ended).status, lost.err]).to.deep.equal([
      3,
      `ctswitch: ${other.address}: closed by the peer\n`,
    ]);
  });

  it('a reader that goes away ends it quietly', async () => {
    sw.flows.load(Array.from({ length: 20_000 }, (_, i) => `priority=${i + 1},actions=drop`).join('\n'));
    const dump = new Program(['ofctl', 'dump-flows', address]);
    await dump.until(/OFPST_FLOW/);
    dump.child.stdout.destroy();
    expect([(await dump.ended).status, dump.err]).to.deep.equal([0, '']);
  });

  it('20,000 flows from a file, all or, behind a mistake, none', async () => {
    const file = `${folder}/many.flows`;
    const many = Array.from({ length: 20_000 }, (_, i) => `priority=${i + 1},tcp,tp_dst=${i + 1},actions=output:2`);
    writeFileSync(file, many.join('\n'));
    const added = await ofctl(['--json', 'add-flows', 'A', file]);
    expect(added.json()).to.deep.equal([{ schema: 'ctswitch/changed@1', requests: 20_000 }]);
    expect(sw.flows.list()).to.have.length(20_000);
    expect((await ofctl(['dump-flows', 'A'])).out.split('\n')).to.have.length(20_002);
    sw.flows.load('delete table=0');
    writeFileSync(file, [...many, 'tcp_dst=x,actions=1'].join('\n'));
    expect((await ofctl(['add-flows', 'A', file])).status).to.equal(2);
    expect(sw.flows.list()).to.have.length(0);
  });
});

async function server(each: (socket: Socket) => void): Promise<{ address: string; close(): void }> {
  const sockets: Socket[] = [];
  const made: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    each(socket);
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const bound = made.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    made.close();
  };
  return { address: `tcp:127.0.0.1:${port}`, close };
}
