/**
 * A continuation: what a paused packet goes on with, as properties of NXT_PACKET_IN2 and NXT_RESUME. It is private to
 * the switch that made it, and holds all there is to know: nothing is kept for packets that wait. Numbers and forms are
 * Open vSwitch's where it has the same, so that ovs-ofctl can show them; those from 0x8100 on are this switch's own.
 */
import {
  first8,
  nested,
  only32,
  only64,
  properties,
  Reader,
  unknownProperty,
  Writer,
  writeNested,
  writeProperty,
} from '../bytes/index.js';
import {
  type Action,
  type Continuation,
  type ContinuedList,
  readActions,
  readInstructions,
  writeActions,
  writeInstructions,
} from '../nxm/index.js';

const NXCPT = {
  BRIDGE: 0x8000,
  STACK: 0x8001,
  CONNTRACKED: 0x8003,
  TABLE_ID: 0x8004,
  COOKIE: 0x8005,
  ACTIONS: 0x8006,
  ACTION_SET: 0x8007,
  INSTRUCTIONS: 0x8100,
  IN_PORT: 0x8101,
  QUEUE: 0x8102,
} as const;

/** Bytes of a continuation; `origin`, 16 bytes, says which switch it is for. */
export function encodeContinuation(origin: Uint8Array, c: Continuation): Uint8Array {
  const w = new Writer();
  writeProperty(w, NXCPT.BRIDGE, () => w.put(origin));
  for (const value of [...c.stack].reverse()) writeProperty(w, NXCPT.STACK, () => w.put(bytesOf(value)));
  if (c.tracked) writeProperty(w, NXCPT.CONNTRACKED, () => {});
  writeProperty(w, NXCPT.IN_PORT, () => w.u32(c.inPort));
  if (c.queue !== 0) writeProperty(w, NXCPT.QUEUE, () => w.u32(c.queue));
  let tableId = 0;
  let cookie = 0n;
  for (const list of c.rest) {
    if (list.tableId !== tableId) writeProperty(w, NXCPT.TABLE_ID, () => w.u8(list.tableId));
    if (list.cookie !== cookie) writeProperty(w, NXCPT.COOKIE, () => w.zeros(4).u64(list.cookie));
    tableId = list.tableId;
    cookie = list.cookie;
    if (list.actions.length > 0) writeNested(w, NXCPT.ACTIONS, () => writeActions(w, list.actions));
    const { after } = list;
    if (after) writeNested(w, NXCPT.INSTRUCTIONS, () => writeInstructions(w, after));
  }
  if (c.actionSet.length > 0) writeNested(w, NXCPT.ACTION_SET, () => writeActions(w, c.actionSet));
  return w.done();
}

/** Reads a continuation and whose it is. Throws OpenFlowError. */
export function decodeContinuation(bytes: Uint8Array): { readonly origin: Uint8Array; readonly what: Continuation } {
  let origin: Uint8Array = new Uint8Array(0);
  const rest: ContinuedList[] = [];
  const stack: bigint[] = [];
  let actionSet: readonly Action[] = [];
  let [tracked, inPort, queue, tableId, cookie] = [false, 0, 0, 0, 0n];
  for (const [type, payload] of properties(new Reader(bytes))) {
    if (type === NXCPT.BRIDGE) origin = payload.rest();
    else if (type === NXCPT.STACK) stack.unshift(numberOf(payload.rest()));
    else if (type === NXCPT.CONNTRACKED) tracked = true;
    else if (type === NXCPT.IN_PORT) inPort = only32(payload);
    else if (type === NXCPT.QUEUE) queue = only32(payload);
    else if (type === NXCPT.TABLE_ID) tableId = first8(payload);
    else if (type === NXCPT.COOKIE) cookie = only64(payload);
    else if (type === NXCPT.ACTION_SET) actionSet = readActions(nested(payload));
    else if (type === NXCPT.ACTIONS) rest.push({ actions: readActions(nested(payload)), after: null, tableId, cookie });
    else if (type === NXCPT.INSTRUCTIONS)
      rest.push({ actions: [], after: readInstructions(nested(payload)), tableId, cookie });
    else throw unknownProperty(payload, 'a continuation', type);
  }
  return { origin, what: { rest, actionSet, stack, tracked, inPort, queue } };
}

function bytesOf(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const even = hex.length % 2 ? `0${hex}` : hex;
  return Uint8Array.from({ length: even.length / 2 }, (_, i) => Number.parseInt(even.slice(2 * i, 2 * i + 2), 16));
}

function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
