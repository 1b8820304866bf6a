/**
 * `ctswitch ctl`: a command for a running switch, over its management socket; ours, or any daemon's that speaks the
 * protocol of ovs-appctl. Without --ctl the only running switch of this user is meant.
 */
import { statSync } from 'node:fs';
import { defaultRundir, ManagementClient, RefusedError, socketsIn, TIMED_OUT } from '../manage/index.js';
import { didYouMean } from '../nxm/suggestion.js';
import { EXIT, Failure } from './exit.js';

export interface CtlOptions {
  readonly ctl?: string;
  readonly rundir?: string;
}

/** Runs a command. Resolves to an exit status; throws what `failureOf` knows. */
export async function ctl([method, ...params]: readonly string[], options: CtlOptions): Promise<number> {
  if (method === undefined) throw new Failure(EXIT.usage, 'ctl needs a command; list-commands shows them all');
  if (method.startsWith('-')) {
    throw new Failure(EXIT.usage, `unknown option '${method}'${didYouMean(method, ['--ctl', '--rundir', '--help'])}`);
  }
  const client = await openClient(options);
  try {
    const text = await client.call(method, ...params);
    process.stdout.write(text === '' || text.endsWith('\n') ? text : `${text}\n`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw new Failure(EXIT.environment, (error as Error).message);
    throw new Failure(error.message.startsWith(TIMED_OUT) ? EXIT.timeout : EXIT.failed, error.message);
  } finally {
    client.close();
  }
}

/** Why a socket that was named doesn't answer, by the system's code. */
const NO_ANSWER: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket; does the switch run?',
  ECONNREFUSED: 'nobody listens there; the switch has ended',
  EACCES: 'it belongs to another user',
};

/** What stands there in the place of a socket; null: one, or nothing. */
function notSocket(path: string): string | null {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined || file.isSocket()) return null;
  return file.isDirectory() ? 'it is a folder; --rundir takes one' : 'it is a file, not a socket';
}

/** The switch that is meant. Throws a Failure. */
export async function openClient({ ctl: path, rundir }: CtlOptions): Promise<ManagementClient> {
  if (path !== undefined) {
    try {
      return await ManagementClient.open(path);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = notSocket(path) ?? NO_ANSWER[code ?? ''] ?? message;
      throw new Failure(EXIT.environment, `${path}: ${why}`);
    }
  }
  const folder = rundir ?? defaultRundir();
  if (rundir !== undefined && !statSync(rundir, { throwIfNoEntry: false })?.isDirectory())
    throw new Failure(EXIT.environment, `--rundir ${rundir}: there is no such folder`);
  const running: { path: string; client: ManagementClient }[] = [];
  for (const each of socketsIn(folder)) {
    // A process that was killed leaves its socket.
    const client = await ManagementClient.open(each).catch(() => null);
    if (client) running.push({ path: each, client });
  }
  if (running.length === 1) return running[0].client;
  for (const { client } of running) client.close();
  if (running.length === 0)
    throw new Failure(EXIT.environment, `no switch runs that ${folder} knows of; --ctl PATH names one`);
  const paths = running.map((each) => `\n  ${each.path}`).join('');
  throw new Failure(EXIT.usage, `${running.length} switches run; choose one with --ctl:${paths}`);
}
