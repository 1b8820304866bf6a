/**
 * Addresses as Open vSwitch writes them (ovs-vswitchd.conf.db(5), Controller's target): tcp:HOST[:PORT],
 * ptcp:[PORT][:HOST], unix:PATH, punix:PATH; ssl: and pssl: are tcp: and ptcp: with TLS. An IPv6 address stands in
 * brackets. A passive address without a host means 127.0.0.1: nothing listens beyond this machine unless its address
 * says so.
 */
import { ChannelError } from './channel-error.js';

/** OpenFlow's registered port. */
export const DEFAULT_PORT = 6653;
const LOOPBACK = '127.0.0.1';
/** Longest path of a unix socket that every system takes. */
const MAX_PATH_BYTES = 103;

/** `host` has no brackets. `port` 0 in ptcp and pssl lets the system choose. */
export type ActiveAddress =
  | { readonly kind: 'tcp' | 'ssl'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };
/** Where to wait: ptcp, pssl or punix. */
export type PassiveAddress =
  | { readonly kind: 'ptcp' | 'pssl'; readonly host: string; readonly port: number }
  | { readonly kind: 'punix'; readonly path: string };
/** Any address. */
export type Address = ActiveAddress | PassiveAddress;

const FORMS = 'tcp:HOST[:PORT], ptcp:[PORT][:HOST], unix:PATH or punix:PATH, with TLS ssl: or pssl:';

/** Parses any address. Throws a ChannelError of kind `usage`. */
export function parseAddress(text: string): Address {
  const colon = text.indexOf(':');
  const kind = colon < 0 ? text : text.slice(0, colon);
  const rest = colon < 0 ? '' : text.slice(colon + 1);
  switch (kind) {
    case 'tcp':
    case 'ssl':
      return { kind, ...hostFirst(text, kind, rest) };
    case 'ptcp':
    case 'pssl':
      return { kind, ...portFirst(text, kind, rest) };
    case 'unix':
    case 'punix':
      return { kind, path: path(text, rest) };
    default:
      throw wrong(text, `an address is ${FORMS}${near(text)}`);
  }
}

/** What is missing in front of "127.0.0.1:6653", "localhost" or a path. */
function near(text: string): string {
  if (/^[./]/.test(text)) return ` (did you mean "unix:${text}"?)`;
  if (/^\d{4,5}$/.test(text)) return ` (did you mean "ptcp:${text}"?)`;
  return /^([\w-]+\.)*[\w-]+(:\d+)?$/.test(text) ? ` (did you mean "tcp:${text}"?)` : '';
}

/** Parses an address to connect to. Throws a ChannelError of kind `usage`. */
export function parseActive(text: string): ActiveAddress {
  const address = parseAddress(text);
  if (isActive(address)) return address;
  throw wrong(text, 'this waits for connections; to connect, use tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:PATH');
}

/** Is it one to connect to? */
export function isActive(address: Address): address is ActiveAddress {
  return address.kind === 'tcp' || address.kind === 'ssl' || address.kind === 'unix';
}

/** Does it take TLS? */
export function isSecure({ kind }: Address): boolean {
  return kind === 'ssl' || kind === 'pssl';
}

/** Parses an address to listen on. Throws a ChannelError of kind `usage`. */
export function parsePassive(text: string): PassiveAddress {
  const address = parseAddress(text);
  if (!isActive(address)) return address;
  throw wrong(text, 'this connects; to wait for connections, use ptcp:[PORT][:HOST], pssl:[PORT][:HOST] or punix:PATH');
}

/** The address as text, with its port. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix' || address.kind === 'punix') return `${address.kind}:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return isActive(address) ? `${address.kind}:${host}:${address.port}` : `${address.kind}:${address.port}:${host}`;
}

function wrong(text: string, why: string): ChannelError {
  return new ChannelError(text, 'usage', why);
}

function hostFirst(text: string, kind: string, rest: string): { host: string; port: number } {
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(rest);
  if (!parts || (parts[1] === '' && rest.includes(':', 1))) {
    throw wrong(text, `more than one colon behind ${kind}: (an IPv6 address stands in brackets: ${kind}:[::1]:6653)`);
  }
  if (parts[1] === '') throw wrong(text, `the host is missing: ${kind}:HOST[:PORT]`);
  return { host: host(text, parts[1]), port: parts[2] === undefined ? DEFAULT_PORT : port(text, parts[2], 1) };
}

function portFirst(text: string, kind: string, rest: string): { host: string; port: number } {
  const parts = /^([^:[]*)(?::(\[[^\]]*\]|[^:]*))?$/.exec(rest);
  const form = `${kind}:[PORT][:HOST]`;
  if (!parts) throw wrong(text, `this is not ${form} (an IPv6 address stands in brackets: ${kind}:6653:[::1])`);
  if (parts[2] === '') throw wrong(text, `the host is missing behind the last colon: ${form}`);
  return {
    port: parts[1] === '' ? DEFAULT_PORT : port(text, parts[1], 0),
    host: parts[2] === undefined ? LOOPBACK : host(text, parts[2]),
  };
}

function port(text: string, digits: string, least: number): number {
  const value = Number(digits);
  if (!/^\d{1,5}$/.test(digits) || value < least || value > 0xffff) {
    throw wrong(text, `"${digits}" is no port: a number from ${least} to 65535`);
  }
  return value;
}

function host(text: string, written: string): string {
  if (written.startsWith('[')) {
    const inside = written.slice(1, -1);
    if (!/^[0-9a-fA-F:.]+(%\w+)?$/.test(inside) || !inside.includes(':')) {
      throw wrong(text, `"${inside}" in brackets is no IPv6 address`);
    }
    return inside;
  }
  if (!/^[\w.-]+$/.test(written)) throw wrong(text, `"${written}" is no host`);
  return written;
}

function path(text: string, written: string): string {
  if (written === '') throw wrong(text, 'the path is missing');
  if (written.includes('\0')) throw wrong(text, 'a path has no zero byte');
  if (new TextEncoder().encode(written).length > MAX_PATH_BYTES) {
    throw wrong(text, `a unix socket's path has at most ${MAX_PATH_BYTES} bytes`);
  }
  return written;
}
