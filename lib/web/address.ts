/** Where the page is served: "HOST:PORT", "[::1]:PORT", ":PORT" or "PORT"; without a host, loopback alone. */
import { isIP } from 'node:net';

/** A host and a port; port 0 picks one. */
export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads an address. Throws a RangeError. */
export function parseHttpAddress(text: string): HttpAddress {
  const [, six, four, port] = /^(?:(?:\[([0-9a-f:.]+)\]|([^[\]:\s]*)):)?(\d{1,5})$/i.exec(text) ?? [];
  if (port === undefined || Number(port) > 0xffff || (six !== undefined && isIP(six) !== 6)) {
    throw new RangeError(`"${text}" is no address: HOST:PORT, [IPv6]:PORT or PORT`);
  }
  return { host: six ?? (four || '127.0.0.1'), port: Number(port) };
}

/** "http://127.0.0.1:8080/" */
export function urlOf({ host, port }: HttpAddress): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}

/**
 * May a request with this Host header be answered? Names that a stranger's site could point at this machine (DNS
 * rebinding) are not among those: addresses, localhost, and the name that was asked to be served.
 */
export function isOwnHost(header: string | undefined, { host }: HttpAddress): boolean {
  if (header === undefined) return false;
  const name = header
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  return isIP(name) !== 0 || name === 'localhost' || name === host.toLowerCase();
}
