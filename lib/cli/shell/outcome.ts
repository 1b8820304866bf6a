/** What became of a command that was typed, and what commands have to work with. */
import type { HostPort } from '../../ports/host.js';
import type { Switch } from '../../switch.js';

/** `failed`: a ping or a connection failed. `unclear`: the line was not understood. */
export type Outcome = 'ok' | 'failed' | 'unclear' | 'quit';

/** A mistake in a typed line, as one line that says what would be right; further lines may follow. */
export class Unclear extends Error {}

/** The demo as its commands see it. */
export interface Scene {
  readonly sw: Switch;
  /** By name, in the order of their ports. */
  readonly hosts: ReadonlyMap<string, HostPort>;
  /** Where ovs-ofctl finds the switch: "tcp:127.0.0.1:6654". */
  readonly target: string;
}

/** A command's way to write, and to hear that nobody waits any more. */
export interface Call {
  readonly scene: Scene;
  say(text: string): void;
  readonly signal: AbortSignal;
}
