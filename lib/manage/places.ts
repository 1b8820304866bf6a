/**
 * Where management sockets are: a run directory with PROGRAM.PID.ctl and PROGRAM.pid, as Open vSwitch's daemons have them, so that
 * `ovs-appctl -t ctswitch` finds ours with OVS_RUNDIR. Without one, a folder of the user's own.
 */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** What the files of a run directory are called after. */
export const PROGRAM = 'ctswitch';

/** The folder of this user's switches: $CTSWITCH_RUNDIR, or one beside the session's or in the temporary folder. */
export function defaultRundir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CTSWITCH_RUNDIR) return env.CTSWITCH_RUNDIR;
  return join(env.XDG_RUNTIME_DIR || tmpdir(), `${PROGRAM}-${userInfo().uid}`);
}

/** Makes a run directory where there is none, its owner's alone. Throws where it is somebody else's. */
export function makeRundir(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid } = statSync(folder);
  if (uid !== userInfo().uid && userInfo().uid !== 0) throw new Error(`${folder} belongs to another user`);
}

/** The socket of a process in a run directory. */
export function socketIn(folder: string, pid: number = process.pid): string {
  return join(folder, `${PROGRAM}.${pid}.ctl`);
}

/** Sockets in a run directory, the youngest first. */
export function socketsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => new RegExp(`^${PROGRAM}\\.\\d+\\.ctl$`).test(name));
  const paths = files.map((name) => join(folder, name));
  return paths.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}
