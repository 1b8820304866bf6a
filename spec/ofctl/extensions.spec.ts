/** Commands of extensions to OpenFlow 1.3: bundles, flow monitors, TLV maps, connections that end; refusals of each. */
import { expect } from 'chai';
import { Misuse, Refused } from '../../lib/ofctl/index.js';
import type { MemoryPort } from '../../lib/ports/memory.js';
import type { Switch } from '../../lib/switch.js';
import { tcp4, udp4 } from '../support/frames.js';
import { connect, type DeskOptions, EXTENSIONS, listening, ofctl, rowsOf } from './desk.js';

describe('ofctl: extensions', () => {
  let sw: Switch;
  let address: string;
  let ports: MemoryPort[];
  const run = new Set<string>();

  beforeEach(async () => {
    ({ sw, address, ports } = await listening());
  });
  afterEach(() => sw.close());

  async function lines(name: string, args: readonly string[] = [], options: DeskOptions = {}) {
    run.add(name);
    return (await ofctl(address, name, args, options)).lines;
  }
  async function failure(name: string, args: readonly string[], options: DeskOptions = {}): Promise<Error> {
    try {
      await lines(name, args, options);
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error(`${name} succeeded`);
  }
  const flows = () => lines('dump-flows', [], { stats: false });

  it('--bundle: all changes, or none; the refusal names the one that failed', async () => {
    const refused: [name: string, args: string[], text: string, error: RegExp][] = [
      [
        'add-flows',
        ['f'],
        'in_port=1,actions=2\n\nactions=group:7\nin_port=2,actions=1',
        /^f:3: OFPBAC_BAD_OUT_GROUP: /,
      ],
      ['add-flow', ['-'], 'in_port=1,actions=2\nactions=group:7', /^standard input:2: OFPBAC_BAD_OUT_GROUP: /],
      ['mod-flows', ['-'], 'in_port=3,actions=1\nactions=group:7', /^standard input:2: .*MOD[A-Z]* actions=group:7$/],
      ['replace-flows', ['f'], 'in_port=3,actions=1\nactions=group:7', /^OFPBAC_BAD_OUT_GROUP: .*ADD actions=group:7$/],
      ['add-groups', ['f'], 'group_id=1,type=all\ngroup_id=2,type=all,bucket=group:9', /^f:2: OFPBAC_BAD_OUT_GROUP: /],
    ];
    await lines('add-flow', ['in_port=3,actions=2'], { bundle: true });
    for (const [name, args, text, error] of refused) {
      const said = await failure(name, args, { bundle: true, files: { [args[0]]: text } });
      expect(said, name).to.be.instanceOf(Refused);
      expect(said.message).to.match(error);
      expect(await flows(), name).to.deep.equal([' in_port=3 actions=output:2']);
    }
    expect(sw.pipeline.groups(0xfffffffc)).to.deep.equal([]);
    await lines('replace-flows', ['f'], { bundle: true, files: { f: 'in_port=1,actions=2\nin_port=2,actions=1' } });
    expect([...(await flows())].sort()).to.deep.equal([' in_port=1 actions=output:2', ' in_port=2 actions=output:1']);
    await lines('del-flows', ['in_port=1'], { bundle: true });
    expect(await flows()).to.deep.equal([' in_port=2 actions=output:1']);
  });

  it('a bundle of 20,000 flows is in force when it resolves; one that fails tells its 19,000th', async () => {
    const flow = (i: number) => `table=1,priority=${i + 1},actions=drop`;
    const file = (wrong: number) =>
      Array.from({ length: 20_000 }, (_, i) => (i === wrong ? 'actions=group:1' : flow(i))).join('\n');
    const said = await failure('add-flows', ['f'], { bundle: true, files: { f: file(18_999) } });
    expect(said.message).to.match(/^f:19000: OFPBAC_BAD_OUT_GROUP/);
    expect(sw.flows.list()).to.have.length(0);
    const { rows } = await ofctl(address, 'add-flows', ['f'], { bundle: true, json: true, files: { f: file(-1) } });
    expect(rows).to.deep.equal([{ schema: 'changed@1', requests: 20_000 }]);
    expect(sw.flows.list()).to.have.length(20_000);
  });

  it('a message that a switch refuses at once makes none of the bundle come true, and the client goes on', async () => {
    const client = await connect(address);
    const { changeOf } = await import('../../lib/ofctl/index.js');
    const { parseFlow } = await import('../../lib/text/index.js');
    const flow = (text: string, bufferId = 0xffffffff) =>
      changeOf({ type: 'flow_mod', change: { ...parseFlow(text), bufferId } }, text);
    const done = client.bundle([flow('in_port=1,actions=2'), flow('in_port=2,actions=1', 5)]);
    const error = await done.then(() => null).catch((caught: Error) => caught);
    expect(error?.message).to.match(/^in_port=2,actions=1: OFPBRC_BUFFER_UNKNOWN: /);
    expect(sw.flows.list()).to.have.length(0);
    expect(await client.bundle([flow('in_port=1,actions=2')])).to.equal(1);
    expect(await client.bundle([])).to.equal(0);
    const long = { bytes: new Uint8Array(65_530), place: 'f:7' };
    const tooLong = await client.bundle([long]).catch((caught: Error) => caught);
    expect(tooLong).to.be.instanceOf(Misuse);
    expect(String(tooLong)).to.match(/f:7: a message of 65530 bytes is too long for a bundle/);
    await client.close();
  });

  it('bundle: flows, groups and packet-outs of a file in their order', async () => {
    const f = `
      group add group_id=1,type=all,bucket=output:2   # first
      flow add in_port=1,actions=group:1
      packet-out in_port=1,packet=${Buffer.from(udp4()).toString('hex')},actions=TABLE
      flow modify in_port=1,actions=3`;
    await lines('bundle', ['f'], { files: { f } });
    expect([ports[1].taken().length, ports[2].taken().length]).to.deep.equal([1, 0]);
    expect(await flows()).to.deep.equal([' in_port=1 actions=output:3']);
    const wrong: [text: string, message: string][] = [
      ['flow actions=drop\nport 1 down', 'f:2: a line begins with flow, group or packet-out, not with "port"'],
      ['flow in_prot=1,actions=drop', 'f:1:6: unknown keyword "in_prot" (did you mean "in_port"?)'],
      ['\n  group group_id=1', 'f:2:8: a group needs type=…'],
      ['packet-out in_port=1,actions=1', 'f:1: a packet-out needs packet=HEX'],
      [`packet-out packet=${'00'.repeat(14)},actions=outptu:1`, 'f:1:56: unknown action "outptu"'],
    ];
    for (const [text, message] of wrong) {
      expect((await failure('bundle', ['f'], { files: { f: text } })).message).to.include(message);
    }
    const refused = await failure('bundle', ['f'], { files: { f: 'flow actions=drop\ngroup group_id=1,type=all' } });
    expect(refused.message).to.match(/^f:2: OFPGMFC_GROUP_EXISTS: .* add group_id=1,type=all$/);
    expect(await flows()).to.have.length(1);
  });

  it('mod-group --may-create adds or changes', async () => {
    expect((await failure('mod-group', ['group_id=5,type=all'])).message).to.match(/OFPGMFC_UNKNOWN_GROUP/);
    for (const bucket of ['output:1', 'output:2']) {
      await lines('mod-group', [`group_id=5,type=all,bucket=${bucket}`], { mayCreate: true });
      const [group] = await rowsOf(address, 'dump-groups');
      expect(group.group).to.equal(`group_id=5,type=all,bucket=actions=${bucket}`);
    }
    await lines('add-groups', ['g'], {
      files: { g: 'add_or_mod group_id=5,type=all\nadd_or_mod group_id=6,type=all' },
    });
    expect(await rowsOf(address, 'dump-groups')).to.have.length(2);
  });

  it('ct-flush ends connections by zone and tuple, ct-flush-zone those of a zone', async () => {
    sw.flows.load('in_port=1,udp,actions=ct(commit,zone=5)\nin_port=1,tcp,actions=ct(commit,zone=6)');
    const begin = () => {
      for (const sport of [1000, 1001]) ports[0].inject(udp4({ sport }));
      ports[0].inject(tcp4({ flags: 2 }));
    };
    const left = () =>
      sw
        .conntrack()
        .map(({ zone }) => zone)
        .sort();
    const cases: [name: string, args: string[], left: number[]][] = [
      ['ct-flush', [], []],
      ['ct-flush', ['zone=5'], [6]],
      ['ct-flush-zone', ['6'], [5, 5]],
      ['ct-flush', ['zone=5', 'ct_nw_proto=17,ct_tp_src=1000'], [5, 6]],
      ['ct-flush', ['zone=5', '', 'ct_tp_dst=1001,ct_nw_proto=17'], [5, 6]],
      ['ct-flush', ['zone=7', 'ct_nw_src=10.9.9.9'], [5, 5, 6]],
    ];
    for (const [name, args, zones] of cases) {
      await lines('ct-flush');
      begin();
      expect(left()).to.deep.equal([5, 5, 6]);
      await lines(name, args);
      expect(left(), [name, ...args].join(' ')).to.deep.equal(zones);
    }
    const wrong: [args: string[], message: RegExp][] = [
      [['zone=65536'], /the zone is a number up to 65535, not "65536"/],
      [['ct_nw_src=10.0.0.300'], /ct_nw_src: "10\.0\.0\.300" is no IPv4 address/],
      [['ct_nw_src=10.0.0.1,ct_ipv6_dst=::1'], /of IPv4 and of IPv6/],
      [['ct_tp_src=1'], /ports need their protocol/],
      [['ct_nw_proto=6,icmp_id=1'], /icmp_code need ct_nw_proto=1/],
      [['ct_nw_srx=10.0.0.1'], /unknown keyword "ct_nw_srx" \(did you mean "ct_nw_src"\?\)/],
      [['ct_nw_proto=6', 'ct_nw_proto=17'], /both directions have the same ct_nw_proto/],
      [['ct_nw_proto=6,ct_nw_proto=6'], /ct_nw_proto stands twice/],
      [['ct_nw_proto=6', '', 'x'], /ct-flush takes/],
    ];
    for (const [args, message] of wrong) expect((await failure('ct-flush', args)).message).to.match(message);
  });

  it('TLV maps are added, shown and taken back', async () => {
    const first = '{class=0xffff,type=0,len=4}->tun_metadata0';
    await lines('add-tlv-map', [`${first},{class=0x12,type=0x80,len=124}->tun_metadata12`]);
    expect((await lines('dump-tlv-map')).slice(1)).to.deep.equal([
      ' max option space=256 max fields=64',
      ' allocated option space=128',
      '',
      ' mapping table:',
      '  class  type  length  match field',
      ' ------  ----  ------  --------------',
      ' 0xffff     0       4  tun_metadata0',
      '   0x12  0x80     124  tun_metadata12',
    ]);
    expect((await failure('add-tlv-map', [first])).message).to.match(/^NXTTMFC_ALREADY_MAPPED/);
    await lines('del-tlv-map', [first]);
    expect(await rowsOf(address, 'dump-tlv-map')).to.deep.equal([
      { schema: 'tlv-mapping@1', class: 0x12, type: 0x80, length: 124, field: 'tun_metadata12' },
    ]);
    await lines('del-tlv-map');
    expect(await rowsOf(address, 'dump-tlv-map')).to.deep.equal([]);
    for (const [text, message] of [
      ['{class=1,type=0,len=4}', /a mapping is \{class/],
      ['{class=1,type=0}->tun_metadata1', /needs len=/],
      ['{class=1,type=256,len=4}->tun_metadata1', /type is a number up to 255, not "256"/],
      ['{klass=1,type=0,len=4}->tun_metadata1', /did you mean "class"/],
      ['{class=1,type=0,len=4}->tun_metadata64', /tun_metadata0 to 63/],
    ] as const) {
      const error = await failure('add-tlv-map', [text]);
      expect(error).to.be.instanceOf(Misuse);
      expect(error.message).to.match(message);
    }
  });

  it('monitor watch: tells of flows that are there, and of those that change', async () => {
    sw.flows.load('table=1,priority=5,ip,actions=1\ntable=2,actions=2');
    let interrupt: (value?: unknown) => void = () => {};
    const interrupted = new Promise((resolve) => {
      interrupt = resolve;
    });
    const heard: string[] = [];
    let first: (value?: unknown) => void = () => {};
    const began = new Promise((resolve) => {
      first = resolve;
    });
    const listen = (line: string): void => {
      if (!line.startsWith(' event')) return;
      heard.push(line);
      if (heard.length === 1) first();
      if (heard.length === 4) interrupt();
    };
    const monitoring = ofctl(address, 'monitor', ['watch:table=1,!own'], { interrupted, heard: listen });
    await began;
    await lines('add-flow', ['table=1,priority=7,tcp,idle_timeout=5,hard_timeout=9,cookie=3,actions=2']);
    await lines('add-flow', ['table=2,tcp,actions=2']);
    await lines('mod-flows', ['table=1,tcp,actions=3']);
    await lines('del-flows', ['table=1,tcp']);
    await monitoring;
    expect(heard).to.deep.equal([
      ' event=ADDED table=1 cookie=0 ip actions=output:1',
      ' event=ADDED table=1 idle_timeout=5 hard_timeout=9 cookie=0x3 tcp actions=output:2',
      ' event=MODIFIED table=1 idle_timeout=5 hard_timeout=9 cookie=0x3 tcp actions=output:3',
      ' event=DELETED reason=delete table=1 idle_timeout=5 hard_timeout=9 cookie=0x3 tcp actions=output:3',
    ]);
    for (const [text, message] of [
      ['watch:!ad', /"!ad" is none of !initial/],
      ['watch:cookie=1/1', /neither out_group nor cookie/],
      ['watch:foo', /unknown keyword "foo"/],
      ['watch:!add,!delete,!modify', /OFPMOFC_BAD_FLAGS/],
    ] as const) {
      expect((await failure('monitor', [text])).message).to.match(message);
    }
  });

  it('monitor watch: for programs', async () => {
    sw.flows.load('table=1,priority=5,ip,cookie=9,actions=1');
    const told = await new Promise<readonly { schema: string }[]>((resolve) => {
      let interrupt: (value?: unknown) => void = () => {};
      const interrupted = new Promise((end) => {
        interrupt = end;
      });
      const heard = (schema: string): void => {
        if (schema === 'flow-update@1') interrupt();
      };
      ofctl(address, 'monitor', ['watch:'], { json: true, interrupted, heard }).then(({ rows }) => resolve(rows));
    });
    expect(told[1]).to.deep.equal({
      ...{ schema: 'flow-update@1', event: 'added', table_id: 1, priority: 5, cookie: '0x9' },
      ...{ idle_timeout_s: 0, hard_timeout_s: 0, match: 'ip', actions: 'output:1' },
    });
  });

  it('no command was forgotten here', () => {
    expect(EXTENSIONS.filter((name) => !run.has(name))).to.deep.equal([]);
  });
});
