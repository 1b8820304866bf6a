/** Flow monitors: what is told to whom, own changes abbreviated, pause and resume, and their mistakes. */
import { expect } from 'chai';
import { MAX_MONITORS } from '../../lib/agent/flow-monitors.js';
import type { GroupCommand } from '../../lib/nxm/index.js';
import { Match, OFPFF } from '../../lib/nxm/index.js';
import { parseFlow } from '../../lib/text/index.js';
import { type FlowMonitorRequest, type FlowUpdate, type Message, ONFFMF } from '../../lib/wire/index.js';
import { ANY, type TestController, wholeSwitch } from './whole-switch.js';

const ALL = ONFFMF.INITIAL | ONFFMF.ADD | ONFFMF.DELETE | ONFFMF.MODIFY | ONFFMF.ACTIONS | ONFFMF.OWN;

function watch(c: TestController, change: Partial<FlowMonitorRequest> = {}): Message {
  const row = { monitorId: 1, flags: ALL, outPort: ANY, tableId: 0xff, match: Match.all, bare: false, ...change };
  return c.multipart({ kind: 'flow_monitor', rows: [row] });
}

/** Updates that came, in short: "added 5 →2" is a flow of priority 5 that sends to port 2. */
function told(messages: readonly Message[]): string[] {
  return messages.flatMap((m) =>
    m.type === 'multipart_reply' && m.body.kind === 'flow_monitor' ? m.body.rows.map(text) : [],
  );
}
function text(row: FlowUpdate): string {
  if (row.event === 'abbrev') return `abbrev ${row.xid}`;
  const [action] = row.instructions.apply ?? [];
  const why = row.event === 'deleted' ? ` ${row.reason}` : '';
  return `${row.event} ${row.priority}${why}${action?.type === 'output' ? ` →${action.port}` : ''}`;
}

describe('agent: flow monitors (ONF extension 187)', () => {
  it('tell at first of the flows that there are, each once, in the reply', async () => {
    const { c } = await wholeSwitch();
    for (const n of [1, 2, 3]) await c.flow(`priority=${n},table=${n},udp,actions=output:${n}`);
    const rows = [1, 2].map((monitorId): FlowMonitorRequest => {
      const tableId = monitorId === 1 ? 0xff : 2;
      return { monitorId, flags: ALL, outPort: ANY, tableId, match: Match.all, bare: true };
    });
    const ask = c.multipart({ kind: 'flow_monitor', rows });
    const came = await c.ask(ask);
    expect(told(came)).to.deep.equal(['added 1 →1', 'added 2 →2', 'added 3 →3']);
    expect(came.map((m) => m.xid)).to.deep.equal([ask.xid]);
  });

  it("tell of other controllers' changes whole, of its own by their xid", async () => {
    const { c, controller } = await wholeSwitch();
    const other = await controller();
    await c.ask(watch(c, { flags: ALL & ~ONFFMF.OWN }));
    await other.flow('priority=5,udp,actions=output:2');
    await other.flow('modify udp,actions=output:3');
    await other.flow('modify udp,actions=output:3');
    await other.flow('delete udp');
    const own = c.flowMod('priority=6,udp,actions=output:1');
    await c.send(own, c.flowMod('delete arp'));
    expect(told(c.messages)).to.deep.equal(['added 5 →2', 'modified 5 →3', 'deleted 5 delete →3', `abbrev ${own.xid}`]);
    expect(c.messages.every((m, i) => i === 0 || m.xid === 0)).to.equal(true);
  });

  it('tell before a barrier is answered', async () => {
    const { c } = await wholeSwitch();
    await c.ask(watch(c));
    c.forget();
    await c.send(c.flowMod('priority=5,actions=drop'), { type: 'barrier_request', xid: 9 });
    expect(c.messages.map(({ type }) => type)).to.deep.equal(['multipart_reply', 'barrier_reply']);
  });

  it('tell why flows go: timeouts, groups, too', async () => {
    const { c, clock } = await wholeSwitch();
    await c.ask(watch(c, { flags: ONFFMF.DELETE }));
    const bucket = { weight: 0, watchPort: ANY, watchGroup: ANY, actions: [] };
    await c.tell({
      type: 'group_mod',
      xid: 1,
      change: { command: 'add', groupType: 'all', groupId: 1, buckets: [bucket] },
    });
    await c.flow('priority=1,hard_timeout=1,actions=drop');
    await c.flow('priority=2,idle_timeout=2,udp,actions=drop');
    await c.flow('priority=3,tcp,actions=group:1', { flags: OFPFF.SEND_FLOW_REM });
    await c.tell({
      type: 'group_mod',
      xid: 1,
      change: { command: 'delete', groupType: 'all', groupId: 1, buckets: [] },
    });
    clock.advance(1000);
    clock.advance(2000);
    await c.send();
    expect(told(c.messages)).to.deep.equal(['abbrev 1', 'deleted 1 hard_timeout', 'deleted 2 idle_timeout']);
  });

  it('look at table, match and port, as it is or was', async () => {
    const { c } = await wholeSwitch();
    const { match } = parseFlow('udp,actions=drop');
    await c.ask(watch(c, { tableId: 1, match, outPort: 2, flags: ALL & ~ONFFMF.INITIAL }));
    await c.flow('table=1,priority=1,udp,actions=output:2');
    await c.flow('table=0,priority=2,udp,actions=output:2');
    await c.flow('table=1,priority=3,tcp,actions=output:2');
    await c.flow('table=1,priority=4,udp,actions=output:1');
    await c.flow('modify table=1,udp,tp_dst=5,actions=output:1');
    await c.flow('modify table=1,udp,actions=output:3');
    await c.flow('modify table=1,udp,actions=output:1');
    expect(told(c.messages)).to.deep.equal(['added 1 →2', 'modified 1 →3']);
  });

  it('tell of a bundle all at once, and nothing of one that fails', async () => {
    const { c } = await wholeSwitch();
    await c.ask(watch(c));
    c.forget();
    const add = (text: string): Message => {
      const message = c.flowMod(text);
      if (message.type !== 'flow_mod') throw new Error(message.type);
      return { type: 'onf_bundle_add', xid: message.xid, bundleId: 1, flags: 1, message };
    };
    const commit: Message = { type: 'onf_bundle_control', xid: 5, bundleId: 1, command: 'commit_request', flags: 1 };
    await c.send(add('priority=1,actions=drop'), add('priority=2,actions=group:9'), commit);
    expect(told(c.messages)).to.deep.equal([]);
    c.forget();
    await c.send(add('priority=1,actions=drop'), add('priority=2,actions=output:1'), commit);
    expect(c.messages.map(({ type }) => type)).to.deep.equal(['multipart_reply', 'onf_bundle_control']);
    expect(told(c.messages)).to.deep.equal(['added 1', 'added 2 →1']);
  });

  it('end when they are cancelled, and with their connection', async () => {
    const { c, controller } = await wholeSwitch();
    const other = await controller();
    await c.ask(watch(c));
    await c.tell({ type: 'onf_flow_monitor_cancel', xid: 3, monitorId: 1 });
    await c.refused({ type: 'onf_flow_monitor_cancel', xid: 3, monitorId: 1 }, 'OFPMOFC_UNKNOWN_MONITOR');
    await c.ask(watch(c));
    c.near.end();
    await other.flow('actions=drop');
    c.forget();
    await other.flow('delete table=0');
    expect(told(c.messages)).to.deep.equal([]);
  });

  it('pause for a controller that does not read, and tell it afterwards what it missed', async () => {
    const { c, controller } = await wholeSwitch();
    const other = await controller();
    await other.flow('priority=1,actions=output:1');
    await other.flow('priority=2,actions=output:2');
    await c.ask(watch(c));
    c.forget();
    c.near.pause();
    for (let n = 0; n < 3000; n++) await other.flow(`priority=${100 + n},reg0=${n},udp,actions=output:1`);
    await other.flow('modify_strict priority=1,actions=output:3');
    await other.flow('delete_strict priority=2');
    await other.flow('priority=50,actions=output:3');
    await other.flow('priority=51,actions=output:3');
    await other.flow('delete_strict priority=51');
    c.near.resume();
    for (let i = 0; i < 200 && c.all('onf_flow_monitor_resumed').length === 0; i++) await c.send();
    const kinds = c.messages.map(({ type }) => type);
    const paused = kinds.indexOf('onf_flow_monitor_paused');
    const resumed = kinds.indexOf('onf_flow_monitor_resumed');
    expect([paused > 0, resumed > paused]).to.deep.equal([true, true]);
    // While it is paused: only the end of what it knows.
    const rows = told(c.messages.slice(paused));
    expect(rows[0]).to.equal('deleted 2 delete →2');
    expect(rows).to.include('modified 1 →3').and.include('added 50 →3');
    expect(rows.some((row) => row.includes(' 51'))).to.equal(false);
    // Its view of the table is whole again.
    const view = new Map([
      ['1', ''],
      ['2', ''],
    ]);
    for (const row of told(c.messages)) {
      const [what, priority] = row.split(' ');
      if (what === 'deleted') view.delete(priority);
      else view.set(priority, '');
    }
    expect(view.size).to.equal(3000 + 2);
    c.forget();
    await other.flow('priority=60,actions=drop');
    await c.send();
    expect(told(c.messages)).to.deep.equal(['added 60']);
  }).timeout(30_000);

  describe('refuse', () => {
    it('an id that is taken, and one more than there may be', async () => {
      const { c } = await wholeSwitch();
      await c.ask(watch(c));
      await c.refused(watch(c), 'OFPMOFC_MONITOR_EXISTS');
      const rows = Array.from({ length: MAX_MONITORS }, (_, i): FlowMonitorRequest => {
        return { monitorId: 2 + i, flags: ALL, outPort: ANY, tableId: 0xff, match: Match.all, bare: false };
      });
      await c.refused(c.multipart({ kind: 'flow_monitor', rows }), 'OFPBRC_EPERM');
      await c.refused(watch(c, { monitorId: 7, tableId: 254 }), 'OFPBRC_BAD_TABLE_ID');
    });
    for (const flags of [0, ONFFMF.INITIAL, 0x40 | ONFFMF.ADD]) {
      it(`flags 0x${flags.toString(16)}`, async () => {
        const { c } = await wholeSwitch();
        await c.refused(watch(c, { flags }), 'OFPMOFC_BAD_FLAGS');
      });
    }
  });
});

describe('agent: what other controllers do', () => {
  it('role status and requestforward come where NXT_SET_ASYNC_CONFIG2 asks for them', async () => {
    const { c, controller } = await wholeSwitch();
    const other = await controller();
    await c.role('master', 1n);
    const groupMod = (groupId: number, command: GroupCommand = 'add'): Message => {
      return { type: 'group_mod', xid: 77, change: { command, groupType: 'all', groupId, buckets: [] } };
    };
    c.forget();
    await other.tell(groupMod(1));
    expect(c.messages).to.deep.equal([]);
    const changes = (['roleStatus', 'requestForward'] as const).flatMap((kind) =>
      [true, false].map((slave) => ({ kind, slave, mask: 1 })),
    );
    await c.tell({ type: 'nxt_set_async_config2', xid: 1, changes });
    await c.refused(
      { type: 'nxt_set_async_config2', xid: 1, changes: [{ kind: 'roleStatus', slave: true, mask: 8 }] },
      'OFPACFC_INVALID',
    );
    c.forget();
    await other.tell(groupMod(2));
    // Either is one of the two for who hears of it.
    await other.tell(groupMod(2, 'add_or_mod'));
    await other.tell(groupMod(3, 'add_or_mod'));
    await other.role('master', 2n);
    await c.send();
    expect(c.messages).to.deep.equal([
      { type: 'onf_requestforward', xid: 0, request: groupMod(2) },
      { type: 'onf_requestforward', xid: 0, request: groupMod(2, 'modify') },
      { type: 'onf_requestforward', xid: 0, request: groupMod(3) },
      { type: 'onf_role_status', xid: 0, role: 'slave', reason: 'master_request', generationId: 2n },
    ]);
    // An own request isn't forwarded.
    await c.role('equal', 0n);
    expect(await c.ask(groupMod(4))).to.deep.equal([]);
  });

  it("Nicira's roles are the same roles, without a generation", async () => {
    const { c, controller } = await wholeSwitch();
    const other = await controller();
    await c.ask({ type: 'nxt_role_request', xid: 5, role: 'master' });
    expect(c.last('nxt_role_reply')).to.deep.equal({ type: 'nxt_role_reply', xid: 5, role: 'master' });
    await other.ask({ type: 'nxt_role_request', xid: 6, role: 'master' });
    expect(await c.role('nochange', 0n)).to.deep.equal(['slave', 0xffffffffffffffffn]);
  });
});
