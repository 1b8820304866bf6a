/**
 * The options of TLS, named as Open vSwitch's tools name them (ovs-ofctl(8), Public Key Infrastructure Options), and
 * their files. What is in the files lib/channel/tls.ts judges.
 */
import { readFileSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { isSecure, parseAddress } from '../channel/address.js';
import type { Tls, TlsOptions } from '../channel/tls.js';
import { systemClock } from '../system-clock.js';
import { EXIT, Failure, unreadable } from './exit.js';

export interface TlsFiles {
  readonly privateKey?: string;
  readonly certificate?: string;
  /** Or "none". */
  readonly caCert?: string;
}

/** The longest file that is read: some hundred certificates. */
const MAX_FILE_BYTES = 1 << 20;
/** Option → its name on the command line. */
const NAMES = { privateKey: '--private-key', certificate: '--certificate', caCert: '--ca-cert' } as const;

/** Adds the options. */
export function withTlsOptions(command: Command): Command {
  return command
    .option('-p, --private-key <FILE>', "TLS (ssl:, pssl:): this end's private key, in PEM")
    .option('-c, --certificate <FILE>', 'TLS: the certificate that goes with the key, in PEM')
    .option(
      '-C, --ca-cert <FILE>',
      "TLS: the CA that must have signed the peer's certificate; none: any peer is taken",
    );
}

/**
 * What the options say, for these addresses; undefined where there is nothing to say. Throws a Failure where one is
 * missing, or its file can't be read.
 */
export function tlsOptions(files: TlsFiles, addresses: readonly string[]): TlsOptions | undefined {
  const { privateKey, certificate, caCert } = files;
  const secure = addresses.find((text) => isSecure(parseAddress(text)));
  if (privateKey === undefined || certificate === undefined || caCert === undefined) {
    const options = ['privateKey', 'certificate', 'caCert'] as const;
    const missing = options.filter((option) => files[option] === undefined);
    if (secure === undefined && missing.length === options.length) return undefined;
    const wanted = missing.map((option) => `${NAMES[option]} FILE`).join(', ');
    throw new Failure(EXIT.usage, `${secure ?? 'TLS'}: ${wanted} ${missing.length === 1 ? 'is' : 'are'} missing`);
  }
  const key = `${NAMES.privateKey} ${privateKey}`;
  const cert = `${NAMES.certificate} ${certificate}`;
  const ca = `${NAMES.caCert} ${caCert}`;
  return {
    key: content(privateKey, key),
    cert: content(certificate, cert),
    ca: caCert === 'none' ? caCert : content(caCert, ca),
    names: { key, cert, ca },
  };
}

/** The same, ready to be used; null where there is nothing to say. Rejects with a Failure or a ChannelError. */
export async function tlsFor(files: TlsFiles, addresses: readonly string[]): Promise<Tls | null> {
  const options = tlsOptions(files, addresses);
  return options ? new (await import('../channel/tls.js')).Tls(options, systemClock) : null;
}

function content(path: string, name: string): string {
  try {
    const stats = statSync(path);
    if (stats.isCharacterDevice()) throw new Failure(EXIT.usage, `${name}: it is a device`);
    if (stats.size > MAX_FILE_BYTES) throw new Failure(EXIT.usage, `${name}: more than 1 MB, which is none in PEM`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(name, error);
  }
}
