/** One case through both switches: what each refuses, then what each does with the flows that both take. */
import { OpenFlowError, TextError } from '../../lib/bytes/index.js';
import type { SimulateAnswer } from '../../lib/simulate/case.js';
import { simulate } from '../../lib/simulate/simulate.js';
import { Switch } from '../../lib/switch.js';
import { type Difference, difference } from './difference.js';
import type { Case } from './generate.js';
import type { OpenVSwitch } from './ovs.js';

export interface Outcome {
  /** The case without the flows that both refuse. */
  readonly ran: Case;
  readonly refused: number;
  readonly difference: Difference | null;
}

/** Compares once. With caching and without, our answers must be the same as the reference's. */
export async function compareCase(ovs: OpenVSwitch, given: Case): Promise<Outcome> {
  let ran = given;
  let reference = await ovs.run(ran);
  let own = await answer(ran, false);
  let refused = 0;
  if (reference.load_error !== undefined || own.load_error !== undefined) {
    const [theirs, ours] = [await ovs.refusals(given.flows), refusals(given.flows, given.groups)];
    const other = theirs.findIndex((why, i) => (why === null) !== (ours[i] === null));
    if (other >= 0) {
      const found = {
        kind: 'refusal',
        step: -1,
        ovs: [theirs[other] ?? 'taken'],
        own: [ours[other] ?? 'taken'],
      };
      return { ran: { ...given, flows: [given.flows[other]], packets: [] }, refused, difference: found };
    }
    ran = { ...given, flows: given.flows.filter((_, i) => theirs[i] === null) };
    refused = given.flows.length - ran.flows.length;
    reference = await ovs.run(ran);
    own = await answer(ran, false);
  }
  const found = difference(reference, own) ?? difference(reference, await answer(ran, true));
  return { ran, refused, difference: found };
}

/** Our answer; a crash is an answer as well, and always a difference. */
async function answer(given: Case, cold: boolean): Promise<SimulateAnswer> {
  try {
    return await simulate({ ...given, cold });
  } catch (error) {
    return { load_error: `crash: ${(error as Error).stack}` };
  }
}

/** Why each line alone is refused, or null. */
export function refusals(flows: readonly string[], groups: readonly string[] = []): (string | null)[] {
  return flows.map((flow) => {
    const sw = new Switch({ clock: STILL });
    try {
      sw.groups.load(groups.join('\n'));
      sw.flows.add(flow);
      return null;
    } catch (error) {
      if (error instanceof TextError || error instanceof OpenFlowError) return error.message;
      throw error;
    } finally {
      void sw.close();
    }
  });
}

/** A clock for switches that see no packet. */
const STILL = { now: () => 0, wall: () => 0, after: () => ({ cancel: () => {} }) };
