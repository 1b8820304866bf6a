/** A stream to a peer: dialled, or waited for. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { silent } from '../bytes/index.js';
import { type ActiveAddress, type Address, formatAddress, parseAddress } from '../channel/address.js';
import { Listener } from '../channel/listener.js';
import { connectText, openStream } from '../channel/stream.js';
import { EXIT, Failure } from './exit.js';

/** Makes a connection each time it is asked to; `close` ends waiting. */
export interface PeerStreams {
  connect(): Promise<Duplex>;
  close(): Promise<void>;
}

/**
 * Streams with an address: tcp: and unix: are dialled, ptcp: and punix: waited at, for `timeout_ms` at most. `told`
 * hears where. Throws ChannelError, and a Failure where nobody is there.
 */
export async function peerStreams(
  text: string,
  timeout_ms: number,
  told: (line: string) => void,
): Promise<PeerStreams> {
  const address: Address = parseAddress(text);
  if (address.kind === 'tcp' || address.kind === 'unix') {
    return { connect: () => dial(address), close: async () => {} };
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
export function dial(address: ActiveAddress): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const stream = openStream(address);
    const failed = (error: Error): void => {
      reject(new Failure(EXIT.environment, `${formatAddress(address)}: ${connectText(error)}`));
    };
    stream.once('error', failed);
    stream.once('connect', () => {
      stream.off('error', failed);
      stream.on('error', () => {});
      resolve(stream);
    });
  });
}
