/**
 * sample: NXAST_SAMPLE (29), NXAST_SAMPLE2 (38) and NXAST_SAMPLE3 (41), ovs-actions(7). One packet of several is a
 * sample for collectors. There are no collectors: samples are counted.
 */
import type { Reader } from '../../bytes/index.js';
import { action, nicira, readZeros, type TextArgument } from '../action.js';
import { OFPP, port16, port32 } from '../field.js';
import { keyValues } from '../key-values.js';
import { didYouMean } from '../suggestion.js';
import { parseNumber } from '../value-text.js';

const DIRECTIONS = ['default', 'ingress', 'egress'] as const;

export interface Sample {
  readonly type: 'sample';
  /** So many packets of 65535; never 0. */
  readonly probability: number;
  readonly collectorSet: number;
  readonly domain: number;
  readonly point: number;
  /** OFPP.ANY: none. */
  readonly samplingPort: number;
  readonly direction: (typeof DIRECTIONS)[number];
  /** The form it came in, 1 to 3; it is written in that, or in the first one that can say it. */
  readonly version: number;
}

const IDS = [nicira(29), nicira(38), nicira(41)] as const;

function read(r: Reader, version: number): Sample {
  const probability = r.u16('sample probability');
  const collectorSet = r.u32('sample collector set');
  const domain = r.u32('sample domain');
  const point = r.u32('sample point');
  const samplingPort = version === 1 ? OFPP.ANY : port32(r.u16('sampling port'));
  let direction = 0;
  if (version === 3) {
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

function parse(arg: TextArgument): Sample {
  const sample: Draft = {
    ...{ type: 'sample', probability: 0, collectorSet: 0, domain: 0, point: 0 },
    ...{ samplingPort: OFPP.ANY, direction: 'default', version: 0 },
  };
  for (const { key, keyAt, value, valueAt } of keyValues(arg.text)) {
    const number = Object.hasOwn(NUMBERS, key) ? NUMBERS[key] : undefined;
    if (number) {
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
    w.u16(a.probability).u32(a.collectorSet).u32(a.domain).u32(a.point);
    if (id !== IDS[0]) w.u16(port16(a.samplingPort)).u8(DIRECTIONS.indexOf(a.direction)).zeros(5);
  },
  texts: { sample: parse },
  format(a, names) {
    const parts = [`probability=${a.probability}`, `collector_set_id=${a.collectorSet}`];
    parts.push(`obs_domain_id=${a.domain}`, `obs_point_id=${a.point}`);
    if (a.samplingPort !== OFPP.ANY) parts.push(`sampling_port=${names.port(a.samplingPort)}`);
    if (a.direction !== 'default') parts.push(a.direction);
    return `sample(${parts.join(',')})`;
  },
  check() {},
  translate(a, m) {
    m.outputs.sample(a.probability);
  },
});
