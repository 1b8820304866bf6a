/**
 * A pipeline that foretells: packets are translated with the tables, groups and ports of a real one and run by a
 * datapath of its own, on ports that only tell. What they would change (connections, MAC addresses, meters' tokens)
 * changes here alone, so that several packets in a row see what those before them did; but for flows that learn adds,
 * which are only told. It holds as long as the real one stands still.
 */
import { type Clock, Random, silent } from '../bytes/index.js';
import {
  type ControllerCold,
  Datapath,
  DROPPED,
  type Meter,
  OFPPC,
  type PacketTracker,
  PortTable,
  type Translation,
} from '../datapath/index.js';
import { type Action, OFPM, PLAIN_NAMES } from '../nxm/index.js';
import { type Key, slots } from '../packet/key.js';
import type { Port } from '../ports/port.js';
import { FrozenStates } from './frozen.js';
import type { TranslationListener } from './listener.js';
import { packetInFields } from './packet-in.js';
import { ScratchTables } from './scratch-tables.js';
import { Translator } from './translator.js';
import type { PacketIn } from './types.js';
import type { Macs, World } from './world.js';

/** What is heard beside the translations. */
export interface ScratchListener extends TranslationListener {
  /** A frame leaves by a port. */
  sent(port: number, frame: Uint8Array): void;
  packetIn(packet: PacketIn): void;
  /** NORMAL learns an address; 0: no VLAN. */
  learned(vlan: number, mac: Uint8Array, port: number): void;
}

/** What the real pipeline lends. */
export interface Lender {
  readonly clock: Clock;
  readonly world: World;
  readonly standalone: boolean;
  readonly dropFragments: boolean;
  readonly minFrame: number;
}

const NOTHING = { credits: [], found: [], missed: [] };

export class ScratchPipeline {
  private readonly datapath: Datapath;
  private readonly translator: Translator;
  private readonly meters = new Map<number, Meter>();
  private readonly macs: ScratchMacs;
  private readonly frozen = new FrozenStates();

  /** `tracker`: asked for every ct action. */
  constructor(
    private readonly lender: Lender,
    tracker: PacketTracker,
    private readonly listener: ScratchListener,
  ) {
    const { clock, minFrame, world } = lender;
    this.macs = new ScratchMacs(world.macs);
    // The same ports under the same numbers, which only tell.
    const ports = new PortTable({ table: world.ports, replaced: ({ number, port }) => this.telling(number, port) });
    this.datapath = new Datapath(
      { clock, log: silent, tracker, random: new Random(1), minFrame, caching: false, maxEntries: 1, ports },
      {
        translate: (key) => this.uncounted(this.translator.translate(key)),
        controller: (cold, key, frame) => this.packetIn(cold, key, frame),
        learn: (vlan, bytes, at, inPort) => {
          listener.learned(vlan, bytes.slice(at, at + 6), inPort);
          this.macs.learn(vlan, bytes, at, inPort);
        },
        refer: (ids, by) => this.frozen.refer(ids, by),
        options: () => true,
      },
    );
    const tables = new ScratchTables(world.tables, world.learner);
    this.translator = new Translator({
      ...world,
      meters: { get: (id) => this.meter(id) },
      macs: this.macs,
      ports: this.datapath.ports,
      cold: this.datapath.cold,
      frozen: this.frozen,
      listener,
      tables: tables.tables,
      learner: tables,
    });
    this.translator.lists.standalone = lender.standalone;
  }

  private telling(number: number, { name, tunnel }: Port): Port {
    return {
      kind: 'memory',
      name,
      tunnel,
      start: () => {},
      send: (bytes, start, end) => this.listener.sent(number, bytes.slice(start, end)),
      close: () => {},
    };
  }

  private meter(id: number): Meter | undefined {
    const known = this.meters.get(id) ?? this.lender.world.meters.get(id)?.copy();
    if (known) this.meters.set(id, known);
    return known;
  }

  /** The number of a meter that a program names. */
  meterId(meter: Meter): number {
    return [...this.meters].find(([, known]) => known === meter)?.[0] ?? 0;
  }

  /** The program counts for nobody. */
  private uncounted(translation: Translation): Translation {
    for (const index of translation.cold) {
      const cold = this.datapath.cold.get(index);
      if (cold.kind === 'meter') cold.after = NOTHING;
    }
    return { ...translation, ...NOTHING };
  }

  /** What a program's steps refer to. */
  get cold(): Datapath['cold'] {
    return this.datapath.cold;
  }

  get ports(): PortTable {
    return this.datapath.ports;
  }

  /** Why a frame that comes in is dropped before any table, or null. */
  refusal(inPort: number, key: Key): string | null {
    const entry = this.datapath.ports.get(inPort);
    if (entry && entry.config & OFPPC.PORT_DOWN) return `port ${PLAIN_NAMES.port(inPort)} is configured down`;
    if (entry && entry.config & OFPPC.NO_RECV)
      return `port ${PLAIN_NAMES.port(inPort)} is configured to receive nothing`;
    if (this.lender.dropFragments && key.get(slots.nw_frag) !== 0) return 'fragments are dropped where they come in';
    return null;
  }

  /** Runs a packet to its end. `given` holds what no frame shows. With actions: as packet-out does. */
  run(frame: Uint8Array, inPort: number, given: Key, actions: readonly Action[] | null): void {
    const translate = (key: Key): Translation => {
      key.copy(given);
      key.set(slots.recirc_id, 0);
      const { translator } = this;
      return this.uncounted(
        actions === null ? translator.translate(key, given) : translator.translateActions(key, actions, given),
      );
    };
    this.datapath.execute(translate, frame.slice(), inPort);
  }

  /** How many copies went round too often by now. */
  get recirculationsDropped(): number {
    return this.datapath.counters.recirculationsDropped;
  }

  private packetIn(cold: ControllerCold, key: Key, frame: Uint8Array): void {
    const meter = this.meter(OFPM.CONTROLLER);
    if (meter?.measure(frame.length, this.lender.clock.now()) === DROPPED) return;
    const { reason, tableId, cookie, maxLen, controllerId } = cold;
    const fields = packetInFields(cold, key, this.lender.world.tlvTable);
    this.listener.packetIn({ reason, tableId, cookie, maxLen, controllerId, frame, fields });
  }
}

/** Addresses that were learned here, above those of the real table. */
class ScratchMacs implements Macs {
  private readonly own = new Map<string, number>();

  constructor(private readonly real: Macs) {}

  find(vlan: number, bytes: Uint8Array, at: number): number {
    return this.own.get(keyOf(vlan, bytes, at)) ?? this.real.find(vlan, bytes, at);
  }

  learn(vlan: number, bytes: Uint8Array, at: number, port: number): void {
    if ((bytes[at] & 1) === 0) this.own.set(keyOf(vlan, bytes, at), port);
  }
}

function keyOf(vlan: number, bytes: Uint8Array, at: number): string {
  return `${vlan} ${bytes.subarray(at, at + 6).join(':')}`;
}
