/**
 * Where management sockets are: a run directory with PROGRAM.PID.ctl and PROGRAM.pid, as Open vSwitch's daemons have
 * them, so that `ovs-appctl -t ctswitch` finds ours with OVS_RUNDIR. Without one, a folder of the user's own.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';

/** What the files of a run directory are called after. */
export const PROGRAM = 'ctswitch';

/** The folder of this user's switches: $CTSWITCH_RUNDIR, or one beside the session's or in the temporary folder. */
export function defaultRundir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CTSWITCH_RUNDIR) return env.CTSWITCH_RUNDIR;
  return join(env.XDG_RUNTIME_DIR || tmpdir(), `${PROGRAM}-${userInfo().uid}`);
}

/**
 * Makes a run directory where there is none, its owner's alone. Throws where others could put files, or links, of
 * theirs into it: where it is somebody else's, or, by default, no folder of its own; root may name a daemon's. What
 * killed switches left there goes.
 */
export function makeRundir(folder: string, named = true): void {
  makeFolder(folder);
  const own = userInfo().uid;
  const stat = named ? statSync(folder) : lstatSync(folder);
  if (!stat.isDirectory()) throw new Error(`${folder} is a link, not a folder`);
  if (stat.uid !== own && !(named && own === 0)) throw new Error(`${folder} belongs to another user`);
  if (!named && (stat.mode & 0o022) !== 0) throw new Error(`${folder} can be written by others`);
  for (const path of socketsIn(folder)) if (!lives(pidOf(path))) rmSync(path, { force: true });
}

/**
 * Makes a folder, and those above it. Node's own way of doing so never ends where a system refuses a folder as if one
 * above it weren't there, as Linux does in /proc.
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Another switch may have made it meanwhile.
    if (code !== 'EEXIST') throw new Error(`${folder} can't be made: ${message}`);
  }
}

function pidOf(path: string): number {
  return Number(/\.(\d+)\.ctl$/.exec(path)?.[1]);
}

/** Is there a process of this number? */
function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The socket of a process in a run directory. */
export function socketIn(folder: string, pid: number = process.pid): string {
  return join(folder, `${PROGRAM}.${pid}.ctl`);
}

/** Sockets in a run directory, the youngest first. */
export function socketsIn(folder: string): string[] {
  if (!statSync(folder, GONE)?.isDirectory()) return [];
  const files = readdirSync(folder).filter((name) => new RegExp(`^${PROGRAM}\\.\\d+\\.ctl$`).test(name));
  // One may go while this looks.
  const found = files.map((name) => join(folder, name)).map((path) => [path, statSync(path, GONE)?.mtimeMs] as const);
  const there = found.filter((each): each is readonly [string, number] => each[1] !== undefined);
  return there.sort(([, a], [, b]) => b - a).map(([path]) => path);
}

const GONE = { throwIfNoEntry: false } as const;
