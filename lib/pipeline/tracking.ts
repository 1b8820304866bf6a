/**
 * ct and ct_clear while a packet is translated (ovs-actions(7)): a step for the tracker, and what the pipeline sees
 * behind it.
 */
import { OP } from '../datapath/index.js';
import { type CtArgs, kindOf, type Meaning, type TrackingMeaning } from '../nxm/index.js';
import { slots } from '../packet/key.js';
import { ctRequest } from './ct-request.js';
import { forgetTracking, freeze } from './freezer.js';
import { restAt } from './frozen.js';
import type { Pass } from './pass.js';

export class Tracking implements TrackingMeaning {
  constructor(
    private readonly pass: Pass,
    private readonly meaning: Meaning,
  ) {}

  ct(args: CtArgs): void {
    const { pass } = this;
    pass.commit();
    const request = ctRequest(args, pass.headers, (action) => kindOf(action).translate(action, this.meaning));
    if (request.nat) pass.headers.translated();
    pass.program.ct({ kind: 'ct', request }, args.table === null ? 0 : freeze(pass, [restAt(args.table)], true));
    // The copy that goes on is untracked.
    forgetTracking(pass);
  }

  clear(): void {
    const { pass } = this;
    // What the pipeline doesn't see as tracked isn't cleared: behind ct the datapath goes on knowing the packet.
    if (pass.headers.read(slots.ct_state) === 0) return;
    pass.program.step(OP.ctClear);
    forgetTracking(pass);
  }
}
