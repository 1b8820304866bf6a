/** monitor: what a switch tells unasked, line by line, until it is interrupted; watch: asks it to tell of flows. */
import { toHex } from '../bytes/index.js';
import { ANY_GROUP, fieldNamed, numberOf, OFPP, PLAIN_NAMES } from '../nxm/index.js';
import { formatInstructions, formatMatch, parseFlow } from '../text/index.js';
import { type FlowMonitorRequest, type FlowUpdate, type Message, type MessageOf, ONFFMF } from '../wire/index.js';
import { errorText } from './client.js';
import { type Command, counterText, durationText, heading, milliseconds, type Scene } from './command.js';
import { Misuse } from './outcome.js';
import { portJson, portText } from './ports.js';

/** What is asked for before listening. */
interface Wishes {
  missSendLen: number | null;
  readonly watches: FlowMonitorRequest[];
}

/** Words in front of "!": what is told of unless they stand there. */
const WATCHED = {
  initial: ONFFMF.INITIAL,
  add: ONFFMF.ADD,
  delete: ONFFMF.DELETE,
  modify: ONFFMF.MODIFY,
  actions: ONFFMF.ACTIONS,
  own: ONFFMF.OWN,
} as const;
const EVERYTHING = Object.values(WATCHED).reduce((all: number, flag) => all | flag, 0);

/** "watch:!initial,table=1,tcp" behind the colon. Throws Misuse or TextError. */
function watchOf(text: string, monitorId: number, ports: Scene['ports']): FlowMonitorRequest {
  let flags = EVERYTHING;
  const filter = text.replace(/!(\w*)/g, (_, word: string) => {
    const flag = Object.entries(WATCHED).find(([name]) => name === word)?.[1];
    if (flag === undefined) {
      throw new Misuse(
        `watch: "!${word}" is none of ${Object.keys(WATCHED)
          .map((name) => `!${name}`)
          .join(' ')}`,
      );
    }
    flags &= ~flag;
    return '';
  });
  const { tableId, outPort, outGroup, cookieMask, match } = parseFlow(filter, {
    command: 'delete',
    called: 'watch:',
    ports,
  });
  if (outGroup !== ANY_GROUP || cookieMask !== 0n) throw new Misuse('watch: takes neither out_group nor cookie');
  return { monitorId, flags, outPort, tableId, match, bare: false };
}

function wishesOf(args: readonly string[], ports: Scene['ports']): Wishes {
  const wishes: Wishes = { missSendLen: null, watches: [] };
  for (const text of args) {
    if (text.startsWith('watch:')) {
      wishes.watches.push(watchOf(text.slice('watch:'.length), wishes.watches.length, ports));
    } else if (/^\d{1,5}$/.test(text) && Number(text) <= 0xffff && wishes.missSendLen === null) {
      wishes.missSendLen = Number(text);
    } else {
      const later = /^(invalid_ttl|resume)/.exec(text);
      throw new Misuse(
        later
          ? `${later[1]} is for other versions of OpenFlow; in 1.3 there are MISS_LEN and watch:`
          : `MISS_LEN is a number of bytes up to 65535, not "${text}"`,
      );
    }
  }
  return wishes;
}

async function monitor(scene: Scene, args: readonly string[]): Promise<void> {
  const { client } = scene;
  const { missSendLen, watches } = wishesOf(args, scene.ports);
  client.onEvent = (message) => tell(message, scene);
  if (missSendLen !== null) {
    const { flags } = await client.request({ type: 'get_config_request' }, 'get_config_reply');
    await client.changes([{ type: 'set_config', flags, missSendLen }]);
  }
  scene.print.tell('ready@1', { address: client.address });
  if (watches.length > 0) {
    const body = { kind: 'flow_monitor', rows: watches } as const;
    await client.rows(body, (rows) => flowUpdates(rows, client.xid, scene));
  }
  const why = await Promise.race([client.closed, scene.interrupted.then(() => null)]);
  if (why !== null) throw client.lost();
}

/** Changes of flows, as ovs-ofctl prints them. */
function flowUpdates(rows: readonly FlowUpdate[], xid: number, { print, names }: Scene): void {
  if (rows.length === 0) return;
  print.say(heading('ONFST_FLOW_MONITOR reply', xid));
  for (const update of rows) {
    if (update.event === 'abbrev') {
      print.say(` event=ABBREV xid=0x${update.xid.toString(16)}`);
      print.tell('flow-update@1', { event: 'abbrev', xid: update.xid });
      continue;
    }
    const { event, reason, tableId, idleTimeout_s, hardTimeout_s, cookie, match, instructions, priority } = update;
    const cookieText = cookie === 0n ? '0' : `0x${cookie.toString(16)}`;
    const parts = [
      `event=${event.toUpperCase()}${event === 'deleted' ? ` reason=${reason}` : ''}`,
      `table=${tableId}`,
      ...(idleTimeout_s === 0 ? [] : [`idle_timeout=${idleTimeout_s}`]),
      ...(hardTimeout_s === 0 ? [] : [`hard_timeout=${hardTimeout_s}`]),
      `cookie=${cookieText}`,
      formatMatch(match, names),
      ...(Object.keys(instructions).length === 0 ? [] : [`actions=${formatInstructions(instructions, names)}`]),
    ];
    print.say(` ${parts.filter((part) => part !== '').join(' ')}`);
    print.tell('flow-update@1', {
      event,
      ...(event === 'deleted' ? { reason } : {}),
      table_id: tableId,
      priority,
      cookie: `0x${cookie.toString(16)}`,
      idle_timeout_s: idleTimeout_s,
      hard_timeout_s: hardTimeout_s,
      match: formatMatch(match),
      actions: formatInstructions(instructions),
    });
  }
}

function tell(message: Message, scene: Scene): void {
  if (message.type === 'packet_in') packetIn(message, scene);
  else if (message.type === 'flow_removed') flowRemoved(message, scene);
  else if (message.type === 'port_status') portStatus(message, scene);
  else if (message.type === 'multipart_reply' && message.body.kind === 'flow_monitor') {
    flowUpdates(message.body.rows, message.xid, scene);
  } else if (message.type === 'error') {
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

export const MONITOR_COMMANDS: readonly Command[] = [
  {
    name: 'monitor',
    args: '[MISS_LEN] [watch:FLOW]',
    count: [0, Number.POSITIVE_INFINITY],
    about:
      'packet-ins, removed flows, ports, errors, as they come; with Open vSwitch, MISS_LEN turns them on. ' +
      'watch: changes of flows, too; with !initial, !add, !delete, !modify, !actions, !own without those',
    named: true,
    endless: true,
    run: monitor,
  },
];
