/** Byte streams for addresses: what Node's net needs for each kind, and its errors as lines that say what to do. */
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type ActiveAddress, type Address, formatAddress } from './address.js';
import { ChannelError } from './channel-error.js';
import type { Tls } from './tls.js';
import { tlsText } from './tls-text.js';

/**
 * Starts to connect; the socket emits what `connectedEvent` names, or `error`. Throws a ChannelError of kind `usage`
 * where the address takes TLS and there is none.
 */
export function openStream(address: ActiveAddress, tls: Tls | null = null): Socket {
  if (address.kind === 'unix') return connect({ path: address.path });
  const { kind, host, port } = address;
  if (kind === 'ssl') return needed(address, tls).connect(host, port);
  return connect({ host, port, noDelay: true });
}

/** The event of a socket that both ends can speak on. */
export function connectedEvent({ kind }: ActiveAddress): 'connect' | 'secureConnect' {
  return kind === 'ssl' ? 'secureConnect' : 'connect';
}

/** The TLS of an address that takes it. Throws a ChannelError of kind `usage` where there is none. */
export function needed(address: Address, tls: Tls | null): Tls {
  if (tls) return tls;
  const why = 'TLS needs --private-key, --certificate and --ca-cert (in the library tls: { key, cert, ca })';
  throw new ChannelError(formatAddress(address), 'usage', why);
}

/** The code of a system error, such as ECONNREFUSED. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

const CONNECT_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
  EACCES: 'no right to use this socket',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'the host can not be reached',
  ENETUNREACH: 'the network can not be reached',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the connection was reset',
};

/** Why a connection failed, in words. */
export function connectText(error: Error): string {
  return CONNECT_TEXTS[codeOf(error)] ?? tlsText(codeOf(error)) ?? error.message;
}

/** Why an address can't be listened on, and what to do. */
export function listenError(address: Address, error: unknown): ChannelError {
  const why = LISTEN_TEXTS[codeOf(error)]?.(address) ?? (error instanceof Error ? error.message : String(error));
  return new ChannelError(formatAddress(address), 'environment', why, codeOf(error));
}

/** Node reports a directory that isn't there as EACCES. */
const NO_DIRECTORY = 'the directory does not exist; make it first';

const LISTEN_TEXTS: Readonly<Record<string, (address: Address) => string>> = {
  EADDRINUSE: (a) =>
    'port' in a
      ? `port ${a.port} is in use; stop what uses it, or choose another one (${a.kind}:0 takes any free port)`
      : 'another process listens on this socket; stop it, or choose another path',
  EADDRNOTAVAIL: (a) => ('port' in a ? `${a.host} is no address of this machine` : 'this path can not be listened on'),
  EACCES: (a) =>
    'port' in a
      ? `no right to listen on port ${a.port}; choose one above 1023, or run as root`
      : existsSync(dirname(a.kind === 'punix' ? a.path : '.'))
        ? 'no right to make a socket there; choose another directory'
        : NO_DIRECTORY,
  ENOENT: () => NO_DIRECTORY,
  ENOTDIR: () => 'a part of the path is not a directory',
  ENOTFOUND: () => 'there is no such host',
};
