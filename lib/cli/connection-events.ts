/**
 * Tracked connections as they come, change and end: JSON lines (`conntrack@1`), or for people a line each, throttled.
 */
import { type CtEvent, formatConnection } from '../ct/index.js';
import type { Switch } from '../switch.js';
import type { Output } from './output.js';
import { Throttle } from './throttle.js';

/** Begins to tell; what it returns ends it. `name` is the switch's, in a network. */
export function tellConnections(sw: Switch, output: Output, name?: string): () => void {
  const [who, mark] = name === undefined ? [{}, ''] : [{ switch: name }, `${name}: `];
  const throttle = new Throttle(sw.clock, (text) => output.say(output.style('cyan', text)));
  const off = sw.onConntrack((event) => {
    if (output.json) output.tell('conntrack@1', { ...who, ...connectionJson(event) });
    else if (throttle.allows('tracked connections')) output.say(output.style('cyan', mark + connectionText(event)));
  });
  return () => {
    off();
    throttle.close();
  };
}

/** "connection destroyed (expired): udp,orig=(…),reply=(…)" */
export function connectionText(event: CtEvent): string {
  const why = event.type === 'destroyed' ? ` (${event.why})` : '';
  return `connection ${event.type}${why}: ${formatConnection(event.connection)}`;
}

/** An event as it stands in a JSON line. */
export function connectionJson({ type, connection, ...rest }: CtEvent): object {
  return { event: type, ...rest, connection };
}
