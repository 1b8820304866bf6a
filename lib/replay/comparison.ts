/** Holds what was played against what was recorded, and keeps the differences. */

import { type Json, nameOf } from '../view/index.js';
import { MESSAGE_TYPES, type Message, peekType } from '../wire/index.js';
import { differences, isSame } from './difference.js';
import type { Came } from './far-end.js';
import { type NormalOptions, normalForm, PortMacs } from './normal.js';
import { type Difference, type DifferenceKind, lineOf } from './outcome.js';
import { messageOf, type Recorded, type Session } from './session.js';

export interface CompareOptions extends NormalOptions {
  /** Order counts everywhere: of messages, and of rows in replies. */
  readonly strict?: boolean;
  /** Names of messages that are left out: "OFPST_TABLE_FEATURES reply", "OFPT_PACKET_IN". */
  readonly ignore?: readonly string[];
}

/** A message with its normal form, for looking the same one up. */
export interface Normal {
  readonly bytes: Uint8Array;
  readonly message: Message | null;
  readonly form: Json;
  readonly frame: number | null;
}

export class Comparison {
  compared = 0;
  readonly found: Difference[] = [];
  readonly notes: string[] = [];
  private readonly macs = { recorded: new PortMacs(), played: new PortMacs() };

  constructor(
    session: Session,
    private readonly options: CompareOptions,
  ) {
    for (const { bytes } of session.messages) {
      const message = messageOf(bytes);
      if (message) this.macs.recorded.learn(message);
    }
  }

  recorded({ bytes, frame }: Recorded): Normal {
    return this.normal('recorded', { bytes, message: messageOf(bytes) }, frame);
  }

  played(came: Came): Normal {
    if (came.message) this.macs.played.learn(came.message);
    return this.normal('played', came, null);
  }

  private normal(side: 'recorded' | 'played', { bytes, message }: Came, frame: number | null): Normal {
    const form = message === null ? { bytes: bytes.length } : normalForm(message, this.macs[side], this.options);
    return { bytes, message, form, frame };
  }

  /** The address that a port has where the session is played, as far as is known. */
  macOf(port: number): Uint8Array | undefined {
    return this.macs.played.of(port);
  }

  isSame(a: Normal, b: Normal): boolean {
    return isSame(a.form, b.form, this.options.strict);
  }

  /** Two messages that are to be the same. */
  pair(recorded: Normal, played: Normal): void {
    this.compared++;
    const fields = differences(recorded.form, played.form, this.options.strict);
    if (fields.length > 0) this.add('differs', recorded, played, fields);
  }

  add(kind: DifferenceKind, recorded: Normal | null, played: Normal | null, fields: Difference['fields'] = []): void {
    const either = (recorded ?? played) as Normal;
    const type = typeOf(either);
    if (this.options.ignore?.includes(type)) return;
    if (kind === 'missing') this.compared++;
    this.found.push({
      kind,
      type,
      frame: recorded?.frame ?? null,
      recorded: recorded && lineOf(recorded.bytes, recorded.message),
      played: played && lineOf(played.bytes, played.message),
      fields,
    });
  }

  /** Lists that are to be the same, in order; what is left over is missing or unexpected. */
  pairAll(recorded: readonly Normal[], played: readonly Normal[]): void {
    const [a, b] = [merged(recorded), merged(played)];
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      if (i >= b.length) this.add('missing', a[i], null);
      else if (i >= a.length) this.add('unexpected', null, b[i]);
      else this.pair(a[i], b[i]);
    }
  }
}

/** "OFPT_FLOW_MOD", "OFPST_DESC reply". */
export function typeOf({ bytes, message }: Pick<Normal, 'bytes' | 'message'>): string {
  if (message) return nameOf(message);
  return `OFPT_${(MESSAGE_TYPES[peekType(bytes)] ?? String(peekType(bytes))).toUpperCase()}`;
}

/** Replies in several parts as one: how a switch cuts them is its own affair. */
function merged(list: readonly Normal[]): Normal[] {
  const whole: Normal[] = [];
  for (const part of list) {
    const before = whole.at(-1);
    const joined = before && joinedForm(before, part);
    if (joined) whole[whole.length - 1] = { ...before, form: joined };
    else whole.push(part);
  }
  return whole.map((normal) => ({ ...normal, form: withoutMore(normal.form) }));
}

interface Reply {
  readonly more: boolean;
  readonly body: { readonly kind: string; readonly rows: readonly Json[] };
}

function isPart({ message, form }: Normal): Reply | null {
  if (message?.type !== 'multipart_reply' || !('rows' in message.body)) return null;
  return form as unknown as Reply;
}

function joinedForm(before: Normal, part: Normal): Json | null {
  const [a, b] = [isPart(before), isPart(part)];
  if (!a?.more || !b || a.body.kind !== b.body.kind) return null;
  return { ...a, more: b.more, body: { ...a.body, rows: [...a.body.rows, ...b.body.rows] } };
}

function withoutMore(form: Json): Json {
  return typeof form === 'object' && form !== null && 'more' in form ? { ...form, more: false } : form;
}
