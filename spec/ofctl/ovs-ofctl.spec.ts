/**
 * Beside the real ovs-ofctl, line by line: on a switch of ours and on the genuine Open vSwitch, which our client
 * changes and ovs-ofctl looks at, and the other way round.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { OpenVSwitch } from '../../bench/compare/ovs.js';
import { toHex } from '../../lib/bytes/index.js';
import { Refused } from '../../lib/ofctl/index.js';
import type { Switch } from '../../lib/switch.js';
import { udp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';
import { type DeskOptions, listening, ofctl } from './desk.js';

/** What differs from one moment, or one connection, to the next. */
function still(text: string): string[] {
  const lines = text.split('\n').map((line) =>
    line
      .replace(/duration([=:]?)[\d.]+s/, 'duration$10s')
      .replace(/xid=0x[0-9a-f]+/, 'xid=0x0')
      .trimEnd(),
  );
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

const TABLES = [
  'table=0,priority=5,ip,nw_src=10.0.0.0/8,idle_timeout=60,actions=output:2',
  'cookie=0x5,table=1,tcp,tp_dst=80,send_flow_rem,actions=1,CONTROLLER:128',
  'table=1,priority=7,in_port=2,dl_vlan=7,hard_timeout=99,actions=pop_vlan,NORMAL',
  'table=2,ipv6,ipv6_src=2001:db8::/32,actions=set_field:1->reg0,resubmit(,3)',
  'table=3,ct_state=+trk+est,ct_zone=7,udp,actions=ct(commit,zone=5),write_actions(group:1),goto_table:9',
  'table=4,arp,arp_op=1,arp_tpa=10.0.0.1,actions=meter:1,group:1',
];
const GROUPS = [
  'group_id=1,type=select,bucket=weight:50,actions=output:1,bucket=weight:10,actions=output:2',
  'group_id=2,type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_port:2,actions=output:2',
  'group_id=3,type=all,bucket=actions=output:1,bucket=actions=output:2',
];
const METERS = [
  'meter=1,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=500',
  'meter=2,pktps,bands=type=drop,rate=7',
];

/** Commands without effect, with their arguments. */
const LOOKS: readonly (readonly [name: string, ...args: string[]])[] = [
  ['show'],
  ['dump-desc'],
  ['dump-ports'],
  ['dump-ports', '1'],
  ['dump-ports-desc'],
  ['dump-tables'],
  ['dump-flows'],
  ['dump-flows', 'table=1'],
  ['dump-flows', 'cookie=5/-1'],
  ['dump-flows', 'out_port=2'],
  ['dump-flows', 'ip'],
  ['dump-aggregate', 'table=1'],
  ['dump-groups'],
  ['dump-group-stats'],
  ['dump-group-stats', 'group_id=2'],
  ['dump-meters'],
  ['dump-meters', 'meter=1'],
  ['meter-stats'],
  ['meter-features'],
  ['get-frags'],
  ['queue-stats'],
  ['dump-tlv-map'],
  ['probe'],
];

describe('ofctl beside ovs-ofctl', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
  before(function () {
    requires(this, 'ovs-ofctl');
  });
  after(() => rmSync(folder, { recursive: true }));

  function real(...args: string[]): Promise<{ ok: boolean; output: string }> {
    return new Promise((resolve) => {
      execFile('ovs-ofctl', ['-O', 'OpenFlow13', ...args], (error, output) => resolve({ ok: error === null, output }));
    });
  }

  async function ours(address: string, name: string, args: readonly string[], options: DeskOptions = {}) {
    return still((await ofctl(address, name, args, options)).lines.join('\n'));
  }

  async function fill(address: string): Promise<void> {
    await ofctl(address, 'add-tlv-map', ['{class=0xffff,type=0x80,len=8}->tun_metadata5']);
    for (const meter of METERS) await ofctl(address, 'add-meter', [meter]);
    await ofctl(address, 'add-groups', ['g'], { files: { g: GROUPS.join('\n') } });
    await ofctl(address, 'add-flows', ['f'], { files: { f: TABLES.join('\n') } });
  }

  function looks(address: () => string): void {
    for (const [name, ...args] of LOOKS) {
      it([name, ...args].join(' '), async () => {
        const { output } = await real(name, address(), ...args);
        expect(await ours(address(), name, args)).to.deep.equal(still(output));
      });
    }

    it('names, statistics and order', async () => {
      for (const options of [
        ['--names'],
        ['--no-stats'],
        ['--rsort', '--no-stats'],
        ['--sort=tcp_dst', '--no-stats'],
      ]) {
        const { output } = await real(...options, 'dump-flows', address());
        const desk: DeskOptions = {
          names: options.includes('--names'),
          stats: !options.includes('--no-stats'),
          ...(options.length === 2 ? { sort: [sortKey(options[0])] } : {}),
        };
        // Flows that are equal in the sort's field come in the order of a table, which isn't said anywhere.
        const [left, right] = [await ours(address(), 'dump-flows', [], desk), still(output)];
        expect([...left].sort(), options.join(' ')).to.deep.equal([...right].sort());
        if (desk.sort) expect(left[0]).to.equal(right[0]);
      }
    });

    it('diff-flows', async () => {
      const file = `${folder}/flows`;
      const text = [
        ...TABLES.slice(1),
        'table=0,in_port=3,idle_timeout=9,cookie=1,actions=1',
        TABLES[0].replace(':2', ':3'),
      ];
      writeFileSync(file, text.join('\n'));
      const { output } = await real('diff-flows', address(), file);
      const mine = await ofctl(address(), 'diff-flows', [address(), 'f'], { files: { f: text.join('\n') } });
      expect(mine.result).to.equal(true);
      expect([...mine.lines].sort()).to.deep.equal(still(output).sort());
    });

    it('what one of them changes, the other one sees', async () => {
      const before = await real('dump-flows', address(), 'table=9');
      expect(before.output.split('\n').filter((line) => line.includes('actions='))).to.deep.equal([]);
      await ofctl(address(), 'add-flow', ['table=9,in_port=1,actions=2']);
      await ofctl(address(), 'mod-flows', ['table=9,in_port=1,actions=3']);
      expect((await real('--no-stats', 'dump-flows', address(), 'table=9')).output).to.match(
        /in_port=1 actions=output:3/,
      );
      await ofctl(address(), 'mod-port', ['1', 'no-forward']);
      expect((await real('show', address())).output).to.match(/config: {5}NO_FWD/);
      await ofctl(address(), 'mod-port', ['1', 'forward']);
      await real('del-flows', address(), 'table=9');
      expect(await ours(address(), 'dump-flows', ['table=9'], { stats: false })).to.deep.equal([]);
    });

    it('bundles: both make all of a file, or none of it, and name the same mistake', async () => {
      const made = async () => still((await real('--no-stats', 'dump-flows', address(), 'table=8')).output);
      const file = `${folder}/bundle`;
      for (const [text, error] of [
        ['flow table=8,in_port=1,actions=2\ngroup group_id=1,type=all', 'OFPGMFC_GROUP_EXISTS'],
        ['flow table=8,in_port=1,actions=2\nflow table=8,actions=group:77', 'OFPBAC_BAD_OUT_GROUP'],
      ]) {
        writeFileSync(file, text);
        expect((await real('bundle', address(), file)).ok).to.equal(false);
        expect(await made()).to.deep.equal([]);
        const mine = await ofctl(address(), 'bundle', ['f'], { files: { f: text } }).catch((caught: Error) => caught);
        expect(mine).to.be.instanceOf(Refused).with.property('error', error);
        expect(await made()).to.deep.equal([]);
      }
      const flows = 'table=8,in_port=1,actions=2\ntable=8,in_port=2,actions=1';
      await ofctl(address(), 'add-flows', ['f'], { bundle: true, files: { f: flows } });
      expect(await made()).to.have.length(2);
      await ofctl(address(), 'bundle', ['f'], {
        files: { f: 'flow delete table=8\ngroup add_or_mod group_id=3,type=all' },
      });
      expect(await made()).to.deep.equal([]);
      await ofctl(address(), 'mod-group', [GROUPS[2]], { mayCreate: true });
      expect(await ours(address(), 'dump-groups', [])).to.include(` ${GROUPS[2]}`);
    });

    it('tables have the names that mod-table gives them', async () => {
      const shown = async () => (await real('--names', 'dump-table-features', address())).output;
      await ofctl(address(), 'mod-table', ['3', 'name:edge']);
      expect(await shown()).to.match(/table 3 \("edge"\):/);
      expect(await ours(address(), 'dump-table-features', [])).to.include('  table 3 ("edge"):');
      await real('mod-table', address(), '3', 'name:');
      expect(await ours(address(), 'dump-table-features', [])).not.to.include('  table 3 ("edge"):');
    });

    it('both are refused the same', async () => {
      for (const [name, text] of [
        ['add-flow', 'actions=group:99'],
        ['add-flow', 'actions=meter:77'],
        ['add-group', 'group_id=1,type=all'],
        ['add-meter', 'meter=1,kbps,bands=type=drop,rate=1'],
        ['mod-meter', 'meter=9,kbps,bands=type=drop,rate=1'],
        ['packet-out', `in_port=controller,packet=${'00'.repeat(20)},actions=group:99`],
      ]) {
        const complaint = await new Promise<string>((resolve) => {
          execFile('ovs-ofctl', ['-O', 'OpenFlow13', name, address(), text], (_, __, said) => resolve(said));
        });
        const [, error] = /OFPT_ERROR .*: (\S+)/.exec(complaint) ?? [];
        let mine = '';
        try {
          await ofctl(address(), name, [text]);
        } catch (refused) {
          if (!(refused instanceof Refused)) throw refused;
          mine = refused.error;
        }
        expect(mine, `${name} ${text}`).to.equal(error ?? '');
      }
    });
  }

  describe('on a switch of ours', () => {
    let sw: Switch;
    let address: string;
    before(async () => {
      ({ sw, address } = await listening());
      await fill(address);
    });
    after(() => sw?.close());
    looks(() => address);
  });

  describe('on the genuine Open vSwitch', () => {
    let ovs: OpenVSwitch | undefined;
    before(async function () {
      requires(this, 'ovs-vswitchd');
      ovs = await OpenVSwitch.start({ ports: 3, stopped: false });
      await fill(ovs.address);
    });
    after(() => ovs?.close());
    looks(() => ovs?.address ?? '');

    it('ct-flush ends there what it ends with us', async () => {
      const address = ovs?.address ?? '';
      const frames = [1000, 1001].map((sport) => toHex(udp4({ sport })));
      for (const [args, left] of [
        [['zone=5', 'ct_nw_proto=17,ct_tp_src=1000'], 1],
        [['zone=5', '', 'ct_nw_proto=17,ct_tp_dst=1001'], 1],
        [['zone=6'], 2],
        [['zone=5'], 0],
        [[], 0],
      ] as const) {
        for (const frame of frames) await ofctl(address, 'packet-out', ['1', 'ct(commit,zone=5)', frame]);
        await ofctl(address, 'ct-flush', args);
        const lines = (await ovs?.appctl('dpctl/dump-conntrack', 'zone=5'))?.split('\n') ?? [];
        expect(
          lines.filter((line) => line !== ''),
          args.join(' '),
        ).to.have.length(left);
      }
      await ofctl(address, 'packet-out', ['1', 'ct(commit,zone=5)', frames[0]]);
      await ofctl(address, 'ct-flush-zone', ['5']);
      expect(await ovs?.appctl('dpctl/dump-conntrack', 'zone=5')).to.equal('');
    });
  });
});

function sortKey(option: string): { by: string; descending: boolean } {
  return { by: option.split('=')[1] ?? 'priority', descending: option.startsWith('--rsort') };
}
