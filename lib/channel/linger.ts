/**
 * Who sends its next request when it has the answer to the last one, as ovs-ofctl does for each flow, is soon heard
 * again. To sleep in between costs more than the request: the peer has to wake this process, and it takes a processor
 * a while to get up. So behind a message that came soon after another one, and behind a packet-in, Node's event loop
 * goes round a few times without sleeping, for all connections together.
 */

/** Rounds of the event loop behind a message: some 50 µs where nothing else is to be done. */
const ROUNDS = 32;
/** A message is soon behind another one within so many milliseconds. */
export const SOON_MS = 0.2;

let left = 0;
let scheduled = false;

function round(): void {
  scheduled = --left > 0;
  if (scheduled) setImmediate(round);
}

/** A message came soon after another one, or a packet-in left: the next is waited for awake. */
export function linger(): void {
  left = ROUNDS;
  if (scheduled) return;
  scheduled = true;
  setImmediate(round);
}
