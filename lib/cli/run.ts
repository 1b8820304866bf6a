/** `ctswitch run`: a switch on real ports, until a signal ends it. */
import type { Profile } from '../agent/profile.js';
import { OFPP } from '../nxm/index.js';
import { FilePort, InputError } from '../ports/file.js';
import { type FailMode, Switch, type SwitchOptions } from '../switch.js';
import { systemClock } from '../system-clock.js';
import { tellConnections } from './connection-events.js';
import { type ConntrackOptions, conntrackConfiguration } from './conntrack-options.js';
import { tellEvents } from './events.js';
import { EXIT, Failure } from './exit.js';
import { loadFlows, readFlowFile } from './flow-file.js';
import { inlineMore } from './inlining.js';
import { Lifetime } from './lifetime.js';
import { openManagement } from './management.js';
import { MessageTeller } from './message-teller.js';
import { Output } from './output.js';
import { type FileUse, readPorts } from './port-list.js';
import { readyJson, readyText } from './ready.js';
import { SessionRecorder } from './session-recorder.js';
import { type CommonOptions, logFor, seedOf } from './switch-options.js';
import { tlsOptions } from './tls-options.js';
import { openPage } from './web.js';

export interface RunOptions extends CommonOptions, ConntrackOptions {
  readonly topo?: string;
  readonly name: string;
  readonly dpid: bigint;
  readonly port?: readonly string[];
  readonly flows?: string;
  readonly record?: string;
  readonly failMode?: FailMode;
  readonly profile: Profile;
  readonly minFrame: number;
  readonly natExhausted: 'continue' | 'drop';
  readonly conntrackEvents?: boolean;
  readonly untilEof?: boolean;
}

/** The smallest fragment but the last that the tracker takes: Open vSwitch's, where the switch is to be like it. */
export const SMALLEST_FRAGMENT: Partial<Record<Profile, { ipv4: number; ipv6: number }>> = {
  ovs: { ipv4: 1200, ipv6: 1280 },
};

/** Runs the switch. Resolves to an exit status; throws what `failureOf` knows. */
export async function run(options: RunOptions): Promise<number> {
  inlineMore();
  if (options.topo !== undefined) return (await import('./network.js')).runNetwork(options, options.topo);
  const { flows: file, controller: controllers = [], listen = [], profile, name } = options;
  const ports = readPorts(options.port ?? [], otherFiles(options));
  const names = new Map(ports.map(({ number, port }) => [port.name, number === 'LOCAL' ? OFPP.LOCAL : number]));
  const flows = file === undefined ? '' : readFlowFile(file);
  const failMode = options.failMode ?? (controllers.length > 0 ? 'secure' : 'standalone');
  const tls = tlsOptions(options, [...controllers, ...listen]);

  const life = new Lifetime(options.untilEof);
  const output = new Output(options.json ?? false, () => life.end(EXIT.ok));
  const log = logFor(options, output);
  const recorder = options.record === undefined ? null : new SessionRecorder(options.record, systemClock, log);
  // With -v, a line a message.
  const teller = options.verbose > 0 ? new MessageTeller(output, {}) : null;
  let closeManagement = async (): Promise<void> => {};
  let closePage = async (): Promise<void> => {};
  const sw = makeSwitch({
    conntrack: conntrackConfiguration(options),
    datapathId: options.dpid,
    clock: systemClock,
    failMode,
    seed: seedOf(options),
    minFrame: options.minFrame,
    natExhausted: options.natExhausted,
    smallestFragment: SMALLEST_FRAGMENT[profile],
    log,
    agent: {
      profile,
      description: { datapath: name },
      ...((recorder || teller) && {
        onMessage: (direction, peer, bytes) => {
          recorder?.message(direction, peer, bytes);
          teller?.message(peer, direction === 'in' ? 'controller' : 'switch', bytes);
        },
      }),
    },
  });
  try {
    // Before the ports: the first frame of a capture is to find the flows.
    if (file !== undefined) loadFlows(sw, file, flows, names);
    // A capture begins when all ports can take its frames.
    const captures = ports.flatMap(({ port }) => (port instanceof FilePort ? [port.hold()] : []));
    for (const { number, port } of ports) sw.addPort(number, port);
    await life.unlessEnded(sw.ready());
    if (life.over) return EXIT.ok;
    const switches = new Map([[name, sw]]);
    const management = await openManagement({ switches, log, options, exit: () => life.end(EXIT.ok) });
    closeManagement = management.close;
    const waiting = [...listen, ...bridgeSocket(options.rundir, name)];
    const { listening } = await sw.start({ controllers, listen: waiting, tls });
    const page = await openPage(options.http, switches, log);
    closePage = page.close;
    const facts = { sw, name, failMode, listening, controllers, ctl: management.path, http: page.url };
    output.tell('ready@1', readyJson(facts));
    output.say(readyText(facts, output));
    const silence = tellEvents({ sw, output, all: options.verbose > 0, logged: options.verbose > 0 });
    const quiet = options.conntrackEvents ? tellConnections(sw, output) : () => {};
    for (const play of captures) play();
    const status = await life.ended;
    silence();
    quiet();
    return status;
  } catch (error) {
    // A capture that can't be played is a bad file, not an environment that lacks something.
    throw error instanceof InputError ? new Failure(EXIT.usage, error.message) : error;
  } finally {
    await closePage();
    await closeManagement();
    await sw.close();
    await recorder?.close();
    life.release();
  }
}

/** What the switch itself finds wrong in timeouts and rules is a mistake of who typed them. */
function makeSwitch(options: SwitchOptions): Switch {
  try {
    return new Switch(options);
  } catch (error) {
    if (!(error instanceof RangeError) || options.conntrack === undefined) throw error;
    throw new Failure(EXIT.usage, `--ct-timeouts, --ct-zone, --ct-rule: ${error.message}`);
  }
}

/** Where ovs-ofctl looks for a bridge by its name, in a run directory. */
export function bridgeSocket(rundir: string | undefined, name: string): string[] {
  return rundir === undefined ? [] : [`punix:${rundir}/${name}.mgmt`];
}

/** The files of the other options. */
function otherFiles({ flows, record }: RunOptions): FileUse[] {
  const uses: FileUse[] = [];
  if (flows !== undefined) uses.push({ option: `--flows ${flows}`, path: flows, writes: false });
  if (record !== undefined) uses.push({ option: `--record ${record}`, path: record, writes: true });
  return uses;
}
