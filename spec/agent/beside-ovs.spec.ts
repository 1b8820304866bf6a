/**
 * What is refused, and with which error, on a switch of ours and on the genuine Open vSwitch: messages by their bytes,
 * alone and in bundles, and what is left in the tables afterwards.
 */
import { expect } from 'chai';
import { OpenVSwitch } from '../../bench/compare/ovs.js';
import { fromHex, toHex } from '../../lib/bytes/index.js';
import type { Action, FlowMod, Instructions } from '../../lib/nxm/index.js';
import type { Switch } from '../../lib/switch.js';
import { parseFlow, parseGroup } from '../../lib/text/index.js';
import { encode, encodeBundleAdd, type Message } from '../../lib/wire/index.js';
import { listening, ofctl } from '../ofctl/desk.js';
import { requires } from '../support/needs.js';
import { RawController } from './raw-controller.js';

const BUNDLE = { bundleId: 7, flags: 3 };
let xid = 1;

const flow = (text: string, change: Partial<FlowMod> = {}): Message => {
  return { type: 'flow_mod', xid: xid++, change: { ...parseFlow(text, { command: 'any' }), ...change } };
};
const group = (text: string): Message => {
  return { type: 'group_mod', xid: xid++, change: parseGroup(text, { command: 'any' }) };
};
/** A message with other bytes at an offset. */
function patched(m: Message, at: number, bytes: string): string {
  const whole = toHex(encode(m));
  return whole.slice(0, 2 * at) + bytes + whole.slice(2 * at + bytes.length);
}
const control = (command: 'open_request' | 'close_request' | 'commit_request' | 'discard_request'): Message => {
  return { type: 'onf_bundle_control', xid: xid++, command, ...BUNDLE };
};

const GOOD = 'priority=1,in_port=1 actions=output:2';
const out: Action = { type: 'output', port: 2, maxLen: 0 };
const metadata: Action = { type: 'write_metadata', value: 5n, mask: 0xffn };
const does = (instructions: Instructions): Message => flow('priority=2,actions=drop', { instructions });
/** A match on UDP and a set_field of UDP's port, the match's protocol changed to TCP. */
const mismatched = (command: string): string =>
  toHex(encode(flow(`${command} udp,actions=set_field:5->udp_dst`))).replace('80001401' + '11', '80001401' + '06');

/**
 * What a message is, the error or "" for none, the message, and, where the error comes only when a bundle is committed
 * (since another message could have made it right), true.
 */
type Case = readonly [what: string, error: string, make: () => Message | string, late?: true];

const CASES: readonly Case[] = [
  ['a flow on recirc_id', 'OFPBRC_EPERM', () => flow('priority=2,recirc_id=5,actions=2')],
  ['a flow on recirc_id 0', '', () => flow('priority=2,recirc_id=0,actions=2')],
  ['a flow on dp_hash', 'OFPBRC_EPERM', () => flow('priority=2,dp_hash=0/1,actions=2')],
  ['a modify on recirc_id', 'OFPBRC_EPERM', () => flow('modify recirc_id=5,actions=2')],
  ['a strict modify on dp_hash', 'OFPBRC_EPERM', () => flow('modify_strict dp_hash=5,actions=2')],
  ['a delete on recirc_id', '', () => flow('delete recirc_id=5')],
  ['an unknown command', 'OFPFMFC_BAD_COMMAND', () => patched(flow('priority=2,actions=2'), 25, '09')],
  ['an unknown flag', 'OFPFMFC_BAD_FLAGS', () => flow('priority=2,actions=2', { flags: 0x80 })],
  ['an add to all tables', 'OFPFMFC_BAD_TABLE_ID', () => flow('priority=2,actions=2', { tableId: 255 })],
  ['output to no port', 'OFPBAC_BAD_OUT_PORT', () => flow('priority=2,actions=65281')],
  ['goto_table backwards', 'OFPBIC_BAD_TABLE_ID', () => flow('table=3,actions=drop', { instructions: { goto: 1 } })],
  ['an action that the match forbids', 'OFPBAC_MATCH_INCONSISTENT', () => mismatched('add')],
  [
    'load into the VLAN id where no tag is known',
    'OFPBAC_MATCH_INCONSISTENT',
    () => {
      const { apply } = parseFlow('dl_vlan=5,actions=load:1->OXM_OF_VLAN_VID[0]').instructions;
      return does({ apply });
    },
  ],
  ['load into the VLAN id of a tag', '', () => flow('priority=2,dl_vlan=5,actions=load:1->OXM_OF_VLAN_VID[0]')],
  ['an action that the match forbids, in a modify of nothing', 'OFPBAC_MATCH_INCONSISTENT', () => mismatched('modify')],
  ['an unknown group', 'OFPBAC_BAD_OUT_GROUP', () => flow('priority=2,actions=group:99'), true],
  ['an unknown meter', 'OFPMMFC_INVALID_METER', () => flow('priority=2,actions=meter:99'), true],
  ['an unknown group in a modify of nothing', '', () => flow('modify in_port=3,actions=group:99')],
  ['an option that is not mapped', 'NXFMFC_INVALID_TLV_FIELD', () => flow('priority=2,tun_metadata9=5,actions=2')],
  ['a buffer', 'OFPBRC_BUFFER_UNKNOWN', () => flow('priority=2,actions=2', { bufferId: 7 })],
  ['an overlap', 'OFPFMFC_OVERLAP', () => flow('priority=1,udp,check_overlap,actions=2'), true],
  ['an unknown group type', 'OFPGMFC_BAD_TYPE', () => patched(group('group_id=1,type=all'), 10, '09')],
  ['an unknown group command', 'OFPGMFC_BAD_COMMAND', () => patched(group('group_id=1,type=all'), 8, '0009')],
  [
    'an indirect group without a bucket',
    'OFPGMFC_INVALID_GROUP',
    () => patched(group('group_id=1,type=all'), 10, '02'),
  ],
  [
    'a delete with a bucket',
    'OFPGMFC_INVALID_GROUP',
    () => patched(group('group_id=1,type=all,bucket=output:1'), 8, '0002'),
  ],
  [
    'a bucket that watches in a group that does not',
    'OFPGMFC_WATCH_UNSUPPORTED',
    () => patched(group('group_id=1,type=ff,bucket=watch_port:1,output:1'), 10, '00'),
  ],
  ['a bucket to no port', 'OFPBAC_BAD_OUT_PORT', () => group('group_id=1,type=all,bucket=output:65281')],
  ['a modify of no group', 'OFPGMFC_UNKNOWN_GROUP', () => group('modify group_id=1,type=all'), true],
  ['an add or modify of a group', '', () => group('add_or_mod group_id=9,type=all')],
  [
    'a packet-out to no port',
    'OFPBAC_BAD_OUT_PORT',
    () =>
      `040d 0038 00000201 ffffffff fffffffd 0010 000000000000 0000 0010 0000ff01 ffff 000000000000 ${'00'.repeat(16)}`,
  ],
  ['a delete of a group that can not be', '', () => patched(group('delete group_id=1'), 12, 'ffffff01')],
  ['write_metadata as the last action', '', () => does({ apply: [out, metadata] })],
  ['write_metadata with nothing beside it', '', () => does({ apply: [metadata], goto: 3 })],
  ['write_metadata before an action', 'OFPBAC_UNSUPPORTED_ORDER', () => does({ apply: [metadata, out] })],
  ['write_metadata before write_actions', 'OFPBAC_UNSUPPORTED_ORDER', () => does({ apply: [metadata], write: [out] })],
  [
    'write_metadata beside the instruction',
    'OFPBAC_UNSUPPORTED_ORDER',
    () => does({ apply: [metadata], metadata: { value: 1n, mask: 1n } }),
  ],
  ['write_metadata in the action set', 'OFPBAC_BAD_TYPE', () => does({ write: [metadata] })],
  ['write_metadata in a clone', 'OFPBIC_UNSUP_INST', () => does({ apply: [{ type: 'clone', actions: [metadata] }] })],
];

/** A case's message in a bundle. */
function bundled(m: Message | string): string {
  const bytes = typeof m === 'string' ? fromHex(m.replaceAll(' ', '')) : encode(m);
  return toHex(encodeBundleAdd(BUNDLE.bundleId, BUNDLE.flags, bytes));
}

function cases(address: () => string): void {
  let c: RawController;
  before(async () => {
    c = await RawController.open(address());
  });
  after(() => c?.close());
  beforeEach(async () => {
    await c.ask(flow('delete table=255'), group('delete'), flow('priority=1,in_port=1,actions=output:2'));
  });
  const flows = async () =>
    (await ofctl(address(), 'dump-flows', [], { stats: false })).lines.map((line) => line.trim()).sort();

  for (const [what, error, make, late] of CASES) {
    it(`${what}: ${error || 'taken'}`, async () => {
      expect(await c.errors(make())).to.deep.equal(error ? [error] : []);
      const after = await flows();
      if (error) expect(after).to.deep.equal([GOOD]);
      await c.ask(flow('delete table=255'), group('delete'), control('open_request'));
      const good = flow('priority=1,in_port=1,actions=output:2');
      const first = await c.errors(bundled(good), bundled(make()));
      expect(first, 'at once').to.deep.equal(error && !late ? [error] : []);
      const last = await c.errors(control('close_request'), control('commit_request'));
      expect(last, 'at the end').to.deep.equal(late ? [error, 'OFPBFC_MSG_FAILED'] : []);
      // What was refused at once is none of the bundle, and the rest is made.
      expect(await flows()).to.deep.equal(late ? [] : after);
    });
  }

  it('what was right for one flow of a form is asked of the next one', async () => {
    await c.ask(control('open_request'), bundled(flow('priority=2,recirc_id=0,actions=2')));
    expect(await c.errors(bundled(flow('priority=2,recirc_id=6,actions=2')))).to.deep.equal(['OFPBRC_EPERM']);
    expect(await c.errors(bundled(flow('table=1,priority=2,udp,tp_dst=1,actions=2')))).to.deep.equal([]);
    expect(await c.errors(bundled(flow('table=1,priority=2,udp,tp_dst=2,actions=2')))).to.deep.equal([]);
    expect(await c.errors(control('close_request'), control('commit_request'))).to.deep.equal([]);
    expect(await flows()).to.have.length(4);
  });

  it('set_async: reasons that there are not are left out', async () => {
    const every = [0xffffffff, 0xffffffff];
    await c.ask({ type: 'set_async', xid: 1, packetIn: every, portStatus: every, flowRemoved: [0xffffff0f, 9] });
    const [reply] = await c.ask({ type: 'get_async_request', xid: 2 });
    expect(reply).to.deep.include({ packetIn: [7, 7], portStatus: [7, 7], flowRemoved: [15, 9] });
  });

  it('a meter needs a unit', async () => {
    const meter = (flags: number): Message => {
      const bands = [{ type: 'drop', rate: 9, burst: 0 }] as const;
      return { type: 'meter_mod', xid: xid++, change: { command: 'add', meterId: 9, flags, bands } };
    };
    for (const flags of [0, 3, 4, 8, 0x11]) expect(await c.errors(meter(flags))).to.deep.equal(['OFPMMFC_BAD_FLAGS']);
    expect(await c.errors(meter(1))).to.deep.equal([]);
    await c.ask({ type: 'meter_mod', xid: 1, change: { command: 'delete', meterId: 9, flags: 0, bands: [] } });
  });

  it('write_metadata is shown as the instruction', async () => {
    await c.ask(does({ apply: [out, metadata], goto: 3 }));
    expect(await flows()).to.include('priority=2 actions=output:2,write_metadata:0x5/0xff,goto_table:3');
  });
}

describe('agent: refusals beside Open vSwitch', function () {
  this.timeout(60_000);

  describe('on a switch of ours', () => {
    let sw: Switch;
    let address = '';
    before(async () => {
      ({ sw, address } = await listening());
    });
    after(() => sw?.close());
    cases(() => address);
  });

  describe('on the genuine Open vSwitch', () => {
    let ovs: OpenVSwitch | undefined;
    before(async function () {
      requires(this, 'ovs-vswitchd');
      ovs = await OpenVSwitch.start({ ports: 3, stopped: false });
    });
    after(() => ovs?.close());
    cases(() => ovs?.address ?? '');
  });
});
