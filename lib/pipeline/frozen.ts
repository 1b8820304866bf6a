/**
 * Frozen translations: what a packet takes along when it goes through ct with a table. Interned by content, so that translating
 * again gives the same recirculation id; released when no program refers to it any more.
 */
import type { Action } from '../nxm/index.js';

/** What goes on behind ct. */
export interface Frozen {
  /** Where the tracked copy goes on. */
  readonly table: number;
  /** The ingress port that lookups see. */
  readonly inPort: number;
  /** Registers, metadata, marks, tunnel: words of the key that aren't zero, or were written. */
  readonly words: readonly (readonly [word: number, value: number])[];
  readonly actionSet: readonly Action[];
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
  private readonly actionSets = new WeakMap<object, number>();
  private nextActionSet = 1;
  private nextId = 1;

  /** The id of a state; the same content has the same id. */
  intern(state: Frozen): number {
    const set = state.actionSet.map((action) => this.identity(action)).join(',');
    const words = state.words.map(([word, value]) => `${word}=${value}`).join(',');
    const key = `${state.table}/${state.inPort}/${set}/${words}`;
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

  /** Actions are compared as objects: a flow's are the same as long as the flow stands. */
  private identity(action: Action): number {
    let number = this.actionSets.get(action);
    if (number === undefined) {
      number = this.nextActionSet++;
      this.actionSets.set(action, number);
    }
    return number;
  }
}
