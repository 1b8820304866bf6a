/** A small switch on memory ports for the specs of this folder: flows in, a frame in, and what came out where. */
import { ManualClock, toHex } from '../../lib/bytes/index.js';
import type { PacketIn } from '../../lib/pipeline/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch, type SwitchOptions } from '../../lib/switch.js';

export class BenchSwitch {
  readonly clock = new ManualClock();
  readonly sw: Switch;
  readonly packetIns: PacketIn[] = [];
  readonly removed: string[] = [];
  private readonly ports = new Map<number | 'LOCAL', MemoryPort>();

  constructor(flows: string, options: SwitchOptions = {}) {
    this.sw = new Switch({ clock: this.clock, ...options });
    for (const number of [1, 2, 3, 'LOCAL'] as const)
      this.ports.set(number, this.sw.addPort(number, memory({ name: `p${number}` })));
    this.sw.on((event) => {
      if (event.type === 'packet_in') this.packetIns.push(event.packet);
      if (event.type === 'flow_removed')
        this.removed.push(`${event.reason} ${event.flow.priority} ${event.flow.packets}`);
    });
    this.sw.flows.load(flows);
  }

  /** Sends a frame and returns the ports where it, or what became of it, came out. */
  send(port: number | 'LOCAL', frame: Uint8Array): (number | 'LOCAL')[] {
    return this.frames(port, frame).map(([number]) => number);
  }

  /** The same with the frames in hexadecimal. */
  frames(port: number | 'LOCAL', frame: Uint8Array): [number | 'LOCAL', string][] {
    this.ports.get(port)?.inject(frame);
    return this.taken();
  }

  taken(): [number | 'LOCAL', string][] {
    return [...this.ports].flatMap(([number, p]) =>
      p.taken().map((out): [number | 'LOCAL', string] => [number, toHex(out)]),
    );
  }

  /** n_packets of the flow with a priority. */
  packets(priority: number): number | undefined {
    return this.sw.flows.list().find((flow) => flow.priority === priority)?.packets;
  }
}
