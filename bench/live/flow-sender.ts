/**
 * Adds flows that no measured frame meets, at a rate, until it is killed: `flow-sender.js SOCKET RATE`. It begins anew
 * behind 100,000, with the same matches.
 */
import { parseActive } from '../../lib/channel/index.js';
import { type Change, Client, changeOf } from '../../lib/ofctl/client.js';
import { systemClock } from '../../lib/system-clock.js';
import { parseFlow } from '../../lib/text/index.js';

const FLOWS = 100_000;
const TICK_MS = 10;

const [socket, rate] = process.argv.slice(2);
const client = await Client.connect(parseActive(`unix:${socket}`), { clock: systemClock, timeout_ms: 10_000 });

function change(i: number): Change {
  const source = `172.${16 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
  const text = `priority=50,ip,in_port=9,nw_src=${source},actions=drop`;
  return changeOf({ type: 'flow_mod', change: parseFlow(text, { command: 'add' }) });
}

const begun = performance.now();
console.log('ready');
for (let sent = 0; ; ) {
  const due = Math.floor(((performance.now() - begun) * Number(rate)) / 1000);
  const changes = Array.from({ length: due - sent }, (_, i) => change((sent + i) % FLOWS));
  sent = due;
  // Not later than the next tick: a switch that answers late gets more at once.
  await Promise.all([client.change(changes), new Promise((resolve) => setTimeout(resolve, TICK_MS))]);
}
