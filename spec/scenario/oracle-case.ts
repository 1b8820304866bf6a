/** A scenario that was run, as a case for a reference switch: the same flows, the same frames at the same times. */
import { toHex } from '../../lib/bytes/index.js';
import type { Scenario, ScenarioResult, StepResult } from '../../lib/scenario/index.js';
import type { SimulateCase, SimulateStep } from '../../lib/simulate/case.js';
import {
  formatFlowLine,
  formatGroup,
  formatMeter,
  parseFlows,
  parseGroups,
  parseMeters,
} from '../../lib/text/index.js';

/** The case; null for a scenario with steps that a case can't say (links, flushes, settings). */
export function caseOf({ scenario, steps }: ScenarioResult): SimulateCase | null {
  const { ports } = scenario;
  if (scenario.settings || steps.some(({ step }) => step.settings || step.flush || step.links.length > 0)) return null;
  if (steps.some(({ step }) => step.groups || step.meters)) return null;
  return {
    id: scenario.name,
    flows: flowsOf(scenario.flows, ports),
    groups: parseGroups(scenario.groups ?? '', { ports }).map((group) => formatGroup(group)),
    meters: parseMeters(scenario.meters ?? '').map((meter) => formatMeter(meter)),
    packets: steps.flatMap((each) => stepsOf(each, ports)),
    ct_opts: ['-s'],
    ports: Math.max(...[...ports.values()].filter((number) => number <= 0xffff)),
    dump: false,
  };
}

function flowsOf(block: string | null, ports: Scenario['ports']): string[] {
  return parseFlows(block ?? '', { ports }).map((flow) => formatFlowLine(flow));
}

function stepsOf({ step, outcome }: StepResult, ports: Scenario['ports']): SimulateStep[] {
  const changes = parseFlows(step.flows ?? '', { ports }).map((flow) => {
    const command = { add: 'add-flow', delete: 'del-flows', modify: 'mod-flows' }[flow.command as string];
    return { ofctl: [command ?? '', 'br0', formatFlowLine(flow).replace(/^\w+ (?=\S)/, '')] };
  });
  const frames = outcome.sent.flatMap(({ port, sent }) =>
    sent.frames.map((frame) => {
      const number = ports.get(port) ?? 0;
      return { port: number > 0xffff ? 'LOCAL' : number, frame: toHex(frame), ct: true };
    }),
  );
  return [...(step.wait_ms > 0 ? [{ warp: step.wait_ms }] : []), ...changes, ...frames];
}
