/**
 * Runs a scenario on a switch of its own: memory ports, a manual clock, a seed, so that the same file gives the same
 * bytes each time. A step's parts happen in the order of the schema's keys; then what came of it is judged.
 */
import { ManualClock, OpenFlowError, TextError, toHex } from '../bytes/index.js';
import { type Tracker, WHY_TEXT } from '../ct/index.js';
import { type NameMap, type TextNames, textNames } from '../nxm/index.js';
import type { FlowView, PacketIn } from '../pipeline/types.js';
import { type MemoryPort, memory } from '../ports/memory.js';
import { Switch } from '../switch.js';
import { parseFlows, parseGroups, parseMeters } from '../text/index.js';
import { formatTrace } from '../trace/index.js';
import { frameLine } from './difference.js';
import { type Failure, Judge, type Outcome } from './outcome.js';
import { Packets, type ReadCapture } from './packets.js';
import type { Changes, Scenario, Step } from './scenario.js';
import { applySettings } from './settings.js';

/** What became of a step. */
export interface StepResult {
  readonly step: Step;
  readonly failures: readonly Failure[];
  /** How the packets went, for a step that failed. */
  readonly trace: readonly string[];
  readonly outcome: Outcome;
}

/** A flow at the end, and the line of the file that it came from. */
export interface FlowUse {
  readonly flow: FlowView;
  readonly line: number | null;
}

/** What became of a scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly passed: boolean;
  readonly steps: readonly StepResult[];
  readonly flows: readonly FlowUse[];
}

/** Most frames of a step, and most failed steps of a scenario, that are traced. */
const TRACED = 3;
const TRACED_STEPS = 10;
/** The address of whoever is at port N is 02:00:00:00:00:N; that of others is the one of the last number. */
const MAC_BASE = 0x020000000000n;
const ELSEWHERE = 0xfffen;

class Run {
  private readonly clock = new ManualClock();
  private readonly sw: Switch;
  private readonly ports = new Map<string, MemoryPort>();
  private readonly packets: Packets;
  private readonly names: NameMap;
  private readonly portNames: TextNames;
  private readonly lines = new Map<string, number>();
  private packetIns: PacketIn[] = [];
  private verdicts: { state: number; why: string }[] = [];

  constructor(
    private readonly scenario: Scenario,
    private readonly capture: ReadCapture,
    /** Steps whose packets are traced. */
    private readonly traced: ReadonlySet<Step>,
  ) {
    const { seed, ports, settings } = scenario;
    this.sw = new Switch({ clock: this.clock, seed, failMode: settings?.failMode });
    this.names = ports;
    this.portNames = textNames(new Map([...ports].map(([name, number]) => [number, name])));
    for (const [name, number] of ports) {
      this.ports.set(name, this.sw.addPort(number > 0xffff ? 'LOCAL' : number, memory({ name })));
    }
    this.packets = new Packets((port) => MAC_BASE + BigInt((ports.get(port) ?? Number(ELSEWHERE)) & 0xffff), capture);
    this.sw.on((event) => {
      if (event.type === 'packet_in') this.packetIns.push(event.packet);
    });
    watch(this.sw.tracker, (state, why) => this.verdicts.push({ state, why: WHY_TEXT[why] ?? '' }));
  }

  /** Throws a TextError for what the scenario's own texts get wrong. */
  result(): ScenarioResult {
    this.change(this.scenario);
    const steps = this.scenario.steps.map((step) => this.step(step));
    return {
      scenario: this.scenario,
      passed: steps.every(({ failures }) => failures.length === 0),
      steps,
      flows: this.sw.flows.list().map((flow) => ({ flow, line: this.lines.get(identity(flow)) ?? null })),
    };
  }

  async close(): Promise<void> {
    await this.sw.close();
  }

  private change({ settings, meters, groups, flows }: Changes): void {
    const { file } = this.scenario;
    const { ports, sw } = { ports: this.names, sw: this.sw };
    if (settings) applySettings(sw, settings);
    each(meters, (text, line) => {
      for (const change of parseMeters(text, { file, line })) sw.meters.apply(change);
    });
    each(groups, (text, line) => {
      for (const change of parseGroups(text, { file, line, ports })) sw.groups.apply(change);
    });
    each(flows, (text, line) => {
      for (const change of parseFlows(text, { file, line, ports })) {
        sw.flows.apply(change);
        if (change.command === 'add') this.lines.set(identity(change), line);
      }
    });

    /** A line at a time, so that what the switch refuses has its place. */
    function each(block: string | null, apply: (text: string, line: number) => void): void {
      for (const [i, text] of (block ?? '').split('\n').entries()) {
        try {
          apply(text, i + 1);
        } catch (error) {
          if (!(error instanceof OpenFlowError)) throw error;
          throw new TextError(`${error.why} (${error.error})`, i + 1, text.search(/\S/) + 1, file);
        }
      }
    }
  }

  private step(step: Step): StepResult {
    const { sw } = this;
    if (step.wait_ms > 0) this.clock.advance(step.wait_ms);
    for (const { port, up } of step.links) this.ports.get(port)?.link(up);
    this.change(step);
    if (step.flush) sw.tracker.flush(step.flush, this.clock.now());
    const trace: string[][] | null = this.traced.has(step) ? [] : null;
    const sent = step.sends.map(({ port, packet }) => this.send(port, packet, trace));
    const outcome = this.outcome(sent, step.expect);
    for (const [port, frames] of outcome.outputs) for (const frame of frames) this.packets.delivered(port, frame);
    const failures = new Judge(this.scenario, step, outcome, this.capture).failed();
    return { step, failures, trace: trace?.flat() ?? [], outcome };
  }

  /** Sends; `trace` gets the way of the first frames, or is null. */
  private send(
    port: string,
    packet: Step['sends'][number]['packet'],
    trace: string[][] | null,
  ): Outcome['sent'][number] {
    const sent = this.packets.send(port, packet);
    for (const frame of sent.frames) {
      if (trace && trace.length < TRACED) trace.push(this.way(port, frame));
      this.ports.get(port)?.inject(frame);
    }
    return { port, sent };
  }

  private outcome(sent: Outcome['sent'], expect: Step['expect']): Outcome {
    const outputs = new Map<string, Uint8Array[]>();
    for (const [name, port] of this.ports) {
      const frames = port.taken();
      if (frames.length > 0) outputs.set(name, frames);
    }
    const { packetIns, verdicts } = this;
    this.packetIns = [];
    this.verdicts = [];
    const asked = expect !== null && (expect.ct !== null || expect.connections !== null);
    return { outputs, packetIns, verdicts, connections: asked ? this.sw.conntrack() : [], sent };
  }

  /** What would become of a frame that is about to come in. */
  private way(port: string, frame: Uint8Array): string[] {
    const number = this.scenario.ports.get(port) ?? 0;
    const trace = this.sw.trace({ in_port: number, frame }, { names: this.portNames });
    return [`in ${port}: ${frameLine(frame)}`, ...formatTrace(trace, 'switch').split('\n')];
  }
}

/** Tells of each verdict of the tracker. */
function watch(tracker: Tracker, told: (state: number, why: number) => void): void {
  const process = tracker.process.bind(tracker);
  tracker.process = (...args) => {
    const result = process(...args);
    told(result.state, result.why);
    return result;
  };
}

/** A flow by what makes it one. */
function identity({ tableId, priority, match }: Pick<FlowView, 'tableId' | 'priority' | 'match'>): string {
  return `${tableId} ${priority} ${toHex(match.tlvs)}`;
}

/** Runs a scenario. Rejects with a TextError for what its own texts get wrong. */
export async function runScenario(scenario: Scenario, capture: ReadCapture = noCaptures): Promise<ScenarioResult> {
  const result = await runOnce(scenario, capture, new Set());
  if (result.passed) return result;
  // Everything happens again as it did, and this time it is watched where something failed.
  const failed = result.steps.filter(({ failures }) => failures.length > 0).slice(0, TRACED_STEPS);
  return runOnce(scenario, capture, new Set(failed.map(({ step }) => step)));
}

async function runOnce(scenario: Scenario, capture: ReadCapture, traced: ReadonlySet<Step>): Promise<ScenarioResult> {
  const run = new Run(scenario, capture, traced);
  try {
    return run.result();
  } finally {
    await run.close();
  }
}

function noCaptures(file: string): never {
  throw new RangeError(`${file}: captures are read from files only`);
}
