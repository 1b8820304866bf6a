/**
 * How frames leave: padding and truncation, the queues of a port that has some, counters. Which ports a packet goes to
 * is settled in its program; what a port does with a frame is the port's.
 */
import type { Clock } from '../bytes/index.js';
import type { Packet } from '../packet/packet.js';
import type { TunnelOut } from '../packet/tunnel.js';
import { COUNTER, type PortEntry, type PortTable } from './port-table.js';
import { PortQueues } from './queues.js';

export class Egress {
  /** Bytes that the next output sends at most, 0: all. */
  cut = 0;
  /** Length of the frame as it came in, for minFrame. */
  received = 0;

  constructor(
    private readonly ports: PortTable,
    private readonly clock: Clock,
    /** Frames that processing made shorter than this are padded with zeros; 0: never. */
    private readonly minFrame: number,
  ) {}

  /** Sends to a port. Programs name only ports that may be sent to; a port may still have vanished a moment ago. */
  output(slot: number, packet: Packet, queue = -1, tunnel?: TunnelOut): void {
    const entry = this.ports.at(slot);
    const { cut } = this;
    this.cut = 0;
    if (entry === null) return;
    if (packet.length < this.minFrame) this.pad(packet);
    const end = cut === 0 ? packet.end : Math.min(packet.end, packet.start + cut);
    if (entry.queues === null) this.transmit(entry, packet.bytes, packet.start, end, tunnel);
    else entry.queues.send(queue, packet.bytes, packet.start, end, tunnel);
  }

  private transmit(entry: PortEntry, bytes: Uint8Array, start: number, end: number, tunnel?: TunnelOut): void {
    this.ports.count(entry.slot, COUNTER.txPackets, 1);
    this.ports.count(entry.slot, COUNTER.txBytes, end - start);
    entry.port.send(bytes, start, end, tunnel);
  }

  /** Pads what processing made shorter than the shortest frame. */
  pad(packet: Packet): void {
    const { length } = packet;
    if (length >= this.minFrame || length >= this.received) return;
    packet.pad(this.minFrame);
    packet.changed = true;
  }

  /** The queues of a port, made where it has none yet. */
  queuesOf(entry: PortEntry): PortQueues {
    entry.queues ??= new PortQueues(this.clock, {
      send: (bytes, start, end, tunnel) => this.transmit(entry, bytes, start, end, tunnel),
      lost: () => this.ports.count(entry.slot, COUNTER.txDropped, 1),
    });
    return entry.queues;
  }
}
