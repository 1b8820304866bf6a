/**
 * sample: NXAST_SAMPLE (29), NXAST_SAMPLE2 (38), NXAST_SAMPLE3 (41) and, for ids that are taken from fields,
 * NXAST_SAMPLE4 (51, since Open vSwitch 3.4); ovs-actions(7). One packet of several is a sample for collectors. There
 * are no collectors: samples are counted.
 */
import { OpenFlowError, type Reader, type Writer } from '../../bytes/index.js';
import { action, nicira, readZeros, type TextArgument } from '../action.js';
import { OFPP, port16, port32 } from '../field.js';
import { keyValues } from '../key-values.js';
import { checkSubfield, fieldFrom32, type Subfield, writeFieldHeader } from '../subfield.js';
import { formatSubfield, parseSubfield } from '../subfield-text.js';
import { didYouMean } from '../suggestion.js';
import { parseNumber } from '../value-text.js';

const DIRECTIONS = ['default', 'ingress', 'egress'] as const;

/** An observation domain's or point's id: a number of 32 bits, or the field (at most 32 bits of it) that holds it. */
export type ObservationId = number | Subfield;

export interface Sample {
  readonly type: 'sample';
  /** So many packets of 65535; never 0. */
  readonly probability: number;
  readonly collectorSet: number;
  readonly domain: ObservationId;
  readonly point: ObservationId;
  /** OFPP.ANY: none. */
  readonly samplingPort: number;
  readonly direction: (typeof DIRECTIONS)[number];
  /** The form it came in, 1 to 4; it is written in that, or in the first one that can say it. */
  readonly version: number;
}

const IDS = [nicira(29), nicira(38), nicira(41), nicira(51)] as const;
/** Bits of a field that can be an id. */
const ID_BITS = 32;

function checkId(id: Subfield): void {
  checkSubfield(id);
  if (id.bits > ID_BITS) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT', `a sample's id of ${id.bits} bits`);
}

/** The fourth form's ids: a field's header and its bits, or zero and the number. */
function readId(r: Reader): ObservationId {
  const header = r.u32('sample id source');
  if (header === 0) return r.u32('sample id');
  const range = r.u16('sample id bits');
  r.skip(2);
  const id = { field: fieldFrom32(header, r.at - 8), start: range >> 6, bits: (range & 0x3f) + 1 };
  checkId(id);
  return id;
}

function writeId(w: Writer, id: ObservationId): void {
  if (typeof id === 'number') {
    w.u32(0).u32(id);
  } else {
    writeFieldHeader(w, id.field);
    w.u16((id.start << 6) | (id.bits - 1)).zeros(2);
  }
}

function read(r: Reader, version: number): Sample {
  const probability = r.u16('sample probability');
  const collectorSet = r.u32('sample collector set');
  const domain = version === 4 ? readId(r) : r.u32('sample domain');
  const point = version === 4 ? readId(r) : r.u32('sample point');
  const samplingPort = version === 1 ? OFPP.ANY : port32(r.u16('sampling port'));
  let direction = 0;
  if (version >= 3) {
    direction = r.u8('sample direction');
    readZeros(r, 'NXBRC_MUST_BE_ZERO', 5);
  } else if (version === 2) {
    r.skip(6);
  }
  if (direction >= DIRECTIONS.length) throw r.error('OFPBAC_BAD_ARGUMENT', `sample direction ${direction}`, 6);
  if (probability === 0) throw r.error('OFPBAC_BAD_ARGUMENT', 'sample with probability 0');
  return {
    ...{ type: 'sample', probability, collectorSet, domain, point, samplingPort },
    direction: DIRECTIONS[direction],
    version,
  };
}

/** The form that it is written in. */
function versionOf(a: Sample): number {
  if (a.version === 4 || typeof a.domain !== 'number' || typeof a.point !== 'number') return 4;
  if (a.version === 3 || a.direction !== 'default') return 3;
  return a.version === 2 || a.samplingPort !== OFPP.ANY ? 2 : 1;
}

type Draft = { -readonly [K in keyof Sample]: Sample[K] };

/** Numbers by their key, and the largest one. */
const NUMBERS: Readonly<Record<string, readonly ['probability' | 'collectorSet' | 'domain' | 'point', number]>> = {
  probability: ['probability', 0xffff],
  collector_set_id: ['collectorSet', 0xffffffff],
  obs_domain_id: ['domain', 0xffffffff],
  obs_point_id: ['point', 0xffffffff],
};
const KEYS = [...Object.keys(NUMBERS), 'sampling_port', 'ingress', 'egress'];

function parseId(text: string, at: number, arg: TextArgument): Subfield {
  const id = parseSubfield(text, arg, at);
  if (id.bits > ID_BITS) throw arg.error(`"${text}" has ${id.bits} bits, and an id ${ID_BITS} at most`, at);
  return id;
}

const formatId = (id: ObservationId): string => (typeof id === 'number' ? `${id}` : formatSubfield(id));

function parse(arg: TextArgument): Sample {
  const sample: Draft = {
    ...{ type: 'sample', probability: 0, collectorSet: 0, domain: 0, point: 0 },
    ...{ samplingPort: OFPP.ANY, direction: 'default', version: 0 },
  };
  for (const { key, keyAt, value, valueAt } of keyValues(arg.text)) {
    const number = Object.hasOwn(NUMBERS, key) ? NUMBERS[key] : undefined;
    const id = number?.[0];
    if ((id === 'domain' || id === 'point') && parseNumber(value) === null) {
      sample[id] = parseId(value, valueAt, arg);
    } else if (number) {
      const parsed = parseNumber(value);
      if (parsed === null || parsed > BigInt(number[1])) throw arg.error(`"${value}" is no ${key}`, valueAt);
      sample[number[0]] = Number(parsed);
    } else if (key === 'sampling_port') {
      const port = arg.port(value);
      if (port === null) throw arg.error(`unknown port "${value}"`, valueAt);
      sample.samplingPort = port;
    } else if (key === 'ingress' || key === 'egress') {
      sample.direction = key;
    } else {
      throw arg.error(`sample has no "${key}"${didYouMean(key, KEYS)}`, keyAt);
    }
  }
  if (sample.probability === 0) throw arg.error('sample needs a probability of 1 to 65535');
  sample.version = versionOf(sample);
  return sample;
}

export const sample = action<Sample>({
  type: 'sample',
  ids: IDS,
  form: (a) => IDS[versionOf(a) - 1],
  read: (r, id) => read(r, IDS.indexOf(id) + 1),
  write(a, w, id) {
    w.u16(a.probability).u32(a.collectorSet);
    for (const each of [a.domain, a.point]) {
      if (id === IDS[3]) writeId(w, each);
      else w.u32(typeof each === 'number' ? each : 0);
    }
    if (id !== IDS[0]) w.u16(port16(a.samplingPort)).u8(DIRECTIONS.indexOf(a.direction)).zeros(5);
  },
  texts: { sample: parse },
  format(a, names) {
    const parts = [`probability=${a.probability}`, `collector_set_id=${a.collectorSet}`];
    parts.push(`obs_domain_id=${formatId(a.domain)}`, `obs_point_id=${formatId(a.point)}`);
    if (a.samplingPort !== OFPP.ANY) parts.push(`sampling_port=${names.port(a.samplingPort)}`);
    if (a.direction !== 'default') parts.push(a.direction);
    return `sample(${parts.join(',')})`;
  },
  check() {},
  translate(a, m) {
    m.outputs.sample(a.probability);
  },
});
