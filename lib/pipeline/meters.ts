/**
 * The meter table (OpenFlow 1.3.5 §5.7, §7.3.4.4): meter-mods and what statistics show; measuring is the datapath's
 * (meter.ts there). The virtual meter CONTROLLER holds packet-ins; SLOWPATH can be set, but no packet takes a slow path
 * here.
 *
 * A modify keeps the meter's counters and duration and begins its bands' anew.
 */
import { type Clock, OpenFlowError } from '../bytes/index.js';
import { type BandSettings, DROPPED, Meter } from '../datapath/index.js';
import { MAX_PREC_LEVEL, type MeterBand, type MeterMod, OFPM, OFPMBT, OFPMF } from '../nxm/index.js';
import type { MeterFeaturesView, MeterView } from './types.js';

/** Most meters, and bands of one. */
export const MAX_METERS = 65_536;
export const MAX_BANDS = 16;

const KNOWN_FLAGS = OFPMF.KBPS | OFPMF.PKTPS | OFPMF.BURST | OFPMF.STATS;

/** A meter as it was set, and at work. */
class Held {
  readonly meter = new Meter();
  flags = 0;
  bands: readonly MeterBand[] = [];

  constructor(
    readonly id: number,
    readonly created_ms: number,
  ) {}
}

export interface MeterEvents {
  /** Any packet's way may be another one. */
  changed(): void;
  /** Meters are gone; flows that name them go, too. */
  deleted(meters: readonly number[]): void;
  /** How many flows name a meter. */
  flowsOf(meter: number): number;
}

export class Meters {
  private readonly byId = new Map<number, Held>();

  constructor(
    private readonly clock: Clock,
    private readonly events: MeterEvents,
  ) {}

  get(id: number): Meter | undefined {
    return this.byId.get(id)?.meter;
  }

  /** Does what a meter-mod says. Throws OpenFlowError; then nothing has changed. */
  apply(change: MeterMod): void {
    if (change.command === 'delete') {
      this.delete(change.meterId);
      return;
    }
    const { meterId: id, flags, bands } = change;
    if (!isSettable(id)) throw new OpenFlowError('OFPMMFC_INVALID_METER', `0x${id.toString(16)} is no meter id`);
    const known = this.byId.get(id);
    if (change.command === 'add' && known) throw new OpenFlowError('OFPMMFC_METER_EXISTS', `meter ${id} is there`);
    if (change.command === 'modify' && !known) {
      throw new OpenFlowError('OFPMMFC_UNKNOWN_METER', `there is no meter ${id}`);
    }
    if (!known && this.byId.size >= MAX_METERS) {
      throw new OpenFlowError('OFPMMFC_OUT_OF_METERS', `there are ${MAX_METERS} meters`);
    }
    checkFlags(flags);
    const settings = bandSettings(flags, bands);
    const held = known ?? new Held(id, this.clock.now());
    held.flags = flags;
    held.bands = bands;
    held.meter.set((flags & OFPMF.PKTPS) !== 0, settings, this.clock.now());
    this.byId.set(id, held);
    this.events.changed();
  }

  private delete(id: number): void {
    const ids = id === OFPM.ALL ? [...this.byId.keys()] : this.byId.has(id) ? [id] : [];
    for (const meter of ids) this.byId.delete(meter);
    this.events.changed();
    this.events.deleted(ids);
  }

  /** May a packet go to controllers? Measures it with the virtual meter, where that is set. */
  admitsToController(bytes: number, now_ms: number): boolean {
    const held = this.byId.get(OFPM.CONTROLLER);
    return held === undefined || held.meter.measure(bytes, now_ms) !== DROPPED;
  }

  /** A meter, or with OFPM.ALL all, by id. Throws OpenFlowError where it isn't there. */
  views(id: number): MeterView[] {
    const now = this.clock.now();
    if (id === OFPM.ALL) {
      return [...this.byId.values()].sort((a, b) => a.id - b.id).map((held) => this.view(held, now));
    }
    const held = this.byId.get(id);
    if (!held) throw new OpenFlowError('OFPMMFC_UNKNOWN_METER', `there is no meter ${id}`);
    return [this.view(held, now)];
  }

  private view({ id, flags, bands, meter, created_ms }: Held, now_ms: number): MeterView {
    return {
      meterId: id,
      flags,
      bands: bands.map((band, i) => ({ settings: band, packets: meter.bands[i].packets, bytes: meter.bands[i].bytes })),
      flows: this.events.flowsOf(id),
      packets: meter.packets,
      bytes: meter.bytes,
      duration_ms: now_ms - created_ms,
    };
  }
}

/** What meters can be. */
export const METER_FEATURES: MeterFeaturesView = {
  maxMeters: MAX_METERS,
  bandTypes: (1 << OFPMBT.DROP) | (1 << OFPMBT.DSCP_REMARK),
  capabilities: KNOWN_FLAGS,
  maxBands: MAX_BANDS,
  maxColor: 0,
};

function isSettable(id: number): boolean {
  return (id > 0 && id <= OFPM.MAX) || id === OFPM.CONTROLLER || id === OFPM.SLOWPATH;
}

function checkFlags(flags: number): void {
  const units = flags & (OFPMF.KBPS | OFPMF.PKTPS);
  if (flags & ~KNOWN_FLAGS || units === 0 || units === (OFPMF.KBPS | OFPMF.PKTPS)) {
    const why = `meter flags 0x${flags.toString(16)}; rates are in kbps (1) or pktps (2)`;
    throw new OpenFlowError('OFPMMFC_BAD_FLAGS', why);
  }
}

function bandSettings(flags: number, bands: readonly MeterBand[]): BandSettings[] {
  if (bands.length > MAX_BANDS) {
    throw new OpenFlowError('OFPMMFC_OUT_OF_BANDS', `${bands.length} bands, ${MAX_BANDS} at most`);
  }
  return bands.map((band) => {
    if (band.type === 'experimenter') throw new OpenFlowError('OFPMMFC_BAD_BAND', 'an experimenter band is not known');
    if (band.rate === 0) throw new OpenFlowError('OFPMMFC_BAD_RATE', 'a band with rate 0');
    const levels = band.type === 'drop' ? 0 : band.precLevel;
    if (band.type === 'dscp_remark' && (levels < 1 || levels > MAX_PREC_LEVEL)) {
      const why = `prec_level ${levels}: a class has ${MAX_PREC_LEVEL} drop precedences`;
      throw new OpenFlowError('OFPMMFC_BAD_BAND_VALUE', why);
    }
    return { rate: band.rate, burst: flags & OFPMF.BURST ? band.burst : 0, levels };
  });
}
