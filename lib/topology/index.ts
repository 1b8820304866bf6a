/** Networks in one process: `await network('linear,3')`, or of a topology file. */
import { readFileSync } from 'node:fs';
import { TextError } from '../bytes/index.js';
import { parseTopology } from './file.js';
import { Network, type NetworkOptions } from './network.js';
import type { Plan } from './plan.js';
import { looksLikeShape, shapePlan } from './shapes.js';

export { parseTopology } from './file.js';
export { Link, Network, NetworkError, type NetworkOptions, type NetworkStart } from './network.js';
export {
  type End,
  type HostPlan,
  type LinkPlan,
  type Plan,
  PlanError,
  Planner,
  portName,
  type SwitchPlan,
} from './plan.js';
export { TOPOLOGY_SCHEMA } from './schema.js';
export { SHAPE_FORMS, shapePlan } from './shapes.js';

/**
 * The plan of a shape ("linear,3") or of a file. Rejects with a PlanError for a shape that isn't one, with a TextError
 * for a mistake in a file, or as node:fs does.
 */
export async function readPlan(text: string): Promise<Plan> {
  if (looksLikeShape(text)) return shapePlan(text);
  return parseTopology(readFileSync(text, 'utf8'), text);
}

/** A network of a shape, a file, or a plan. Rejects as readPlan does. */
export async function network(what: string | Plan, options: NetworkOptions = {}): Promise<Network> {
  return new Network(typeof what === 'string' ? await readPlan(what) : what, options);
}

export { TextError };
