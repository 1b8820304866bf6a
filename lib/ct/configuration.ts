/**
 * The tracker's configuration as plain data: policies of timeouts, which zones have them, rules.
 * docs/conntrack-extensions.md.
 */
import type { CtRule } from './rules.js';
import type { Timeouts } from './timeouts.js';
import type { Tracker } from './tracker.js';

export interface CtConfiguration {
  /**
   * Timeout policies by name, in seconds; what one leaves out has the default. "default" is every zone's that has no
   * other.
   */
  readonly timeouts?: Readonly<Record<string, Partial<Timeouts>>>;
  /** The policy of a zone. */
  readonly zones?: Readonly<Record<number, string>>;
  readonly rules?: readonly CtRule[];
}

/** Sets what is given; throws RangeError that says which part is wrong. */
export function configure(tracker: Tracker, { timeouts = {}, zones = {}, rules }: CtConfiguration): void {
  for (const [name, times] of Object.entries(timeouts))
    within(`timeouts ${name}`, () => tracker.timeouts.set(name, times));
  for (const [zone, name] of Object.entries(zones)) {
    const number = Number(zone);
    if (!Number.isInteger(number) || number < 0 || number > 0xffff)
      throw new RangeError(`zone ${zone} is none: 0 to 65535`);
    within(`zone ${zone}`, () => tracker.timeouts.choose(number, name));
  }
  if (rules !== undefined) tracker.rules.set(rules);
}

function within(part: string, job: () => void): void {
  try {
    job();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`${part}: ${error.message}`);
  }
}
