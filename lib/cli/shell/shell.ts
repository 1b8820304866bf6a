/**
 * The demo's commands: one table for what is typed, help, and completion. Reading lines is the prompt's, or a pipe's.
 */

import { OpenFlowError, TextError } from '../../bytes/index.js';
import { ALL_TABLES } from '../../nxm/index.js';
import { didYouMean } from '../../nxm/suggestion.js';
import type { HostPort } from '../../ports/host.js';
import { parseFlow } from '../../text/index.js';
import { caret } from '../flow-file.js';
import { type Call, type Outcome, type Scene, Unclear } from './outcome.js';
import { connectionLines, controllerLines, flowLines, hostLines, portLines } from './tables.js';
import { ping, pingAll, tcp, udp } from './traffic.js';

type Ran = Outcome | Promise<Outcome>;

interface Command {
  readonly form: string;
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
    about: "pull a host's cable, or plug it in",
    run: link,
    next: (words, { hosts }) => [[...hosts.keys()], ['down', 'up']][words.length] ?? [],
  },
  flows: list('flows', 'the flows, as ovs-ofctl dump-flows prints them', flowLines),
  'add-flow': { form: 'add-flow FLOW', about: "add a flow in ovs-ofctl's syntax", run: addFlow },
  'del-flows': { form: 'del-flows [MATCH]', about: 'delete flows: all, or those that match', run: deleteFlows },
  ports: list('ports', 'the ports, their links and counters', portLines),
  ct: list('ct', 'tracked connections, as dpctl/dump-conntrack prints them', connectionLines),
  hosts: list('hosts', 'the hosts and their addresses', hostLines),
  controllers: list('controllers', 'who is dialled and who is connected', controllerLines),
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

/** Is the first word of a line one of the prompt's? */
export function knows(line: string, { hosts }: Scene): boolean {
  const [first] = line.trim().split(/\s+/);
  return hosts.has(first) || Object.hasOwn(COMMANDS, first);
}

function dispatch(text: string, call: Call): Ran {
  const [first, ...words] = text.split(/\s+/);
  const { hosts } = call.scene;
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
  if (words.length === 0) return [...names, ...Object.keys(COMMANDS)];
  const [first, verb] = words;
  if (!scene.hosts.has(first)) {
    return Object.hasOwn(COMMANDS, first) ? (COMMANDS[first].next?.(words.slice(1), scene) ?? []) : [];
  }
  if (words.length === 1) return Object.keys(VERBS);
  if (words.length > 2) return [];
  return names.filter((name) => name !== first).map((name) => (verb === 'ping' ? name : `${name}:`));
}

function link([name, to, ...more]: string[], { scene, say }: Call): Outcome {
  const form = 'link HOST down|up';
  if (name === undefined) throw new Unclear(form);
  const host = scene.hosts.get(name);
  if (host === undefined) {
    const names = [...scene.hosts.keys()];
    throw new Unclear(`"${name}" is no host${didYouMean(name, names) || `; the hosts are ${names.join(', ')}`}`);
  }
  if ((to !== 'up' && to !== 'down') || more.length > 0) throw new Unclear(form);
  host.link(to === 'up');
  say(`${name}'s link is ${to}`);
  return 'ok';
}

/** Makes a change written as text; shows the place of a mistake in it. */
function change(text: string, command: 'add' | 'delete', { scene: { sw } }: Call): void {
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

function addFlow(_: string[], call: Call, rest: string): Outcome {
  if (rest === '') throw new Unclear('add-flow FLOW, for example: add-flow priority=10,in_port=h1,actions=drop');
  change(rest, 'add', call);
  call.say('added');
  return 'ok';
}

function deleteFlows(_: string[], call: Call, rest: string): Outcome {
  const before = call.scene.sw.flows.list().length;
  change(rest, 'delete', call);
  const gone = before - call.scene.sw.flows.list().length;
  call.say(gone === 1 ? '1 flow is gone' : `${gone} flows are gone`);
  return 'ok';
}

function help(_: string[], { say, scene }: Call): Outcome {
  const all = [...Object.values(VERBS), ...Object.values(COMMANDS)].filter(({ form }) => form !== '');
  for (const { form, about } of all) say(`  ${form.padEnd(22)}${about}`);
  say('');
  say('From another terminal:');
  say(`  ovs-ofctl -O OpenFlow13 show|dump-flows|dump-ports|monitor ${scene.target}`);
  return 'ok';
}
