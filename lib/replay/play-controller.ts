/**
 * Plays the controller's side of a session to a switch, and compares what the switch says with what was recorded.
 * Requests go out under xids of their own, in the recorded order; where the recording has an answer before the next
 * request, the switch has answered, too: a barrier of ours (a fence) stands between. What a switch says unasked has
 * causes outside of OpenFlow: a `World` (a switch of our own) is shown the recorded packet, the link's change, the
 * time; with any other switch such messages are left out and counted.
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../bytes/index.js';
import { NO_BUFFER_ID } from '../nxm/index.js';
import { encode, type Message, peekType, peekXid } from '../wire/index.js';
import { type CompareOptions, Comparison, type Normal, typeOf } from './comparison.js';
import { exchangeOf, type Request, type Unasked } from './exchange.js';
import { type Came, FarEnd } from './far-end.js';
import type { Outcome } from './outcome.js';
import { messageOf, type Session } from './session.js';

/** Where a switch of our own stands: what happens to it beside OpenFlow. */
export interface World {
  /** Lets time pass, to this time of the capture. */
  advanceTo(wall_ms: number): void;
  /** Makes happen what the switch told of in this message. */
  cause(message: Message): void;
}

export interface PlayOptions extends CompareOptions {
  readonly clock: Clock;
  /** How long the peer may say nothing where something is due. */
  readonly timeout_ms: number;
  /** Keep the pauses of the recording. */
  readonly paced?: boolean;
}

const FIRST_XID = 0x0100_0000;
const FENCE_XID = 0x7000_0000;
const BARRIER_REPLY = 21;
const PAUSE_STEP_MS = 100;
/** How much later than recorded a flow may expire. */
const LATE_STEPS = 30;

/**
 * Plays the controllers' sides of sessions with one switch, each on a connection of its own that `connect` makes when
 * the session begins, message by message in the order of the capture. Resolves to an outcome a session.
 */
export async function playControllers(
  sessions: readonly Session[],
  connect: () => Promise<Duplex>,
  options: PlayOptions,
  world: World | null = null,
): Promise<Outcome[]> {
  const players = sessions.map((session) => new ControllerPlayer(session, connect, options, world));
  const turns = players.flatMap((player) => player.turns());
  turns.sort((a, b) => a.frame - b.frame || a.index - b.index);
  let now_ms: number | null = null;
  for (const { wall_ms, run } of turns) {
    if (options.paced && now_ms !== null) await pause(options.clock, wall_ms - now_ms);
    now_ms = wall_ms;
    await run();
  }
  return players.map((player) => player.outcome());
}

type Step = Request | Unasked;

/** What is to be done at a place of the capture. */
interface Turn {
  readonly frame: number;
  readonly index: number;
  readonly wall_ms: number;
  run(): Promise<void>;
}

async function pause(clock: Clock, ms: number): Promise<void> {
  await new Promise<void>((goOn) => clock.after(ms, goOn));
}

class ControllerPlayer {
  private readonly comparison: Comparison;
  private far: FarEnd | null = null;
  private readonly exchange;
  /** What came, by the xid of its request. */
  private readonly answers = new Map<number, Normal[]>();
  private readonly unasked: Normal[] = [];
  /** Packets that the recorded switch kept, by buffer id. */
  private readonly buffers = new Map<number, Uint8Array>();
  private fences = 0;
  private passed = 0;
  private left = 0;
  /** Place of the first answer that no fence stands behind yet. */
  private due = Number.POSITIVE_INFINITY;
  /** Nothing more can be played. */
  private over = false;
  private broken: string | null = null;

  constructor(
    private readonly session: Session,
    private readonly connect: () => Promise<Duplex>,
    private readonly options: PlayOptions,
    private readonly world: World | null,
  ) {
    this.comparison = new Comparison(session, options);
    this.exchange = exchangeOf(session);
    for (const { bytes, frame } of this.exchange.early) {
      const name = typeOf({ bytes, message: messageOf(bytes) });
      this.comparison.notes.push(`frame ${frame}: ${name} answers what was asked before the capture: not compared`);
    }
  }

  /** What is to be done, in order: each step, and the end where the recording has it. */
  turns(): Turn[] {
    const { requests, unasked } = this.exchange;
    const steps: Step[] = [...requests, ...unasked].sort((a, b) => a.index - b.index);
    const turns = steps.map((step) => {
      const { frame, wall_ms } = step.recorded;
      return { frame, index: step.index, wall_ms, run: () => this.play(step) };
    });
    const { closed, messages } = this.session;
    const last = messages[messages.length - 1];
    const end = { frame: closed ?? Number.POSITIVE_INFINITY, index: messages.length, wall_ms: last.wall_ms };
    return [...turns, { ...end, run: () => this.end() }];
  }

  /** Plays a step, on a connection that is made for the first one. */
  private async play(step: Step): Promise<void> {
    if (this.over) return;
    const { wall_ms } = step.recorded;
    if (this.far === null) {
      this.world?.advanceTo(wall_ms);
      await this.open();
    }
    const goesOn = !this.over && ('answers' in step ? await this.requestStep(step) : await this.unaskedStep(step));
    if (!goesOn) this.stop();
  }

  /** All steps are played: compares what came. */
  private async end(): Promise<void> {
    if (this.far === null) await this.open();
    if (!this.over && !(await this.fence())) this.stop();
    this.compare();
    await this.far?.close();
  }

  private stop(): void {
    if (this.over) return;
    this.over = true;
    this.broken = this.far?.broken ?? `no answer within ${this.options.timeout_ms / 1000} s`;
  }

  private async open(): Promise<void> {
    const { clock, timeout_ms } = this.options;
    this.far = new FarEnd(await this.connect(), clock, timeout_ms, (came) => this.came(came));
    if (!(await this.far.opened())) this.stop();
  }

  private came(came: Came): void {
    const xid = peekXid(came.bytes);
    if (xid >= FENCE_XID && peekType(came.bytes) === BARRIER_REPLY) {
      this.passed = xid - FENCE_XID + 1;
      return;
    }
    const normal = this.comparison.played(came);
    const list = this.answers.get(xid);
    if (list && came.message?.type !== 'packet_in') list.push(normal);
    else this.unasked.push(normal);
  }

  private async requestStep(step: Request): Promise<boolean> {
    if (this.due < step.index) {
      if (!(await this.fence())) return false;
      this.due = Number.POSITIVE_INFINITY;
    }
    this.world?.advanceTo(step.recorded.wall_ms);
    this.request(step);
    if (step.answers.length > 0) this.due = Math.min(this.due, step.answers[0].index);
    return true;
  }

  outcome(): Outcome {
    const { compared, found, notes } = this.comparison;
    if (this.left > 0) {
      notes.push(
        `${this.left} messages that the switch sent unasked: nothing here can cause them, and they are not compared`,
      );
    }
    return { session: this.session, compared, differences: found, notes, broken: this.broken };
  }

  private request(request: Request): void {
    const xid = FIRST_XID + (request.continues ?? request).index;
    if (!this.answers.has(xid)) this.answers.set(xid, []);
    const bytes = this.adapted(request.recorded.bytes).slice();
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(4, xid);
    this.far?.send(bytes);
  }

  /** A packet that the recorded switch had kept is sent along; a port is named by the address that it has here. */
  private adapted(bytes: Uint8Array): Uint8Array {
    const m = messageOf(bytes);
    if (m?.type === 'port_mod') return encode({ ...m, mac: this.comparison.macOf(m.port) ?? m.mac });
    if (m?.type === 'packet_out' && m.bufferId !== NO_BUFFER_ID) {
      const data = this.buffers.get(m.bufferId);
      if (data) return encode({ ...m, bufferId: NO_BUFFER_ID, data });
      this.comparison.notes.push(`a packet-out of buffer ${m.bufferId}, which no packet-in of the recording has`);
    }
    if (m?.type === 'flow_mod' && m.change.bufferId !== NO_BUFFER_ID) {
      return encode({ ...m, change: { ...m.change, bufferId: NO_BUFFER_ID } });
    }
    return bytes;
  }

  /** Everything before has been answered. */
  private async fence(): Promise<boolean> {
    const wanted = ++this.fences;
    this.far?.send(encode({ type: 'barrier_request', xid: FENCE_XID + wanted - 1 }));
    return (await this.far?.until(() => this.passed >= wanted)) ?? false;
  }

  /** What the switch said by itself; false: the connection is over. */
  private async unaskedStep({ recorded }: Unasked): Promise<boolean> {
    const message = messageOf(recorded.bytes);
    if (message?.type === 'packet_in' && message.bufferId !== NO_BUFFER_ID)
      this.buffers.set(message.bufferId, message.data);
    if (!(await this.fence())) return false;
    const normal = this.comparison.recorded(recorded);
    if (this.paired(normal)) return true;
    if (this.world === null || message === null) {
      this.left++;
      return true;
    }
    this.world.advanceTo(recorded.wall_ms);
    if (!(await this.fence())) return false;
    if (this.paired(normal)) return true;
    this.world.cause(message);
    for (let late = 0; late <= LATE_STEPS; late++) {
      if (!(await this.fence())) return false;
      if (this.paired(normal)) return true;
      if (message.type !== 'flow_removed') break;
      this.world.advanceTo(recorded.wall_ms + late * PAUSE_STEP_MS);
    }
    this.unmatched(normal);
    return true;
  }

  /** Takes the message that is the same out of what came. */
  private paired(normal: Normal): boolean {
    const place = this.unasked.findIndex((other) => this.comparison.isSame(normal, other));
    if (place < 0) return false;
    const [other] = this.unasked.splice(place, 1);
    this.comparison.pair(normal, other);
    if (place > 0 && this.options.strict) this.comparison.add('order', normal, other);
    return true;
  }

  private unmatched(normal: Normal): void {
    const place = this.unasked.findIndex((other) => typeOf(other) === typeOf(normal));
    if (place < 0) this.comparison.add('missing', normal, null);
    else this.comparison.pair(normal, this.unasked.splice(place, 1)[0]);
  }

  private compare(): void {
    for (const request of this.exchange.requests) {
      if (request.continues !== null) continue;
      const came = this.answers.get(FIRST_XID + request.index);
      if (!came) continue;
      this.comparison.pairAll(
        request.answers.map(({ recorded }) => this.comparison.recorded(recorded)),
        came,
      );
    }
    // Of a switch with a life of its own nobody knows why it says what it says.
    if (this.world === null) this.left += this.unasked.length;
    else for (const other of this.unasked) this.comparison.add('unexpected', null, other);
  }
}
