/** Multiparts meter, meter_config and meter_features: OpenFlow 1.3.5 §7.3.5.12 to §7.3.5.14. */
import type { Reader, Writer } from '../../bytes/index.js';
import type { MeterBand } from '../../nxm/meter-mod.js';
import { readBands, writeBands } from '../band.js';
import { multipart, nothing, one, rows } from '../kind.js';
import { counter, readSized, struct, u8, u32, writeSize } from '../struct.js';

export interface MeterRequest {
  /** OFPM.ALL: all. */
  readonly meterId: number;
}

/** What a band caught; null: not counted. */
export interface BandStats {
  readonly packets: number | null;
  readonly bytes: number | null;
}

export interface MeterStats {
  readonly meterId: number;
  /** Flows that use it. */
  readonly flows: number;
  readonly packetsIn: number | null;
  readonly bytesIn: number | null;
  readonly duration_s: number;
  readonly duration_ns: number;
  readonly bands: readonly BandStats[];
}

export interface MeterConfig {
  /** OFPMF.* bits. */
  readonly flags: number;
  readonly meterId: number;
  readonly bands: readonly MeterBand[];
}

export interface MeterFeatures {
  readonly maxMeter: number;
  /** Bits of OFPMBT.*. */
  readonly bandTypes: number;
  /** OFPMF.* bits. */
  readonly capabilities: number;
  /** Bands a meter, and values of a colour. */
  readonly maxBands: number;
  readonly maxColor: number;
}

const bandStats = struct<BandStats>([
  ['packets', counter],
  ['bytes', counter],
]);

/** What stands between a meter's length and its bands' counters. */
const meterHead = struct<Omit<MeterStats, 'bands' | 'meterId'>>([
  6,
  ['flows', u32],
  ['packetsIn', counter],
  ['bytesIn', counter],
  ['duration_s', u32],
  ['duration_ns', u32],
]);
const METER_LEAST = 40;

const meterStats = {
  read(all: Reader): MeterStats {
    const length = all.peek16(4, 'meter statistics');
    if (length < METER_LEAST) throw all.error('OFPBRC_BAD_LEN', `meter statistics of length ${length}`);
    const r = all.sub(length, 'meter statistics');
    const meterId = r.u32();
    r.skip(2);
    const head = meterHead.read(r);
    const bands: BandStats[] = [];
    while (r.left > 0) bands.push(bandStats.read(r));
    return { meterId, ...head, bands };
  },
  write(w: Writer, m: MeterStats): void {
    const start = w.at;
    w.u32(m.meterId).u16(0);
    meterHead.write(w, m);
    for (const band of m.bands) bandStats.write(w, band);
    writeSize(w, start, start + 4);
  },
};

const config = {
  read(all: Reader): MeterConfig {
    const r = readSized(all, 8, 'a meter configuration');
    r.skip(2);
    return { flags: r.u16(), meterId: r.u32(), bands: readBands(r) };
  },
  write(w: Writer, m: MeterConfig): void {
    const start = w.at;
    w.u16(0).u16(m.flags).u32(m.meterId);
    writeBands(w, m.bands);
    writeSize(w, start);
  },
};

const request = one(struct<MeterRequest>([['meterId', u32], 4]));

export const meter = multipart('meter', 9, request, rows(meterStats));

export const meterConfig = multipart('meter_config', 10, request, rows(config));

export const meterFeatures = multipart(
  'meter_features',
  11,
  nothing,
  one(
    struct<MeterFeatures>([
      ['maxMeter', u32],
      ['bandTypes', u32],
      ['capabilities', u32],
      ['maxBands', u8],
      ['maxColor', u8],
      2,
    ]),
  ),
);
