/** Lists of actions ↔ bytes: headers, lengths, padding to 8, experimenters (OpenFlow 1.3.5 §7.2.4). */
import { OpenFlowError, type Reader, type Writer } from '../bytes/index.js';
import { type ActionId, type ActionKind, VENDOR } from './action.js';
import { ACTION_KINDS, type Action, kindOf } from './actions/index.js';
import { unknown } from './actions/unknown.js';

const EXPERIMENTER = 0xffff;
const MAX_LENGTH = 0xffff;
/** How deep actions may stand inside actions. */
const MAX_DEPTH = 8;

const byId = new Map<number, { kind: ActionKind<Action>; id: ActionId }>();
/** The kinds are looked up late: actions that nest actions import this file. */
function kinds(): typeof byId {
  if (byId.size === 0) {
    for (const kind of ACTION_KINDS) {
      for (const id of kind.ids) byId.set(id.vendor * 0x10000 + id.number, { kind, id });
    }
  }
  return byId;
}

let depth = 0;

/** Reads actions to the reader's end. Unknown ones keep their bytes. */
export function readActions(r: Reader): Action[] {
  if (++depth > MAX_DEPTH) {
    depth = 0;
    throw r.error('OFPBAC_TOO_MANY', `actions more than ${MAX_DEPTH} deep in each other`);
  }
  try {
    const list: Action[] = [];
    while (r.left > 0) list.push(readAction(r));
    return list;
  } finally {
    if (depth > 0) depth--;
  }
}

function readAction(r: Reader): Action {
  const at = r.at;
  const type = r.peek16(0, 'an action');
  const length = r.peek16(2, 'an action');
  if (length < 8 || length % 8 !== 0 || length > r.left) {
    throw new OpenFlowError('OFPBAC_BAD_LEN', `action ${type} of length ${length}, ${r.left} bytes are left`, at);
  }
  const body = r.sub(length, 'an action', 'OFPBAC_BAD_LEN');
  body.skip(4);
  const id = type === EXPERIMENTER ? experimenter(body) : { vendor: VENDOR.standard, number: type };
  const known = kinds().get(id.vendor * 0x10000 + id.number);
  try {
    if (!known) return unknown.read(body, id);
    const action = known.kind.read(body, known.id);
    if (body.left >= 8) throw body.error('OFPBAC_BAD_LEN', `${action.type} is ${body.left} bytes too long`);
    return action;
  } catch (error) {
    if (error instanceof OpenFlowError && error.at === undefined) throw new OpenFlowError(error.error, error.why, at);
    throw error;
  }
}

/** Nicira and ONF put a 16-bit subtype behind their id; of others nothing is known. */
function experimenter(body: Reader): ActionId {
  const vendor = body.u32('an experimenter id');
  if (vendor !== VENDOR.nicira && vendor !== VENDOR.onf) return { vendor, number: 0 };
  return { vendor, number: body.u16('an action subtype') };
}

/** Writes actions one after the other. */
export function writeActions(w: Writer, actions: readonly Action[]): void {
  for (const action of actions) writeAction(w, action);
}

function writeAction(w: Writer, action: Action): void {
  const kind = kindOf(action);
  const start = w.at;
  const id = idOf(kind, action);
  w.u16(id.vendor === VENDOR.standard ? id.number : EXPERIMENTER).u16(0);
  if (id.vendor !== VENDOR.standard) {
    w.u32(id.vendor);
    if (id.vendor === VENDOR.nicira || id.vendor === VENDOR.onf) w.u16(id.number);
  }
  kind.write(action, w, id);
  w.pad(8, start);
  if (w.at - start > MAX_LENGTH) throw new OpenFlowError('OFPBAC_BAD_LEN', `${action.type} is longer than 65535 bytes`);
  w.u16At(start + 2, w.at - start);
}

function idOf(kind: ActionKind<Action>, action: Action): ActionId {
  if (action.type === 'unknown') return { vendor: action.vendor, number: action.number };
  return kind.form ? kind.form(action) : kind.ids[0];
}
