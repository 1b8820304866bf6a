/** Which flows name which groups and meters: for what deleting one takes along, and for their counts in statistics. */
import { type Action, flattened, type Instructions, lastAsked } from '../nxm/index.js';
import type { Flow } from './flow.js';

type Index = Map<number, Set<Flow>>;

export class References {
  private readonly groups: Index = new Map();
  private readonly meters: Index = new Map();

  /** Notes what a flow names; call before its instructions count. */
  add(flow: Flow): void {
    for (const group of groupsOf(flow.instructions)) put(this.groups, group, flow);
    if (flow.instructions.meter !== undefined) put(this.meters, flow.instructions.meter, flow);
  }

  /** Forgets it; call while it still has the instructions that it was added with. */
  remove(flow: Flow): void {
    for (const group of groupsOf(flow.instructions)) take(this.groups, group, flow);
    if (flow.instructions.meter !== undefined) take(this.meters, flow.instructions.meter, flow);
  }

  /** The flows that name a group, in the order they were added. */
  ofGroup(group: number): readonly Flow[] {
    return [...(this.groups.get(group) ?? [])];
  }

  ofMeter(meter: number): readonly Flow[] {
    return [...(this.meters.get(meter) ?? [])];
  }

  /** How many flows name it. */
  countOfGroup(group: number): number {
    return this.groups.get(group)?.size ?? 0;
  }

  countOfMeter(meter: number): number {
    return this.meters.get(meter)?.size ?? 0;
  }
}

/** The groups that actions name. */
export function groupsIn(actions: readonly Action[]): number[] {
  const groups: number[] = [];
  for (const action of flattened(actions)) if (action.type === 'group') groups.push(action.group);
  return groups;
}

const groupsOf = lastAsked(({ apply, write }: Instructions): number[] => {
  return [...(apply ? groupsIn(apply) : []), ...(write ? groupsIn(write) : [])];
});

function put(index: Index, id: number, flow: Flow): void {
  const flows = index.get(id);
  if (flows) flows.add(flow);
  else index.set(id, new Set([flow]));
}

function take(index: Index, id: number, flow: Flow): void {
  const flows = index.get(id);
  if (flows?.delete(flow) && flows.size === 0) index.delete(id);
}
