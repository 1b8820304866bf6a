/**
 * What a switch's options may be. A value that no switch can be made with is refused where it is given, with its name,
 * instead of where a packet first meets it.
 */
import type { SwitchOptions } from './switch-types.js';

const UINT32 = 0xffffffff;

/** Name, value, the least and the most that it may be. */
type Whole = readonly [name: string, value: number | undefined, least: number, most: number];

function wholes({ seed, limits, minFrame, smallestFragment }: SwitchOptions): readonly Whole[] {
  return [
    ['seed', seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ['limits.connections', limits?.connections, 0, Number.MAX_SAFE_INTEGER],
    ['limits.programs', limits?.programs, 1, UINT32],
    ['minFrame', minFrame, 0, 0xffff],
    ['smallestFragment.ipv4', smallestFragment?.ipv4, 0, 0xffff],
    ['smallestFragment.ipv6', smallestFragment?.ipv6, 0, 0xffff],
  ];
}

/** Throws a RangeError that names the option which can't be. */
export function checkOptions(options: SwitchOptions): void {
  const { datapathId = 1n, failMode = 'secure', natExhausted = 'continue' } = options;
  if (typeof datapathId !== 'bigint' || BigInt.asUintN(64, datapathId) !== datapathId) {
    throw new RangeError(`datapathId is a bigint of 64 bits, not ${datapathId}`);
  }
  if (failMode !== 'secure' && failMode !== 'standalone') {
    throw new RangeError(`failMode is "secure" or "standalone", not "${failMode}"`);
  }
  if (natExhausted !== 'continue' && natExhausted !== 'drop') {
    throw new RangeError(`natExhausted is "continue" or "drop", not "${natExhausted}"`);
  }
  for (const [name, value, least, most] of wholes(options)) {
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) continue;
    throw new RangeError(`${name} is a whole number of ${least} to ${most}, not ${value}`);
  }
}
