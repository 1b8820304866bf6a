/**
 * upcall/show: how many programs each switch's cache holds, in Open vSwitch's form. There, revalidators count what they
 * dump; here nothing is dumped, so the cache is looked at every five seconds while the management socket is open.
 */
import type { Clock, Timer } from '../bytes/index.js';
import { MAX_ENTRIES } from '../datapath/cache.js';
import type { Switch } from '../switch.js';
import { type Call, type Command, command, type Daemon, datapathName } from './command.js';

const LOOK_MS = 5000;

interface Level {
  average: number;
  most: number;
}

/** Average and most programs of each switch, as they were seen. */
export class Upcalls {
  private readonly levels = new Map<Switch, Level>();
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly switches: Daemon['switches'],
  ) {}

  /** Begins to look. */
  start(): void {
    for (const sw of this.switches.values()) {
      const level = this.level(sw);
      level.average = Math.floor((level.average + sw.pipeline.datapath.cached.entries) / 2);
    }
    this.timer = this.clock.after(LOOK_MS, () => this.start());
  }

  stop(): void {
    this.timer?.cancel();
  }

  private level(sw: Switch): Level {
    const known = this.levels.get(sw) ?? { average: 0, most: 0 };
    known.most = Math.max(known.most, sw.pipeline.datapath.cached.entries);
    this.levels.set(sw, known);
    return known;
  }

  private readonly show = (call: Call): string => {
    const { entries } = call.sw.pipeline.datapath.cached;
    const { average, most } = this.level(call.sw);
    return [
      `${datapathName(call)}:`,
      `  flows         : (current ${entries}) (avg ${average}) (max ${most}) (limit ${MAX_ENTRIES})`,
      '  dump duration : 0ms',
      '  ufid enabled : false',
      '',
      `  0: (keys ${entries})`,
      '',
    ].join('\n');
  };

  /** upcall/show. */
  get commands(): readonly Command[] {
    return [command('upcall/show', '', [0, 0], (_, call) => call.each.map(this.show).join(''))];
  }
}
