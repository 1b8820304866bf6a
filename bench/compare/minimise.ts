/** Makes a case that shows a difference small: packets and flows go as long as the difference stays. */
import type { Case } from './generate.js';

/** Does a smaller case still show the difference? */
export type StillDiffers = (smaller: Case) => Promise<boolean>;

/** Runs at most so often. */
const MAX_TRIES = 400;

/** A smaller case with the same kind of difference; `step` is where it showed, -1 at the end. */
export async function minimise(given: Case, step: number, differs: StillDiffers): Promise<Case> {
  let tries = 0;
  const allowed: StillDiffers = async (smaller) => tries++ < MAX_TRIES && differs(smaller);
  let best = step >= 0 ? { ...given, packets: given.packets.slice(0, step + 1) } : given;
  best = { ...best, packets: await shrink(best.packets, (packets) => allowed({ ...best, packets })) };
  best = { ...best, flows: await shrink(best.flows, (flows) => allowed({ ...best, flows })) };
  best = { ...best, packets: await shrink(best.packets, (packets) => allowed({ ...best, packets })) };
  best = { ...best, groups: await shrink(best.groups, (groups) => allowed({ ...best, groups })) };
  for (let i = 0; i < best.flows.length; i++) {
    const flows = (flow: string) => best.flows.map((old, k) => (k === i ? flow : old));
    const flow = await shorter(best.flows[i], (text) => allowed({ ...best, flows: flows(text) }));
    best = { ...best, flows: flows(flow) };
  }
  return best;
}

/** Drops ever smaller runs of items. */
async function shrink<T>(
  items: readonly T[],
  differs: (fewer: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < left.length; ) {
      const fewer = [...left.slice(0, at), ...left.slice(at + size)];
      if (await differs(fewer)) left = fewer;
      else at += size;
    }
  }
  return left;
}

/** Drops the actions of a flow one by one. */
async function shorter(flow: string, differs: (text: string) => Promise<boolean>): Promise<string> {
  const [match, list] = flow.split('actions=');
  const actions = split(list);
  const left = await shrink(actions, (fewer) =>
    differs(`${match}actions=${fewer.length > 0 ? fewer.join(',') : 'drop'}`),
  );
  return `${match}actions=${left.length > 0 ? left.join(',') : 'drop'}`;
}

/** At commas outside parentheses. */
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i === text.length || (text[i] === ',' && depth === 0)) {
      parts.push(text.slice(from, i));
      from = i + 1;
    } else if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
  }
  return parts;
}
