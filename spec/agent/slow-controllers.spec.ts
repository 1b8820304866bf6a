/** Controllers that read slowly, or not at all: what waits for them is bounded, and no reply is lost. */
import { expect } from 'chai';
import { Agent } from '../../lib/agent/index.js';
import { ManualClock, silent } from '../../lib/bytes/index.js';
import { PACKET_IN_BYTES, PAUSE_BYTES } from '../../lib/channel/index.js';
import { fields, Match } from '../../lib/nxm/index.js';
import type { FlowView } from '../../lib/pipeline/types.js';
import { encode } from '../../lib/wire/index.js';
import { RawPeer, turns } from '../channel/raw-peer.js';
import { udp4 } from '../support/frames.js';
import { connected, filter, flow, multipart } from './agent-session.js';
import { FakePipeline, flowView } from './fake-pipeline.js';
import { wholeSwitch } from './whole-switch.js';

describe('agent with a controller that does not read', () => {
  it('never loses a reply while packet-ins are lost, which are counted; order is kept', async () => {
    const { c, agent, ports } = await wholeSwitch();
    await c.flow('priority=0,actions=CONTROLLER:65535');
    c.forget();
    c.near.pause();
    const rounds = 400;
    const frame = udp4({ payload: 'x'.repeat(1400) });
    for (let i = 0; i < rounds; i++) {
      for (let n = 0; n < 5; n++) ports[0].inject(frame);
      c.near.write(
        Buffer.concat([
          encode({ type: 'barrier_request', xid: i }),
          encode(c.flowMod('priority=1,actions=1', { tableId: 254 })),
        ]),
      );
      if (i % 20 === 0) await turns();
    }
    await turns(50);
    const [view] = agent.controllers();
    expect(view.droppedPacketIns).to.be.greaterThan(1000);
    c.near.resume();
    await turns(300);
    expect(c.all('barrier_reply').map(({ xid }) => xid)).to.deep.equal(Array.from({ length: rounds }, (_, i) => i));
    expect(c.all('error')).to.have.length(rounds);
    expect(c.all('packet_in').length + agent.controllers()[0].droppedPacketIns).to.equal(5 * rounds);
    const answers = c.messages.filter(({ type }) => type !== 'packet_in').map(({ type }) => type);
    expect(answers).to.deep.equal(Array.from({ length: 2 * rounds }, (_, i) => (i % 2 ? 'error' : 'barrier_reply')));
  });

  it('keeps packet-ins below their own bound', async () => {
    const { c, agent, ports } = await wholeSwitch();
    await c.flow('priority=0,actions=CONTROLLER:65535');
    c.near.pause();
    for (let i = 0; i < 2000; i++) {
      ports[0].inject(udp4({ payload: 'x'.repeat(1400) }));
      if (i % 100 === 0) await turns();
    }
    const [peer] = agent.controllers();
    expect(2000 - peer.droppedPacketIns).to.be.within(100, (2 * PACKET_IN_BYTES) / 1400);
  });

  it('makes a dump of a million flows as it is read: a bounded part of it waits', async () => {
    const count = 1_000_000;
    const view = flowView(flow);
    let made = 0;
    class Endless extends FakePipeline {
      override *flows(): Generator<FlowView> {
        for (; made < count; made++) yield view;
      }
    }
    const agent = new Agent({
      pipeline: new Endless(),
      clock: new ManualClock(),
      log: silent,
      datapathId: 1n,
      probe_ms: 0,
    });
    const c = new RawPeer();
    agent.accept(c.far, 'c');
    await c.hello();
    c.near.pause();
    await c.send(multipart({ kind: 'flow', ...filter }), { type: 'barrier_request', xid: 9 });
    await turns(50);
    // A row has 88 bytes.
    expect(made * 88).to.be.lessThan(2 * PAUSE_BYTES);
    c.near.destroy();
    c.far.destroy();
    await turns();
    const before = made;
    await turns(50);
    expect(made).to.equal(before);
  });

  it('answers what came behind a long dump after it, when it is read', async () => {
    const { c, pipeline } = await connected();
    pipeline.flowList = Array.from({ length: 60_000 }, (_, i) => flowView({ ...flow, priority: i & 0xffff }));
    c.near.pause();
    await c.send(multipart({ kind: 'flow', ...filter }), { type: 'barrier_request', xid: 9 });
    c.near.resume();
    await turns(600);
    const parts = c.all('multipart_reply');
    expect(c.messages.at(-1)).to.deep.include({ type: 'barrier_reply', xid: 9 });
    const rows = parts.flatMap(({ body }) => (body.kind === 'flow' ? body.rows : []));
    expect(rows.map(({ priority }) => priority)).to.deep.equal(pipeline.flowList.map(({ priority }) => priority));
    expect(parts.filter(({ more }) => !more)).to.have.length(1);
  });

  it('is not told of flows that went while it was reading', async () => {
    const { c, sw } = await wholeSwitch();
    const count = 40_000;
    for (let i = 0; i < count; i++) {
      const value = Uint8Array.of(2, 0, 0, 0, i >> 8, i & 255);
      sw.pipeline.apply({ ...flow, flags: 0, match: Match.of([{ field: fields.eth_src, value, mask: null }]) });
    }
    c.forget();
    c.near.pause();
    await c.send(c.multipart({ kind: 'flow', ...filter }));
    await turns(20);
    sw.pipeline.apply({ ...flow, command: 'delete', flags: 0 });
    c.near.resume();
    await turns(300);
    const rows = c.all('multipart_reply').flatMap(({ body }) => (body.kind === 'flow' ? body.rows : []));
    expect(rows.length).to.be.within(1, count / 2);
    expect(c.all('multipart_reply').at(-1)).to.deep.include({ more: false });
  });
});
