/** Switches and hosts by their names, and the cables between them: what typed lines mean, and what may follow. */
import { didYouMean } from '../../nxm/suggestion.js';
import { type Call, type Outcome, type Place, type Scene, Unclear } from './outcome.js';

/** Names of switches, where there are several and none was typed yet. */
export function firstSwitch(words: readonly string[], { places }: Scene): readonly string[] {
  return words.length === 0 && places.length > 1 ? places.map(({ name }) => name) : [];
}

/** Names that a cable may have at an end. */
export function nodes({ places, hosts, links }: Scene): string[] {
  return [...hosts.keys(), ...(links.length > 0 ? places.map(({ name }) => name) : [])];
}

/** The switch of a name. Throws Unclear. */
export function switchNamed(name: string, { places }: Scene): Place {
  const found = places.find((place) => place.name === name);
  if (found) return found;
  const names = places.map((place) => place.name);
  const few = names.length > 12 ? '' : `; there are ${names.join(', ')}`;
  throw new Unclear(`there is no switch "${name}"${didYouMean(name, names) || few}`);
}

/** `link h1 down`, `link s1 s2 up`: pulls a cable, or plugs it in. */
export function link(words: string[], { scene, say }: Call): Outcome {
  const form = scene.links.length > 0 ? 'link NODE [NODE] down|up' : 'link HOST down|up';
  const to = words.at(-1);
  const names = words.slice(0, -1);
  if (names.length > 0) for (const name of names) known(name, scene);
  else if (words.length > 0) known(words[0], scene);
  if ((to !== 'up' && to !== 'down') || names.length === 0 || names.length > 2) throw new Unclear(form);
  const [a, b] = names;
  if (b === undefined) {
    const host = scene.hosts.get(a);
    if (host === undefined) throw new Unclear(`${a} has several links: link ${a} OTHER ${to}`);
    host.link(to === 'up');
    say(`${a}'s link is ${to}`);
    return 'ok';
  }
  const cables = scene.links.filter((each) => each.joins(a, b));
  if (cables.length === 0) throw new Unclear(`no link joins ${a} and ${b}; links lists them`);
  for (const cable of cables) cable[to]();
  say(`the link between ${a} and ${b} is ${to}`);
  return 'ok';
}

/** Refuses a name that no host, and in a network no switch, has. */
function known(name: string, scene: Scene): void {
  const names = nodes(scene);
  if (names.includes(name)) return;
  const network = scene.links.length > 0;
  const what = network ? 'switch or host' : 'host';
  const few = names.length > 12 ? '' : `; the ${network ? 'nodes' : 'hosts'} are ${names.join(', ')}`;
  throw new Unclear(`"${name}" is no ${what}${didYouMean(name, names) || few}`);
}
