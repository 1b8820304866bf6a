/** Commands about packets and the connection: packet-out, probe, ping, benchmark. */
import { toHex } from '../bytes/index.js';
import { parseActions } from '../nxm/index.js';
import { changeOf } from './client.js';
import type { Command, Scene } from './command.js';
import { apply } from './flows.js';
import { Misuse } from './outcome.js';
import { frameOf, inPortOf, packetOut, parsePacketOut } from './packet-out-text.js';

async function sendPackets(scene: Scene, args: readonly string[]): Promise<void> {
  const { ports } = scene;
  if (args.length === 1) {
    await apply(scene, [changeOf(parsePacketOut(args[0], { ports }))]);
    return;
  }
  if (args.length === 2) throw new Misuse('packet-out takes one text, or IN_PORT ACTIONS PACKET…');
  const [port, text, ...packets] = args;
  const inPort = inPortOf(port, ports);
  const actions = parseActions(text, { line: 1, column: 1, ports });
  await apply(
    scene,
    packets.map((packet) => changeOf(packetOut(inPort, actions, frameOf(packet)))),
  );
}

async function probe({ client, print }: Scene): Promise<void> {
  await client.request({ type: 'echo_request', data: new Uint8Array(0) }, 'echo_reply');
  print.tell('echo@1', { address: client.address, bytes: 0 });
}

const PINGS = 10;
const MOST_BYTES = 0xffff - 8;

async function ping({ client, print, now }: Scene, [size = '64']: readonly string[]): Promise<void> {
  const bytes = Number(size);
  if (!/^\d{1,5}$/.test(size) || bytes > MOST_BYTES) {
    throw new Misuse(`ping takes a number of bytes up to ${MOST_BYTES}, not "${size}"`);
  }
  const data = Uint8Array.from({ length: bytes }, (_, i) => i);
  for (let i = 0; i < PINGS; i++) {
    const start_ms = now();
    const reply = await client.request({ type: 'echo_request', data }, 'echo_reply');
    const time_ms = now() - start_ms;
    if (toHex(reply.data) !== toHex(data)) throw new Misuse('the echo came back with other bytes');
    const xid = reply.xid.toString(16).padStart(8, '0');
    print.say(`${bytes} bytes from ${client.address}: xid=${xid} time=${time_ms.toFixed(1)} ms`);
    print.tell('echo@1', { address: client.address, bytes, time_ms: Number(time_ms.toFixed(3)) });
  }
}

/** Most echoes that benchmark sends. */
const MOST_ECHOES = 1_000_000;

function wholeNumber(what: string, most: number, text: string): number {
  if (/^\d{1,7}$/.test(text) && Number(text) <= most) return Number(text);
  throw new Misuse(`benchmark takes ${what} up to ${most}, not "${text}"`);
}

async function benchmark({ client, print, now }: Scene, [size, times]: readonly string[]): Promise<void> {
  const bytes = wholeNumber('a number of bytes', MOST_BYTES, size);
  const count = wholeNumber('a number of echoes', MOST_ECHOES, times);
  const total = (bytes + 8) * count;
  print.say(`Sending ${count} packets * ${bytes + 8} bytes (with header) = ${total} bytes total`);
  const data = Uint8Array.from({ length: bytes }, (_, i) => i);
  const start_ms = now();
  for (let i = 0; i < count; i++) await client.request({ type: 'echo_request', data }, 'echo_reply');
  const time_ms = Math.max(now() - start_ms, 0.001);
  const rate = (amount: number): string => ((amount * 1000) / time_ms).toFixed(0);
  print.say(`Finished in ${time_ms.toFixed(1)} ms (${rate(count)} packets/s) (${rate(total)} bytes/s)`);
  print.tell('benchmark@1', { address: client.address, bytes, count, time_ms: Number(time_ms.toFixed(3)) });
}

export const PACKET_COMMANDS: readonly Command[] = [
  {
    name: 'packet-out',
    args: 'PACKET_OUT | IN_PORT ACTIONS PACKET…',
    count: [1, Number.POSITIVE_INFINITY],
    about: 'have the switch send packets: in_port=controller,packet=HEX,actions=1',
    named: true,
    run: sendPackets,
  },
  { name: 'probe', about: 'is it there? An echo', run: probe },
  { name: 'ping', args: '[BYTES]', count: [0, 1], about: 'ten echoes, timed', run: ping },
  {
    name: 'benchmark',
    args: 'BYTES COUNT',
    count: [2, 2],
    about: 'COUNT echoes of BYTES, one after the other: how many a second',
    run: benchmark,
  },
];
