/**
 * What a scenario expects of connections: a line of dpctl/dump-conntrack in which everything may be left out, and the
 * states that ct actions find. Words and forms are ovs-appctl's and ovs-fields(7)'s.
 */
import { formatIpv6, parseIpv6 } from '../bytes/index.js';
import { type Connection, formatConnection, formatState } from '../ct/index.js';
import { CT_STATE_NAMES, didYouMean, keyValues, parseFlags } from '../nxm/index.js';
import { type Located, mistakeAt } from '../yaml/index.js';

export interface CtPattern extends Located {
  /** "orig.src" → "10.0.0.1"; the protocol as "proto". */
  readonly values: ReadonlyMap<string, string>;
}

export interface StatePattern extends Located {
  readonly value: number;
  readonly mask: number;
}

const TUPLE = ['src', 'dst', 'sport', 'dport', 'id', 'type', 'code'];
const KNOWN: Readonly<Record<string, readonly string[] | null>> = {
  orig: TUPLE,
  reply: TUPLE,
  parent: TUPLE,
  protoinfo: [
    ...['state', 'state_orig', 'state_reply', 'wscale_orig', 'wscale_reply', 'flags_orig', 'flags_reply'],
    ...['vtag_orig', 'vtag_reply'],
  ],
  ...{ id: null, zone: null, status: null, timeout: null, mark: null, labels: null, helper: null },
};
/** What a dump leaves out where it is zero, or where there is none. */
const ABSENT: Readonly<Record<string, string>> = { zone: '0', mark: '0', labels: '0', helper: 'none' };
const ALL_STATES = 0xff;

function flatten(text: string, mistake: (at: number, why: string) => Error): Map<string, string> {
  const values = new Map<string, string>();
  let first = true;
  for (const part of keyValues(text)) {
    const { key, keyAt, value, valueAt, delimiter } = part;
    if (first && delimiter === '') values.set('proto', key);
    else if (!Object.hasOwn(KNOWN, key)) {
      throw mistake(keyAt, `unknown word "${key}" of a connection${didYouMean(key, Object.keys(KNOWN))}`);
    } else {
      const inner = KNOWN[key];
      if (!inner) values.set(key, value);
      else {
        const list = value.startsWith('(') ? value.slice(1, -1) : value;
        for (const word of keyValues(list)) {
          if (!inner.includes(word.key)) {
            const near = didYouMean(word.key, inner) || `: there are ${inner.join(', ')}`;
            throw mistake(valueAt + 1 + word.keyAt, `unknown word "${word.key}" in ${key}${near}`);
          }
          values.set(`${key}.${word.key}`, word.value);
        }
      }
    }
    first = false;
  }
  return values;
}

/** Reads a line of a dump, or parts of one. Throws a TextError. */
export function parseCtPattern(located: Located, file: string | undefined): CtPattern {
  const { text, line, column } = located;
  const values = flatten(text, (at, why) => mistakeAt({ line, column: column + at }, why, file));
  if (values.size === 0) throw mistakeAt(located, 'a connection is missing here, or "none"', file);
  return { ...located, values };
}

/** Does the connection have everything that the pattern says? */
export function fitsPattern(connection: Connection, { values }: CtPattern): boolean {
  const own = describe(connection);
  return [...values].every(([key, value]) => sameValue(own.get(key) ?? ABSENT[key] ?? '', value));
}

/** The words of a connection in which it differs from a pattern: "zone 5, not 6". */
export function differences(connection: Connection, { values }: CtPattern): string[] {
  const own = describe(connection);
  return [...values].flatMap(([key, value]) => {
    const there = own.get(key) ?? ABSENT[key] ?? 'absent';
    return sameValue(there, value) ? [] : [`${key} is ${there}, not ${value}`];
  });
}

function describe(connection: Connection): Map<string, string> {
  const never = () => new Error('a connection prints itself in known words');
  const short = flatten(formatConnection(connection, { statistics: true }), never);
  const long = flatten(formatConnection(connection, { more: true }), never);
  return new Map([...long, ...short]);
}

function sameValue(a: string, b: string): boolean {
  if (a === b) return true;
  const number = (text: string) => (/^(0x[0-9a-f]+|\d+)$/i.test(text) ? BigInt(text) : null);
  const [x, y] = [number(a), number(b)];
  if (x !== null && y !== null) return x === y;
  const [v6, w6] = [parseIpv6(a), parseIpv6(b)];
  return v6 !== null && w6 !== null && formatIpv6(v6) === formatIpv6(w6);
}

/** Reads "+est+rpl-new", or all of the state: "est|rpl|trk". Throws a TextError. */
export function parseState(located: Located, file: string | undefined): StatePattern {
  try {
    const { value, mask } = parseFlags(CT_STATE_NAMES, located.text, ALL_STATES, 'ct_state');
    return { ...located, value, mask: mask ?? ALL_STATES };
  } catch (error) {
    throw error instanceof RangeError ? mistakeAt(located, error.message, file) : error;
  }
}

/** Is it such a state? */
export function fitsState(state: number, { value, mask }: StatePattern): boolean {
  return (state & mask) === value;
}

/** "est|rpl|trk"; "untracked" for none. */
export function stateText(state: number): string {
  return formatState(state) || 'untracked';
}
