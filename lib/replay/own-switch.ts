/**
 * A switch of our own in the place of the recorded one: its datapath id, its ports and what it says of itself are read
 * out of the session; its clock is the recording's. Ports are memory; the frames of recorded packet-ins come in there.
 */
import { duplexPair } from 'node:stream';
import { ManualClock } from '../bytes/index.js';
import { type FieldValue, numberOf, OFPP } from '../nxm/index.js';
import { type MemoryPort, memory } from '../ports/memory.js';
import { Switch } from '../switch.js';
import type { Desc, Message, Port } from '../wire/index.js';
import type { World } from './play-controller.js';
import { messageOf, type Session } from './session.js';

const LINK_DOWN = 1;
const PACKET_INS: ReadonlySet<Message['type']> = new Set(['packet_in', 'nxt_packet_in', 'nxt_packet_in2']);
/** Ports of a switch that never said which it has. */
const DEFAULT_PORTS = 4;

type PortLikeness = Pick<Port, 'name' | 'state' | 'config' | 'mac'>;

/** What the session tells of its switch. */
interface Likeness {
  readonly datapathId: bigint;
  readonly description: Partial<Desc>;
  readonly ports: ReadonlyMap<number, PortLikeness>;
}

export class OwnSwitch implements World {
  private readonly clock = new ManualClock();
  private readonly sw: Switch;
  private readonly ports = new Map<number, MemoryPort>();
  private now_ms: number | null = null;

  /** `sessions`: all with that switch. */
  constructor(sessions: readonly Session[]) {
    const { datapathId, description, ports } = likenessOf(sessions);
    const agent = { description, probe_ms: 0 };
    this.sw = new Switch({ datapathId, clock: this.clock, agent, failMode: 'secure' });
    for (const [number, { name, state, config, mac }] of ports) {
      this.addPort(number, name, mac);
      if (state & LINK_DOWN) this.ports.get(number)?.link(false);
      this.configure(number, config);
    }
  }

  /** The controller's end of a connection to it. */
  async connect() {
    const [near, far] = duplexPair();
    await this.sw.start();
    this.sw.accept(far, 'replay');
    return near;
  }

  advanceTo(wall_ms: number): void {
    const by_ms = wall_ms - (this.now_ms ?? wall_ms);
    if (by_ms < 0) return;
    this.clock.advance(by_ms);
    this.now_ms = wall_ms;
  }

  cause(message: Message): void {
    if (PACKET_INS.has(message.type) && 'totalLen' in message) {
      this.packet(message.fields, message.data, message.totalLen);
    }
    if (message.type !== 'port_status') return;
    const { number, name, state, mac } = message.port;
    if (message.reason === 'delete') this.removePort(number);
    else if (message.reason === 'add') this.addPort(number, name, mac);
    this.ports.get(number)?.link((state & LINK_DOWN) === 0);
  }

  async close(): Promise<void> {
    await this.sw.close();
  }

  private packet(fields: readonly FieldValue[], data: Uint8Array, length: number): void {
    const from = fields.find(({ field }) => field.name === 'in_port_oxm' || field.name === 'in_port');
    const port = from && this.ports.get(numberOf(from.value));
    if (!port) return;
    const frame = new Uint8Array(Math.max(length, data.length));
    frame.set(data);
    port.inject(frame);
  }

  private addPort(number: number, name: string, mac?: Uint8Array): void {
    if (this.ports.has(number)) return;
    this.ports.set(number, this.sw.addPort(number === OFPP.LOCAL ? 'LOCAL' : number, memory({ name, mac })));
  }

  private configure(number: number, config: number): void {
    const view = this.sw.ports().find((port) => port.number === number);
    if (view && config !== 0) {
      this.sw.pipeline.modifyPort({ port: number, mac: view.mac, config, mask: config, advertise: 0 });
    }
  }

  private removePort(number: number): void {
    if (this.ports.delete(number)) void this.sw.removePort(number);
  }
}

function likenessOf(sessions: readonly Session[]): Likeness {
  let datapathId = 1n;
  let description: Partial<Desc> = {};
  const ports = new Map<number, PortLikeness>();
  for (const { bytes, by } of sessions.flatMap(({ messages }) => messages)) {
    const m = by === 'switch' ? messageOf(bytes) : null;
    if (m?.type === 'features_reply') datapathId = m.datapathId;
    if (m?.type !== 'multipart_reply') continue;
    if (m.body.kind === 'desc') {
      const { kind: _, ...strings } = m.body;
      description = strings;
    }
    if (m.body.kind !== 'port_desc' || ports.size > 0) continue;
    for (const port of m.body.rows) ports.set(port.number, port);
  }
  for (let number = 1; ports.size === 0 && number <= DEFAULT_PORTS; number++) {
    ports.set(number, { name: `p${number}`, state: 0, config: 0, mac: Uint8Array.of(2, 0, 0, 0, 0, number) });
  }
  return { datapathId, description, ports };
}
