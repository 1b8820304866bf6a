/**
 * Where a packet is sent: ports, reserved ones that stand for several, queues, NORMAL, and controllers. A port that may
 * not be sent to, down or configured so, is left out here: a program names only ports that take the frame.
 */
import { type ControllerCold, MAC_TABLE, type Meter, OFPPC, OFPPS, OP, type PortEntry } from '../datapath/index.js';
import { type ControllerArgs, OFPP, type OutputMeaning, PLAIN_NAMES } from '../nxm/index.js';
import { ENCAP } from '../packet/encapsulation.js';
import { slots } from '../packet/key.js';
import type { Lists } from './lists.js';
import { isReserved, isTagType } from './normal.js';
import type { Pass } from './pass.js';
import { outerHeaders } from './tunnel-output.js';

const cfiSlot = { at: slots.vlan_tci.at, size: 2, shift: 12, width: 1 };
const vidOnlySlot = { at: slots.vlan_tci.at, size: 2, shift: 0, width: 12 };

const TYPE_WORD = slots.packet_type.at >> 2;

/** Sends a packet-in, through a meter where there is one; of a packet without an Ethernet header what there is. */
export function sendToController(pass: Pass, cold: ControllerCold, meter: Meter | undefined): void {
  pass.commit();
  const bare = pass.packetType !== 0;
  if (!meter && !bare) {
    pass.program.controller(cold);
    return;
  }
  const body = pass.program.open();
  if (bare) pass.step(OP.encap, ENCAP.bare, 0);
  if (meter) pass.program.meter(meter);
  pass.program.controller(meter ? { ...cold, metered: true } : cold);
  pass.program.close(body);
}

export class Outputs implements OutputMeaning {
  constructor(
    private readonly pass: Pass,
    private readonly lists: Lists,
  ) {}

  port(port: number, maxLen: number): void {
    if (port === OFPP.TABLE) this.table();
    else if (port === OFPP.CONTROLLER) this.controller({ maxLen, reason: 'action', controllerId: 0 });
    else this.to(port);
  }

  /** A packet-out's packet begins at table 0. A flow comes to TABLE by a field's value alone: that is a resubmit. */
  private table(): void {
    if (this.pass.flow === null) this.lists.walk(0);
    else this.lists.resubmit(0, null, false);
  }

  queue(queue: number | null): void {
    this.pass.headers.fix(slots.skb_priority, queue === null ? 0 : queue + 1);
  }

  controller(args: ControllerArgs): void {
    const { pass } = this;
    const { flow, headers } = pass;
    const miss = !pass.inActionSet && flow !== null && flow.priority === 0 && flow.shape.words.length === 0;
    // Only of what misses (OpenFlow 1.3.5 §7.2.1): a flow of its own, as of spanning trees on blocked ports, goes on.
    const inPort = pass.world.ports.get(headers.read(slots.in_port));
    if (miss && inPort && inPort.config & OFPPC.NO_PACKET_IN) {
      pass.listener?.note('the ingress port is configured to send no packet-ins for packets that miss');
      return;
    }
    const cold: ControllerCold = {
      kind: 'controller',
      reason: miss && args.reason === 'action' ? 'no_match' : args.reason,
      tableId: pass.tableId,
      cookie: flow?.cookie ?? 0xffffffffffffffffn,
      maxLen: args.maxLen,
      controllerId: args.controllerId,
      userdata: args.userdata ?? null,
      metered: false,
      paused: null,
      written: [
        ...headers.metadata(),
        ...(pass.packetType === 0 ? [] : [[TYPE_WORD, 0xffffffff, headers.flow.words[TYPE_WORD]] as const]),
      ],
    };
    const meter = args.meterId ? pass.world.meters.get(args.meterId) : undefined;
    if (args.pause) {
      // What is left of all lists that are under way comes together while they end; then the packet goes.
      pass.paused = { cold, meter };
      pass.wait([]);
    } else {
      sendToController(pass, cold, meter);
    }
  }

  isUp(port: number): boolean {
    if (port === OFPP.CONTROLLER) return false;
    return (port >= OFPP.IN_PORT && port !== OFPP.LOCAL) || this.pass.world.groups.isPortLive(port);
  }

  /** Sends to a port that isn't TABLE or CONTROLLER; to the ingress port only as IN_PORT. */
  private to(port: number): void {
    switch (port) {
      case OFPP.IN_PORT:
        this.send(this.pass.headers.read(slots.in_port));
        break;
      case OFPP.NORMAL:
        this.normal();
        break;
      case OFPP.FLOOD:
      case OFPP.ALL:
        this.flood();
        break;
      default:
        if (port !== this.pass.headers.read(slots.in_port)) this.send(port);
        else this.pass.listener?.note('not sent to the port it came in at: only IN_PORT does that');
    }
  }

  /** `maxLen`: the bytes sent at most, null all. */
  private send(number: number, maxLen: number | null = null): void {
    if (this.pass.packetType !== 0) {
      this.pass.listener?.note('not sent: the packet has no Ethernet header');
      return;
    }
    const entry = this.pass.world.ports.get(number);
    if (!entry || entry.config & (OFPPC.NO_FWD | OFPPC.PORT_DOWN) || entry.state & OFPPS.LINK_DOWN) {
      this.pass.listener?.note(
        `not sent: port ${PLAIN_NAMES.port(number)} ${entry ? whyClosed(entry) : "isn't there"}`,
      );
      return;
    }
    const queue = this.pass.headers.flow.get(slots.skb_priority);
    const { tunnel } = entry.port;
    if (tunnel) {
      const outer = outerHeaders(tunnel, this.pass.headers, this.pass.world.tlvTable);
      if (outer === null) {
        this.pass.listener?.note(`not sent: the tunnel ${entry.port.name} would lead nowhere, or back to this switch`);
        return;
      }
      this.pass.commit();
      if (maxLen !== null) this.pass.step(OP.truncate, maxLen);
      this.pass.program.tunnel(entry.slot, queue - 1, outer);
      return;
    }
    this.pass.commit();
    if (maxLen !== null) this.pass.step(OP.truncate, maxLen);
    if (queue === 0) this.pass.step(OP.output, entry.slot);
    else this.pass.step(OP.enqueue, entry.slot, queue - 1);
  }

  truncated(port: number, maxLen: number): void {
    const { pass } = this;
    const inPort = pass.headers.read(slots.in_port);
    if (port === inPort) pass.listener?.note('not sent to the port it came in at: only IN_PORT does that');
    else this.send(port === OFPP.IN_PORT ? inPort : port, maxLen);
  }

  sample(probability: number): void {
    this.pass.step(OP.sample, probability);
  }

  private flood(): void {
    const inPort = this.pass.headers.read(slots.in_port);
    for (const entry of this.pass.world.ports.list()) if (entry.number !== inPort) this.send(entry.number);
  }

  /** L2 learning, as Open vSwitch's bridge does it: to the known port of the address, else to all. */
  private normal(): void {
    if (this.pass.packetType !== 0) return;
    const { headers, world } = this.pass;
    const inPort = headers.read(slots.in_port);
    const real = world.ports.get(inPort) !== undefined;
    const { listener } = this.pass;
    if (!real && inPort !== OFPP.CONTROLLER && inPort !== OFPP.ANY) {
      listener?.note(`dropped: there is no port ${PLAIN_NAMES.port(inPort)} to learn from`);
      return;
    }
    headers.lookAt(slots.eth_dst);
    const tagged = headers.read(cfiSlot) !== 0;
    // A frame that is cut off inside its tag belongs to no VLAN.
    if (!tagged && isTagType(headers.read(slots.eth_type))) return;
    const vlan = tagged ? headers.read(vidOnlySlot) : 0;
    const { bytes } = headers.flow;
    const at = slots.eth_dst.at;
    if (isReserved(bytes, at)) {
      listener?.note('dropped: a reserved group address (IEEE 802.1D)');
      return;
    }
    if (real) {
      this.pass.commit();
      this.pass.step(OP.learn, vlan, inPort);
    }
    this.pass.visit(MAC_TABLE);
    const known = bytes[at] & 1 ? -1 : this.portOf(vlan, real ? inPort : -1);
    if (known < 0) {
      listener?.note(bytes[at] & 1 ? 'a group address: flooding' : 'no learned MAC for the destination: flooding');
      this.flood();
    } else if (known !== inPort) {
      listener?.note(`the destination was learned at port ${PLAIN_NAMES.port(known)}`);
      this.send(known);
    } else {
      listener?.note('dropped: the destination was learned at the port it came in at');
    }
  }

  /** Where the destination was seen, -1 nowhere. The source was learned at `inPort` (-1: it wasn't), maybe just now. */
  private portOf(vlan: number, inPort: number): number {
    const { headers } = this.pass;
    const { bytes } = headers.flow;
    const [dst, src] = [slots.eth_dst.at, slots.eth_src.at];
    for (let i = 0; i < 6; i++) {
      const differ = bytes[dst + i] ^ bytes[src + i];
      if (differ === 0) continue;
      // One bit that differs is enough to tell other packets apart.
      headers.read({ at: src + i, size: 1, shift: 31 - Math.clz32(differ), width: 1 });
      return this.pass.world.macs.find(vlan, bytes, dst);
    }
    headers.lookAt(slots.eth_src);
    return inPort < 0 ? this.pass.world.macs.find(vlan, bytes, dst) : inPort;
  }
}

/** Why a port takes no frames. */
function whyClosed({ config, state }: PortEntry): string {
  if (config & OFPPC.PORT_DOWN) return 'is configured down';
  if (config & OFPPC.NO_FWD) return 'is configured not to forward';
  return state & OFPPS.LINK_DOWN ? 'has no link' : '';
}
