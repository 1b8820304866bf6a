/** A whole switch with three memory ports behind an agent, and controllers in memory: what specs of rules talk to. */
import { expect } from 'chai';
import { Agent, type AgentOptions } from '../../lib/agent/index.js';
import { type ErrorName, errorName, ManualClock, silent } from '../../lib/bytes/index.js';
import type { FlowMod } from '../../lib/nxm/index.js';
import type { MemoryPort } from '../../lib/ports/memory.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { parseFlow } from '../../lib/text/index.js';
import type { FlowStats, Message, MessageOf, RequestBody } from '../../lib/wire/index.js';
import { RawPeer, turns } from '../channel/raw-peer.js';

export const ANY = 0xffffffff;
export const NO_BUFFER = 0xffffffff;
/** Any flow, for statistics. */
const EVERY = { tableId: 0xff, outPort: ANY, outGroup: ANY, cookie: 0n, cookieMask: 0n };

/** A controller that asks in texts. Each call checks that what came is what the message promises. */
export class TestController extends RawPeer {
  private lastXid = 100;

  xid(): number {
    return ++this.lastXid;
  }

  /** Sends a message and gives what came back. */
  async ask(m: Message | Uint8Array): Promise<Message[]> {
    this.forget();
    await this.send(m);
    return [...this.messages];
  }

  /** Sends a message that is answered by nothing. */
  async tell(m: Message | Uint8Array): Promise<void> {
    const before = this.messages.length;
    await this.send(m);
    const errors = this.messages.slice(before).map((came) => came.type === 'error' && errorName(came.error));
    expect(errors.filter((name) => name !== false)).to.deep.equal([]);
  }

  /** Sends a message that must be refused, and checks xid, error and the request's first bytes. */
  async refused(m: Message | Uint8Array, name: ErrorName): Promise<MessageOf<'error'>> {
    const came = await this.ask(m);
    expect(
      came.map(({ type }) => type),
      name,
    ).to.deep.equal(['error']);
    const error = this.last('error');
    expect(errorName(error.error)).to.equal(name);
    return error;
  }

  /** A flow-mod out of a line as ovs-ofctl has it: "priority=1,ip,actions=1", "delete table=0", "modify_strict …". */
  flowMod(text: string, change: Partial<FlowMod> = {}): Message {
    return { type: 'flow_mod', xid: this.xid(), change: { ...parseFlow(text, { command: 'any' }), ...change } };
  }

  async flow(text: string, change: Partial<FlowMod> = {}): Promise<void> {
    await this.tell(this.flowMod(text, change));
  }

  multipart(body: RequestBody, more = false): Message {
    return { type: 'multipart_request', xid: this.xid(), more, body };
  }

  /** Flow statistics; `match` as in a flow. */
  async flows(match = '', filter: Partial<typeof EVERY> = {}): Promise<FlowStats[]> {
    const { match: wanted } = parseFlow(`delete ${match}`, { command: 'any' });
    const came = await this.ask(this.multipart({ kind: 'flow', ...EVERY, ...filter, match: wanted }));
    return came.flatMap((m) => {
      if (m.type !== 'multipart_reply' || m.body.kind !== 'flow') throw new Error(`${m.type} came instead of flows`);
      return [...m.body.rows];
    });
  }

  /** The one flow that there is. */
  async theFlow(): Promise<FlowStats> {
    const flows = await this.flows();
    expect(flows).to.have.length(1);
    return flows[0];
  }

  packetOut(frame: Uint8Array, inPort: number, ...outputs: number[]): Message {
    const actions = outputs.map((port) => ({ type: 'output' as const, port, maxLen: 0xffff }));
    return { type: 'packet_out', xid: this.xid(), bufferId: NO_BUFFER, inPort, actions, data: frame };
  }

  async role(role: 'nochange' | 'equal' | 'master' | 'slave', generationId: bigint): Promise<[string, bigint]> {
    await this.ask({ type: 'role_request', xid: this.xid(), role, generationId });
    const reply = this.last('role_reply');
    return [reply.role, reply.generationId];
  }
}

export interface WholeSwitch {
  readonly clock: ManualClock;
  readonly sw: Switch;
  readonly agent: Agent;
  /** Ports 1, 2 and 3. */
  readonly ports: readonly [MemoryPort, MemoryPort, MemoryPort];
  /** A controller that is connected. */
  readonly c: TestController;
  /** One more. */
  controller(): Promise<TestController>;
}

/** A switch, and a controller that has said HELLO. */
export async function wholeSwitch(options: Partial<AgentOptions> = {}): Promise<WholeSwitch> {
  const clock = new ManualClock();
  const sw = new Switch({ clock });
  const ports = [1, 2, 3].map((number) => sw.addPort(number, memory({ name: `p${number}` })));
  const { pipeline, datapathId } = sw;
  const agent = new Agent({ pipeline, clock, log: silent, datapathId, probe_ms: 0, ...options });
  sw.on((event) => {
    if (event.type === 'packet_in') agent.events.packetIn(event.packet);
    if (event.type === 'flow_removed') agent.events.flowRemoved(event.flow, event.reason);
    if (event.type === 'port') agent.events.port(event.event, event.port);
  });
  let count = 0;
  const controller = async (): Promise<TestController> => {
    const peer = new TestController();
    agent.accept(peer.far, `c${++count}`);
    await peer.hello();
    peer.forget();
    return peer;
  };
  const c = await controller();
  return { clock, sw, agent, ports: ports as [MemoryPort, MemoryPort, MemoryPort], c, controller };
}

export { turns };
