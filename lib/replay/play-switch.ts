/**
 * Plays the switch's side of a session to a controller, and compares what the controller says with what was recorded.
 * What it asks is answered as the recorded switch answered the same message; what the recorded switch said unasked is
 * said when the controller has said what it had said before. A request that the recording doesn't know gets the answer
 * to the same one of before, if there was one (a barrier always), and counts as unexpected.
 */
import type { Duplex } from 'node:stream';
import { encode, peekType, peekXid } from '../wire/index.js';
import { Comparison, type Normal, typeOf } from './comparison.js';
import { exchangeOf, type Request } from './exchange.js';
import { FarEnd } from './far-end.js';
import type { Outcome } from './outcome.js';
import type { PlayOptions } from './play-controller.js';
import type { Session } from './session.js';

const BARRIER_REQUEST = 20;
const IGNORED = new Set([0, 1, 2, 3]);

interface Expected {
  readonly request: Request;
  readonly normal: Normal;
  /** Barrier requests before it. */
  readonly barriers: number;
  came: boolean;
}

export async function playSwitch(session: Session, stream: Duplex, options: PlayOptions): Promise<Outcome> {
  const player = new SwitchPlayer(session, stream, options);
  await player.play();
  return player.outcome();
}

class SwitchPlayer {
  private readonly comparison: Comparison;
  private readonly far: FarEnd;
  private readonly expected: Expected[];
  private readonly unasked;
  private readonly unexpected: Normal[] = [];
  /** Barrier requests of the recording that came. */
  private barriers = 0;
  /** The first that hasn't come: everything before has. */
  private first = 0;
  /** Nothing before this place is waited for any more. */
  private givenUp = 0;
  private ended = false;

  constructor(
    private readonly session: Session,
    stream: Duplex,
    private readonly options: PlayOptions,
  ) {
    this.comparison = new Comparison(session, options);
    const { requests, unasked } = exchangeOf(session);
    this.unasked = unasked;
    let barriers = 0;
    this.expected = requests
      .filter(({ recorded }) => !IGNORED.has(peekType(recorded.bytes)))
      .map((request) => {
        const normal = this.comparison.recorded(request.recorded);
        const expected = { request, normal, barriers, came: false };
        if (peekType(request.recorded.bytes) === BARRIER_REQUEST) barriers++;
        return expected;
      });
    this.far = new FarEnd(stream, options.clock, options.timeout_ms, (came) => {
      if (!IGNORED.has(peekType(came.bytes))) this.heard(this.comparison.played(came), peekXid(came.bytes));
    });
  }

  async play(): Promise<void> {
    if (!(await this.far.opened())) return;
    let now_ms: number | null = null;
    for (const { index, recorded } of this.unasked) {
      if (this.options.paced) await this.far.pause(recorded.wall_ms - (now_ms ?? recorded.wall_ms));
      now_ms = recorded.wall_ms;
      // What doesn't come in time is late or missing; the recording goes on, and waits for it no more.
      if (!(await this.far.until(() => this.heardUpTo(index)))) this.givenUp = index;
      if (this.far.broken !== null) return;
      this.far.send(recorded.bytes);
    }
    await this.far.until(() => this.heardUpTo(Number.POSITIVE_INFINITY));
    this.ended = this.far.broken === null;
    await this.far.close();
  }

  outcome(): Outcome {
    this.settle();
    const { compared, found, notes } = this.comparison;
    return {
      session: this.session,
      compared,
      differences: found,
      notes,
      broken: this.ended ? null : this.far.broken,
    };
  }

  private heardUpTo(index: number): boolean {
    const { expected, givenUp } = this;
    while (this.first < expected.length && expected[this.first].came) this.first++;
    let next = this.first;
    while (next < expected.length && (expected[next].came || expected[next].request.index < givenUp)) next++;
    return next >= expected.length || expected[next].request.index >= index;
  }

  /** A message of the controller: the recorded one that is the same, and its answer. */
  private heard(normal: Normal, xid: number): void {
    const match = this.expected.find(
      (one, i) => i >= this.first && !one.came && this.comparison.isSame(one.normal, normal),
    );
    if (match === undefined) {
      this.unexpected.push(normal);
      const likely = this.likely(normal);
      if (likely === undefined && peekType(normal.bytes) === BARRIER_REQUEST) {
        this.far.send(encode({ type: 'barrier_reply', xid }));
      }
      this.answer(likely, xid);
    } else {
      match.came = true;
      this.comparison.pair(match.normal, normal);
      const moved = this.options.strict ? match !== this.expected[this.first] : match.barriers !== this.barriers;
      if (moved) this.comparison.add('order', match.normal, normal);
      this.answer(match.request, xid);
    }
    if (match !== undefined && peekType(normal.bytes) === BARRIER_REQUEST) this.barriers++;
    this.heardUpTo(0);
  }

  /** A recorded request of the same content that came already, or the next of the same kind. */
  private likely(normal: Normal): Request | undefined {
    const same = this.expected.find((one) => this.comparison.isSame(one.normal, normal));
    return (same ?? this.expected.find((one) => !one.came && typeOf(one.normal) === typeOf(normal)))?.request;
  }

  private answer(request: Request | undefined, xid: number): void {
    for (const { recorded } of request?.answers ?? []) {
      const bytes = recorded.bytes.slice();
      new DataView(bytes.buffer).setUint32(4, xid);
      this.far.send(bytes);
    }
  }

  /** What came and is like nothing recorded is held against what is missing of its kind. */
  private settle(): void {
    for (const one of this.expected) {
      if (one.came) continue;
      one.came = true;
      const place = this.unexpected.findIndex((other) => typeOf(other) === typeOf(one.normal));
      if (place < 0) this.comparison.add('missing', one.normal, null);
      else this.comparison.pair(one.normal, this.unexpected.splice(place, 1)[0]);
    }
    for (const other of this.unexpected.splice(0)) this.comparison.add('unexpected', null, other);
  }
}
