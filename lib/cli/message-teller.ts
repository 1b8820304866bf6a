/**
 * OpenFlow messages as they go by, explained, a line each and more for what explains it: for `inspect` and `run -v`.
 */
import { type Filter, Inspector } from '../inspect/inspector.js';
import { systemClock } from '../system-clock.js';
import type { Side } from '../wire/index.js';
import type { Output } from './output.js';

/** Connections that are followed at once, of one switch; a tool such as ovs-ofctl makes a new one for each command. */
const MAX_CONNECTIONS = 256;
/** … and of each further switch of a network. */
const MORE_CONNECTIONS = 16;
const HELLO = 0;

export class MessageTeller {
  private readonly inspectors = new Map<string, Inspector>();
  private readonly begun_ms = systemClock.now();
  private readonly limit: number;

  /** `switches`: how many there are, each with connections of its own. */
  constructor(
    private readonly output: Output,
    private readonly filter: Filter,
    switches = 1,
  ) {
    this.limit = MAX_CONNECTIONS + (switches - 1) * MORE_CONNECTIONS;
  }

  /** Tells of a message on a connection; `name` is the switch's, in a network. */
  message(peer: string, from: Side, bytes: Uint8Array, name?: string): void {
    const connection = name === undefined ? peer : `${name} ${peer}`;
    const explained = this.inspector(connection, from === 'switch' && bytes[1] === HELLO).see(from, bytes);
    if (explained === null) return;
    const { output } = this;
    const [first, ...rest] = explained.lines;
    const mark = output.style(from === 'switch' ? 'cyan' : 'green', `${connection} ${from === 'switch' ? '<' : '>'}`);
    output.say([`${this.seconds()} ${mark} ${first}`, ...rest.map((line) => `    ${line}`)].join('\n'));
    const who = name === undefined ? {} : { switch: name };
    output.tell('inspect@1', { ...who, at_ms: this.now(), connection: peer, ...explained.json });
  }

  /** Tells what became of a connection. */
  note(connection: string, event: 'connected' | 'closed' | 'garbled', what: string): void {
    this.output.say(`${this.seconds()} ${connection} ${event}: ${what}`);
    this.output.tell('connection@1', { at_ms: this.now(), connection, event, what });
    if (event === 'closed') this.inspectors.delete(connection);
  }

  private inspector(connection: string, anew: boolean): Inspector {
    const known = anew ? undefined : this.inspectors.get(connection);
    if (known) return known;
    const inspector = new Inspector(this.filter);
    this.inspectors.set(connection, inspector);
    if (this.inspectors.size > this.limit) {
      const [oldest] = this.inspectors.keys();
      this.inspectors.delete(oldest);
    }
    return inspector;
  }

  private now(): number {
    return Math.round(systemClock.now() - this.begun_ms);
  }

  private seconds(): string {
    return (this.now() / 1000).toFixed(3);
  }
}
