/**
 * Roles of controllers (OpenFlow 1.3.5 §6.3.5, §7.3.9). The generation id is the switch's: it outlives connections.
 * What a role lets a controller do is handlers.ts's to ask, what it hears is async.ts's.
 */
import { OpenFlowError } from '../bytes/index.js';
import type { Role, RoleRequest } from '../wire/index.js';

/** A role that a controller can have; a new connection begins as equal. */
export type HeldRole = Exclude<Role, 'nochange'>;

/** Whoever has a role. */
export interface RoleHolder {
  role: HeldRole;
}

/** What a reply says while no master was ever named. */
const NO_GENERATION = 0xffffffffffffffffn;

export class Roles {
  private generation: bigint | null = null;

  /** The stored generation id, for replies. */
  get generationId(): bigint {
    return this.generation ?? NO_GENERATION;
  }

  /**
   * Gives a controller the role it asks for. A new master turns the old one into a slave. Throws STALE, changing
   * nothing, where the request is older than the last one; equal and nochange have no age. Returns whose role that
   * changed but the asker's.
   */
  request<H extends RoleHolder>(from: H, { role, generationId }: RoleRequest, all: Iterable<H>): H[] {
    if (role === 'master' || role === 'slave') this.renew(generationId);
    return role === 'nochange' ? [] : this.take(from, role, all);
  }

  /** The same without a generation id, as Nicira's roles are. */
  take<H extends RoleHolder>(from: H, role: HeldRole, all: Iterable<H>): H[] {
    const masters = role === 'master' ? [...all].filter((other) => other !== from && other.role === 'master') : [];
    for (const other of masters) other.role = 'slave';
    from.role = role;
    return masters;
  }

  /** The distance between ids is signed, so that they may wrap. */
  private renew(id: bigint): void {
    if (this.generation !== null && BigInt.asIntN(64, id - this.generation) < 0n) {
      throw new OpenFlowError('OFPRRFC_STALE', `generation id ${id} is older than ${this.generation}`, 16);
    }
    this.generation = BigInt.asUintN(64, id);
  }
}
