/**
 * What became of each check, from what the tester printed about it each time that it ran. A check that failed is run
 * again only where the tester itself is known to fail so, whatever the switch does; for any other reason it has failed.
 */

/** One check, run once: the members of the tester's results that are read. */
export interface Result {
  /** File and number: "match/00_IN_PORT#2". */
  readonly id: string;
  /** The folder that it is counted under. */
  readonly category: string;
  readonly description: string;
  readonly ok: boolean;
  /** Why it failed; '' where it passed. */
  readonly reason: string;
  readonly seconds: number;
}

export interface Check {
  readonly id: string;
  readonly category: string;
  readonly description: string;
  /** Why each run failed, the first run first; '' for the one that passed, which is the last. */
  readonly runs: string[];
  /** All runs together. */
  seconds: number;
}

export interface Fault {
  /** Found in the tester's reason. */
  readonly reason: string;
  /** The only checks that fail so by the tester's fault; all unless told. */
  readonly checks?: RegExp;
  readonly why: string;
}

/** Failures that are the tester's own. */
export const TESTER_FAULTS: readonly Fault[] = [
  {
    reason: 'increment in rx_packets in tester',
    why:
      "the frame came back to the TESTER, as its port's counter says, but its Open vSwitch made no packet-in of it: before each " +
      'check the tester replaces the flow that does, and for some milliseconds after the barrier the frame still meets what ' +
      'Open vSwitch has cached of the flow before',
  },
  {
    reason: 'Received unexpected throughput',
    // 17,500 and 20,000 packets a second, all of which have to come back.
    checks: /^meter\/02_DSCP_REMARK_\d+_[A-Z]+_02_/,
    why:
      "the TESTER's Open vSwitch reads from a packet socket with room for some 90 frames of 1500 bytes, and loses some there, " +
      'more where the processors are busy: 11,450 of 572,097 that had come back, where our switch had sent on every one; ' +
      'with 8 MB of room for that socket, none of 485,217',
  },
];

/** Checks that a correct switch fails, with the reason; a check that stays failed and isn't here wants mending. */
export const FAILS_RIGHTLY: Readonly<Record<string, string>> = {};

/** The fault of the tester that the reason of a check's failure tells of, if it does. */
export function testerFault(id: string, reason: string): Fault | undefined {
  return TESTER_FAULTS.find((fault) => reason.includes(fault.reason) && (fault.checks?.test(id) ?? true));
}

export type State = 'passed' | 'repeated' | 'failed';

/** Passed at once, passed when run again, or neither. */
export function state({ runs }: Check): State {
  if (runs.at(-1) !== '') return 'failed';
  return runs.length === 1 ? 'passed' : 'repeated';
}

/** Adds a run's results; a check that is to be run and has none didn't run, and has failed. */
export function addRun(checks: Map<string, Check>, expected: readonly string[], results: readonly Result[]): void {
  const byId = new Map(results.map((result) => [result.id, result]));
  for (const id of expected) {
    const result = byId.get(id);
    const { category = id.split('/')[0], description = '' } = result ?? {};
    const check = checks.get(id) ?? { id, category, description, runs: [], seconds: 0 };
    check.runs.push(result === undefined ? 'it did not run' : result.ok ? '' : result.reason || 'no reason given');
    check.seconds += result?.seconds ?? 0;
    checks.set(id, check);
  }
}

/** The checks to run again. */
export function toRepeat(checks: Iterable<Check>): string[] {
  return [...checks].filter(({ id, runs }) => testerFault(id, runs.at(-1) ?? '') !== undefined).map(({ id }) => id);
}
