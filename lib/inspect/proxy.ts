/**
 * Stands between a switch and a controller: bytes go through as they are, at the pace of the slower side, and each
 * whole message is told. What isn't OpenFlow goes through, too, and is told once.
 */
import type { Duplex } from 'node:stream';
import { Framer, FramingError } from '../channel/framer.js';
import { peekType, type Side, senderOf } from '../wire/index.js';

export interface ProxyUser {
  message(from: Side, bytes: Uint8Array): void;
  /** One side isn't OpenFlow from here on. */
  garbled(from: Side, why: string): void;
  /** The connection is over. */
  closed(): void;
}

/** Joins two streams. `calling` is who is believed to be at `caller`'s end until a message says so. */
export function proxy(caller: Duplex, callee: Duplex, calling: Side, user: ProxyUser): void {
  let callerIs = calling;
  const end = (stream: Duplex): Side =>
    stream === caller ? callerIs : callerIs === 'switch' ? 'controller' : 'switch';
  const watch = (stream: Duplex): void => {
    const framer = new Framer();
    let readable = true;
    stream.on('data', (chunk: Uint8Array) => {
      if (!readable) return;
      try {
        framer.push(Uint8Array.from(chunk));
        for (let m = framer.next(); m !== null; m = framer.next()) {
          const by = senderOf(peekType(m));
          if (by !== null) callerIs = stream === caller ? by : by === 'switch' ? 'controller' : 'switch';
          user.message(end(stream), m);
        }
      } catch (error) {
        if (!(error instanceof FramingError)) throw error;
        readable = false;
        user.garbled(end(stream), error.message);
      }
    });
  };
  let over = false;
  const close = (): void => {
    if (over) return;
    over = true;
    caller.destroy();
    callee.destroy();
    user.closed();
  };
  for (const stream of [caller, callee]) {
    watch(stream);
    stream.on('error', close);
    stream.on('close', close);
  }
  caller.pipe(callee);
  callee.pipe(caller);
}
