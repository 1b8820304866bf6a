/** What became of a command that was typed, and what commands have to work with. */
import type { PortView } from '../../pipeline/types.js';
import type { HostPort } from '../../ports/host.js';
import type { Switch } from '../../switch.js';
import type { Link } from '../../topology/index.js';

/** `failed`: a ping or a connection failed. `unclear`: the line was not understood. */
export type Outcome = 'ok' | 'failed' | 'unclear' | 'quit';

/** A mistake in a typed line, as one line that says what would be right; further lines may follow. */
export class Unclear extends Error {}

/** A switch as commands see it. */
export interface Place {
  readonly name: string;
  readonly sw: Switch;
  /** Where ovs-ofctl finds it: "tcp:127.0.0.1:6654"; '' nowhere. */
  readonly target: string;
}

/** The demo, or a network, as its commands see it. */
export interface Scene {
  /** One in the demo. */
  readonly places: readonly Place[];
  /** By name, in their order. */
  readonly hosts: ReadonlyMap<string, HostPort>;
  readonly links: readonly Link[];
  /** The port that a host is plugged into. */
  portOf(host: string): { readonly at: Place; readonly port: PortView } | undefined;
}

/** A command's way to write, and to hear that nobody waits any more. */
export interface Call {
  readonly scene: Scene;
  say(text: string): void;
  readonly signal: AbortSignal;
}
