/** Bundles: together or not at all, in their order, with Open vSwitch's errors and within bounds. */
import { expect } from 'chai';
import fc from 'fast-check';
import { BUNDLE_IDLE_MS, MAX_BUNDLES } from '../../lib/agent/bundles.js';
import { type ErrorName, errorName, toHex } from '../../lib/bytes/index.js';
import { parseGroup } from '../../lib/text/index.js';
import type { Bundlable, BundleCommand, Message } from '../../lib/wire/index.js';
import { udp4 } from '../support/frames.js';
import { NO_BUFFER, type TestController, type WholeSwitch, wholeSwitch } from './whole-switch.js';

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const ID = 7;
const FLAGS = 3;
const UDP = udp4({});

const control = (c: TestController, command: BundleCommand, bundleId = ID, flags = FLAGS): Message => {
  return { type: 'onf_bundle_control', xid: c.xid(), bundleId, command, flags };
};
const add = (message: Bundlable, bundleId = ID, flags = FLAGS): Message => {
  return { type: 'onf_bundle_add', xid: message.xid, bundleId, flags, message };
};
const flow = (c: TestController, text: string) => c.flowMod(text) as Bundlable;
const group = (c: TestController, text: string): Bundlable => {
  return { type: 'group_mod', xid: c.xid(), change: parseGroup(text, { command: 'any' }) };
};
const portDown = (c: TestController, { sw }: WholeSwitch, port: number): Bundlable => {
  const mac = sw.pipeline.port(port)?.mac ?? new Uint8Array(6);
  return { type: 'port_mod', xid: c.xid(), port, mac, config: 1, mask: 1, advertise: 0 };
};
const packetOut = (c: TestController, port: number): Bundlable => {
  const actions = [{ type: 'output' as const, port, maxLen: 0 }];
  return { type: 'packet_out', xid: c.xid(), bufferId: NO_BUFFER, inPort: 3, actions, data: UDP };
};

/** Opens a bundle, puts messages in and commits it: what came. */
async function bundle(c: TestController, ...messages: Bundlable[]): Promise<Message[]> {
  c.forget();
  await c.send(control(c, 'open_request'), ...messages.map((m) => add(m)));
  await c.send(control(c, 'close_request'), control(c, 'commit_request'));
  return [...c.messages];
}
const said = (came: readonly Message[]) =>
  came.map((m) => (m.type === 'onf_bundle_control' ? m.command : m.type === 'error' ? errorName(m.error) : m.type));
const DONE = ['open_reply', 'close_reply', 'commit_reply'];

/** All that controllers can see of a switch, but for how long things have been there. */
async function state({ sw }: WholeSwitch): Promise<string> {
  const flows = sw.flows.list().map(({ idle_ms: _, match, ...rest }) => ({ ...rest, match: toHex(match.tlvs) }));
  flows.sort((a, b) => a.tableId - b.tableId || a.priority - b.priority || (a.match < b.match ? -1 : 1));
  const ports = sw.ports().map(({ number, config, counters }) => [number, config, counters]);
  const all = [flows, sw.pipeline.groups(0xfffffffc), ports, sw.pipeline.tables().slice(0, 3)];
  return JSON.stringify(all, (_, v) => (typeof v === 'bigint' ? String(v) : v));
}

describe('agent: bundles (ONF extension 230)', () => {
  it('make flows, groups, ports and packet-outs together, in their order', async () => {
    const s = await wholeSwitch();
    const { c, ports } = s;
    const came = await bundle(
      c,
      group(c, 'add group_id=5,type=all,bucket=actions=output:1'),
      flow(c, 'priority=9,udp,actions=group:5'),
      packetOut(c, 0xfffffff9),
      flow(c, 'modify_strict priority=9,udp,actions=output:2'),
      portDown(c, s, 2),
    );
    expect(said(came)).to.deep.equal([...DONE.slice(0, 2), 'port_status', 'commit_reply']);
    expect((await c.theFlow()).instructions.apply).to.deep.equal([{ type: 'output', port: 2, maxLen: 0 }]);
    // The packet went as the tables were at its place.
    expect([ports[0].taken().length, ports[1].taken().length]).to.deep.equal([1, 0]);
  });

  it('that fail leave nothing behind, and name the message', async () => {
    const s = await wholeSwitch();
    const { c, ports } = s;
    await c.tell(group(c, 'add group_id=1,type=all,bucket=actions=output:1'));
    await c.flow('priority=5,udp,send_flow_rem,actions=group:1');
    await c.flow('priority=6,tcp,actions=output:2');
    ports[2].inject(UDP);
    const before = await state(s);
    s.clock.advance(1500);
    ports.map((port) => port.taken());
    const bad = flow(c, 'priority=8,actions=group:99');
    const came = await bundle(
      c,
      flow(c, 'priority=7,icmp,actions=drop'),
      flow(c, 'priority=6,tcp,reset_counts,actions=drop'),
      flow(c, 'modify udp,actions=output:3'),
      group(c, 'modify group_id=1,type=select,bucket=weight:1,actions=output:3'),
      group(c, 'add group_id=2,type=all'),
      group(c, 'delete group_id=1'),
      portDown(c, s, 1),
      packetOut(c, 2),
      flow(c, 'delete table=255'),
      bad,
      flow(c, 'priority=9,actions=drop'),
    );
    expect(said(came)).to.deep.equal(['open_reply', 'close_reply', 'OFPBAC_BAD_OUT_GROUP', 'OFPBFC_MSG_FAILED']);
    expect(came[2].xid).to.equal(bad.xid);
    expect(await state(s)).to.equal(before.replace(/"duration_ms":0/g, '"duration_ms":1500'));
    expect(ports.flatMap((port) => port.taken())).to.deep.equal([]);
    // What is left is what it was: the flow counts and leads where it did.
    ports[2].inject(UDP);
    expect(ports[0].taken()).to.have.length(1);
    expect(said(await c.ask(control(c, 'commit_request')))).to.deep.equal(['OFPBFC_BAD_ID']);
  });

  it('that fail behind a delete of all groups leave what refers to each as it was', async () => {
    const s = await wholeSwitch();
    const { c } = s;
    await c.tell(group(c, 'add group_id=1,type=all,bucket=actions=output:1'));
    await c.tell(group(c, 'add group_id=2,type=all,bucket=actions=group:1'));
    const before = await state(s);
    const came = await bundle(c, group(c, 'delete'), flow(c, 'actions=group:1'));
    expect(said(came)).to.include('OFPBFC_MSG_FAILED');
    expect(await state(s)).to.equal(before);
    await c.tell(group(c, 'delete group_id=2'));
    await c.tell(group(c, 'delete group_id=1'));
  });

  it('any bundle ends as its messages one by one, or as if there had been none', async () => {
    const texts = fc.constantFrom(
      'add priority=1,udp,actions=output:1',
      'add priority=1,udp,send_flow_rem,actions=output:2',
      'add table=1,priority=2,tcp,actions=group:1',
      'add priority=1,check_overlap,ip,actions=drop',
      'modify ip,actions=output:3',
      'modify_strict priority=1,udp,reset_counts,actions=group:2',
      'delete udp',
      'delete_strict priority=1,udp',
      'delete table=255',
    );
    const groups = fc.constantFrom(
      'add group_id=1,type=all,bucket=actions=output:1',
      'add group_id=2,type=all,bucket=actions=group:1',
      'modify group_id=1,type=indirect,bucket=actions=output:2',
      'delete group_id=1',
      'delete group_id=2',
      'delete',
    );
    const one = fc.oneof(
      texts,
      texts.map(String),
      groups.map((text) => `group ${text}`),
    );
    const made = (c: TestController, text: string) =>
      text.startsWith('group ') ? group(c, text.slice(6)) : flow(c, text);
    const holds = async (first: string[], second: string[]) => {
      const [a, b] = [await wholeSwitch(), await wholeSwitch()];
      for (const s of [a, b]) for (const text of first) await s.c.send(made(s.c, text));
      for (const s of [a, b]) s.ports[2].inject(UDP);
      const before = await state(b);
      const removed = b.c.all('flow_removed').length;
      const came = said(await bundle(b.c, ...second.map((text) => made(b.c, text))));
      a.c.forget();
      for (const text of second) await a.c.send(made(a.c, text));
      const failed = a.c.all('error').length > 0;
      expect(came.includes('commit_reply')).to.equal(!failed);
      expect(await state(b)).to.equal(failed ? before : await state(a));
      const told = b.c.all('flow_removed').length + removed;
      expect(failed ? told - removed : told - removed).to.equal(failed ? 0 : a.c.all('flow_removed').length);
      await Promise.all([a.agent.close(), b.agent.close()]);
    };
    const lists = fc.tuple(fc.array(one, { maxLength: 6 }), fc.array(one, { minLength: 1, maxLength: 6 }));
    await fc.assert(
      fc.asyncProperty(lists, ([first, second]) => holds(first, second)),
      { seed: SEED, numRuns: 40 },
    );
  });

  it('are opened by their first message, too, and can be discarded', async () => {
    const { c } = await wholeSwitch();
    expect(said(await c.ask(add(flow(c, 'actions=drop'))))).to.deep.equal([]);
    expect(said(await c.ask(control(c, 'discard_request')))).to.deep.equal(['discard_reply']);
    expect(await c.flows()).to.deep.equal([]);
  });

  const refused: [what: string, error: ErrorName, send: (c: TestController) => Message[]][] = [
    ['opened twice', 'OFPBFC_BAD_ID', (c) => [control(c, 'open_request'), control(c, 'open_request')]],
    ['closed without having been opened', 'OFPBFC_BAD_ID', (c) => [control(c, 'close_request')]],
    ['discarded without having been opened', 'OFPBFC_BAD_ID', (c) => [control(c, 'discard_request')]],
    ['with flags that are none', 'OFPBFC_BAD_FLAGS', (c) => [control(c, 'open_request', ID, 8)]],
    [
      'closed with other flags',
      'OFPBFC_BAD_FLAGS',
      (c) => [control(c, 'open_request'), control(c, 'close_request', ID, 1)],
    ],
    [
      'committed with other flags',
      'OFPBFC_BAD_FLAGS',
      (c) => [control(c, 'open_request'), control(c, 'commit_request', ID, 1)],
    ],
    [
      'added to with other flags',
      'OFPBFC_BAD_FLAGS',
      (c) => [control(c, 'open_request'), add(flow(c, 'actions=drop'), ID, 1)],
    ],
    [
      'closed twice',
      'OFPBFC_BUNDLE_CLOSED',
      (c) => [control(c, 'open_request'), control(c, 'close_request'), control(c, 'close_request')],
    ],
    [
      'added to when closed',
      'OFPBFC_BUNDLE_CLOSED',
      (c) => [control(c, 'open_request'), control(c, 'close_request'), add(flow(c, 'actions=drop'))],
    ],
    ['with a command that switches send', 'OFPBFC_BAD_TYPE', (c) => [control(c, 'open_reply')]],
    [
      'one more than there may be',
      'OFPBFC_OUT_OF_BUNDLES',
      (c) => Array.from({ length: MAX_BUNDLES + 1 }, (_, id) => control(c, 'open_request', id)),
    ],
    [
      'with a buffer',
      'OFPBRC_BUFFER_UNKNOWN',
      () => [add({ type: 'packet_out', xid: 5, bufferId: 1, inPort: 1, actions: [], data: UDP })],
    ],
  ];
  for (const [what, error, send] of refused) {
    it(`${what}: ${error}, and the bundle is gone`, async () => {
      const { c } = await wholeSwitch();
      const messages = send(c);
      await c.send(...messages.slice(0, -1));
      const m = await c.refused(messages[messages.length - 1], error);
      expect(m.xid).to.equal(messages[messages.length - 1].xid);
      if (error !== 'OFPBFC_OUT_OF_BUNDLES') {
        expect(said(await c.ask(control(c, 'commit_request')))).to.deep.equal(['OFPBFC_BAD_ID']);
      }
    });
  }

  const inner: [what: string, error: ErrorName, hex: string][] = [
    ['a message cut off', 'OFPBFC_MSG_BAD_LEN', '04140004'],
    ['a message longer than what is there', 'OFPBFC_MSG_BAD_LEN', '0410002800000009'],
    ['a message of another version', 'NXBRC_UNENCODABLE_ERROR', '0514000800000009'],
    ['a message with another xid', 'OFPBFC_MSG_BAD_XID', '0414000800000008'],
    ['a barrier', 'OFPBFC_MSG_UNSUP', '0414000800000009'],
    ['a meter-mod', 'OFPBFC_MSG_UNSUP', '041d001000000009 0000000100000001'],
    ['a bundle', 'OFPBFC_MSG_UNSUP', '0404001800000009 4f4e4600000008fc 0000000100000000'],
    ['a message type that there is not', 'OFPBFC_MSG_UNSUP', '0463000800000009'],
    ['a group-mod with a command that is none', 'OFPGMFC_BAD_COMMAND', '040f001000000009 0009000000000001'],
  ];
  for (const [what, error, hex] of inner) {
    it(`with ${what}: ${error}`, async () => {
      const { c } = await wholeSwitch();
      const body = `4f4e4600000008fd 0000000700000003 ${hex}`.replaceAll(' ', '');
      const length = (body.length / 2 + 8).toString(16).padStart(4, '0');
      await c.send(`0404${length}00000009${body}`);
      expect(said(c.messages)).to.deep.equal([error]);
    });
  }

  it('are refused to a slave', async () => {
    const { c } = await wholeSwitch();
    await c.role('slave', 1n);
    await c.refused(control(c, 'open_request'), 'OFPBRC_IS_SLAVE');
    await c.refused(add(flow(c, 'actions=drop')), 'OFPBRC_IS_SLAVE');
  });

  it('end when nothing comes for a while, with an error that carries the message that began it', async () => {
    const { c, clock } = await wholeSwitch();
    const open = control(c, 'open_request');
    await c.ask(open);
    c.forget();
    clock.advance(BUNDLE_IDLE_MS - 1000);
    await c.send(add(flow(c, 'actions=drop')));
    clock.advance(BUNDLE_IDLE_MS - 1000);
    await c.send();
    expect(said(c.messages)).to.deep.equal([]);
    clock.advance(2 * BUNDLE_IDLE_MS);
    await c.send();
    expect([said(c.messages), c.messages[0].xid]).to.deep.equal([['OFPBFC_TIMEOUT'], open.xid]);
    await c.refused(control(c, 'commit_request'), 'OFPBFC_BAD_ID');
  });

  it("end with their connection, and are nobody else's", async () => {
    const { c, sw, clock, controller } = await wholeSwitch();
    const other = await controller();
    await c.send(control(c, 'open_request'), add(flow(c, 'actions=drop')));
    await other.refused(control(other, 'commit_request'), 'OFPBFC_BAD_ID');
    c.near.end();
    await c.send();
    clock.advance(2 * BUNDLE_IDLE_MS);
    expect(sw.flows.list()).to.deep.equal([]);
  });
});
