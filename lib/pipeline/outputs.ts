/**
 * Where a packet is sent: ports, reserved ones that stand for several, queues, and NORMAL. A port that may not be sent to, down
 * or configured so, is left out here: a program names only ports that take the frame.
 */
import { MAC_TABLE, OFPPC, OFPPS, OP } from '../datapath/index.js';
import { OFPP } from '../nxm/index.js';
import { slots } from '../packet/key.js';
import type { Headers } from './headers.js';
import { isReserved, isTagType } from './normal.js';
import type { FrameSteps } from './tags.js';
import type { World } from './world.js';

const cfiSlot = { at: slots.vlan_tci.at, size: 2, shift: 12, width: 1 };
const vidOnlySlot = { at: slots.vlan_tci.at, size: 2, shift: 0, width: 12 };

/** The program that is made. */
export interface OutputSteps extends FrameSteps {
  /** The translation depends on a table. */
  visit(table: number): void;
}

export class Outputs {
  constructor(
    private readonly world: Pick<World, 'ports' | 'macs'>,
    private readonly headers: Headers,
    private readonly steps: OutputSteps,
  ) {}

  /** Sends to a port that isn't TABLE or CONTROLLER; to the ingress port only as IN_PORT. */
  to(port: number): void {
    switch (port) {
      case OFPP.IN_PORT:
        this.send(this.headers.read(slots.in_port));
        break;
      case OFPP.NORMAL:
        this.normal();
        break;
      case OFPP.FLOOD:
      case OFPP.ALL:
        this.flood();
        break;
      default:
        if (port !== this.headers.read(slots.in_port)) this.send(port);
    }
  }

  private send(number: number): void {
    const entry = this.world.ports.get(number);
    if (!entry || entry.config & (OFPPC.NO_FWD | OFPPC.PORT_DOWN) || entry.state & OFPPS.LINK_DOWN) return;
    this.steps.commit();
    const queue = this.headers.flow.get(slots.skb_priority);
    if (queue === 0) this.steps.step(OP.output, entry.slot);
    else this.steps.step(OP.enqueue, entry.slot, queue - 1);
  }

  private flood(): void {
    const inPort = this.headers.read(slots.in_port);
    for (const entry of this.world.ports.list()) if (entry.number !== inPort) this.send(entry.number);
  }

  /** L2 learning, as Open vSwitch's bridge does it: to the known port of the address, else to all. */
  private normal(): void {
    const { headers, world } = this;
    const inPort = headers.read(slots.in_port);
    const real = world.ports.get(inPort) !== undefined;
    if (!real && inPort !== OFPP.CONTROLLER && inPort !== OFPP.ANY) return;
    headers.lookAt(slots.eth_dst);
    const tagged = headers.read(cfiSlot) !== 0;
    // A frame that is cut off inside its tag belongs to no VLAN.
    if (!tagged && isTagType(headers.read(slots.eth_type))) return;
    const vlan = tagged ? headers.read(vidOnlySlot) : 0;
    const { bytes } = headers.flow;
    const at = slots.eth_dst.at;
    if (isReserved(bytes, at)) return;
    if (real) {
      this.steps.commit();
      this.steps.step(OP.learn, vlan, inPort);
    }
    this.steps.visit(MAC_TABLE);
    const known = bytes[at] & 1 ? -1 : this.portOf(vlan, real ? inPort : -1);
    if (known < 0) this.flood();
    else if (known !== inPort) this.send(known);
  }

  /** Where the destination was seen, -1 nowhere. The source was learned at `inPort` (-1: it wasn't), maybe just now. */
  private portOf(vlan: number, inPort: number): number {
    const { headers } = this;
    const { bytes } = headers.flow;
    const [dst, src] = [slots.eth_dst.at, slots.eth_src.at];
    for (let i = 0; i < 6; i++) {
      const differ = bytes[dst + i] ^ bytes[src + i];
      if (differ === 0) continue;
      // One bit that differs is enough to tell other packets apart.
      headers.read({ at: src + i, size: 1, shift: 31 - Math.clz32(differ), width: 1 });
      return this.world.macs.find(vlan, bytes, dst);
    }
    headers.lookAt(slots.eth_src);
    return inPort < 0 ? this.world.macs.find(vlan, bytes, dst) : inPort;
  }
}
