/** Flags as ovs-ofctl reads and writes them: "+trk-new" with a mask, "syn|ack" or a number without one. */

/** Names of bits, lowest first; a bit without a name shows as a number. */
export type FlagNames = readonly (string | null)[];

/** "syn|ack" or "0" where the mask is `allowed`; else "+new-est", a sign a bit of the mask, lowest first. */
export function formatFlags(names: FlagNames, value: number, mask: number, allowed: number): string {
  if (mask === 0) return '0/0';
  if (mask !== allowed) {
    let text = '';
    for (let bit = 0; bit < 32; bit++) {
      if ((mask >>> bit) & 1) text += `${(value >>> bit) & 1 ? '+' : '-'}${names[bit] ?? '[Unknown]'}`;
    }
    return text;
  }
  if (value === 0) return '0';
  const known = names.filter((name, bit) => name !== null && (value >>> bit) & 1);
  const rest = names.reduce((bits, name, bit) => (name === null ? bits : bits & ~(1 << bit)), value) >>> 0;
  return [...known, ...(rest ? [`0x${rest.toString(16)}`] : [])].join('|');
}

function numberOf(text: string): number | null {
  return /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : null;
}

/**
 * Reads flags. The mask is null for the forms without one, which say all bits. Throws RangeError with the reason;
 * `what` names the flags in it.
 */
export function parseFlags(
  names: FlagNames,
  text: string,
  allowed: number,
  what: string,
): { value: number; mask: number | null } {
  const bitOf = (name: string): number => {
    const bit = names.indexOf(name);
    if (bit < 0 || name === '' || !((allowed >>> bit) & 1)) {
      const known = names.filter((known, i) => known !== null && (allowed >>> i) & 1);
      throw new RangeError(`unknown ${what} flag "${name}": there are ${known.join(', ')}`);
    }
    return (1 << bit) >>> 0;
  };
  const [, first, second] = /^([^/]*)\/(.*)$/.exec(text) ?? [];
  if (first !== undefined) {
    const [value, mask] = [numberOf(first), numberOf(second)];
    if (value === null || mask === null || ((value | mask) & ~allowed) !== 0 || value > allowed || mask > allowed) {
      throw new RangeError(`"${text}" is no number and mask of ${what} flags up to 0x${allowed.toString(16)}`);
    }
    return { value: (value & mask) >>> 0, mask };
  }
  if (/^[+-]/.test(text)) return signed(text, bitOf, what);
  let value = 0;
  for (const part of text.split('|')) {
    const number = numberOf(part);
    if (number !== null && ((number & ~allowed) !== 0 || number > allowed)) {
      throw new RangeError(`${part} does not fit in ${what} flags, up to 0x${allowed.toString(16)}`);
    }
    value |= number ?? bitOf(part);
  }
  return { value: value >>> 0, mask: null };
}

function signed(text: string, bitOf: (name: string) => number, what: string): { value: number; mask: number } {
  let value = 0;
  let mask = 0;
  for (const [, sign, name] of text.matchAll(/([+-])([^+-]*)/g)) {
    const bit = bitOf(name);
    if (mask & bit) throw new RangeError(`${what} flag "${name}" comes twice`);
    mask |= bit;
    if (sign === '+') value |= bit;
  }
  return { value: value >>> 0, mask: mask >>> 0 };
}
