/**
 * `wait`, which answers when a condition holds, so that tests need no sleep. It looks again and again, and takes a
 * small part of the processor's time however much there is to look at: flows are looked at again the later, the longer
 * it took, and connections in steps.
 */
import { Search } from '../ct/index.js';
import { formatPort } from '../nxm/index.js';
import { ANY_NUMBER, type Call, type Command, command, Refused } from './command.js';
import { filterOf } from './state-commands.js';
import { linkOf } from './switch-commands.js';

/** How often it looks at least, ms. */
const LOOK_MS = 20;
/** A look is followed by at least so many times what it took, on the switch's clock. */
const REST = 50;
/** Connections that a look goes through, of all switches together: a tenth of a millisecond. */
const A_LOOK = 5000;
/** How long it may wait, s. */
const DEFAULT_WAIT_S = 10;
const MAX_WAIT_S = 3600;

/** Switches that are named in a message. */
const MAX_NAMED = 8;

/** What a client that waited in vain is told. */
export const TIMED_OUT = 'timed out';

/** Does it hold? Null: not known yet, the next look goes on. `share`: of what a look may take, up to 1. */
type Look = (share: number) => boolean | null;

/** A condition: how it is written, and what to look at, at a switch. */
interface Condition {
  readonly form: string;
  look(words: readonly string[], call: Call): Look;
}

const CONDITIONS: Readonly<Record<string, Condition>> = {
  controller: {
    form: 'controller [ADDRESS]: one is connected',
    look:
      ([address], { sw }) =>
      () =>
        sw.controllers().some((each) => each.state === 'open' && (address === undefined || each.address === address)),
  },
  flow: {
    form: 'flow FILTER [packets=N]: a flow is there (and N packets met it)',
    look: (words, { sw }) => {
      const packets = words.find((word) => word.startsWith('packets='))?.slice('packets='.length);
      if (packets !== undefined && !/^\d+$/.test(packets)) throw new Refused(`packets=N, not "packets=${packets}"`);
      const least = Number(packets ?? 0);
      const filter = filterOf(words.filter((word) => !word.startsWith('packets=')).join(','));
      return () => {
        for (const flow of sw.pipeline.flows(filter)) if (flow.packets >= least) return true;
        return false;
      };
    },
  },
  ct: {
    form: 'ct WORD…: a connection whose dump has all these words: udp zone=5 src=10.0.0.1 state=ESTABLISHED',
    look: (words, { sw }) => {
      const search = new Search(sw.tracker.connections, words);
      return (share) => search.step(sw.clock.now(), Math.ceil(A_LOOK * share));
    },
  },
  port: {
    form: 'port N [up|down]',
    look: ([text, state], { sw }) => {
      if (text === undefined || (state !== undefined && state !== 'up' && state !== 'down'))
        throw new Refused('wait port N [up|down]');
      return () => {
        const view = sw.ports().find(({ number, name }) => name === text || formatPort(number) === text);
        return view !== undefined && (state === undefined || (state === 'up') === (linkOf(view) === 'up'));
      };
    },
  },
};

/** What is waited for, in the words of a client. */
interface Wait {
  readonly seconds: number;
  readonly negated: boolean;
  readonly name: string;
  readonly condition: Condition;
  readonly words: readonly string[];
}

function waitOf(args: readonly string[]): Wait {
  const words = args.flatMap((arg) => arg.split(/\s+/)).filter((word) => word !== '');
  const at = words.indexOf('--timeout');
  const seconds = at < 0 ? DEFAULT_WAIT_S : Number(words[at + 1]);
  if (!(seconds >= 0 && seconds <= MAX_WAIT_S)) throw new Refused(`--timeout is 0 to ${MAX_WAIT_S} seconds`);
  if (at >= 0) words.splice(at, 2);
  const negated = words[0] === 'no';
  if (negated) words.shift();
  const [name = '', ...rest] = words;
  const condition = Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name] : undefined;
  if (condition) return { seconds, negated, name, condition, words: rest };
  const forms = Object.values(CONDITIONS).map(({ form }) => `  ${form}`);
  throw new Refused(`"${name}" is no condition; there are, each with "no" before it, too:\n${forms.join('\n')}`);
}

async function wait(args: readonly string[], call: Call): Promise<string> {
  const { seconds, negated, name, condition, words } = waitOf(args);
  // Without a switch's name it is to hold at all of them.
  let left = call.each.map((each) => ({ name: each.name, look: condition.look(words, each), known: false }));
  const several = left.length > 1;
  const { clock } = call.daemon;
  const until = clock.now() + seconds * 1000;
  for (;;) {
    const begun = clock.now();
    const share = 1 / left.length;
    left = left.filter((place) => {
      const holds = place.look(share);
      place.known ||= holds !== null;
      return holds !== !negated;
    });
    if (left.length === 0 || call.signal.aborted) return '';
    const now = clock.now();
    // However soon the end comes, everything was looked at once.
    if (now >= until && left.every(({ known }) => known)) {
      const what = [...(negated ? ['no'] : []), name, ...words].join(' ');
      throw new Refused(`${TIMED_OUT} after ${seconds} s: ${what}${several ? ` at ${some(left)}` : ''}`);
    }
    const rest = Math.max(LOOK_MS, Math.min((now - begun) * REST, until - now));
    await new Promise<void>((resolve) => clock.after(rest, resolve));
  }
}

/** "s1, s2" or, of many, "s1, s2, s3 and 7 more". */
function some(places: readonly { readonly name: string }[]): string {
  const names = places.slice(0, MAX_NAMED).map(({ name }) => name);
  const more = places.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export const WAIT_COMMANDS: readonly Command[] = [
  command('wait', '[no] CONDITION... [--timeout S]', [1, ANY_NUMBER], wait),
];
