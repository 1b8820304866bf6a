/**
 * A cable between two switches of one process: a port on each side, with delay, loss and a rate in each direction.
 * Pulling it takes the link down on both sides; what is under way is lost. `shaped` gives another kind of port, a
 * virtual host's, such a cable.
 */
import type { Random } from '../bytes/index.js';
import type { Port, PortHost } from './port.js';
import { wrap } from './recorded.js';
import { type Handover, Wire, type WireSettings } from './wire.js';

/** A port at an end of a cable between switches. */
export class LinkPort implements Port {
  readonly kind = 'link';
  private host: PortHost | null = null;
  private wire: Wire | null = null;
  private up = true;
  /** Does the port on the other side let the link be up? */
  private carrier = true;

  constructor(readonly name: string) {}

  /** Joins both ends; the streams of chance are the directions'. */
  join(other: LinkPort, handover: Handover, random: Random, settings: WireSettings): void {
    const lost = (count: number) => this.host?.lost('tx', 'dropped', count);
    this.wire = new Wire(handover, random, settings, (...frame) => other.receive(...frame), lost);
  }

  get speed_kbps(): number {
    return 0;
  }

  start(host: PortHost): void {
    this.host = host;
    if (!this.up || !this.carrier) host.link(false);
  }

  send(bytes: Uint8Array, start: number, end: number): void {
    if (this.wire === null || !this.up || !this.carrier) this.host?.lost('tx', 'dropped', 1);
    else this.wire.carry(bytes, start, end);
  }

  private receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.up && this.carrier) this.host?.receive(bytes, start, end);
  }

  /** Plugs the cable in, or pulls it. */
  link(up: boolean): void {
    this.change(up, this.carrier);
  }

  /** The port on the other side was switched on or off. */
  peer(on: boolean): void {
    this.change(this.up, on);
  }

  private change(up: boolean, carrier: boolean): void {
    const was = this.up && this.carrier;
    this.up = up;
    this.carrier = carrier;
    if (was === (up && carrier)) return;
    if (was) this.wire?.cut();
    this.host?.link(!was);
  }

  close(): void {
    this.wire?.cut();
    this.host = null;
  }
}

/** Two joined ports. */
export function link(
  names: readonly [string, string],
  handover: Handover,
  random: Random,
  settings: WireSettings = {},
): [LinkPort, LinkPort] {
  const [a, b] = names.map((name) => new LinkPort(name));
  a.join(b, handover, random.stream('there'), settings);
  b.join(a, handover, random.stream('back'), settings);
  return [a, b];
}

/** `port` under another name, behind a cable. The switch gives it an address of its own. */
export function shaped(port: Port, name: string, handover: Handover, random: Random, settings: WireSettings): Port {
  let host: PortHost | null = null;
  const lost = (direction: 'rx' | 'tx') => (count: number) => host?.lost(direction, 'dropped', count);
  const inward = new Wire(handover, random.stream('there'), settings, (...f) => host?.receive(...f), lost('rx'));
  const outward = new Wire(handover, random.stream('back'), settings, (...f) => port.send(...f), lost('tx'));
  const { delay_ms = 0, loss = 0, rate_bps } = settings;
  const plain = delay_ms === 0 && loss === 0 && rate_bps === undefined;
  return {
    ...wrap(port, {
      start(outer) {
        host = outer;
        return port.start({
          ...outer,
          receive: (...frame) => (plain ? outer.receive(...frame) : inward.carry(frame[0], frame[1], frame[2])),
          link(up, gone) {
            if (!up) for (const wire of [inward, outward]) wire.cut();
            outer.link(up, gone);
          },
        });
      },
      send: (...frame) => (plain ? port.send(...frame) : outward.carry(frame[0], frame[1], frame[2])),
    }),
    name,
    mac: undefined,
  };
}
