/**
 * controller: Nicira's NXAST_CONTROLLER and, with properties, NXAST_CONTROLLER2 (ovs-actions(7)): a packet-in with a
 * reason and for a controller of one's own choice, with data, through a meter; `pause` makes the packet wait until a
 * controller sends it back (NXT_RESUME). A text that says no more than a number of bytes is an output.
 */
import {
  first8,
  first16,
  fromHex,
  only32,
  properties,
  type Reader,
  toHex,
  unknownProperty,
  type Writer,
  writeProperty,
  writeProperty16,
} from '../../bytes/index.js';
import { action, nicira, type TextArgument } from '../action.js';
import { OFPP } from '../field.js';
import { type KeyValue, keyValues } from '../key-values.js';
import { didYouMean } from '../suggestion.js';
import { NO_BUFFER, type Output } from './output.js';

export interface Controller {
  readonly type: 'controller';
  /** In the form with properties? It has to be where one is needed. */
  readonly properties: boolean;
  /** Bytes of a packet-in; 0xffff: all. */
  readonly maxLen: number;
  /** Controllers that took this id get the packet. */
  readonly controllerId: number;
  /** OFPR_*. */
  readonly reason: number;
  readonly userdata: Uint8Array;
  readonly pause: boolean;
  /** 0: the virtual meter CONTROLLER. */
  readonly meterId: number;
}

const NXAST = { CONTROLLER: nicira(20), CONTROLLER2: nicira(37) } as const;
const NXAC2PT = { MAX_LEN: 0, CONTROLLER_ID: 1, REASON: 2, USERDATA: 3, PAUSE: 4, METER_ID: 5 } as const;

/** OFPR_* as texts have them. In OpenFlow 1.3's packet-ins those from action_set on are `action`. */
const REASONS = ['no_match', 'action', 'invalid_ttl', 'action_set', 'group', 'packet_out'] as const;
const ACTION = 1;
const SENT = ['no_match', 'action', 'invalid_ttl'] as const;

type Mutable = { -readonly [K in keyof Controller]: Controller[K] };
const plain = (): Mutable => ({
  type: 'controller',
  properties: false,
  maxLen: NO_BUFFER,
  controllerId: 0,
  reason: ACTION,
  userdata: new Uint8Array(0),
  pause: false,
  meterId: 0,
});

function readProperties(r: Reader): Controller {
  const a: Mutable = { ...plain(), properties: true };
  if (r.u16('padding') !== 0 || r.u32('padding') !== 0) throw r.error('NXBRC_MUST_BE_ZERO', 'padding of controller', 6);
  for (const [type, payload] of properties(r)) {
    if (type === NXAC2PT.MAX_LEN) a.maxLen = first16(payload);
    else if (type === NXAC2PT.CONTROLLER_ID) a.controllerId = first16(payload);
    else if (type === NXAC2PT.REASON) a.reason = first8(payload);
    else if (type === NXAC2PT.USERDATA) a.userdata = payload.rest();
    else if (type === NXAC2PT.PAUSE) a.pause = true;
    else if (type === NXAC2PT.METER_ID) a.meterId = only32(payload);
    else throw unknownProperty(payload, 'controller', type);
  }
  return a;
}

function writeProperties(a: Controller, w: Writer): void {
  w.zeros(6);
  if (a.maxLen !== NO_BUFFER) writeProperty16(w, NXAC2PT.MAX_LEN, a.maxLen);
  if (a.controllerId !== 0) writeProperty16(w, NXAC2PT.CONTROLLER_ID, a.controllerId);
  if (a.reason !== ACTION) writeProperty(w, NXAC2PT.REASON, () => w.u8(a.reason));
  if (a.userdata.length > 0) writeProperty(w, NXAC2PT.USERDATA, () => w.put(a.userdata));
  if (a.pause) writeProperty(w, NXAC2PT.PAUSE, () => {});
  if (a.meterId !== 0) writeProperty(w, NXAC2PT.METER_ID, () => w.u32(a.meterId));
}

/** Can only the form with properties say it? */
function needsProperties({ userdata, pause, meterId }: Controller): boolean {
  return userdata.length > 0 || pause || meterId !== 0;
}

function isOutput(a: Controller): boolean {
  return a.reason === ACTION && a.controllerId === 0 && !needsProperties(a);
}

function number(arg: TextArgument, part: KeyValue, most: number): number {
  const value = /^(0[xX][0-9a-fA-F]+|\d+)$/.test(part.value) ? Number(part.value) : Number.NaN;
  if (value <= most) return value;
  throw arg.error(`${part.key}=${part.value} is no number up to ${most}`, part.valueAt);
}

/** Hexadecimal bytes, with dots between them as one likes. */
function bytesOf(arg: TextArgument, { value, valueAt }: KeyValue): Uint8Array {
  const parts = value.split('.');
  const bad = parts.find((part) => !/^([0-9a-fA-F]{2})*$/.test(part));
  if (bad !== undefined)
    throw arg.error(`userdata "${bad}" is no row of hexadecimal bytes`, valueAt + value.indexOf(bad));
  return fromHex(parts.join(''));
}

const KEYS: Readonly<Record<string, (a: Mutable, arg: TextArgument, part: KeyValue) => void>> = {
  reason(a, arg, part) {
    const named = (REASONS as readonly string[]).indexOf(part.value.toLowerCase());
    const reason = /^\d{1,3}$/.test(part.value) ? Number(part.value) : named;
    if (reason < 0 || reason > 0xff) {
      throw arg.error(`unknown reason "${part.value}"${didYouMean(part.value, REASONS)}`, part.valueAt);
    }
    a.reason = reason;
  },
  max_len(a, arg, part) {
    a.maxLen = number(arg, part, NO_BUFFER);
  },
  id(a, arg, part) {
    a.controllerId = number(arg, part, 0xffff);
  },
  userdata(a, arg, part) {
    a.userdata = bytesOf(arg, part);
  },
  pause(a) {
    a.pause = true;
  },
  meter_id(a, arg, part) {
    a.meterId = number(arg, part, 0xffffffff);
  },
};

function parse(arg: TextArgument): Controller | Output {
  const a = plain();
  // Without a byte, too, userdata makes another action of it.
  let output = true;
  if (/^\d+$/.test(arg.text)) {
    a.maxLen = Number(arg.text);
    if (a.maxLen > NO_BUFFER) throw arg.error(`"${arg.text}" is no number of bytes up to ${NO_BUFFER}`);
  } else {
    for (const part of keyValues(arg.text)) {
      const key = KEYS[part.key];
      if (!key) {
        throw arg.error(`controller has no "${part.key}"${didYouMean(part.key, Object.keys(KEYS))}`, part.keyAt);
      }
      key(a, arg, part);
      if (part.key === 'userdata') output = false;
    }
  }
  return output && isOutput(a)
    ? { type: 'output', port: OFPP.CONTROLLER, maxLen: a.maxLen }
    : { ...a, properties: needsProperties(a) };
}

export const controller = action<Controller>({
  type: 'controller',
  ids: [NXAST.CONTROLLER, NXAST.CONTROLLER2],
  form: (a) => (a.properties || needsProperties(a) ? NXAST.CONTROLLER2 : NXAST.CONTROLLER),
  read(r, id) {
    if (id.number === NXAST.CONTROLLER2.number) return readProperties(r);
    const [maxLen, controllerId, reason] = [r.u16(), r.u16(), r.u8()];
    r.skip(1);
    return { ...plain(), maxLen, controllerId, reason };
  },
  write(a, w, id) {
    if (id.number === NXAST.CONTROLLER2.number) writeProperties(a, w);
    else w.u16(a.maxLen).u16(a.controllerId).u8(a.reason).zeros(1);
  },
  texts: { controller: (arg) => parse(arg) as Controller },
  format(a) {
    if (isOutput(a)) return `CONTROLLER:${a.maxLen}`;
    const parts: string[] = [];
    if (a.reason !== ACTION) parts.push(`reason=${REASONS[a.reason] ?? a.reason}`);
    if (a.maxLen !== NO_BUFFER) parts.push(`max_len=${a.maxLen}`);
    if (a.controllerId !== 0) parts.push(`id=${a.controllerId}`);
    if (a.userdata.length > 0) parts.push(`userdata=${toHex(a.userdata).replace(/..(?=.)/g, '$&.')}`);
    if (a.pause) parts.push('pause');
    if (a.meterId !== 0) parts.push(`meter_id=${a.meterId | 0}`);
    return `controller(${parts.join(',')})`;
  },
  check() {},
  translate({ maxLen, controllerId, reason, userdata, pause, meterId }, m) {
    m.outputs.controller({
      maxLen: pause ? NO_BUFFER : maxLen,
      controllerId,
      reason: SENT[reason] ?? 'action',
      userdata: userdata.length > 0 ? userdata : null,
      pause,
      meterId,
    });
  },
});
