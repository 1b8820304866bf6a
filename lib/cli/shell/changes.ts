/** Flows that are typed: added, deleted, with the place of a mistake shown. */
import { OpenFlowError, TextError } from '../../bytes/index.js';
import { ALL_TABLES } from '../../nxm/index.js';
import { parseFlow } from '../../text/index.js';
import { caret } from '../flow-file.js';
import { type Call, type Outcome, type Place, type Scene, Unclear } from './outcome.js';

/** Makes a change written as text; shows the place of a mistake in it. */
function change(text: string, command: 'add' | 'delete', { sw }: Place): void {
  const ports = new Map(sw.ports().map(({ name, number }) => [name, number]));
  try {
    const flow = parseFlow(text, { command, ports });
    const everywhere = command === 'delete' && !/(^|,)\s*table\s*=/.test(text);
    sw.flows.apply(everywhere ? { ...flow, tableId: ALL_TABLES } : flow);
  } catch (error) {
    if (error instanceof TextError) throw new Unclear(`${error.why}\n${caret(text, error.column)}`);
    if (error instanceof OpenFlowError) throw new Unclear(`${error.why} (${error.error})`);
    throw error;
  }
}

/** The switches that a line means, and what it says behind their name. */
function addressed(rest: string, { places }: Scene): [readonly Place[], string] {
  if (places.length === 1) return [places, rest];
  const [first] = rest.split(/\s+/);
  const one = places.find(({ name }) => name === first);
  return one ? [[one], rest.slice(first.length).trim()] : [places, rest];
}

/** `add-flow FLOW`; in a network, `add-flow SWITCH FLOW`. */
export function addFlow(_: string[], { scene, say }: Call, rest: string): Outcome {
  const [chosen, flow] = addressed(rest, scene);
  const several = scene.places.length > 1;
  if (flow === '') {
    const where = several ? `${scene.places[0].name} ` : '';
    throw new Unclear(`add-flow ${several ? 'SWITCH ' : ''}FLOW, for example: add-flow ${where}${SAMPLE_FLOW}`);
  }
  if (chosen.length > 1) throw new Unclear(`say at which switch: add-flow ${chosen[0].name} ${flow}`);
  change(flow, 'add', chosen[0]);
  say('added');
  return 'ok';
}

const SAMPLE_FLOW = 'priority=10,in_port=1,actions=drop';

/** `del-flows [MATCH]`; in a network, at all switches or at one. */
export function deleteFlows(_: string[], { scene, say }: Call, rest: string): Outcome {
  const [chosen, match] = addressed(rest, scene);
  const count = (): number => chosen.reduce((sum, { sw }) => sum + sw.flows.list().length, 0);
  const before = count();
  for (const place of chosen) change(match, 'delete', place);
  const gone = before - count();
  say(gone === 1 ? '1 flow is gone' : `${gone} flows are gone`);
  return 'ok';
}
