/**
 * What happens in the switch, as a line for people and as a JSON line. A flood of packet-ins, removed flows or
 * connections is throttled for people, each kind by itself; changes of ports and of fail-mode never are, unless nobody
 * reads them. With --json everything is told that its reader has time for.
 */
import { formatMac, type Timer, toHex } from '../bytes/index.js';
import { numberOf, textNames } from '../nxm/index.js';
import { OFPPC, OFPPS, type PacketIn, type PortView } from '../pipeline/types.js';
import type { Switch, SwitchEvent } from '../switch.js';
import { formatFlow, formatFrame } from '../text/index.js';
import type { Output } from './output.js';
import { Throttle } from './throttle.js';

export interface EventOptions {
  readonly sw: Switch;
  readonly output: Output;
  /** Packet-ins and removed flows, too: a line each. Always told with --json. */
  readonly all: boolean;
  /** The log tells of controllers already. */
  readonly logged: boolean;
  /** Of a switch in a network: its name, and the lines that all have together. */
  readonly member?: { readonly name: string; readonly throttle: Throttle };
}

/** Begins to tell of events; what it returns ends it. */
export function tellEvents({ sw, output, all, logged, member }: EventOptions): () => void {
  const mark = (text: string): string => output.style('cyan', text);
  const throttle = member?.throttle ?? new Throttle(sw.clock, (text) => output.say(mark(text)));
  const who = member ? `${member.name}: ` : '';
  const tell = (event: SwitchEvent): void => {
    const { plural, each } = KINDS[event.type];
    if ((each && !output.behind) || throttle.allows(plural)) output.say(mark(who + eventText(event, sw)));
  };
  const guests = new Guests(sw, tell);
  const off = sw.on((event) => {
    if (output.json) {
      const [schema, value] = eventJson(event) ?? [];
      if (schema !== undefined && value !== undefined) {
        output.tell(schema, member ? { switch: member.name, ...value } : value);
      }
      return;
    }
    if (KINDS[event.type].rare && !all) return;
    if (event.type !== 'controller') tell(event);
    else if (!logged) guests.heard(event);
  });
  return () => {
    off();
    guests.close();
    if (!member) throttle.close();
  };
}

/** How each kind is counted, whether it is shown only to those who ask for more, and whether each one has its line. */
const KINDS: Readonly<Record<SwitchEvent['type'], { plural: string; rare: boolean; each: boolean }>> = {
  packet_in: { plural: 'packet-ins', rare: true, each: false },
  flow_removed: { plural: 'removed flows', rare: true, each: false },
  port: { plural: 'changes of ports', rare: false, each: true },
  controller: { plural: 'connections that came or went', rare: false, each: false },
  fail_mode: { plural: 'changes of fail-mode', rare: false, each: true },
};

type ControllerEvent = SwitchEvent & { readonly type: 'controller' };

/** A connection that ends sooner than this gets one line instead of two. */
const VISIT_MS = 300;

/**
 * Connections that come and go. A tool such as ovs-ofctl makes several for one command, which get a line each.
 * Refusals and failures are the log's, which warns of them; who is in control is told by fail-mode.
 */
class Guests {
  private readonly arriving = new Map<string, Timer>();

  constructor(
    private readonly sw: Switch,
    private readonly tell: (event: ControllerEvent) => void,
  ) {}

  heard(event: ControllerEvent): void {
    const { event: what } = event;
    if (what.type === 'connected') this.connected(event, what.controller);
    else if (what.type === 'disconnected') this.disconnected(event, what.controller);
  }

  close(): void {
    for (const timer of this.arriving.values()) timer.cancel();
  }

  private connected(event: ControllerEvent, name: string): void {
    const dialled = this.sw.controllers().some(({ kind, address }) => kind === 'dialled' && address === name);
    if (dialled) {
      this.tell(event);
      return;
    }
    const told = this.sw.clock.after(VISIT_MS, () => {
      this.arriving.delete(name);
      this.tell(event);
    });
    this.arriving.set(name, told);
  }

  private disconnected(event: ControllerEvent, name: string): void {
    const arriving = this.arriving.get(name);
    arriving?.cancel();
    const why = 'after a moment, as ovs-ofctl does';
    const visit: ControllerEvent = { type: 'controller', event: { type: 'disconnected', controller: name, why } };
    this.tell(this.arriving.delete(name) ? visit : event);
  }
}

/** Port numbers as the ports' names. */
export function portNames(sw: Switch) {
  return textNames(new Map(sw.ports().map(({ number, name }) => [number, name])));
}

function inPortOf({ fields }: PacketIn): number {
  return fields.length > 0 ? numberOf(fields[0].value) : 0;
}

/** Is the port's link up, and the port not switched off? */
export function portState(port: PortView): 'up' | 'down' | 'off' {
  if (port.config & OFPPC.PORT_DOWN) return 'off';
  return port.state & OFPPS.LINK_DOWN ? 'down' : 'up';
}

/** An event as one line. */
export function eventText(event: SwitchEvent, sw: Switch): string {
  switch (event.type) {
    case 'packet_in': {
      const { packet } = event;
      const what = formatFrame(packet.frame, inPortOf(packet), portNames(sw));
      return `packet-in: ${packet.reason} in table ${packet.tableId}, ${packet.frame.length} bytes: ${what}`;
    }
    case 'flow_removed': {
      const flow = formatFlow(event.flow, { names: portNames(sw), stats: false }).trim();
      return `flow removed (${event.reason}) after ${event.flow.packets} packets: table=${event.flow.tableId}, ${flow}`;
    }
    case 'port': {
      const { number, name } = event.port;
      const what = { add: 'was added', delete: 'was removed', modify: `is ${portState(event.port)}` }[event.event];
      return `port ${portNumber(number)} (${name}) ${what}`;
    }
    case 'controller':
      return controllerText(event.event);
    case 'fail_mode':
      return failModeText(event.standalone);
  }
}

function controllerText(event: (SwitchEvent & { type: 'controller' })['event']): string {
  if (event.type === 'control') return event.connected ? 'a controller is in charge' : 'no controller is in charge';
  if (event.type === 'connected') return `${event.controller}: connected`;
  return `${event.controller}: ${event.type}, ${event.why}`;
}

/** What the switch does now with packets that no flow matches. */
export function failModeText(standalone: boolean): string {
  return standalone
    ? 'fail-mode: STANDALONE, no controller is in charge: what no flow matches is switched (NORMAL)'
    : 'fail-mode: a controller is in charge: what no flow matches is dropped';
}

/** "LOCAL" or the number. */
export function portNumber(number: number): string {
  return textNames().port(number);
}

/** A port's number in JSON: LOCAL is a word. */
export function portJson(port: PortView) {
  const text = portNumber(port.number);
  return {
    number: text === 'LOCAL' ? text : port.number,
    name: port.name,
    mac: formatMac(port.mac),
    state: portState(port),
  };
}

/** An event's schema and content, or null for one that others tell, too. */
export function eventJson(event: SwitchEvent): readonly [schema: string, value: object] | null {
  switch (event.type) {
    case 'packet_in': {
      const { packet } = event;
      const in_port = inPortOf(packet);
      return [
        'packet-in@1',
        {
          reason: packet.reason,
          table_id: packet.tableId,
          cookie: `0x${packet.cookie.toString(16)}`,
          in_port,
          packet: formatFrame(packet.frame, in_port),
          frame: toHex(packet.frame),
        },
      ];
    }
    case 'flow_removed': {
      const { flow, reason } = event;
      return [
        'flow-removed@1',
        {
          reason,
          table_id: flow.tableId,
          cookie: `0x${flow.cookie.toString(16)}`,
          packets: flow.packets,
          bytes: flow.bytes,
          duration_ms: flow.duration_ms,
          flow: formatFlow(flow, { stats: false }).trim(),
        },
      ];
    }
    case 'port':
      return ['port@1', { event: event.event, port: portJson(event.port) }];
    case 'controller': {
      const { type, ...rest } = event.event;
      return type === 'control' ? null : ['controller@1', { event: type, ...rest }];
    }
    case 'fail_mode':
      return ['fail-mode@1', { standalone: event.standalone }];
  }
}
