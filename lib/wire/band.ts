/** The bands of a meter: OpenFlow 1.3.5 §7.3.4.4. */
import type { Reader, Writer } from '../bytes/index.js';
import { type MeterBand, OFPMBT } from '../nxm/meter-mod.js';
import { writeSize } from './struct.js';

const BAND_BYTES = 16;
const HEADER_BYTES = 12;

function readBand(r: Reader): MeterBand {
  const type = r.u16('a meter band');
  const length = r.u16('a meter band');
  const exact = type !== OFPMBT.EXPERIMENTER;
  if (length < BAND_BYTES || length - 4 > r.left || (exact && length !== BAND_BYTES)) {
    throw r.error('OFPBRC_BAD_LEN', `meter band of length ${length}, ${r.left + 4} bytes are left`, 4);
  }
  const rate = r.u32();
  const burst = r.u32();
  const body = r.sub(length - HEADER_BYTES, 'a meter band');
  if (type === OFPMBT.DROP) return { type: 'drop', rate, burst };
  if (type === OFPMBT.DSCP_REMARK) return { type: 'dscp_remark', rate, burst, precLevel: body.u8() };
  if (type !== OFPMBT.EXPERIMENTER) throw body.error('OFPMMFC_BAD_BAND', `meter band type ${type}`, HEADER_BYTES);
  return { type: 'experimenter', rate, burst, experimenter: body.u32(), data: body.rest() };
}

/** Reads bands to the reader's end. */
export function readBands(r: Reader): MeterBand[] {
  const bands: MeterBand[] = [];
  while (r.left > 0) bands.push(readBand(r));
  return bands;
}

const NUMBERS = { drop: OFPMBT.DROP, dscp_remark: OFPMBT.DSCP_REMARK, experimenter: OFPMBT.EXPERIMENTER } as const;

/** Writes bands one after the other. */
export function writeBands(w: Writer, bands: readonly MeterBand[]): void {
  for (const band of bands) {
    const start = w.at;
    w.u16(NUMBERS[band.type]).u16(0).u32(band.rate).u32(band.burst);
    if (band.type === 'experimenter') w.u32(band.experimenter).put(band.data);
    else if (band.type === 'dscp_remark') w.u8(band.precLevel).zeros(3);
    else w.zeros(4);
    writeSize(w, start, start + 2);
  }
}
