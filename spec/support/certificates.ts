/**
 * Keys and certificates for specs of TLS, made by openssl in a folder that is removed when the process ends: a CA that
 * signed the switch's and the controller's, and another CA with a stranger's.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from '../../lib/channel/tls.js';

/** Files of one end, in PEM. */
export interface Files {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

export interface Certificates {
  readonly folder: string;
  readonly sw: Files;
  readonly controller: Files;
  /** Signed by a CA that the others don't know, whom it takes for theirs. */
  readonly stranger: Files;
  /** A certificate of the controller's whose time is over. */
  readonly old: Files;
  /** The stranger's CA. */
  readonly otherCa: string;
  /** A text that is no PEM. */
  readonly garbage: string;
  /** The switch's key behind a passphrase. */
  readonly locked: string;
}

let made: Certificates | null = null;

/** The same for all specs of a process. */
export function certificates(): Certificates {
  made ??= make();
  return made;
}

/** What is in the files, for the library. */
export function tlsOf({ key, cert, ca }: Files): TlsOptions {
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8'), ca: readFileSync(ca, 'utf8') };
}

/** The files as options of ovs-ofctl and of ctswitch. */
export function optionsOf({ key, cert, ca }: Files): string[] {
  return ['-p', key, '-c', cert, '-C', ca];
}

function make(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const at = (name: string): string => join(folder, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const sign = (name: string, ca: string, to: string, days: string): void => {
    const by = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-days', days, '-out', `${to}.pem`);
  };
  for (const ca of ['ca', 'other']) {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      `${ca}.key`,
      '-out',
      `${ca}.pem`,
      '-days',
      '30',
      '-subj',
      `/CN=${ca}`,
    );
  }
  for (const [name, ca] of [
    ['sw', 'ca'],
    ['controller', 'ca'],
    ['stranger', 'other'],
  ]) {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    sign(name, ca, name, '30');
  }
  sign('controller', 'ca', 'old', '-1');
  openssl('pkey', '-in', 'sw.key', '-aes128', '-passout', 'pass:secret', '-out', 'locked.key');
  writeFileSync(at('garbage'), 'no PEM at all\n');
  const files = (name: string): Files => ({ key: at(`${name}.key`), cert: at(`${name}.pem`), ca: at('ca.pem') });
  return {
    ...{ folder, sw: files('sw'), controller: files('controller'), stranger: files('stranger') },
    old: { ...files('controller'), cert: at('old.pem') },
    ...{ otherCa: at('other.pem'), garbage: at('garbage'), locked: at('locked.key') },
  };
}
