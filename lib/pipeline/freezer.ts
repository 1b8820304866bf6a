/**
 * What a packet takes along when it is read anew, behind ct with a table or where a header was taken away (frozen.ts):
 * taken down from a translation, and put back at the beginning of the next one.
 */
import { GROUPS, slots } from '../packet/key.js';
import type { Frozen, Rest } from './frozen.js';
import { type Headers, KEPT_WORDS } from './headers.js';
import { sendToController } from './outputs.js';
import type { Pass } from './pass.js';

/** The packet counts as untracked from here on. */
export function forgetTracking(pass: { readonly headers: Headers; untracked: boolean }): void {
  const { headers } = pass;
  pass.untracked = true;
  for (const slot of [slots.ct_state, slots.ct_zone, slots.ct_nw_proto, slots.ct_mark]) headers.fix(slot, 0);
  headers.constant(GROUPS.ctTuple[0], GROUPS.ctTuple[1], () => 0);
}

/** The recirculation id behind which `rest` goes on. */
export function freeze(pass: Pass, rest: readonly Rest[], tracked: boolean): number {
  return pass.world.frozen.intern(takenAlong(pass, rest, tracked));
}

function takenAlong({ headers, packetType, actionSet, stack }: Pass, rest: readonly Rest[], tracked: boolean): Frozen {
  const words = KEPT_WORDS.filter((word) => headers.written[word] !== 0 && headers.keep(word));
  return {
    rest,
    tracked,
    inPort: headers.flow.get(slots.in_port),
    packetType,
    words: words.map((word) => [word, headers.flow.words[word]] as const),
    actionSet,
    stack: stack.slice(),
  };
}

/** Puts back what was frozen, all but what is left to do. */
export function thaw(pass: Pass, frozen: Frozen): void {
  const { headers } = pass;
  const words = new Map(frozen.words);
  pass.metadata((word) => words.get(word) ?? 0);
  if (frozen.inPort !== headers.flow.get(slots.in_port)) headers.write(slots.in_port, frozen.inPort);
  if (frozen.packetType !== 0) pass.packetType = frozen.packetType;
  const [tunnel, end] = GROUPS.tunnel;
  for (const [word, value] of frozen.words) {
    if (word >= tunnel && word < end) headers.constant(word, word + 1, () => value);
  }
  if (!frozen.tracked) forgetTracking(pass);
  pass.actionSet = frozen.actionSet;
  pass.stack = frozen.stack.slice();
}

/** The packet is read anew, and goes on with what is left: one way, or two by its length. */
export function goOnLater(pass: Pass): void {
  const { rest, branch, headers, program } = pass;
  pass.rest = [];
  pass.branch = null;
  if (pass.failed) return;
  if (pass.paused) {
    const { cold, meter } = pass.paused;
    pass.paused = null;
    sendToController(pass, { ...cold, paused: takenAlong(pass, rest, !pass.untracked) }, meter);
    return;
  }
  const goOn = (): void => {
    pass.commit();
    program.recirculate(freeze(pass, rest, !pass.untracked));
  };
  if (branch) {
    pass.commit();
    const restore = headers.save();
    const body = program.openLarger(branch.length);
    headers.writeBits(branch.to, 1n);
    goOn();
    program.closeLarger(body);
    restore();
    headers.writeBits(branch.to, 0n);
  }
  goOn();
}
