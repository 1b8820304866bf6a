/** A stream to a peer: dialled, or waited for. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { silent } from '../bytes/index.js';
import { type ActiveAddress, type Address, formatAddress, isActive, parseAddress } from '../channel/address.js';
import { CONNECT_TIMEOUT_MS } from '../channel/dialer.js';
import { Listener } from '../channel/listener.js';
import { connectedEvent, connectText, openStream } from '../channel/stream.js';
import type { Tls } from '../channel/tls.js';
import { EXIT, Failure } from './exit.js';

/** Makes a connection each time it is asked to; `close` ends waiting. */
export interface PeerStreams {
  connect(): Promise<Duplex>;
  close(): Promise<void>;
}

/**
 * Streams with an address: tcp:, ssl: and unix: are dialled, ptcp:, pssl: and punix: waited at, for `timeout_ms` at
 * most. `told` hears where. Throws ChannelError, and a Failure where nobody is there.
 */
export async function peerStreams(
  text: string,
  timeout_ms: number,
  told: (line: string) => void,
  tls: Tls | null,
): Promise<PeerStreams> {
  const address: Address = parseAddress(text);
  if (isActive(address)) {
    return { connect: () => dial(address, tls), close: async () => {} };
  }
  const came: Duplex[] = [];
  let wake: (() => void) | null = null;
  const listener = await Listener.open(
    address,
    (stream) => {
      stream.on('error', () => {});
      came.push(stream);
      wake?.();
    },
    silent,
    tls,
  );
  told(`waiting at ${formatAddress(listener.address)}`);
  const connect = async (): Promise<Duplex> => {
    if (came.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeout_ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const stream = came.shift();
    if (stream === undefined) throw new Failure(EXIT.timeout, `nobody connected to ${formatAddress(listener.address)}`);
    return stream;
  };
  return { connect, close: () => listener.close() };
}

/** Connects; throws a Failure that says why not. */
export function dial(address: ActiveAddress, tls: Tls | null): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const stream = openStream(address, tls);
    const late = setTimeout(() => {
      stream.destroy(new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`));
    }, CONNECT_TIMEOUT_MS);
    const failed = (error: Error): void => {
      clearTimeout(late);
      reject(new Failure(EXIT.environment, `${formatAddress(address)}: ${connectText(error)}`));
    };
    stream.once('error', failed);
    stream.once(connectedEvent(address), () => {
      clearTimeout(late);
      stream.off('error', failed);
      stream.on('error', () => {});
      resolve(stream);
    });
  });
}
