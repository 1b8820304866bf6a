/** Subfields as ovs-ofctl reads and writes them: "NXM_NX_REG0[0..15]", "reg0[5]", "NXM_OF_ETH_SRC[]". */
import type { TextArgument } from './action.js';
import type { Field } from './field.js';
import { fieldNamed, fieldNames } from './fields.js';
import { fieldBits, type Subfield } from './subfield.js';
import { didYouMean } from './suggestion.js';

/** "[]" for the whole field, "[5]" for a bit, "[0..15]" for several. */
export function formatSubfield(s: Subfield): string {
  const name = s.field.headers[0]?.name ?? s.field.name;
  if (s.start === 0 && s.bits === fieldBits(s.field)) return `${name}[]`;
  return s.bits === 1 ? `${name}[${s.start}]` : `${name}[${s.start}..${s.start + s.bits - 1}]`;
}

/** A field by any of its names; a header's name may end in "_W". */
function named(name: string): Field | undefined {
  return fieldNamed(name) ?? (name.endsWith('_W') ? fieldNamed(name.slice(0, -2)) : undefined);
}

/**
 * Reads a subfield; without brackets it is the whole field. Throws arg.error, `offset` being the text's place in the
 * argument.
 */
export function parseSubfield(text: string, arg: TextArgument, offset: number): Subfield {
  const [, name, brackets] = /^([^[]*)(.*)$/s.exec(text) ?? ['', '', ''];
  const field = named(name);
  if (!field) throw arg.error(`unknown field "${name}"${didYouMean(name, fieldNames())}`, offset);
  const width = fieldBits(field);
  if (brackets === '' || brackets === '[]') return { field, start: 0, bits: width };
  const [, first, last] = /^\[(\d+)(?:\.\.(\d+))?\]$/.exec(brackets) ?? [];
  const at = offset + name.length;
  if (first === undefined) throw arg.error(`"${brackets}" should be [], [BIT] or [FIRST..LAST]`, at);
  const [start, end] = [Number(first), Number(last ?? first)];
  if (start > end) throw arg.error(`bit ${start} is after bit ${end}`, at);
  if (end >= width) throw arg.error(`${field.name} has bits 0 to ${width - 1}, not ${end}`, at);
  return { field, start, bits: end - start + 1 };
}
