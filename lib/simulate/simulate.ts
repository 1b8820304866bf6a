/**
 * One case of `simulate`: a fresh switch on memory ports with a manual clock, flows in, frames in, and what came of
 * each. No network, no time of day: the same case gives the same answer.
 */
import { PacketInEncoder } from '../agent/packet-in.js';
import { fromHex, ManualClock, OpenFlowError, TextError, toHex } from '../bytes/index.js';
import { Refused } from '../manage/command.js';
import { Commands } from '../manage/commands.js';
import type { PacketIn } from '../pipeline/index.js';
import { type MemoryPort, memory } from '../ports/memory.js';
import { Switch } from '../switch.js';
import type { SimulateAnswer, SimulateCase, SimulateOutput, SimulateResult, SimulateStep } from './case.js';
import { flushOf, runOfctl } from './ofctl.js';

const DEFAULT_PORTS = 4;
/** What a case calls its switch. */
const BRIDGE = 'br0';
const NEVER = new AbortController().signal;
/** Nobody sends paused packets back. */
const ORIGIN = new Uint8Array(16);
const PACKET_IN_FORM = { format: 'standard', profile: 'ovs', missSendLen: 128 } as const;

class Simulation {
  private readonly clock = new ManualClock();
  private readonly sw: Switch;
  private readonly ports = new Map<number | string, MemoryPort>();
  private packetIns: string[] = [];
  private readonly commands: Commands;

  constructor(private readonly given: SimulateCase) {
    this.sw = new Switch({ clock: this.clock, caching: !given.cold });
    for (let number = 1; number <= (given.ports ?? DEFAULT_PORTS); number++) {
      this.ports.set(number, this.sw.addPort(number, memory({ name: `p${number}` })));
    }
    this.ports.set('LOCAL', this.sw.addPort('LOCAL', memory({ name: BRIDGE })));
    this.commands = new Commands({
      switches: new Map([[BRIDGE, this.sw]]),
      clock: this.clock,
      version: 'ctswitch simulate',
      exit: () => {},
      verbosity: 0,
    });
    this.sw.on((event) => {
      if (event.type === 'packet_in') this.packetIn(event.packet);
    });
  }

  private packetIn(packet: PacketIn): void {
    // What a controller gets that asked for nothing: no_match and action.
    if (packet.reason === 'invalid_ttl') return;
    const bytes = new PacketInEncoder(packet, ORIGIN).bytesFor(PACKET_IN_FORM);
    if (bytes) this.packetIns.push(toHex(bytes));
  }

  /** Why the case can't be loaded, or null. */
  async load(): Promise<string | null> {
    const { flows, groups, meters, appctl = [] } = this.given;
    for (const words of appctl) {
      const { error } = await this.appctl(words);
      if (error !== undefined) return `appctl ${words.join(' ')}: ${error}`;
    }
    try {
      this.sw.meters.load(text(meters));
      this.sw.groups.load(text(groups));
      this.sw.flows.load(text(flows));
      return null;
    } catch (error) {
      return complaint(error);
    }
  }

  /** Runs a command of the management socket. */
  private async appctl(words: readonly string[]): Promise<{ text?: string; error?: string }> {
    const [method, ...params] = words;
    if (words.slice(0, 2).includes('wait')) return { error: 'wait: time stands still here; {"warp": MS} moves it' };
    try {
      const pieces: string[] = [];
      for await (const piece of this.commands.answer({ method, params }, NEVER)) pieces.push(piece);
      return { text: pieces.join('') };
    } catch (error) {
      if (error instanceof Refused) return { error: error.message };
      throw error;
    }
  }

  async step(step: SimulateStep): Promise<SimulateResult> {
    if ('appctl' in step) {
      const answer = await this.appctl(step.appctl);
      return { appctl: step.appctl, ...answer, ...this.outcome(), packet_in: this.takePacketIns() };
    }
    if ('warp' in step) {
      this.clock.advance(step.warp);
      return { warp: step.warp, ...this.outcome(), packet_in: this.takePacketIns() };
    }
    if ('ofctl' in step) {
      const flush = flushOf(step.ofctl);
      const error = flush === null ? this.ofctl(step.ofctl) : await this.flush(flush);
      return {
        ofctl: step.ofctl,
        ...(error === null ? {} : { error }),
        ...this.outcome(),
        packet_in: this.takePacketIns(),
      };
    }
    const [port, frame] = 'port' in step ? [step.port, step.frame] : step;
    const entry = this.ports.get(Number.isNaN(Number(port)) ? port : Number(port));
    if (!entry) return { in: [port, frame], error: `there is no port ${port}` };
    try {
      entry.inject(fromHex(frame));
    } catch (error) {
      if (error instanceof RangeError) return { in: [port, frame], error: error.message };
      throw error;
    }
    const packetIns = this.takePacketIns();
    return {
      in: [port, frame],
      ...this.outcome(),
      ...(packetIns.length > 0 ? { packet_in: packetIns } : {}),
      ...('port' in step && step.ct ? { ct: this.conntrack([]) } : {}),
    };
  }

  private outcome(): { out: SimulateOutput[] } {
    const out: SimulateOutput[] = [];
    for (const [number, port] of this.ports) for (const frame of port.taken()) out.push([number, toHex(frame)]);
    return { out };
  }

  private takePacketIns(): string[] {
    const taken = this.packetIns;
    this.packetIns = [];
    return taken;
  }

  /** Runs a command that changes the switch; returns why not, or null. */
  private ofctl(words: readonly string[]): string | null {
    try {
      return runOfctl(this.sw, words) ? null : `ofctl ${words[0]} is not supported yet`;
    } catch (error) {
      return complaint(error);
    }
  }

  /** As a switch's answer to a flush, which tells of no tuple that it didn't meet. */
  private async flush(words: readonly string[]): Promise<string | null> {
    const { error = null } = await this.appctl(words);
    return error?.endsWith('(No such file or directory)') ? null : error;
  }

  conntrack(options = this.given.ct_opts ?? []): string[] {
    const detailed = options.includes('-m');
    const timeouts = options.includes('-s');
    return this.sw.conntrackText({}, { more: detailed, statistics: timeouts }).sort();
  }

  flows(): string[] {
    return this.sw.flows.dump().map((line) => line.trimStart());
  }

  async close(): Promise<void> {
    await this.sw.close();
  }
}

/** Runs a case. */
export async function simulate(given: SimulateCase): Promise<SimulateAnswer> {
  const begun = performance.now();
  const simulation = new Simulation(given);
  const id = given.id === undefined ? {} : { id: given.id };
  try {
    const error = await simulation.load();
    if (error !== null) return { ...id, load_error: error };
    const loaded = performance.now();
    const steps = given.packets ?? [];
    const results: SimulateResult[] = [];
    for (const step of steps) results.push(await simulation.step(step));
    const packets_s = (performance.now() - loaded) / 1000;
    return {
      ...id,
      results,
      conntrack: simulation.conntrack(),
      ...(given.dump === false ? {} : { flows: simulation.flows() }),
      time: {
        load_s: round((loaded - begun) / 1000),
        packets_s: round(packets_s),
        pps: round(steps.length / Math.max(packets_s, 1e-9)),
      },
    };
  } finally {
    await simulation.close();
  }
}

function complaint(error: unknown): string {
  if (error instanceof TextError || error instanceof OpenFlowError) return error.message;
  throw error;
}

function text(lines: SimulateCase['flows']): string {
  if (lines === undefined) return '';
  return typeof lines === 'string' ? lines : lines.join('\n');
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
