/**
 * `ctswitch` and `npm start`: a switch with four virtual hosts in one process, without rights or interfaces, that
 * looks for a controller and can be looked at with ovs-ofctl, with a prompt where there is a terminal.
 */
import { ChannelError } from '../channel/channel-error.js';
import type { TlsOptions } from '../channel/tls.js';
import { type HostPort, host } from '../ports/host.js';
import { Switch } from '../switch.js';
import { tellEvents } from './events.js';
import { EXIT } from './exit.js';
import { Lifetime } from './lifetime.js';
import { openManagement } from './management.js';
import { Output } from './output.js';
import {
  connectionRows,
  failModeRows,
  OUTSIDE,
  ofctlHints,
  pageRows,
  type ReadyFacts,
  readyJson,
  row,
} from './ready.js';
import { begin } from './shell/begin.js';
import { demoScene } from './shell/scene.js';
import { typedIn } from './shell/typed.js';
import { type CommonOptions, logFor, seedOf } from './switch-options.js';
import { tlsOptions } from './tls-options.js';
import { VERSION } from './version.js';
import { openPage } from './web.js';

const HOSTS = 4;
/** Dialled unless told otherwise. */
export const CONTROLLER = 'tcp:127.0.0.1:6653';
/** Where it listens unless told otherwise, or on the next free port. */
export const FIRST_PORT = 6654;
/** Ports tried from FIRST_PORT on. */
export const PORTS_TRIED = 100;
/** What hosts echo on: echo's own port, and those of HTTP and DNS. */
const OPEN = { tcp: [7, 80], udp: [7, 53] };

export interface DemoOptions extends CommonOptions {
  readonly topo?: string;
}

export async function demo(options: DemoOptions): Promise<number> {
  if (options.topo !== undefined) return (await import('./network.js')).demoNetwork(options, options.topo);
  const life = new Lifetime();
  const output = new Output(options.json ?? false, () => life.end(EXIT.ok));
  const log = logFor(options, output);
  const sw = new Switch({ failMode: 'standalone', seed: seedOf(options), log });
  let closeManagement = async (): Promise<void> => {};
  let closePage = async (): Promise<void> => {};
  const hosts = new Map<string, HostPort>();
  try {
    for (let n = 1; n <= HOSTS; n++) hosts.set(`h${n}`, sw.addPort(n, makeHost(n)));
    const controllers = options.controller ?? [CONTROLLER];
    const tls = tlsOptions(options, [...controllers, ...(options.listen ?? [])]);
    const listening = await listen(sw, options.listen, tls);
    const scene = demoScene(sw, hosts, targetOf(listening));
    const exit = () => life.end(EXIT.ok);
    const switches = new Map([['demo', sw]]);
    const management = await openManagement({ switches, log, options, exit, typed: typedIn(scene, exit) });
    closeManagement = management.close;
    await sw.start({ controllers, tls });
    const page = await openPage(options.http, switches, log);
    closePage = page.close;
    const facts: ReadyFacts = {
      ...{ sw, name: 'demo', failMode: 'standalone', listening, controllers },
      ctl: management.path,
      http: page.url,
    };
    output.tell('ready@1', readyJson(facts));
    output.say(greeting(facts, options.listen === undefined, output));
    const silence = tellEvents({ sw, output, all: true, logged: options.verbose > 0 });
    const stop = await begin(scene, output, life);
    const status = await life.ended;
    stop();
    silence();
    return status;
  } finally {
    await closePage();
    await closeManagement();
    await sw.close();
    life.release();
  }
}

function makeHost(n: number): HostPort {
  return host({
    name: `h${n}`,
    mac: `50:54:00:00:00:0${n}`,
    ipv4: `10.0.0.${n}/24`,
    ipv6: `2001:db8::${n}/64`,
    ...OPEN,
  });
}

/** Listens where it was asked to, or on the first free port. */
async function listen(
  sw: Switch,
  wanted: readonly string[] | undefined,
  tls: TlsOptions | undefined,
): Promise<readonly string[]> {
  if (wanted !== undefined) return (await sw.start({ listen: wanted, tls })).listening;
  for (let port = FIRST_PORT; ; port++) {
    try {
      return (await sw.start({ listen: [`ptcp:${port}`] })).listening;
    } catch (error) {
      const taken = error instanceof ChannelError && error.code === 'EADDRINUSE';
      if (!taken || port === FIRST_PORT + PORTS_TRIED - 1) throw error;
    }
  }
}

/** The address for ovs-ofctl. */
export function targetOf([first = '']: readonly string[]): string {
  const [hint = ''] = first === '' ? [] : ofctlHints(first);
  return hint.split(' ').at(-1) ?? '';
}

function greeting(facts: ReadyFacts, byDefault: boolean, output: Output): string {
  const { listening, controllers } = facts;
  const moved = byDefault && !listening[0].startsWith(`ptcp:${FIRST_PORT}:`);
  const said = moved
    ? [row('', output.style('yellow', `port ${FIRST_PORT} is in use: this is the next free one`))]
    : [];
  const [waiting, ...dialled] = connectionRows(listening, controllers);
  return [
    `${output.style('bold', `ctswitch ${VERSION}`)}: a switch with four hosts, h1 to h4, on ports 1 to 4`,
    row('addresses', '10.0.0.1 to 10.0.0.4, 2001:db8::1 to 2001:db8::4'),
    waiting,
    ...said,
    ...dialled,
    ...failModeRows(facts, output),
    ...pageRows(facts),
    '',
    'Try    h1 ping h2    pingall    h1 tcp h2:80    flows    help',
    ...(listening.length > 0 ? [OUTSIDE, ...ofctlHints(listening[0])] : []),
    '',
  ].join('\n');
}
