/**
 * All commands by their names, and the switch that a request is about: the only one, that whose name stands before the
 * command, or one that the command itself names, as Open vSwitch's name bridges and datapaths.
 */
import { didYouMean } from '../nxm/suggestion.js';
import type { Switch } from '../switch.js';
import { Call, type Command, type Daemon, Refused } from './command.js';
import { CONNTRACK_COMMANDS } from './conntrack-commands.js';
import { Coverage } from './coverage.js';
import { daemonCommands } from './daemon-commands.js';
import { DATAPATH_COMMANDS } from './datapath-commands.js';
import { QUEUE_COMMANDS } from './queue-commands.js';
import { STATE_COMMANDS } from './state-commands.js';
import { SWITCH_COMMANDS } from './switch-commands.js';
import { Upcalls } from './upcalls.js';
import { WAIT_COMMANDS } from './wait-command.js';

/** A command's name and its arguments. */
export interface Asked {
  readonly method: string;
  readonly params: readonly string[];
}

/** What a request asks for. */
interface Found {
  readonly command: Command | undefined;
  /** The command's name and its arguments. */
  readonly words: readonly string[];
  readonly call: Call;
}

/** Counters of several switches, added. */
function together(switches: Iterable<Switch>): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const sw of switches) {
    for (const [name, value] of Object.entries(sw.counters())) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}

export class Commands {
  private readonly byName = new Map<string, Command>();
  private readonly coverage: Coverage;
  private readonly upcalls: Upcalls;

  constructor(private readonly daemon: Daemon) {
    const { switches, clock } = daemon;
    const counters = () => together(switches.values());
    this.coverage = new Coverage(clock, counters);
    this.upcalls = new Upcalls(clock, switches);
    const own = daemonCommands(() => [...this.byName.values()], this.coverage, counters);
    const states = [
      CONNTRACK_COMMANDS,
      DATAPATH_COMMANDS,
      STATE_COMMANDS,
      SWITCH_COMMANDS,
      QUEUE_COMMANDS,
      WAIT_COMMANDS,
    ];
    const parts = [own, this.upcalls.commands, ...states];
    for (const each of parts.flat()) this.byName.set(each.name, each);
  }

  /** Begins to count what is told as rates and averages. */
  start(): void {
    this.coverage.start();
    this.upcalls.start();
  }

  stop(): void {
    this.coverage.stop();
    this.upcalls.stop();
  }

  /** The pieces of a command's answer. Throws Refused. */
  async *answer({ method, params }: Asked, signal: AbortSignal): AsyncGenerator<string> {
    const { command, words, call } = this.find([method, ...params], signal);
    // Without a switch's name, words are a network's prompt's before they are a switch's.
    const prompted = this.daemon.network === true && words.length > params.length && command?.whole !== true;
    const typed = command === undefined || prompted ? await this.typed([method, ...params], signal) : null;
    if (typed !== null) {
      yield typed;
      return;
    }
    if (command === undefined) {
      const near = didYouMean(words[0], this.byName.keys());
      throw new Refused(
        `"${words[0]}" is not a valid command${near} (use "list-commands" to see a list of valid commands)`,
      );
    }
    const { name, least, most } = command;
    const args = words.slice(1);
    if (args.length < least) throw new Refused(`"${name}" command requires at least ${least} arguments`);
    if (args.length > most) throw new Refused(`"${name}" command takes at most ${most} arguments`);
    const answer = command.run(args, call);
    if (typeof answer === 'string' || answer instanceof Promise) yield await answer;
    else yield* answer;
  }

  /** The command that words begin with, or that stands behind a switch's name. Throws Refused. */
  private find(words: readonly string[], signal: AbortSignal): Found {
    const call = new Call(this.daemon, words[0], signal);
    const command = this.byName.get(words[0]);
    const named = command === undefined ? call.at(words[0]) : null;
    if (named === null) return { command, words, call };
    const [name, ...behind] = words;
    if (behind.length === 0) throw new Refused(`what of ${name}? A command stands behind it, as in "${name} flows"`);
    const meant = this.byName.get(behind[0]);
    if (meant?.whole) throw new Refused(`"${behind[0]}" is about the whole program: leave ${name} out`);
    return { command: meant, words: behind, call: named };
  }

  /** A client has its answer. */
  answered({ method }: Asked): void {
    this.byName.get(method)?.after?.(this.daemon);
  }

  /** The prompt's words. */
  private async typed(words: readonly string[], signal: AbortSignal): Promise<string | null> {
    return (await this.daemon.typed?.(words.join(' '), signal)) ?? null;
  }
}
