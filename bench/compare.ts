/**
 * `npm run compare -- [--cases N] [--packets N] [--seed N] [--only N] [--small] [--ct]`: random cases through Open
 * vSwitch and through our `simulate`; what differs is made small and printed. Exit status: 0 no difference, 1
 * differences, 2 usage, 3 no Open vSwitch.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseCase, type SimulateCase } from '../lib/simulate/case.js';
import type { Difference } from './compare/difference.js';
import { type Case, randomCase } from './compare/generate.js';
import { minimise } from './compare/minimise.js';
import { OpenVSwitch, OvsError, ovsVersion } from './compare/ovs.js';
import { compareCase } from './compare/run.js';
import { SUITE } from './compare/suite.js';
import { compareTraces, traceable } from './compare/traces.js';
import { randomCtCase } from './compare/tracking/cases.js';

/** Making a case small takes as long as hundreds of cases: not all of a crowd. */
const MOST_SHRUNK = 8;

const USAGE =
  'usage: npm run compare -- [--cases N] [--packets N] [--seed N] [--only CASE] [--stop N] [--small] [--ct] [--trace] [--verbose] [--file CASES.jsonl]';

interface Wanted {
  readonly cases: number;
  readonly packets: number;
  readonly seed: number;
  /** Just this case of the seed. */
  readonly only: number | null;
  /** Cases of one's own instead, a JSON object a line. */
  readonly file: string | null;
  /** Ends after so many differences. */
  readonly stop: number;
  /** Few flows and packets a case. */
  readonly small: boolean;
  /** Cases of connection tracking alone. */
  readonly ct: boolean;
  /** Traces of the packets instead of the packets themselves. */
  readonly trace: boolean;
  readonly verbose: boolean;
}

function wanted(): Wanted {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      cases: text,
      packets: text,
      seed: text,
      only: text,
      stop: text,
      file: text,
      small: { type: 'boolean' },
      ct: { type: 'boolean' },
      trace: { type: 'boolean' },
      verbose: { type: 'boolean' },
    },
  });
  const number = (value: string | undefined, otherwise: number): number => {
    const n = value === undefined ? otherwise : Number(value);
    if (!Number.isInteger(n) || n < 0) throw new TypeError(`"${value}" is no number`);
    return n;
  };
  return {
    cases: number(values.cases, 100),
    packets: number(values.packets, 100),
    seed: number(values.seed, Math.floor(Date.now() / 1000) % 1_000_000),
    only: values.only === undefined ? null : number(values.only, 0),
    stop: number(values.stop, 5),
    small: values.small ?? false,
    ct: values.ct ?? false,
    trace: values.trace ?? false,
    verbose: values.verbose ?? false,
    file: values.file ?? null,
  };
}

function show(given: Case, { kind, step, ovs, own }: Difference): void {
  console.log(`\n${kind} differ in case ${given.id}${step >= 0 ? ` at step ${step}` : ''}; the smallest case:`);
  for (const group of given.groups) console.log(`  ${group}`);
  for (const flow of given.flows) console.log(`  ${flow}`);
  for (const packet of given.packets) console.log(`  ${JSON.stringify(packet)}`);
  console.log('Open vSwitch:');
  for (const text of ovs) console.log(`  ${text}`);
  console.log('ctswitch:');
  for (const text of own) console.log(`  ${text}`);
}

/** Compares a case; prints what differs. Returns how many flows both refused, or null where they differ. */
async function one(
  ovs: OpenVSwitch,
  given: Case,
  { verbose, shrink }: { verbose: boolean; shrink: boolean },
): Promise<number | null> {
  const first = await compareCase(ovs, given);
  if (first.difference === null) return first.refused;
  const { kind, step } = first.difference;
  const again = await compareCase(ovs, first.ran);
  if (again.difference === null) {
    const { ovs: theirs, own } = first.difference;
    console.log(`case ${given.id}: Open vSwitch answers in two ways, ${kind} at step ${step}; left out`);
    if (verbose) console.log(JSON.stringify({ first: theirs, own }));
    return first.refused;
  }
  const small =
    !shrink || inPieces(first.ran) || (kind === 'refusal' && step < 0)
      ? first.ran
      : await minimise(first.ran, step, async (c) => (await compareCase(ovs, c)).difference?.kind === kind);
  const last = await compareCase(ovs, small);
  show(small, last.difference ?? first.difference);
  return null;
}

/** Pieces of a datagram that a smaller case leaves out would wait in Open vSwitch for those of the next case. */
function inPieces({ packets }: Case): boolean {
  return JSON.stringify(packets).length > 4000 && packets.some((step) => JSON.stringify(step).length > 2000);
}

/** The cases of a file, or one of the seed, or the suite and all of the seed. */
function* chosen({ file, only, cases, seed, packets, small, ct }: Wanted): Generator<Case> {
  const whole = (given: SimulateCase): Case => {
    const linesOf = (text: SimulateCase['flows'] = []) =>
      (typeof text === 'string' ? text.split('\n') : text).filter((line) => line !== '');
    return {
      ...given,
      groups: linesOf(given.groups),
      flows: linesOf(given.flows),
      packets: given.packets ?? [],
      cold: true,
    };
  };
  const random = ct ? randomCtCase : randomCase;
  if (file !== null) {
    for (const line of readFileSync(file, 'utf8').split('\n')) if (line !== '') yield whole(parseCase(line));
  } else if (only !== null) {
    yield random(only, { seed, packets, small });
  } else {
    if (!small && !ct) for (const [id, given] of Object.entries(SUITE)) yield whole({ id, ...given });
    for (let n = 0; n < cases; n++) yield random(n, { seed, packets, small });
  }
}

/** Every packet of the cases traced by both; prints what differs. */
async function traces(ovs: OpenVSwitch, want: Wanted): Promise<number> {
  let [traced, differ] = [0, 0];
  try {
    for (let n = want.only ?? 1; n <= (want.only ?? want.cases); n++) {
      const given = randomCase(n, want);
      const result = await compareTraces(ovs, traceable(given));
      traced += result.traced;
      for (const { port, frame, texts } of result.differences) {
        differ++;
        console.log(`case ${given.id}, port ${port}, ${frame}\n--- Open vSwitch\n${texts[0]}\n--- own\n${texts[1]}\n`);
        if (differ >= want.stop) return 1;
      }
    }
  } finally {
    await ovs.close();
  }
  console.log(`${want.cases} cases, ${traced} packets traced: ${differ} differences`);
  return differ > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  let want: Wanted;
  try {
    want = wanted();
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { seed, packets, cases } = want;
  const size = want.ct ? 'cases of connection tracking' : want.small ? 'small cases' : `cases of ${packets} packets`;
  console.log(`Open vSwitch ${ovsVersion()}, seed ${seed}, ${cases} ${size}`);
  let ovs = await OpenVSwitch.start();
  if (want.trace) return traces(ovs, want);
  let [done, differ, refused, flows, steps] = [0, 0, 0, 0, 0];
  const begun = performance.now();
  try {
    for (const given of chosen(want)) {
      flows += given.flows.length;
      steps += given.packets.length;
      let result: number | null = 0;
      for (let tries = 1; tries <= 2; tries++) {
        try {
          result = await one(ovs, given, { verbose: want.verbose, shrink: differ < MOST_SHRUNK });
          break;
        } catch (error) {
          if (await ovs.survives()) throw error;
          console.log(`case ${given.id}: Open vSwitch aborts${tries > 1 ? ' again; left out' : ''}`);
          await ovs.close();
          ovs = await OpenVSwitch.start();
        }
      }
      if (result === null) differ++;
      else refused += result;
      done++;
      if (differ >= want.stop) break;
    }
  } finally {
    await ovs.close();
  }
  const took_s = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(
    `\n${done} cases, ${steps} steps, ${flows} flows (${refused} refused by both) in ${took_s} s: ${differ} differences`,
  );
  return differ === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof OvsError)) throw error;
  console.error(error.message);
  process.exitCode = 3;
}
