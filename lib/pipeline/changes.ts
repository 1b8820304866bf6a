/** Several changes made in their order, together or not at all: what bundles ask for. */
import { OpenFlowError } from '../bytes/index.js';
import type { Prepared } from '../datapath/index.js';
import type { Transaction } from './transaction.js';
import { type Change, ChangeError } from './types.js';

type ChangeOf<T extends Change['type']> = Extract<Change, { type: T }>;

/** How each kind of change is made. A packet-out goes where tables lead at its place, but not before all is done. */
export type ChangeMakers = {
  readonly [T in Change['type']]: (change: ChangeOf<T>) => T extends 'packet_out' ? Prepared : void;
};

/** Makes all changes, or none; each is asked for when its turn has come. Throws a ChangeError. */
export function applyTogether(transaction: Transaction, changes: Iterable<Change>, make: ChangeMakers): void {
  let index = 0;
  const packets: Prepared[] = [];
  try {
    transaction.run(() => {
      for (const change of changes) {
        if (change.type === 'packet_out') packets.push(make.packet_out(change));
        else (make[change.type] as (change: Change) => void)(change);
        index++;
      }
    });
  } catch (error) {
    for (const packet of packets) packet.forget();
    throw error instanceof OpenFlowError ? new ChangeError(index, error) : error;
  }
  for (const packet of packets) packet.run();
}
