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
  let own = await answer(given, false);
  // Flows that we refuse, Open vSwitch has to refuse, too; the others make the case.
  const ours = own.load_error === undefined ? given.flows.map(() => null) : refusals(given.flows, given.groups);
  const ran = { ...given, flows: given.flows.filter((_, i) => ours[i] === null) };
  const refused = given.flows.length - ran.flows.length;
  if (refused > 0) own = await answer(ran, false);
  const reference = await ovs.run(ran);
  let found = reference.load_error === undefined ? null : await refusal(ovs, given, ours);
  if (found === null && refused > 0) {
    const lines = given.flows.filter((_, i) => ours[i] !== null);
    const reasons = ours.filter((why) => why !== null);
    found = await refusal(ovs, { ...given, flows: lines }, reasons);
  }
  if (found !== null) return { ran: found.ran, refused, difference: found.difference };
  const differs = difference(reference, own) ?? difference(reference, await answer(ran, true));
  return { ran, refused, difference: differs };
}

/** The first flow that only one of the switches takes. */
async function refusal(
  ovs: OpenVSwitch,
  given: Case,
  ours: readonly (string | null)[],
): Promise<{ ran: Case; difference: Difference } | null> {
  const theirs = await ovs.refusals(given.flows, given.groups);
  const other = theirs.findIndex((why, i) => (why === null) !== (ours[i] === null));
  if (other < 0) return null;
  const difference = {
    kind: 'refusal',
    step: -1,
    ovs: [theirs[other] ?? 'taken'],
    own: [ours[other] ?? 'taken'],
  };
  return { ran: { ...given, flows: [given.flows[other]], packets: [] }, difference };
}

/** Our answer; a crash is an answer as well, and always a difference. */
async function answer(given: Case, cold: boolean): Promise<SimulateAnswer> {
  try {
    return await simulate({ ...given, cold });
  } catch (error) {
    return { load_error: `crash: ${(error as Error).stack}` };
  }
}

/** Why each line is refused, or null. */
export function refusals(flows: readonly string[], groups: readonly string[] = []): (string | null)[] {
  const sw = new Switch({ clock: STILL });
  const why = (load: () => void): string | null => {
    try {
      load();
      return null;
    } catch (error) {
      if (error instanceof TextError || error instanceof OpenFlowError) return error.message;
      throw error;
    }
  };
  const refused = why(() => sw.groups.load(groups.join('\n')));
  const answers = flows.map((flow) => refused ?? why(() => sw.flows.add(flow)));
  void sw.close();
  return answers;
}

/** A clock for switches that see no packet. */
const STILL = { now: () => 0, wall: () => 0, after: () => ({ cancel: () => {} }) };
