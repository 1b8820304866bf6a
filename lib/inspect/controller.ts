/**
 * A controller that does next to nothing: it greets a switch, asks what it is and which ports it has, installs the
 * flows that it was given, and takes note of everything that comes.
 */
import type { Duplex } from 'node:stream';
import { type Clock, silent } from '../bytes/index.js';
import { type CloseCause, Connection } from '../channel/connection.js';
import type { FlowMod } from '../nxm/index.js';
import { encode, type Message, type Side } from '../wire/index.js';

export interface ControllerUser {
  message(from: Side, bytes: Uint8Array): void;
  closed(cause: CloseCause, why: string): void;
}

/** Speaks to one switch. */
export function inspectingController(
  stream: Duplex,
  name: string,
  clock: Clock,
  flows: readonly FlowMod[],
  user: ControllerUser,
): Connection {
  const connection = new Connection(
    stream,
    {
      opened: () => {
        for (const message of [...questions(connection), ...installs(connection, flows)])
          connection.send(encode(message));
      },
      message: () => {},
      mistake: () => {},
      closed: user.closed,
    },
    {
      clock,
      log: silent,
      name,
      tap: (direction, bytes) => user.message(direction === 'in' ? 'switch' : 'controller', bytes),
    },
  );
  return connection;
}

function questions(connection: Connection): Message[] {
  const multipart = (kind: 'desc' | 'port_desc'): Message => ({
    type: 'multipart_request',
    xid: connection.xid(),
    more: false,
    body: { kind },
  });
  return [{ type: 'features_request', xid: connection.xid() }, multipart('desc'), multipart('port_desc')];
}

function installs(connection: Connection, flows: readonly FlowMod[]): Message[] {
  if (flows.length === 0) return [];
  const changes = flows.map((change): Message => ({ type: 'flow_mod', xid: connection.xid(), change }));
  return [...changes, { type: 'barrier_request', xid: connection.xid() }];
}
