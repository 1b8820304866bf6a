/**
 * Networks on the command line: `ctswitch run --topo linear,3`, and the demo with a network and its prompt. Each switch
 * dials the controllers, and listens at an address of its own: ptcp:6654 is s1's, s2 has the next port, and so on, as
 * in Mininet.
 */
import type { Log } from '../bytes/index.js';
import { RefusedError, TextError } from '../bytes/index.js';
import { ChannelError } from '../channel/channel-error.js';
import type { FailMode } from '../switch.js';
import { systemClock } from '../system-clock.js';
import { Network, type NetworkOptions, type Plan, PlanError, readPlan } from '../topology/index.js';
import { tellConnections } from './connection-events.js';
import { conntrackConfiguration } from './conntrack-options.js';
import { CONTROLLER, FIRST_PORT, PORTS_TRIED, targetOf } from './demo.js';
import { tellEvents } from './events.js';
import { EXIT, Failure, unreadable } from './exit.js';
import { loadFlows, readFlowFile } from './flow-file.js';
import { Lifetime } from './lifetime.js';
import type { AdjustableLog } from './log.js';
import { type Opened, openManagement } from './management.js';
import { MessageTeller } from './message-teller.js';
import { type NetworkFacts, networkJson, networkText } from './network-ready.js';
import { Output } from './output.js';
import { bridgeSocket, type RunOptions, SMALLEST_FRAGMENT } from './run.js';
import { SessionRecorder } from './session-recorder.js';
import { begin } from './shell/begin.js';
import { networkScene } from './shell/scene.js';
import { typedIn } from './shell/typed.js';
import { type CommonOptions, logFor, seedOf } from './switch-options.js';
import { Throttle } from './throttle.js';
import { tlsOptions } from './tls-options.js';
import { openPage, type Page } from './web.js';

/** Where a switch of a network waits, by its place from 0. */
type Listening = (index: number, name: string) => readonly string[];

/** The plan of --topo. Rejects with a Failure, or with a TextError. */
async function planOf(topo: string): Promise<Plan> {
  try {
    return await readPlan(topo);
  } catch (error) {
    if (error instanceof PlanError) throw new Failure(EXIT.usage, `--topo ${topo}: ${error.message}`);
    throw error instanceof Error && 'code' in error ? unreadable(topo, error) : error;
  }
}

/** The network of a plan; a flow that a switch refuses is the file's mistake. */
function build(plan: Plan, topo: string, settings: NetworkOptions, log: (name: string) => Log): Network {
  try {
    return new Network(plan, { ...settings, log });
  } catch (error) {
    if (!(error instanceof TextError || error instanceof RefusedError)) throw error;
    throw new Failure(EXIT.usage, `${topo}: flows: ${error.message}`);
  }
}

/** A log whose lines begin with a switch's name. */
function named(log: Log): (name: string) => Log {
  return (name) => ({
    debug: (text) => log.debug(`${name}: ${text}`),
    info: (text) => log.info(`${name}: ${text}`),
    warn: (text) => log.warn(`${name}: ${text}`),
    error: (text) => log.error(`${name}: ${text}`),
  });
}

/** Each switch's own addresses: the next TCP port, or the socket's path with the switch's name. */
function spread(addresses: readonly string[]): Listening {
  return (index, name) =>
    addresses.map((address) => {
      if (address.startsWith('punix:')) return `${address}.${name}`;
      return address.replace(/(?<=^p(tcp|ssl):)\d+/, (port) => (port === '0' ? port : `${Number(port) + index}`));
    });
}

/** Tells of each switch's events; what it returns ends that. */
function tellAll(net: Network, output: Output, all: boolean, logged: boolean, connections: boolean): () => void {
  const throttle = new Throttle(net.clock, (text) => output.say(output.style('cyan', text)));
  const ends = [...net.switches].flatMap(([name, sw]) => [
    tellEvents({ sw, output, all, logged, member: { name, throttle } }),
    ...(connections ? [tellConnections(sw, output, name)] : []),
  ]);
  return () => {
    for (const end of ends) end();
    throttle.close();
  };
}

/** Where ovs-ofctl finds each switch. */
function targetsOf(listening: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, string> {
  return new Map([...listening].map(([name, addresses]) => [name, targetOf(addresses)]));
}

/** The management socket of a network: its switches by name, and the prompt's words. */
function manage(
  net: Network,
  listening: () => ReadonlyMap<string, readonly string[]>,
  options: CommonOptions,
  log: AdjustableLog,
  life: Lifetime,
): Promise<Opened> {
  const exit = () => life.end(EXIT.ok);
  const typed = (line: string, signal: AbortSignal) =>
    typedIn(networkScene(net, targetsOf(listening())), exit)(line, signal);
  return openManagement({ switches: net.switches, network: true, log, options, exit, typed });
}

/** `ctswitch run --topo`: until a signal ends it. Resolves to an exit status. */
export async function runNetwork(options: RunOptions, topo: string): Promise<number> {
  const { controller: controllers = [], listen = [], profile, verbose, flows: file } = options;
  const plan = await planOf(topo);
  const flows = file === undefined ? '' : readFlowFile(file);
  const failMode: FailMode = options.failMode ?? (controllers.length > 0 ? 'secure' : 'standalone');
  const tls = tlsOptions(options, [...controllers, ...listen]);
  const life = new Lifetime(options.untilEof);
  const output = new Output(options.json ?? false, () => life.end(EXIT.ok));
  const log = logFor(options, output);
  const recorder = options.record === undefined ? null : new SessionRecorder(options.record, systemClock, log);
  // With -v, a line a message, under the switch's name.
  const teller = verbose > 0 ? new MessageTeller(output, {}, plan.switches.length) : null;
  const settings: NetworkOptions = {
    conntrack: conntrackConfiguration(options),
    failMode,
    seed: seedOf(options),
    minFrame: options.minFrame,
    natExhausted: options.natExhausted,
    smallestFragment: SMALLEST_FRAGMENT[profile],
    agent: { profile },
    ...((recorder || teller) && {
      onMessage: (name, direction, peer, bytes) => {
        recorder?.message(direction, `${name} ${peer}`, bytes);
        teller?.message(peer, direction === 'in' ? 'controller' : 'switch', bytes, name);
      },
    }),
  };
  let net: Network | null = null;
  let listening: ReadonlyMap<string, readonly string[]> = new Map();
  let management: Opened | null = null;
  let page: Page | null = null;
  try {
    net = build(plan, topo, settings, named(log));
    for (const sw of net.switches.values()) {
      if (file !== undefined) loadFlows(sw, file, flows, new Map(sw.ports().map((port) => [port.name, port.number])));
    }
    // Before the switches' own sockets: it makes the run directory.
    management = await manage(net, () => listening, options, log, life);
    const own = spread(listen);
    const waiting = (index: number, name: string) => [...own(index, name), ...bridgeSocket(options.rundir, name)];
    listening = await net.start({ controllers, listen: waiting, tls });
    page = await openPage(options.http, net.switches, log);
    const ctl = management.path;
    const facts: NetworkFacts = { net, topo, failMode, listening, controllers, ctl, http: page.url };
    output.tell('ready@1', networkJson(facts));
    output.say(networkText(facts, output));
    const silence = tellAll(net, output, verbose > 0, verbose > 0, options.conntrackEvents ?? false);
    const status = await life.ended;
    silence();
    return status;
  } finally {
    await page?.close();
    await management?.close();
    await net?.close();
    await recorder?.close();
    life.release();
  }
}

/** The demo with a network: a prompt that knows its switches, hosts and links. */
export async function demoNetwork(options: CommonOptions, topo: string): Promise<number> {
  const plan = await planOf(topo);
  const life = new Lifetime();
  const output = new Output(options.json ?? false, () => life.end(EXIT.ok));
  const { controller: controllers = [CONTROLLER] } = options;
  const log = logFor(options, output);
  let net: Network | null = null;
  let management: Opened | null = null;
  let page: Page | null = null;
  try {
    net = build(plan, topo, { failMode: 'standalone', seed: seedOf(options) }, named(log));
    const { listen } = options;
    const tls = tlsOptions(options, [...controllers, ...(listen ?? [])]);
    const listening = listen ? await net.start({ listen: spread(listen), tls }) : await listenAnywhere(net);
    const targets = targetsOf(listening);
    management = await manage(net, () => listening, options, log, life);
    await net.start({ controllers, tls });
    page = await openPage(options.http, net.switches, log);
    const ctl = management.path;
    const facts: NetworkFacts = { net, topo, failMode: 'standalone', listening, controllers, ctl, http: page.url };
    output.tell('ready@1', networkJson(facts));
    output.say(`${networkText(facts, output)}\n\nTry    ${trials(net)}    help\n`);
    const silence = tellAll(net, output, true, options.verbose > 0, false);
    const stop = await begin(networkScene(net, targets), output, life);
    const status = await life.ended;
    stop();
    silence();
    return status;
  } finally {
    await page?.close();
    await management?.close();
    await net?.close();
    life.release();
  }
}

/** What to type first. */
function trials(net: Network): string {
  const [a, b] = [...net.hosts.keys()];
  const link = net.links.find(({ plan: { ends } }) => ends.every(({ port }) => port !== 0));
  const cable = link?.plan.ends
    .map(({ node }) => node)
    .sort()
    .join(' ');
  return [b && `${a} ping ${b}`, 'pingall', 'flows s1', cable && `link ${cable} down`].filter(Boolean).join('    ');
}

/** Each switch at the next free port. */
async function listenAnywhere(net: Network): Promise<ReadonlyMap<string, readonly string[]>> {
  const all = new Map<string, readonly string[]>();
  let port = FIRST_PORT;
  let tried = 0;
  for (const [name, sw] of net.switches) {
    for (;;) {
      try {
        all.set(name, (await sw.start({ listen: [`ptcp:${port++}`] })).listening);
        break;
      } catch (error) {
        if (!(error instanceof ChannelError && error.code === 'EADDRINUSE') || ++tried >= PORTS_TRIED) throw error;
      }
    }
  }
  return all;
}
