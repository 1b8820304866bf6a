/** A tracker with a clock that stands still, for specs: frames in, states as text out. */

import { parseIpv4, parseIpv6, Random } from '../../lib/bytes/index.js';
import {
  BARE_NAT,
  type CtRequest,
  type CtResult,
  formatConnection,
  formatState,
  lookupRequest,
  type NatRequest,
  type Origin,
  Prior,
  Tracker,
  type TrackerOptions,
  WHY_TEXT,
} from '../../lib/ct/index.js';
import { extract, Key, Packet } from '../../lib/packet/index.js';

export type Ask = Partial<CtRequest>;

/** A request that commits, and whatever else is asked. */
export const commit = (ask: Ask = {}): Ask => ({ commit: true, ...ask });

function words(address: string): Int32Array {
  const bytes = parseIpv4(address) ?? parseIpv6(address);
  if (bytes === null) throw new Error(`"${address}" is no address`);
  const view = new DataView(bytes.buffer);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(i * 4));
}

/** nat with src or dst: addresses "10.0.0.1" or "10.0.0.1 10.0.0.9" ("" none), ports [first, last]. */
export function nat(
  kind: 'src' | 'dst' | null = null,
  addresses = '',
  ports: readonly [number, number] = [0, 0],
  flags: { random?: boolean; persistent?: boolean } = {},
): NatRequest {
  if (addresses === '') return { ...BARE_NAT, ...flags, kind };
  const [min, max = min] = addresses.split(' ');
  const family = min.includes(':') ? 6 : 4;
  const [portMin, portMax] = ports;
  return { ...BARE_NAT, ...flags, kind, family, min: words(min), max: words(max), portMin, portMax };
}

/** A label's words from 32 hexadecimal digits. */
export function label(digits: string): Uint32Array {
  const bytes = Uint8Array.from(digits.padStart(32, '0').match(/../g) as string[], (pair) => Number.parseInt(pair, 16));
  return new Uint32Array(bytes.buffer);
}

export class Tracking {
  now_ms = 1_000_000;
  readonly tracker: Tracker;
  private readonly packet = new Packet();
  private readonly key = new Key();

  constructor(options: Partial<TrackerOptions> = {}) {
    this.tracker = new Tracker({ random: new Random(7), ...options });
  }

  private receive(frame: Uint8Array): Packet {
    this.packet.attach(frame);
    extract(this.packet, this.key, 1);
    return this.packet;
  }

  /** Tracks a frame; the whole result. */
  track(frame: Uint8Array, ask: Ask = {}, prior: Prior | null = null, from?: Origin): CtResult {
    return this.tracker.process(this.receive(frame), { ...lookupRequest(), ...ask }, this.now_ms, prior, from);
  }

  /** Tracks the frame that stands at [start, end) of other bytes. */
  trackWithin(bytes: Uint8Array, start: number, end: number, ask: Ask): CtResult {
    this.packet.attach(bytes, start, end);
    extract(this.packet, this.key, 1);
    return this.tracker.process(this.packet, { ...lookupRequest(), ...ask }, this.now_ms);
  }

  /** Tracks a frame: its state, "new|trk". */
  send(frame: Uint8Array, ask: Ask = {}, prior: Prior | null = null): string {
    return formatState(this.track(frame, ask, prior).state);
  }

  /** Tracks a copy of a frame; the frame as it goes on. */
  through(frame: Uint8Array, ask: Ask = {}, prior: Prior | null = null): Uint8Array {
    this.track(frame.slice(), ask, prior);
    return this.packet.frame();
  }

  look(frame: Uint8Array, ask: Ask = {}): CtResult {
    return this.tracker.look(this.receive(frame), { ...lookupRequest(), ...ask }, this.now_ms);
  }

  /** Why a frame has the state it has. */
  why(frame: Uint8Array, ask: Ask = {}): string {
    return WHY_TEXT[this.look(frame, ask).why];
  }

  /** What an action found, for the next one. */
  keep(frame: Uint8Array, ask: Ask = {}): Prior {
    const prior = new Prior();
    prior.keep(this.track(frame, ask));
    return prior;
  }

  wait(seconds: number): this {
    this.now_ms += seconds * 1000;
    return this;
  }

  /** The dump's lines. */
  dump(options: { statistics?: boolean; more?: boolean } = { statistics: true }): string[] {
    return [...this.tracker.dump(this.now_ms)].map((connection) => formatConnection(connection, options));
  }

  /** The dump of the only connection. */
  only(options: { statistics?: boolean; more?: boolean } = { statistics: true }): string {
    const lines = this.dump(options);
    if (lines.length !== 1) throw new Error(`${lines.length} connections, not one:\n${lines.join('\n')}`);
    return lines[0];
  }
}
