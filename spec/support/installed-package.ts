/** The package as its users get it: packed, and installed in an empty folder, without what is optional. */
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const INSTALL = ['install', '--prefer-offline', '--omit=optional', '--no-audit', '--no-fund', '--fetch-retries=0'];

export interface Installed {
  /** The folder it is installed in. */
  readonly home: string;
  /** npm's exit status, and what it complained of. */
  readonly status: number | null;
  readonly complaint: string;
}

/**
 * Packs what is built, which stays as it is, and installs it in `folder`/empty. Throws where it can't be packed; that
 * npm doesn't get what it depends on shows in the status.
 */
export function installPackage(folder: string): Installed {
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const packed = execFileSync('npm', pack, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [{ filename }] = JSON.parse(packed) as { filename: string }[];
  const home = join(folder, 'empty');
  mkdirSync(home);
  const { status, stderr } = spawnSync('npm', [...INSTALL, `../${filename}`], { cwd: home, encoding: 'utf8' });
  return { home, status, complaint: stderr };
}

/** Files and folders below a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}

/** Bytes of all files below a folder. */
export function bytesIn(folder: string): number {
  return filesIn(folder).reduce((sum, file) => sum + lstatSync(join(folder, file)).size, 0);
}
