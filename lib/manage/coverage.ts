/**
 * What coverage/show tells: counters and how fast they grew over the last 5 seconds, minute and hour. A sample is taken
 * every five seconds while the management socket is open; an hour of them is kept.
 */
import type { Clock, Timer } from '../bytes/index.js';

const SAMPLE_MS = 5000;
/** Samples kept: an hour of them, and the one before. */
export const MAX_SAMPLES = 3600 / 5 + 1;

type Counters = Readonly<Record<string, number>>;

/** Numbers that go up and down: they are no events. */
const LEVELS = new Set(['programs', 'masks', 'macs', 'connections']);

export class Coverage {
  private readonly samples: Counters[] = [];
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly counters: () => Counters,
  ) {}

  /** Begins to sample. */
  start(): void {
    this.samples.unshift(this.counters());
    if (this.samples.length > MAX_SAMPLES) this.samples.pop();
    this.timer = this.clock.after(SAMPLE_MS, () => this.start());
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** In Open vSwitch's form. */
  show(now: Counters): string {
    const events = Object.entries(now).filter(([name, value]) => typeof value === 'number' && !LEVELS.has(name));
    const hit = events.filter(([, total]) => total > 0);
    const lines = hit.map(([name, total]) => {
      const [five, minute, hour] = [1, 12, 720].map((samples) => this.rate(name, samples));
      const rates = `${five.toFixed(1).padStart(5)}/sec ${minute.toFixed(3).padStart(9)}/sec ${hour.toFixed(4).padStart(13)}/sec`;
      return `${name.padEnd(24)} ${rates}   total: ${total}\n`;
    });
    const heading = `Event coverage, avg rate over last: 5 seconds, last minute, last hour,  hash=${hash(hit.map(([name]) => name))}:\n`;
    return `${heading}${lines.join('')}${events.length - hit.length} events never hit\n`;
  }

  /** Events a second over a number of samples; a shorter past counts as if nothing had been before it. */
  private rate(name: string, samples: number): number {
    const newest = this.samples[0]?.[name] ?? 0;
    const oldest = this.samples[Math.min(samples, this.samples.length - 1)]?.[name] ?? 0;
    return (newest - oldest) / (samples * (SAMPLE_MS / 1000));
  }
}

/** A number for which counters have been hit. */
function hash(names: readonly string[]): string {
  let sum = 0x811c9dc5;
  for (const letter of names.join()) sum = Math.imul(sum ^ letter.charCodeAt(0), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, '0');
}
