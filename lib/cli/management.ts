/**
 * The management socket of a command: at --ctl, in --rundir, or where `ctswitch ctl` looks by itself. Only what was
 * asked for has to work: a switch runs without the one that nobody asked for, and says so in its log.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Daemon } from '../manage/index.js';
import type { Switch } from '../switch.js';
import { systemClock } from '../system-clock.js';
import { EXIT, Failure } from './exit.js';
import type { AdjustableLog } from './log.js';
import type { CommonOptions } from './switch-options.js';
import { VERSION } from './version.js';

export interface ManagementFacts {
  /** By name. */
  readonly switches: ReadonlyMap<string, Switch>;
  readonly network?: boolean;
  readonly log: AdjustableLog;
  readonly options: Pick<CommonOptions, 'ctl' | 'rundir'>;
  exit(): void;
  typed?: Daemon['typed'];
}

export interface Opened {
  readonly path: string | null;
  close(): Promise<void>;
}

const NONE: Opened = { path: null, close: async () => {} };

/** Opens it. Throws a Failure where what was asked for can't be had. */
export async function openManagement(facts: ManagementFacts): Promise<Opened> {
  const { options, log } = facts;
  if (options.ctl === false) return NONE;
  const asked = typeof options.ctl === 'string' || options.rundir !== undefined;
  try {
    return await open(facts);
  } catch (error) {
    const why = `the management socket: ${error instanceof Error ? error.message : String(error)}`;
    if (asked) throw new Failure(EXIT.environment, why);
    log.warn(`${why}; ctswitch ctl won't find this process`);
    return NONE;
  }
}

async function open({ switches, network, log, options, exit, typed }: ManagementFacts): Promise<Opened> {
  const { defaultRundir, makeRundir, ManagementServer, Refused, socketIn, writePid } = await import(
    '../manage/index.js'
  );
  const folder = options.rundir ?? defaultRundir();
  const own = typeof options.ctl === 'string' ? options.ctl : null;
  if (own !== null && !existsSync(dirname(own))) throw new Error(`${dirname(own)} does not exist; make it first`);
  if (own === null) makeRundir(folder, options.rundir !== undefined || process.env.CTSWITCH_RUNDIR !== undefined);
  const path = own ?? socketIn(folder);
  const { parsePort } = await import('../ports/spec-text.js');
  const daemon: Daemon = {
    switches,
    network,
    clock: systemClock,
    version: `ctswitch ${VERSION}`,
    exit,
    typed,
    get verbosity() {
      return log.verbosity;
    },
    set verbosity(verbosity: number) {
      log.verbosity = verbosity;
    },
    openPort(spec, sw) {
      try {
        return parsePort(spec, new Set(sw.ports().map((port) => port.name))).port;
      } catch (error) {
        throw new Refused(error instanceof Error ? error.message : String(error));
      }
    },
  };
  const server = new ManagementServer(daemon, path);
  await server.listen();
  const forget = own === null ? writePid(folder) : null;
  if (own === null && forget === null) log.debug(`${folder}: ovs-appctl finds the socket by its path alone`);
  return {
    path,
    async close() {
      await server.close();
      forget?.();
    },
  };
}
