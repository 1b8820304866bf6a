/** What a ct action asks the tracker for: its arguments, and what the actions inside it write, as masked values. */
import type { CtRequest } from '../ct/index.js';
import type { Action, CtArgs } from '../nxm/index.js';
import { slots } from '../packet/key.js';
import type { Headers } from './headers.js';
import { natRequest } from './nat-request.js';

/** The request of a ct action; `run` translates an action, and what those inside ct change is undone. */
export function ctRequest(args: CtArgs, headers: Headers, run: (action: Action) => void): CtRequest {
  const { zone, commit, force, helper } = args;
  const nat = args.nat === null ? null : natRequest(args.nat);
  return { zone, commit, force, ...written(args.exec, headers, run), nat, helper };
}

/** Runs the actions inside ct on ct_mark and ct_label. */
function written(actions: readonly Action[], headers: Headers, run: (action: Action) => void) {
  const restore = headers.borrow([slots.ct_mark, slots.ct_label]);
  for (const action of actions) run(action);
  const markMask = headers.pendingNumber(slots.ct_mark);
  const labelMask = headers.pendingWords(slots.ct_label);
  const labelled = labelMask.some((bits) => bits !== 0);
  const first = slots.ct_label.at >> 2;
  const result = {
    markValue: (headers.flow.get(slots.ct_mark) & markMask) >>> 0,
    markMask,
    labelValue: labelled ? headers.flow.words.slice(first, first + 4).map((word, i) => word & labelMask[i]) : null,
    labelMask: labelled ? labelMask : null,
  };
  restore();
  return result;
}
