/**
 * Traces: what a switch would do with packets, told step by step, without doing it. The packets run through a scratch
 * copy of the switch's state (lib/pipeline/scratch.ts, Tracker.scratch), so that several in a row see what those before
 * them left: a committed connection, a learned address. Nothing of the switch itself changes.
 */
import type { Clock } from '../bytes/index.js';
import { toHex } from '../bytes/index.js';
import {
  CS_EST,
  CS_INV,
  CS_NEW,
  CS_TRK,
  type CtEvent,
  type CtRequest,
  type CtResult,
  FATE,
  formatConnection,
  formatState,
  type Origin,
  type Prior,
  type Tracker,
} from '../ct/index.js';
import type { PacketTracker } from '../datapath/index.js';
import { type Action, formatActions, type NameMap, PLAIN_NAMES, type TextNames } from '../nxm/index.js';
import type { Packet } from '../packet/index.js';
import type { Pipeline, ScratchPipeline } from '../pipeline/index.js';
import type { PacketGiven } from '../text/index.js';
import { formatFlowKey } from './flow-text.js';
import { type TraceInput, tracedPacket } from './input.js';
import { Recorder } from './recorder.js';
import type { Trace, TraceVerdict } from './types.js';

/** A packet to trace: as it comes in, or with actions as a packet-out. */
export interface TracedPacket extends PacketGiven {
  readonly actions?: readonly Action[];
  /** TCP's sequence numbers mean something: they come out of a frame, not of a text. */
  readonly sequenced?: boolean;
}

/** What a trace is to suppose. */
export interface TraceOptions {
  /**
   * Bits of ct_state that the next ct actions with a table find, one each; then the connection table is asked again.
   */
  readonly ctNext?: readonly number[];
  /** There is no connection table: where it is empty, packets count as new. */
  readonly assumeNew?: boolean;
  readonly names?: TextNames;
}

/** What is traced. */
export interface Traced {
  readonly pipeline: Pipeline;
  readonly tracker: Tracker;
  readonly clock: Clock;
}

/** Packets that are read in one step. */
const READ_STEP = 16;

/** Traces packets one after the other, on one scratch copy of the state. */
export function tracePackets(of: Traced, packets: readonly TracedPacket[], options: TraceOptions = {}): Trace[] {
  const tracer = new Tracer(of, options);
  return packets.map((packet) => tracer.trace(packet));
}

/**
 * The same in steps, of packets as they are given: each reads some or traces one, and gives the traces that are done.
 * All are read before the first is traced. What changes between steps (flows, connections that no packet has met yet)
 * is seen by the packets behind it; what the packets before them left stays. Throws a TextError while it reads.
 */
export function* traceInputs(
  of: Traced,
  given: readonly TraceInput[],
  ports: NameMap,
  options: TraceOptions,
): Generator<Trace[], undefined> {
  const packets: TracedPacket[] = [];
  for (const input of given) {
    packets.push(tracedPacket(input, ports));
    if (packets.length % READ_STEP === 0) yield [];
  }
  const tracer = new Tracer(of, options);
  for (const packet of packets) yield [tracer.trace(packet)];
}

class Tracer {
  private readonly tracker: TracedTracker;
  private readonly scratch: ScratchPipeline;
  private readonly names: TextNames;
  private recorder!: Recorder;

  constructor(of: Traced, options: TraceOptions) {
    this.names = options.names ?? PLAIN_NAMES;
    this.tracker = new TracedTracker(of.tracker.scratch(), options, () => this.recorder);
    const heard = <K extends keyof Recorder>(name: K) =>
      ((...args: unknown[]) => (this.recorder[name] as (...all: unknown[]) => void)(...args)) as Recorder[K];
    this.scratch = of.pipeline.scratch(this.tracker, {
      began: heard('began'),
      resumed: heard('resumed'),
      table: heard('table'),
      action: heard('action'),
      instruction: heard('instruction'),
      bucket: heard('bucket'),
      actionSet: heard('actionSet'),
      done: heard('done'),
      note: heard('note'),
      teaches: heard('teaches'),
      finished: heard('finished'),
      sent: heard('sent'),
      packetIn: heard('packetIn'),
      learned: heard('learned'),
    });
  }

  trace({ inPort, frame, key, actions, sequenced }: TracedPacket): Trace {
    const { scratch, names } = this;
    const recorder = new Recorder(names, {
      port: (slot) => scratch.ports.at(slot)?.number ?? 0,
      cold: (index) => scratch.cold.get(index),
      meterId: (meter) => scratch.meterId(meter),
    });
    this.recorder = recorder;
    this.tracker.sequenced(sequenced ?? false);
    const refused = frame.length < 14 ? `${frame.length} bytes are no Ethernet frame` : scratch.refusal(inPort, key);
    if (refused !== null) recorder.refused(refused);
    else {
      const dropped = scratch.recirculationsDropped;
      scratch.run(frame, inPort, key, actions ?? null);
      if (scratch.recirculationsDropped > dropped) recorder.refused('too many recirculations: that copy is dropped');
    }
    return {
      schema: 'ctswitch/trace@1',
      in_port: inPort,
      frame: toHex(frame),
      flow: formatFlowKey(key, names),
      actions: actions === undefined ? null : formatActions(actions, names),
      passes: recorder.passes,
      effects: recorder.effects,
      outcome: recorder.outcome(),
    };
  }
}

/** A scratch tracker that tells what it says, and why. */
class TracedTracker implements PacketTracker {
  private next = 0;
  private readonly checked: boolean;
  private events: CtEvent[] = [];

  constructor(
    private readonly tracker: Tracker,
    private readonly options: TraceOptions,
    private readonly recorder: () => Recorder,
  ) {
    this.checked = tracker.tcpSequenceChecks;
    tracker.listen((event) => this.events.push(event));
  }

  get released(): PacketTracker['released'] {
    return this.tracker.released;
  }

  set released(released: PacketTracker['released']) {
    this.tracker.released = released;
  }

  /** Without sequence numbers to go by, those of TCP aren't checked. */
  sequenced(sequenced: boolean): void {
    this.tracker.tcpSequenceChecks = this.checked && sequenced;
  }

  process(packet: Packet, request: CtRequest, now_ms: number, prior: Prior | null = null, from?: Origin): CtResult {
    const { tracker } = this;
    const empty = tracker.count === 0;
    const reason = tracker.explain(packet, request, now_ms, prior);
    this.events = [];
    const recirc_id = this.recorder().recirculationOf(request);
    const result = tracker.process(packet, request, now_ms, prior, from);
    const found = result.state;
    const source = this.supposed(result, empty, recirc_id !== 0);
    if (source !== 'table' && (found & CS_INV) !== 0) asWritten(result, request);
    const { connection } = result;
    const verdict: TraceVerdict = {
      zone: request.zone,
      ct_state: formatState(result.state),
      source,
      reason,
      connection:
        connection < 0 || source === 'supposed'
          ? null
          : formatConnection(tracker.describe(connection), { statistics: true }),
      events: this.events.map(({ type, connection: of }) => ({ event: type, connection: formatConnection(of) })),
      recirc_id,
    };
    this.recorder().tracked(verdict, stopped(result.fate));
    return result;
  }

  /** The state that is supposed or assumed in the place of what was found. */
  private supposed(result: CtResult, empty: boolean, goesOn: boolean): TraceVerdict['source'] {
    const { ctNext = [], assumeNew = false } = this.options;
    if (goesOn && this.next < ctNext.length) {
      result.state = ctNext[this.next++];
      return 'supposed';
    }
    if (!assumeNew || !empty || !goesOn) return 'table';
    if ((result.state & (CS_NEW | CS_EST)) === 0 && result.state !== 0) result.state = CS_NEW | CS_TRK;
    return 'assumed';
  }
}

/** A packet that the tracker wouldn't have taken counts as taken: it has what the action writes. */
function asWritten(result: CtResult, { commit, markValue, markMask, labelValue, labelMask }: CtRequest): void {
  if (!commit) return;
  result.mark = (markValue & markMask) >>> 0;
  for (let i = 0; i < 4; i++) result.label[i] = (labelValue?.[i] ?? 0) & (labelMask?.[i] ?? 0);
}

function stopped(fate: number): string | null {
  if (fate === FATE.drop) return 'dropped: nothing that it could be translated to is free';
  return fate === FATE.held ? 'held: a fragment, until its datagram is whole' : null;
}
