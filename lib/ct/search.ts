/**
 * Is there a connection whose line in a dump has all of some words: "udp", "zone=5", "src=10.0.0.1",
 * "state=ESTABLISHED"? Looked for in steps, since a table may have a million: what words say of records is asked first,
 * and only a connection that may be meant is written out as text.
 */
import { parseIpv4, parseIpv6 } from '../bytes/index.js';
import { type Connection, describeConnection } from './connection.js';
import type { Connections } from './connections.js';
import { formatConnection, protocolName, SHORT } from './dump.js';
import { RELATED, STATE } from './record.js';
import { SCTP_STATES } from './sctp/machine.js';
import { PROTO_SCTP, PROTO_TCP } from './states.js';
import { TCP_STATES } from './tcp/machine.js';
import { peerState } from './tcp/record.js';
import { Tuple } from './tuple.js';

/** How many records may be looked at in the time in which a connection is written out. */
export const COST_OF_TEXT = 150;

/** Does a connection's line have all of these words, short or with -m? "zone=0" and "mark=0", too. */
export function hasWords(connection: Connection, words: readonly string[]): boolean {
  const parts = new Set(formatConnection(connection, { more: true }).split(/[(),]+/));
  for (const part of formatConnection(connection).split(/[(),]+/)) parts.add(part);
  parts.add(protocolName(connection.orig.proto)).add(`zone=${connection.zone}`).add(`mark=${connection.mark}`);
  return words.every((word) => parts.has(word));
}

/** May the connection in a record have a word? */
type Test = (connections: Connections, slot: number) => boolean;

/** One search, which goes round and round the table's records until a connection has the words. */
export class Search {
  private readonly tests: Test[];
  /** The next record, and how many are left of this round. */
  private cursor = 0;
  private left = -1;

  constructor(
    private readonly connections: Connections,
    private readonly words: readonly string[],
  ) {
    this.tests = words.flatMap((word) => testOf(word) ?? []);
  }

  /**
   * Looks at up to `budget` records. True: one has the words; the next step looks there again first. False: a round
   * through the table ends without one. Null: not known yet.
   */
  step(now_ms: number, budget: number): boolean | null {
    const { connections } = this;
    if (this.left < 0) this.left = connections.top;
    for (let units = budget; this.left > 0 && units > 0; units--, this.left--, this.cursor++) {
      if (this.cursor >= connections.top) this.cursor = 0;
      if (!this.mayBe(this.cursor, now_ms)) continue;
      units -= COST_OF_TEXT;
      if (!hasWords(describeConnection(connections, this.cursor, now_ms), this.words)) continue;
      this.left = -1;
      return true;
    }
    if (this.left > 0) return null;
    this.left = -1;
    return false;
  }

  private mayBe(slot: number, now_ms: number): boolean {
    const { connections, tests } = this;
    if (!connections.used(slot) || !connections.alive(slot, now_ms)) return false;
    for (let i = 0; i < tests.length; i++) if (!tests[i](connections, slot)) return false;
    return true;
  }
}

const PROTOCOLS = new Map(Array.from({ length: 256 }, (_, proto) => [protocolName(proto), proto]));

/** What a word says of a record; null: nothing, only the text can tell. */
function testOf(word: string): Test | null {
  const proto = PROTOCOLS.get(word);
  if (proto !== undefined) return (connections, slot) => connections.proto(slot) === proto;
  const [, name, value] = /^(\w+)=(.*)$/.exec(word) ?? [];
  return name !== undefined && Object.hasOwn(TESTS, name) ? TESTS[name](value) : null;
}

const TESTS: Readonly<Record<string, (value: string) => Test | null>> = {
  zone: (value) => (connections, slot) => connections.zone(slot) === Number(value),
  mark: (value) => (connections, slot) => connections.mark(slot) >>> 0 === Number(value),
  src: (value) => addressTest(value, true),
  dst: (value) => addressTest(value, false),
  sport: (value) => inTuple(({ ports }) => ports >>> 16 === Number(value)),
  dport: (value) => inTuple(({ ports }) => (ports & 0xffff) === Number(value)),
  state: (value) => stateTest(value),
};

const tuple = new Tuple();

/** One of the connection's tuples is such; a parent's, which is rare, only the text tells. */
function inTuple(is: (tuple: Tuple) => boolean): Test {
  return (connections, slot) => {
    if (connections.flags(slot) & RELATED) return true;
    connections.original(slot, tuple);
    if (is(tuple)) return true;
    connections.replyOf(slot, tuple);
    return is(tuple);
  };
}

function addressTest(text: string, source: boolean): Test {
  const bytes = parseIpv4(text) ?? parseIpv6(text);
  if (bytes === null) return () => false;
  const words = Int32Array.from({ length: bytes.length / 4 }, (_, i) =>
    bytes.subarray(i * 4, i * 4 + 4).reduce((word, byte) => (word << 8) | byte, 0),
  );
  if (words.length === 1) return inTuple(({ family, src, dst }) => family === 4 && (source ? src : dst) === words[0]);
  return inTuple(({ family, src6, dst6 }) => {
    const address = source ? src6 : dst6;
    return family === 6 && address.every((word, i) => word === words[i]);
  });
}

/** TCP's later state as a dump without -m has it, or SCTP's. */
function stateTest(value: string): Test {
  const tcp = TCP_STATES.map((state) => (SHORT[state] ?? state) === value);
  const sctp = SCTP_STATES.map((state) => state === value);
  return (connections, slot) => {
    const proto = connections.proto(slot);
    if (proto === PROTO_TCP) return tcp[Math.max(peerState(connections, slot, 0), peerState(connections, slot, 1))];
    return proto === PROTO_SCTP && sctp[connections.word(slot, STATE)];
  };
}
