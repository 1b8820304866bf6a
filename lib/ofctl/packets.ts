/** Commands about packets and the connection: packet-out, monitor, probe, ping. */
import { toHex } from '../bytes/index.js';
import { fieldNamed, numberOf, OFPP, PLAIN_NAMES, parseActions } from '../nxm/index.js';
import { formatMatch } from '../text/index.js';
import type { Message, MessageOf } from '../wire/index.js';
import { changeOf, errorText } from './client.js';
import { type Command, counterText, durationText, heading, milliseconds, type Scene } from './command.js';
import { apply } from './flows.js';
import { Misuse } from './outcome.js';
import { frameOf, inPortOf, packetOut, parsePacketOut } from './packet-out-text.js';
import { portJson, portText } from './ports.js';

async function sendPackets(scene: Scene, args: readonly string[]): Promise<void> {
  const { ports } = scene;
  if (args.length === 1) {
    await apply(scene, [changeOf(parsePacketOut(args[0], ports))]);
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

function monitorOf(args: readonly string[]): number | null {
  const [text] = args;
  if (text === undefined) return null;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 0xffff) return Number(text);
  const later = /^(invalid_ttl|watch:|resume)/.exec(text);
  throw new Misuse(
    later
      ? `${later[1]} is an extension that other versions of OpenFlow have; in 1.3 there is MISS_LEN`
      : `MISS_LEN is a number of bytes up to 65535, not "${text}"`,
  );
}

async function monitor(scene: Scene, args: readonly string[]): Promise<void> {
  const { client } = scene;
  const missSendLen = monitorOf(args);
  client.onEvent = (message) => tell(message, scene);
  if (missSendLen !== null) {
    const { flags } = await client.request({ type: 'get_config_request' }, 'get_config_reply');
    await client.changes([{ type: 'set_config', flags, missSendLen }]);
  }
  scene.print.tell('ready@1', { address: client.address });
  const why = await Promise.race([client.closed, scene.interrupted.then(() => null)]);
  if (why !== null) throw client.lost();
}

function tell(message: Message, scene: Scene): void {
  if (message.type === 'packet_in') packetIn(message, scene);
  else if (message.type === 'flow_removed') flowRemoved(message, scene);
  else if (message.type === 'port_status') portStatus(message, scene);
  else if (message.type === 'error') {
    scene.print.say(`${heading('OFPT_ERROR', message.xid)} ${errorText(message)}`);
    scene.print.tell('error@1', { error: errorText(message), request: toHex(message.data) });
  } else {
    scene.print.say(`${heading(`OFPT_${message.type.toUpperCase()}`, message.xid)}`);
    scene.print.tell('message@1', { type: message.type, xid: message.xid });
  }
}

const NO_COOKIE = 0xffffffffffffffffn;
const NO_BUFFER = 0xffffffff;
const IN_PORT = fieldNamed('in_port_oxm');

function packetIn(m: MessageOf<'packet_in'>, { print, names, packetText }: Scene): void {
  const from = m.fields.find(({ field }) => field === IN_PORT);
  const inPort = from ? numberOf(from.value) : OFPP.ANY;
  const packet = packetText(m.data, inPort);
  if (print.json) {
    print.tell('packet-in@1', {
      reason: m.reason,
      table_id: m.tableId,
      cookie: `0x${m.cookie.toString(16)}`,
      in_port: inPort,
      total_len: m.totalLen,
      packet,
      frame: toHex(m.data),
    });
    return;
  }
  const parts = [
    ...(m.tableId === 0 ? [] : [`table_id=${m.tableId}`]),
    ...(m.cookie === NO_COOKIE ? [] : [`cookie=0x${m.cookie.toString(16)}`]),
    `total_len=${m.totalLen}`,
    `in_port=${names.port(inPort)}`,
    `(via ${m.reason})`,
    `data_len=${m.data.length}`,
    m.bufferId === NO_BUFFER ? '(unbuffered)' : `buffer=0x${m.bufferId.toString(16).padStart(8, '0')}`,
  ];
  print.say(`${heading('OFPT_PACKET_IN', m.xid)} ${parts.join(' ')}\n${packet}`);
}

function flowRemoved(m: MessageOf<'flow_removed'>, { print, names }: Scene): void {
  const flow = formatMatch(m.match, names, m.priority);
  const timeouts = `idle${m.idleTimeout_s}${m.hardTimeout_s === 0 ? '' : ` hard${m.hardTimeout_s}`}`;
  const cookie = m.cookie === 0n ? '' : ` cookie:0x${m.cookie.toString(16)}`;
  const counts = `pkts${counterText(m.packets)} bytes${counterText(m.bytes)}`;
  const rest = `duration${durationText(m)} ${timeouts} ${counts}`;
  const name = heading('OFPT_FLOW_REMOVED', m.xid);
  print.say(`${name} ${flow} reason=${m.reason} table_id=${m.tableId}${cookie} ${rest}`);
  print.tell('flow-removed@1', {
    reason: m.reason,
    table_id: m.tableId,
    cookie: `0x${m.cookie.toString(16)}`,
    packets: m.packets,
    bytes: m.bytes,
    duration_ms: milliseconds(m),
    flow: formatMatch(m.match, PLAIN_NAMES, m.priority),
  });
}

const STATUS = { add: 'ADD', delete: 'DEL', modify: 'MOD' } as const;

function portStatus(m: MessageOf<'port_status'>, { print }: Scene): void {
  const what = typeof m.reason === 'number' ? String(m.reason) : STATUS[m.reason];
  print.say(`${heading('OFPT_PORT_STATUS', m.xid)} ${what}:${portText(m.port)}`);
  print.tell('port@1', { event: m.reason, port: portJson(m.port) });
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

export const PACKET_COMMANDS: readonly Command[] = [
  {
    name: 'packet-out',
    args: 'PACKET_OUT | IN_PORT ACTIONS PACKET…',
    count: [1, Number.POSITIVE_INFINITY],
    about: 'have the switch send packets: in_port=controller,packet=HEX,actions=1',
    named: true,
    run: sendPackets,
  },
  {
    name: 'monitor',
    args: '[MISS_LEN]',
    count: [0, 1],
    about: 'packet-ins, removed flows, ports, errors, as they come; with Open vSwitch, MISS_LEN turns them on',
    named: true,
    endless: true,
    run: monitor,
  },
  { name: 'probe', about: 'is it there? An echo', run: probe },
  { name: 'ping', args: '[BYTES]', count: [0, 1], about: 'ten echoes, timed', run: ping },
];
