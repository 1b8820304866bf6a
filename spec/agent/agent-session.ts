/** An agent on a pipeline that forwards nothing, controllers in memory, and the messages that specs send to it. */
import { expect } from 'chai';
import { Agent, type AgentEvent, type AgentOptions } from '../../lib/agent/index.js';
import { type ErrorName, errorNumbers, type Log, ManualClock, silent } from '../../lib/bytes/index.js';
import { type FieldValue, type FlowMod, fieldNamed, Match } from '../../lib/nxm/index.js';
import type { PacketIn } from '../../lib/pipeline/types.js';
import type { Message, MessageOf, RequestBody } from '../../lib/wire/index.js';
import { RawPeer } from '../channel/raw-peer.js';
import { FakePipeline, portView } from './fake-pipeline.js';

export const NO_BUFFER = 0xffffffff;
export const ANY = 0xffffffff;

export const flow: FlowMod = {
  command: 'add',
  tableId: 0,
  priority: 1,
  cookie: 0x1122334455667788n,
  cookieMask: 0n,
  idleTimeout_s: 10,
  hardTimeout_s: 20,
  bufferId: NO_BUFFER,
  outPort: ANY,
  outGroup: ANY,
  flags: 1,
  match: Match.all,
  instructions: { apply: [{ type: 'output', port: 2, maxLen: 0 }] },
};
export const flowMod = (change: Partial<FlowMod> = {}, xid = 5): Message => ({
  type: 'flow_mod',
  xid,
  change: { ...flow, ...change },
});
export const multipart = (body: RequestBody, more = false): Message => ({
  type: 'multipart_request',
  xid: 6,
  more,
  body,
});
export const filter = { tableId: 0xff, outPort: ANY, outGroup: ANY, cookie: 0n, cookieMask: 0n, match: Match.all };

export function fieldValue(name: string, ...value: number[]): FieldValue {
  const field = fieldNamed(name);
  if (!field) throw new Error(name);
  return { field, value: Uint8Array.from(value), mask: null };
}

export function packetIn(more: Partial<PacketIn> = {}): PacketIn {
  const fields = [
    fieldValue('in_port_oxm', 0, 0, 0, 1),
    fieldValue('reg0', 0, 0, 0, 7),
    fieldValue('metadata', 0, 0, 0, 0, 0, 0, 0, 9),
    fieldValue('ct_state', 0, 0, 0, 0x21),
    fieldValue('recirc_id', 0, 0, 0, 3),
  ];
  const frame = new Uint8Array(1000).fill(0xab);
  return { reason: 'action', tableId: 4, cookie: 9n, maxLen: 0xffff, controllerId: 0, frame, fields, ...more };
}

/** An agent and controllers in memory. */
export function setup(options: Partial<AgentOptions> = {}) {
  const clock = new ManualClock();
  const pipeline = new FakePipeline();
  const lines: string[] = [];
  const log: Log = { ...silent, info: (line) => lines.push(line), warn: (line) => lines.push(line) };
  const agent = new Agent({ pipeline, clock, log, datapathId: 0xabcdn, ...options });
  const told: AgentEvent[] = [];
  agent.on((event) => told.push(event));
  let count = 0;
  const controller = async (): Promise<RawPeer> => {
    const peer = new RawPeer();
    agent.accept(peer.far, `c${++count}`);
    await peer.hello();
    peer.forget();
    return peer;
  };
  return { agent, clock, pipeline, lines, told, controller };
}

export async function connected(options: Partial<AgentOptions> = {}) {
  const s = setup(options);
  const c = await s.controller();
  s.lines.length = 0;
  return { ...s, c };
}

/** The error that came, with its name. */
export function expectError(peer: RawPeer, name: ErrorName, xid: number): MessageOf<'error'> {
  const error = peer.last('error');
  expect(error).to.deep.include({ xid, error: errorNumbers(name) });
  return error;
}

export function reply(peer: RawPeer): MessageOf<'multipart_reply'>['body'] {
  return peer.last('multipart_reply').body;
}
export function experimenter(id: number, expType: number, ...data: number[]): Message {
  return { type: 'experimenter', xid: 6, experimenter: id, expType, data: Uint8Array.from(data) };
}

export function packetOut(change: Partial<MessageOf<'packet_out'>>): Message {
  return {
    type: 'packet_out',
    xid: 6,
    bufferId: NO_BUFFER,
    inPort: 0xfffffffd,
    actions: [{ type: 'output', port: 1, maxLen: 0 }],
    data: new Uint8Array(60),
    ...change,
  };
}

export function wirePort() {
  const { number, name, mac, config, state, current, speed_kbps } = portView(1, 'p1');
  return {
    number,
    name,
    mac,
    config,
    state,
    current,
    speed_kbps,
    maxSpeed_kbps: 0,
    advertised: 0,
    supported: 0,
    peer: 0,
  };
}
