/**
 * controller with pause, and NXT_RESUME: the packet goes on where it was, with all it had; nothing is kept meanwhile.
 */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { fieldNamed } from '../../lib/nxm/index.js';
import { decodeContinuation, encodeContinuation, type MessageOf } from '../../lib/wire/index.js';
import { tcp4, udp4 } from '../support/frames.js';
import { type WholeSwitch, wholeSwitch } from './whole-switch.js';

const UDP = udp4({});

/** A switch with flows, whose controller takes packet-ins with properties. */
async function paused(...flows: string[]): Promise<WholeSwitch> {
  const s = await wholeSwitch();
  for (const flow of flows) await s.c.flow(flow);
  await s.c.tell({ type: 'nxt_set_packet_in_format', xid: 1, format: 'nxt2' });
  return s;
}

async function packetIn({ c, ports }: WholeSwitch, frame = UDP): Promise<MessageOf<'nxt_packet_in2'>> {
  c.forget();
  ports[0].inject(frame);
  await c.send();
  return c.last('nxt_packet_in2');
}

const resume = (m: MessageOf<'nxt_packet_in2'>, change: object = {}): MessageOf<'nxt_resume'> => {
  return { ...m, type: 'nxt_resume', xid: 9, userdata: null, ...change };
};
const out = ({ ports }: WholeSwitch) => ports.map((port) => port.taken().map((frame) => toHex(frame.slice(0, 6))));

describe('agent: controller(pause) and NXT_RESUME', () => {
  it('keep registers, stack, action set, tables and lists that are under way', async () => {
    const s = await paused(
      'table=0,actions=load:7->NXM_NX_REG0[],push:NXM_NX_REG0[],resubmit(,1),output:3',
      'table=1,cookie=0x77,actions=load:9->NXM_NX_REG1[],write_actions(output:2),write_metadata:0x5/0xf,goto_table:2',
      'table=2,cookie=0x88,actions=controller(userdata=01.02.03,pause),pop:NXM_NX_REG2[],goto_table:3',
      'table=3,reg0=7,reg1=9,reg2=7,metadata=5,actions=set_field:02:00:00:00:00:99->eth_dst',
    );
    const m = await packetIn(s);
    expect(out(s)).to.deep.equal([[], [], []]);
    expect([m.tableId, m.cookie, m.reason, toHex(m.userdata ?? UDP)]).to.deep.equal([2, 0x88n, 'action', '010203']);
    expect(m.fields.map(({ field }) => field.name)).to.deep.equal(['in_port_oxm', 'reg0', 'reg1', 'metadata']);
    await s.c.tell(resume(m));
    expect(out(s)).to.deep.equal([[], ['020000000099'], ['020000000099']]);
  });

  it('keep what connection tracking found, and the tunnel', async () => {
    const s = await paused(
      'table=0,udp,actions=ct(commit,table=1,exec(set_field:5->ct_mark))',
      'table=1,actions=set_field:77->tun_id,controller(pause),resubmit(,2)',
      'table=2,ct_state=+trk+new,ct_mark=5,tun_id=77,actions=output:2',
    );
    await s.c.tell(resume(await packetIn(s)));
    expect(out(s)[1]).to.have.length(1);
  });

  it('may pause again, within a group, on a copy, with what follows on the packet itself', async () => {
    const s = await paused('actions=clone(controller(pause),controller(pause,userdata=22),output:2),output:3');
    const first = await packetIn(s);
    expect(out(s).map((frames) => frames.length)).to.deep.equal([0, 0, 1]);
    s.c.forget();
    await s.c.send(resume(first));
    const second = s.c.last('nxt_packet_in2');
    expect(toHex(second.userdata ?? UDP)).to.equal('22');
    await s.c.tell(resume(second));
    expect(out(s).map((frames) => frames.length)).to.deep.equal([0, 1, 0]);
  });

  it('let a controller change the packet and its fields', async () => {
    const s = await paused('table=0,actions=controller(pause),goto_table:1', 'table=1,tcp,reg3=6,actions=output:2');
    const m = await packetIn(s);
    const [inPort] = m.fields;
    const reg3 = { ...inPort, field: fieldNamed('reg3') ?? inPort.field };
    const frame = tcp4({});
    const fields = [inPort, { ...reg3, value: Uint8Array.of(0, 0, 0, 6) }];
    await s.c.tell(resume(m, { data: frame, totalLen: frame.length, fields }));
    expect(out(s)[1]).to.have.length(1);
  });

  it('know the port that the packet came in at, and the queue', async () => {
    const s = await paused(
      'table=0,actions=set_field:3->in_port,set_queue:4,controller(pause),output:1,output:3,IN_PORT,goto_table:1',
      'table=1,in_port=3,actions=output:2',
    );
    const m = await packetIn(s);
    const { what } = decodeContinuation(m.continuation ?? UDP);
    expect([what.inPort, what.queue]).to.deep.equal([1, 5]);
    await s.c.tell(resume(m));
    expect(out(s).map((frames) => frames.length)).to.deep.equal([1, 1, 1]);
  });

  it('go out without a continuation to a controller that has no place for it', async () => {
    const s = await paused('actions=controller(pause),output:2');
    await s.c.tell({ type: 'nxt_set_packet_in_format', xid: 1, format: 'standard' });
    s.ports[0].inject(UDP);
    await s.c.send();
    expect(s.c.last('packet_in').data.length).to.equal(UDP.length);
    expect(out(s)[1]).to.deep.equal([]);
  });

  it('go through the meter that they name, and its drops end there', async () => {
    const s = await wholeSwitch();
    const bands = [{ type: 'drop', rate: 1, burst: 1 }] as const;
    await s.c.tell({ type: 'meter_mod', xid: 1, change: { command: 'add', meterId: 4, flags: 2, bands } });
    await s.c.flow('actions=controller(max_len=20,meter_id=4),output:2');
    s.c.forget();
    for (let i = 0; i < 3; i++) s.ports[0].inject(UDP);
    await s.c.send();
    expect(s.c.all('packet_in').map(({ data }) => data.length)).to.deep.equal([20]);
    expect(out(s)[1]).to.have.length(3);
  });

  describe('refuses', () => {
    it('a continuation of another switch, or of an earlier run: NXR_STALE', async () => {
      const s = await paused('actions=controller(pause),output:2');
      const m = await packetIn(s);
      const { what } = decodeContinuation(m.continuation ?? UDP);
      await s.c.refused(resume(m, { continuation: encodeContinuation(new Uint8Array(16), what) }), 'NXR_STALE');
      await s.c.refused(resume(m, { continuation: null }), 'NXR_STALE');
      expect(out(s)[1]).to.deep.equal([]);
    });

    it('what is damaged, or can no longer be done', async () => {
      const s = await paused('actions=controller(pause),output:2');
      const m = await packetIn(s);
      const continuation = m.continuation ?? UDP;
      const { origin, what } = decodeContinuation(continuation);
      await s.c.refused(resume(m, { continuation: continuation.slice(0, 10) }), 'OFPTFFC_BAD_LEN');
      const unknown = Uint8Array.of(...continuation, 0x90, 0, 0, 4, 0, 0, 0, 0);
      await s.c.refused(resume(m, { continuation: unknown }), 'OFPTFFC_BAD_TYPE');
      const rest = [{ ...what.rest[0], actions: [{ type: 'group' as const, group: 9 }] }];
      const gone = encodeContinuation(origin, { ...what, rest });
      await s.c.refused(resume(m, { continuation: gone }), 'OFPBAC_BAD_OUT_GROUP');
      await s.c.refused(resume(m, { data: UDP.slice(0, 5), totalLen: 5 }), 'OFPBRC_BAD_PACKET');
      expect(out(s)[1]).to.deep.equal([]);
    });

    it('any slave, and keeps the packets of masters apart', async () => {
      const s = await paused('actions=controller(pause),output:2');
      const m = await packetIn(s);
      await s.c.role('slave', 1n);
      await s.c.refused(resume(m), 'OFPBRC_IS_SLAVE');
    });
  });

  it('count a packet that is too long to be told', async () => {
    const s = await paused('actions=controller(pause),output:2');
    s.c.forget();
    s.ports[0].inject(udp4({ payload: 'x'.repeat(65_400) }));
    await s.c.send();
    expect([s.c.messages.length, s.agent.controllers()[0].droppedPacketIns]).to.deep.equal([0, 1]);
  });
});
