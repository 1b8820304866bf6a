/**
 * The demo's commands: one table for what is typed, help, and completion. Reading lines is the prompt's, or a pipe's.
 */
import { didYouMean } from '../../nxm/suggestion.js';
import type { HostPort } from '../../ports/host.js';
import { addFlow, deleteFlows } from './changes.js';
import { firstSwitch, link, nodes, switchNamed } from './nodes.js';
import { type Call, type Outcome, type Place, type Scene, Unclear } from './outcome.js';
import { connectionLines, controllerLines, flowLines, hostLines, linkLines, portLines, switchLines } from './tables.js';
import { ping, pingAll, tcp, udp } from './traffic.js';

type Ran = Outcome | Promise<Outcome>;

interface Command {
  readonly form: string;
  /** How it is written where there are several switches. */
  readonly several?: string;
  readonly about: string;
  /** `rest` is what stands behind the name, as typed. */
  run(words: string[], call: Call, rest: string): Ran;
  /** What may follow the words that are there. */
  next?(words: readonly string[], scene: Scene): readonly string[];
}

/** What a host does: `h1 VERB …`. */
const VERBS: Readonly<
  Record<string, { form: string; about: string; run(from: HostPort, words: string[], call: Call): Ran }>
> = {
  ping: { form: 'h1 ping h2 [COUNT]', about: 'ping a host or an address', run: ping },
  tcp: { form: 'h1 tcp h2:80 [TEXT]', about: 'connect, send, read the echo, close', run: tcp },
  udp: { form: 'h1 udp h2:53 [TEXT]', about: 'send a datagram and wait for the echo', run: udp },
};

const COMMANDS: Readonly<Record<string, Command>> = {
  pingall: { form: 'pingall', about: 'every host pings every other one', run: pingAll },
  link: {
    form: 'link h1 down|up',
    several: 'link s1 s2 down|up',
    about: 'pull a cable, or plug it in',
    run: link,
    next: (words, scene) => (words.length < 3 ? [...nodes(scene), 'down', 'up'] : []),
  },
  flows: each('flows', 'the flows, as ovs-ofctl dump-flows prints them', flowLines),
  'add-flow': {
    form: 'add-flow FLOW',
    several: 'add-flow SWITCH FLOW',
    about: "add a flow in ovs-ofctl's syntax",
    run: addFlow,
    next: firstSwitch,
  },
  'del-flows': {
    form: 'del-flows [MATCH]',
    several: 'del-flows [SWITCH] [MATCH]',
    about: 'delete flows: all, or those that match',
    run: deleteFlows,
    next: firstSwitch,
  },
  ports: each('ports', 'the ports, their links and counters', portLines),
  ct: each('ct', 'tracked connections, as ovs-appctl prints them', connectionLines),
  hosts: list('hosts', 'the hosts and their addresses', hostLines),
  switches: list('switches', 'the switches, and where ovs-ofctl finds each', switchLines),
  links: list('links', 'the cables, and what they do to frames', linkLines),
  controllers: each('controllers', 'who is dialled and who is connected', controllerLines),
  help: { form: 'help', about: 'this list', run: help },
  quit: { form: 'quit', about: 'end (also exit, Ctrl-D)', run: () => 'quit' },
  exit: { form: '', about: '', run: () => 'quit' },
};

function list(form: string, about: string, show: (scene: Scene) => string[]): Command {
  return {
    form,
    about,
    run(words, { scene, say }) {
      if (words.length > 0) throw new Unclear(`${form} takes nothing behind it`);
      for (const line of show(scene)) say(line);
      return 'ok';
    },
  };
}

/** A list that each switch has: of one, or of all. */
function each(form: string, about: string, show: (place: Place, several: boolean) => string[]): Command {
  return {
    form,
    several: `${form} [SWITCH]`,
    about,
    run(words, { scene, say }) {
      const { places } = scene;
      if (words.length > (places.length > 1 ? 1 : 0)) throw new Unclear(`${form} takes nothing behind it`);
      const chosen = words.length === 0 ? places : [switchNamed(words[0], scene)];
      for (const place of chosen) {
        if (chosen.length > 1) say(`${place.name}:`);
        for (const line of show(place, places.length > 1)) say(line);
      }
      return 'ok';
    },
    next: firstSwitch,
  };
}

/** Commands that say nothing where there is one switch. */
const NETWORK_COMMANDS: ReadonlySet<string> = new Set(['switches', 'links']);

/** Runs a typed line; null where there is none in it. Says what is wrong with one that isn't understood. */
export async function runLine(line: string, call: Call): Promise<Outcome | null> {
  const text = line.replace(/^\s*#.*/, '').trim();
  if (text === '') return null;
  try {
    return await dispatch(text, call);
  } catch (error) {
    if (!(error instanceof Unclear)) throw error;
    call.say(error.message);
    return 'unclear';
  }
}

/** Is a line one of the prompt's, by its first word, or that behind a switch's name? */
export function knows(line: string, scene: Scene): boolean {
  const [first, second = ''] = line.trim().split(/\s+/);
  const { hosts } = scene;
  return hosts.has(first) || Object.hasOwn(COMMANDS, isSwitch(first, scene) ? second : first);
}

/** Is it the name of a switch of a network? */
function isSwitch(word: string, { places, links }: Scene): boolean {
  return links.length > 0 && places.some(({ name }) => name === word);
}

/** Commands that a switch's name may stand behind, or before. */
const SWITCH_COMMANDS = Object.entries(COMMANDS).filter(([, { next }]) => next === firstSwitch);

/** `s1 flows` is `flows s1`; of a network of one switch, `flows`. */
function atSwitch(name: string, [word = '', ...words]: string[], call: Call, rest: string): Ran {
  const command = SWITCH_COMMANDS.find(([each]) => each === word)?.[1];
  const before = call.scene.places.length > 1 ? [name] : [];
  if (command)
    return command.run([...before, ...words], call, [...before, rest.slice(word.length).trim()].join(' ').trim());
  const forms = SWITCH_COMMANDS.map(([each]) => `${name} ${each}`).join(', ');
  throw new Unclear(word === '' ? `what of ${name}? ${forms}` : `"${word}" is nothing of ${name}'s: ${forms}`);
}

function dispatch(text: string, call: Call): Ran {
  const [first, ...words] = text.split(/\s+/);
  const { hosts } = call.scene;
  if (isSwitch(first, call.scene)) return atSwitch(first, words, call, text.slice(first.length).trim());
  const host = hosts.get(first);
  if (host === undefined) {
    const command = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
    if (command) return command.run(words, call, text.slice(first.length).trim());
    const hint = didYouMean(first, [...Object.keys(COMMANDS), ...hosts.keys()]) || '; help lists the commands';
    throw new Unclear(`unknown command "${first}"${hint}`);
  }
  const [verb, ...rest] = words;
  if (verb !== undefined && Object.hasOwn(VERBS, verb)) return VERBS[verb].run(host, rest, call);
  const verbs = Object.keys(VERBS);
  if (verb === undefined)
    throw new Unclear(`what should ${first} do? ${verbs.map((v) => `${first} ${v} …`).join(', ')}`);
  throw new Unclear(`${first} does ${verbs.join(', ')}, not "${verb}"${didYouMean(verb, verbs)}`);
}

/** What the last word of a typed line may become; the word itself comes second, as readline wants it. */
export function completions(line: string, scene: Scene): [string[], string] {
  const words = line.trimStart().split(/\s+/);
  const last = words.pop() ?? '';
  const fitting = nextWords(words, scene).filter((word) => word.startsWith(last));
  return [fitting.map((word) => (word.endsWith(':') ? word : `${word} `)), last];
}

function nextWords(words: readonly string[], scene: Scene): readonly string[] {
  const names = [...scene.hosts.keys()];
  const switches = scene.links.length > 0 ? scene.places.map(({ name }) => name) : [];
  const known = Object.keys(COMMANDS).filter((name) => scene.places.length > 1 || !NETWORK_COMMANDS.has(name));
  if (words.length === 0) return [...names, ...switches, ...known];
  const [first, verb] = words;
  if (isSwitch(first, scene)) return words.length === 1 ? SWITCH_COMMANDS.map(([name]) => name) : [];
  if (!scene.hosts.has(first)) {
    return Object.hasOwn(COMMANDS, first) ? (COMMANDS[first].next?.(words.slice(1), scene) ?? []) : [];
  }
  if (words.length === 1) return Object.keys(VERBS);
  if (words.length > 2) return [];
  return names.filter((name) => name !== first).map((name) => (verb === 'ping' ? name : `${name}:`));
}

function help(_: string[], { say, scene }: Call): Outcome {
  const all = [...Object.values(VERBS), ...Object.values(COMMANDS)].filter(({ form }) => form !== '');
  const several = scene.places.length > 1;
  for (const command of all) {
    const form = (several && 'several' in command && command.several) || command.form;
    if (several || !NETWORK_COMMANDS.has(form)) say(`  ${form.padEnd(several ? 28 : 22)}${command.about}`);
  }
  say('');
  say('From another terminal:');
  say(`  ovs-ofctl -O OpenFlow13 show|dump-flows|dump-ports|monitor ${scene.places[0].target}`);
  return 'ok';
}
