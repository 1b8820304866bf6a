/**
 * What goes through a controller, over veth pairs, beside Open vSwitch in one run, in turn: the time from a frame that
 * comes in, by packet-in and packet-out, to the same frame going out, while nothing else happens; and how many
 * packet-ins a second come when more frames are offered than either takes. One small controller for both, a process of
 * its own. A frame that is lost or wrong makes the benchmark fail; of a flood, one below half of the rate.
 */
import type { ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { lineOf, output } from '../live/lab.js';
import type { Side } from '../live/sides.js';
import { losesNothing, offer, withSides } from './forwarding.js';
import { median, OURS, type Table } from './table.js';

/** OFPP_IN_PORT. */
const BACK = 0xfffffff8;
const OUT = 2;
const PROBES = 1000;
/** Rounds that don't count: what runs for the thousandth time has been made machine code only then. */
const WARM_UP = 4;
const INTERVAL_MS = 2;
/** More than either hands to a controller, and less than what leaves the controller no time. */
const FLOOD_PPS = 200_000;
const SECONDS = 2;
const SLOW_PPS = 1000;
const KINDS = 1000;
/** Until what was under way is there. */
const REST_MS = 300;

interface Counts {
  readonly packetIns: number;
  readonly wrong: number;
  readonly first_ms: number;
  readonly last_ms: number;
}

/** The controller's process. */
class Controller {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: Interface,
  ) {}

  static async start(side: Side, port: number): Promise<Controller> {
    const child = side.lab.script('g', 'answering-controller', [side.socket, String(port)]);
    child.stderr?.pipe(process.stderr);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const controller = new Controller(child, lines);
    await controller.line();
    return controller;
  }

  private line(): Promise<string> {
    return lineOf(this.child, this.lines, 'the controller');
  }

  expect(count: number, round: number): void {
    this.child.stdin?.write(`query ${count} ${round}\n`);
  }

  /** What came since the last call. Throws where something of it was wrong. */
  async counts(): Promise<Counts> {
    this.child.stdin?.write('\n');
    const counts = JSON.parse(await this.line()) as Counts;
    if (counts.wrong > 0) throw new Error(`${counts.wrong} of ${counts.packetIns} packet-ins were wrong`);
    return counts;
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    await new Promise((resolve) => this.child.once('close', resolve) && this.child.kill());
  }
}

/** Runs with a controller at each side, whose frames go to a port; ends them. */
async function controlled(
  sides: readonly Side[],
  port: number,
  run: (side: Side, controller: Controller, round: number) => Promise<void>,
  rounds: number,
): Promise<void> {
  const controllers: Controller[] = [];
  try {
    for (const side of sides) controllers.push(await Controller.start(side, port));
    for (let round = 0; round < rounds; round++) {
      for (const [i, side] of sides.entries()) await run(side, controllers[i], round);
    }
  } finally {
    for (const controller of controllers) await controller.close();
  }
}

const perSide = (sides: readonly Side[]): Record<string, number[]> =>
  Object.fromEntries(sides.map(({ name }) => [name, []]));

async function roundTrips(sides: readonly Side[], rounds: number): Promise<Table> {
  const [middle, tail] = [perSide(sides), perSide(sides)];
  const probe = async (side: Side, controller: Controller, round: number): Promise<void> => {
    controller.expect(PROBES, round);
    const words = ['g0', ...[PROBES, round, INTERVAL_MS].map(String)];
    const told = JSON.parse(await output(side.lab.script('g', 'prober', words)));
    const { lost, wrong, away_us } = told as { lost: number; wrong: number; away_us: number[] };
    if (lost + wrong > 0) throw new Error(`${side.name}: of ${PROBES} frames ${lost} were lost, ${wrong} wrong`);
    await controller.counts();
    if (round < WARM_UP) return;
    middle[side.name].push(median(away_us));
    tail[side.name].push(away_us.sort((a, b) => a - b)[Math.floor(PROBES * 0.99)]);
  };
  await controlled(sides, BACK, probe, WARM_UP + rounds);
  return {
    title: 'Packet-in to packet-out, idle',
    unit: 'microseconds',
    rows: [
      { what: 'median', figures: middle, better: 'less', goal: { least: 1 } },
      { what: '99th percentile', figures: tail, better: 'less', goal: { least: 1 } },
    ],
    how: `From a frame that goes into the switch's port to the same frame coming out, ${PROBES.toLocaleString('en')} a round, one every ${INTERVAL_MS} ms, ${WARM_UP} rounds before the first; kernel's time. The controller answers at once, with what it got.`,
  };
}

async function flooded(sides: readonly Side[], rounds: number): Promise<Table> {
  const [told, sentBack] = [perSide(sides), perSide(sides)];
  const flood = async (side: Side, controller: Controller): Promise<void> => {
    controller.expect(KINDS, 0);
    await side.lab.expect('query', KINDS, 0);
    await losesNothing(`${side.name}, packet-ins at first`, () => offer(side, 'query', KINDS, 0, SLOW_PPS, 0));
    await controller.counts();
    await side.lab.received();
    await side.lab.send('g', 'query', KINDS, 0, FLOOD_PPS, SECONDS);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const { packetIns, first_ms, last_ms } = await controller.counts();
    const { all, others, wrong } = await side.lab.received();
    if (wrong > 0) throw new Error(`${side.name}: ${wrong} frames came out wrong`);
    told[side.name].push(packetIns / (last_ms - first_ms));
    sentBack[side.name].push((all - others) / (last_ms - first_ms));
    if (side.name !== OURS) return;
    const half = (packetIns / (last_ms - first_ms)) * 500;
    await losesNothing(`${side.name}, packet-ins at half of its rate`, () => offer(side, 'query', KINDS, 0, half, 0.5));
    await controller.counts();
  };
  await controlled(sides, OUT, flood, rounds);
  return {
    title: 'Packet-ins a second',
    unit: 'thousands a second',
    rows: [
      { what: 'packet-ins, each answered', figures: told, goal: { least: 1 } },
      { what: 'frames that come out behind it', figures: sentBack },
    ],
    how: `${FLOOD_PPS / 1000} thousand frames a second offered for ${SECONDS} s, 64 bytes; the switch has a processor to itself, controller, sender and receiver share the other.`,
  };
}

/** Both. */
export async function packetIns(rounds: number): Promise<Table[]> {
  return withSides(async (sides) => {
    for (const side of sides) await side.setFlows(['actions=CONTROLLER:65535']);
    return [await roundTrips(sides, rounds), await flooded(sides, rounds)];
  });
}
