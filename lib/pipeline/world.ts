/** What a translation looks at, and never changes. */
import type { ColdStore, PortTable } from '../datapath/index.js';
import type { TlvTable } from '../nxm/index.js';
import type { FrozenStates } from './frozen.js';
import type { Groups } from './groups.js';
import type { Teaching } from './learner.js';
import type { TranslationListener } from './listener.js';
import type { MacTable } from './mac-table.js';
import type { Meters } from './meters.js';
import type { Table } from './table.js';

/** Where addresses were seen. */
export type Macs = Pick<MacTable, 'find'>;

export interface World {
  readonly tables: readonly Table[];
  readonly ports: PortTable;
  readonly macs: Macs;
  readonly groups: Groups;
  readonly meters: Pick<Meters, 'get'>;
  readonly frozen: FrozenStates;
  readonly cold: ColdStore;
  /** Which Geneve options are fields. */
  readonly tlvTable: TlvTable;
  /** Hears how packets are translated. */
  readonly listener?: TranslationListener;
  /** For effects; a translation only asks it. */
  readonly learner: Teaching;
}
