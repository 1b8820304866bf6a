/**
 * Frozen translations: what a packet takes along when it is read anew, behind ct with a table or where a header was
 * taken away. Interned by content, so that translating again gives the same recirculation id; released when no program
 * refers to it any more.
 */
import type { Action, Instructions } from '../nxm/index.js';
import type { Flow } from './flow.js';

/** The rest of an action list, and of the instructions that it belongs to. */
export interface Rest {
  readonly actions: readonly Action[];
  /** Instructions that follow, without meter and apply; null: none. */
  after: Instructions | null;
  /** Whose actions they are, for packet-ins. */
  readonly tableId: number;
  readonly flow: Flow | null;
}

/** On from a table. */
export function restAt(table: number): Rest {
  return { actions: [], after: { goto: table }, tableId: 0, flow: null };
}

export interface Frozen {
  /** What is still to be done, the innermost list first. */
  readonly rest: readonly Rest[];
  /** Does the packet keep what connection tracking found? */
  readonly tracked: boolean;
  /** The ingress port that lookups see. */
  readonly inPort: number;
  /** What the packet is: 0 Ethernet. */
  readonly packetType: number;
  /** Registers, metadata, marks, tunnel: words of the key that aren't zero, or were written. */
  readonly words: readonly (readonly [word: number, value: number])[];
  readonly actionSet: readonly Action[];
  /** What push put there, the top last. */
  readonly stack: readonly bigint[];
}

interface Held {
  readonly state: Frozen;
  readonly key: string;
  references: number;
}

/** Ids that nothing refers to are kept for a while, for translations that are about to be installed. */
const KEPT_UNUSED = 1024;

export class FrozenStates {
  private readonly byId = new Map<number, Held>();
  private readonly byContent = new Map<string, number>();
  private readonly identities = new WeakMap<object, number>();
  private nextIdentity = 1;
  private nextId = 1;

  /** The id of a state; the same content has the same id. */
  intern(state: Frozen): number {
    const rest = state.rest.map((part) => this.textOf(part)).join(';');
    const words = state.words.map(([word, value]) => `${word}=${value}`).join(',');
    const key = `${rest}/${state.tracked}/${state.inPort}/${state.packetType}/${this.list(state.actionSet)}/${words}/${state.stack.join()}`;
    const known = this.byContent.get(key);
    if (known !== undefined) return known;
    if (this.byId.size > KEPT_UNUSED) this.release();
    const id = this.nextId;
    this.nextId = id === 0x7fffffff ? 1 : id + 1;
    this.byId.set(id, { state, key, references: 0 });
    this.byContent.set(key, id);
    return id;
  }

  get(id: number): Frozen | undefined {
    return this.byId.get(id)?.state;
  }

  get size(): number {
    return this.byId.size;
  }

  /** A program that refers to these ids came (1) or went (-1). */
  refer(ids: readonly number[], by: 1 | -1): void {
    for (const id of ids) {
      const held = this.byId.get(id);
      if (held) held.references += by;
    }
  }

  private release(): void {
    for (const [id, held] of this.byId) {
      if (held.references > 0) continue;
      this.byId.delete(id);
      this.byContent.delete(held.key);
    }
  }

  private textOf({ actions, after, tableId, flow }: Rest): string {
    const { clear, write, metadata, goto } = after ?? {};
    const set = metadata ? `${metadata.value}/${metadata.mask}` : '';
    const instructions = after ? `${clear ?? ''},${this.list(write ?? [])},${set},${goto ?? ''}` : '';
    return `${this.list(actions)}:${instructions}:${tableId}:${flow ? this.identity(flow) : ''}`;
  }

  private list(actions: readonly Action[]): string {
    return actions.map((action) => this.identity(action)).join('.');
  }

  /** Actions are compared as objects: a flow's are the same as long as the flow stands. */
  private identity(object: object): number {
    let number = this.identities.get(object);
    if (number === undefined) {
      number = this.nextIdentity++;
      this.identities.set(object, number);
    }
    return number;
  }
}
