/**
 * Actions that run on copies of the packet: a group's buckets (OpenFlow 1.3.5 §5.6; which ones, select.ts says), and
 * clone's.
 */
import type { Action, CopyMeaning } from '../nxm/index.js';
import { goOnLater } from './freezer.js';
import type { Lists } from './lists.js';
import type { Pass } from './pass.js';
import { bucketsFor } from './select.js';
import type { Tags } from './tags.js';

export class Copies implements CopyMeaning {
  constructor(
    private readonly pass: Pass,
    private readonly tags: Tags,
    private readonly lists: Lists,
  ) {}

  group(id: number): void {
    const { pass } = this;
    const { program, world } = pass;
    const group = world.groups.get(id);
    if (!group) {
      pass.listener?.note(`there is no group ${id}`);
      return;
    }
    if (pass.tooMuch()) return;
    pass.resubmits++;
    pass.depth++;
    pass.commit();
    program.credit(group);
    const buckets = bucketsFor(group, world.groups, pass.headers);
    if (buckets.length === 0) pass.listener?.note('no live bucket');
    for (const bucket of buckets) {
      program.credit(bucket);
      pass.listener?.bucket(group, group.buckets.indexOf(bucket));
      this.onCopy(bucket.list);
      pass.listener?.done();
    }
    pass.depth--;
  }

  clone(actions: readonly Action[]): void {
    const { pass } = this;
    const { program, headers, actionSet, untracked, stack, inActionSet, tableId, flow } = pass;
    pass.commit();
    const body = program.open();
    const restore = headers.save();
    pass.stack = stack.slice();
    this.lists.run(actions);
    // The copy's way ends here, with its action set.
    if (pass.rest.length === 0) this.lists.runSet();
    if (pass.rest.length > 0) goOnLater(pass);
    restore();
    pass.actionSet = actionSet;
    pass.stack = stack;
    pass.untracked = untracked;
    pass.inActionSet = inActionSet;
    pass.tableId = tableId;
    pass.flow = flow;
    this.tags.begin();
    program.close(body);
  }

  /** Runs a list on a copy of the packet: nothing that happens to the copy is left behind it. */
  private onCopy(actions: readonly Action[]): void {
    const { pass } = this;
    const { program, headers, actionSet, untracked } = pass;
    const body = program.open();
    const restore = headers.save();
    pass.actionSet = [];
    this.lists.run(actions);
    const waits = pass.rest.length > 0;
    if (waits) goOnLater(pass);
    pass.exited = false;
    // A bucket that has no way with the packet takes no other with it.
    if (pass.wrongType) {
      pass.wrongType = false;
      pass.failed = false;
    }
    restore();
    // What tables behind a resubmit wrote into the action set stays there (Open vSwitch does so), unless the copy took
    // it.
    const written = waits ? [] : pass.actionSet;
    pass.actionSet = actionSet;
    if (written.length > 0) pass.setActionSet([...actionSet, ...written]);
    pass.untracked = untracked;
    this.tags.begin();
    program.close(body);
  }
}
