/**
 * A switch on memory ports with a manual clock, and what its users could notice, for the specs of groups, meters and
 * queues.
 */
import { expect } from 'chai';
import { type ErrorName, ManualClock, OpenFlowError, TextError, toHex } from '../../lib/bytes/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch, type SwitchEvent } from '../../lib/switch.js';

export class GroupSwitch {
  readonly clock = new ManualClock();
  readonly sw: Switch;
  readonly ports: readonly MemoryPort[];
  readonly events: SwitchEvent[] = [];

  constructor(flows = '', groups = '', meters = '', portCount = 4) {
    this.sw = new Switch({ clock: this.clock });
    this.ports = Array.from({ length: portCount }, (_, i) => this.sw.addPort(i + 1, memory()));
    this.sw.on((event) => this.events.push(event));
    this.sw.meters.load(meters);
    this.sw.groups.load(groups);
    this.sw.flows.load(flows);
  }

  /** Sends a frame in; returns what came out by port, as hexadecimal. */
  send(port: number, frame: Uint8Array): Record<number, string[]> {
    this.ports[port - 1].inject(frame);
    return this.taken();
  }

  taken(): Record<number, string[]> {
    const out: Record<number, string[]> = {};
    for (const [i, port] of this.ports.entries()) {
      const frames = port.taken();
      if (frames.length > 0) out[i + 1] = frames.map((frame) => toHex(frame));
    }
    return out;
  }

  /** The ports that something came out of. */
  outputs(port: number, frame: Uint8Array): number[] {
    return Object.entries(this.send(port, frame)).flatMap(([number, frames]) => frames.map(() => Number(number)));
  }
}

/** Expects an OpenFlowError of a name, plain or as a text's mistake. */
export function refused(name: ErrorName, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof OpenFlowError) && !(error instanceof TextError)) throw error;
    expect(error.message).to.include(`(${name})`);
    return;
  }
  throw new Error(`it was taken instead of refused with ${name}`);
}
