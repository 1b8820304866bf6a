/** What a switch says when it is ready: what was opened, what it does without a controller, and what to try next. */
import type { FailMode, Switch } from '../switch.js';
import { portJson, portNumber, portState } from './events.js';
import type { Output } from './output.js';
import { VERSION } from './version.js';

export interface ReadyFacts {
  readonly sw: Switch;
  readonly name: string;
  readonly failMode: FailMode;
  /** Addresses as they were bound. */
  readonly listening: readonly string[];
  readonly controllers: readonly string[];
  /** The management socket; null: there is none. */
  readonly ctl: string | null;
  /** The page in the browser; null: there is none. */
  readonly http: string | null;
}

/** The first JSON line. */
export function readyJson({ sw, name, failMode, listening, controllers, ctl, http }: ReadyFacts) {
  return {
    version: VERSION,
    pid: process.pid,
    name,
    datapath_id: sw.datapathIdText,
    ports: sw.ports().map((port) => ({ ...portJson(port), kind: sw.portAt(port.number)?.kind })),
    listening,
    controllers,
    ctl,
    http,
    fail_mode: failMode,
    standalone: sw.standalone,
  };
}

/** The same as lines for people. */
export function readyText(facts: ReadyFacts, output: Output): string {
  const { sw, name, listening, controllers } = facts;
  const ports = sw.ports().map((port) => {
    const state = portState(port);
    return `${portNumber(port.number)}=${port.name}${state === 'up' ? '' : ` (${state})`}`;
  });
  return [
    `${output.style('bold', `ctswitch ${VERSION}`)}: switch ${name}, datapath id ${sw.datapathIdText}`,
    row('ports', ports.join(', ') || 'none: give it some with --port'),
    ...connectionRows(listening, controllers),
    ...failModeRows(facts, output),
    ...pageRows(facts),
    ...(listening.length > 0 ? ['', OUTSIDE, ...ofctlHints(listening[0])] : []),
  ].join('\n');
}

/** "  word        text" */
export function row(word: string, text: string): string {
  return `  ${word.padEnd(12)}${text}`;
}

/** Where the page is. */
export function pageRows({ http }: Pick<ReadyFacts, 'http'>): string[] {
  return http === null ? [] : [row('page', `${http} and ${http}metrics`)];
}

/** What listens, and who is dialled. */
export function connectionRows(listening: readonly string[], controllers: readonly string[]): string[] {
  const dialled = controllers.map((address) => row('controller', `${address}, dialled until it answers`));
  const waiting = listening.map((address) => row('listens on', address));
  if (dialled.length + waiting.length > 0) return [...waiting, ...dialled];
  return [row('controller', 'none, and nothing can connect: there is neither --controller nor --listen')];
}

/** What happens without a controller; standalone is said loudly. */
export function failModeRows(
  { failMode, controllers }: Pick<ReadyFacts, 'failMode' | 'controllers'>,
  output: Output,
): string[] {
  if (failMode === 'secure') {
    return [row('fail-mode', 'secure: packets that no flow matches are dropped')];
  }
  const loud = output.style(['bold', 'yellow'], 'STANDALONE: no controller is in charge,');
  const rest = ['so what no flow matches is switched by MAC address (NORMAL)'];
  if (controllers.length > 0) rest.push('until a controller connects');
  return [row('fail-mode', loud), ...rest.map((line) => row('', output.style('yellow', line)))];
}

/** Above `ofctlHints`. */
export const OUTSIDE = 'From another terminal (ctswitch ofctl does it without Open vSwitch, too):';

/** ovs-ofctl commands to begin with, for an address that the switch listens on. */
export function ofctlHints(listening: string): string[] {
  const [, kind, port, host] = /^p(tcp|ssl):(\d+):(.*)$/.exec(listening) ?? [];
  const everywhere = host === '0.0.0.0' ? '127.0.0.1' : host === '[::]' ? '[::1]' : host;
  const address = port === undefined ? listening.slice(1) : `${kind}:${everywhere}:${port}`;
  const ofctl = `ovs-ofctl -O OpenFlow13${kind === 'ssl' ? ' -p KEY -c CERTIFICATE -C CA' : ''}`;
  return [
    `  ${ofctl} show ${address}`,
    `  ${ofctl} add-flow ${address} in_port=1,actions=drop`,
    `  ${ofctl} dump-flows ${address}`,
  ];
}
