/** What came of playing a session: what was compared, and what differed. */

import { messageLines } from '../view/index.js';
import { MESSAGE_TYPES, type Message, peekType } from '../wire/index.js';
import type { FieldDifference } from './difference.js';
import { messageOf, type Recorded, type Session } from './session.js';

/**
 * `differs`: the message came, and says something else. `missing`: it is in the recording and never came. `unexpected`:
 * it came and isn't in the recording. `order`: it came on the other side of a barrier, or, if strict, at another place.
 */
export type DifferenceKind = 'differs' | 'missing' | 'unexpected' | 'order';

export interface Difference {
  readonly kind: DifferenceKind;
  /** The message's name: "OFPT_FLOW_MOD", "OFPST_DESC reply". */
  readonly type: string;
  /** Frame of the capture that the recorded message is in; null where there is none. */
  readonly frame: number | null;
  /** The message that was recorded, and the one that came, as lines; null where there is none. */
  readonly recorded: string | null;
  readonly played: string | null;
  /** What they differ in; none unless `differs`. */
  readonly fields: readonly FieldDifference[];
}

export interface Outcome {
  readonly session: Session;
  /** Messages of the recording that were compared with what came. */
  readonly compared: number;
  readonly differences: readonly Difference[];
  /** What couldn't be played or compared, and why, a line each. */
  readonly notes: readonly string[];
  /** The peer ended the connection, or was silent for too long; else null. */
  readonly broken: string | null;
}

/** A message's first line, or what is known of bytes that can't be read. */
export function lineOf(bytes: Uint8Array, message: Message | null = messageOf(bytes)): string {
  if (message !== null) return messageLines(message)[0];
  return `a ${MESSAGE_TYPES[peekType(bytes)] ?? `message of type ${peekType(bytes)}`} of ${bytes.length} bytes that can't be read`;
}

export function frameOf(recorded: Recorded | null): number | null {
  return recorded === null ? null : recorded.frame;
}
