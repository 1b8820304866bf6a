/** Ryu's JSON twins in a form that can be compared with ryu.ts's, and where the two differ. */
import { toHex } from '../../lib/bytes/index.js';
import { type Field, fieldNamed } from '../../lib/nxm/index.js';
import { ipv4Bytes, ipv6Bytes } from '../support/frames.js';
import { ANY, type Json } from './ryu.js';

/** Classes whose "type" only says which class it is. */
const TYPE_IS_CLASS = new RegExp(
  [
    '^(OFPAction(?!Id)|NXAction|OFPInstruction(?!Id)|OFPMatch|OFPMeterBand|OFPHelloElem|OFPTableFeatureProp)',
    'Stats(Request|Reply)$',
  ].join('|'),
);
const LENGTHS = new Set(['len', 'length', 'actions_len']);

/** A twin in the same form: without lengths, numbers as text, fields under our names with their values as bytes. */
export function fromRyu(text: string): Json {
  return tidy(JSON.parse(text.replace(/([:[,]\s*)(\d+)(?=[\s,\]}])/g, '$1"$2"')) as Json, '');
}

function tidy(value: Json, className: string): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((each) => tidy(each, className));
  if (value === null || typeof value !== 'object') return value;
  if (className === 'OXMTlv') return tidyTlv(value as Record<'field' | 'value' | 'mask', string | null>);
  const result: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value as { [name: string]: Json })) {
    if (LENGTHS.has(name) || (name === 'type' && TYPE_IS_CLASS.test(className))) continue;
    if (className === 'OFPOxmId' && name === 'type')
      result.type = String(ryuField(String(member)).headers.at(-1)?.number);
    else result[name] = tidy(member, /^[A-Z]/.test(name) ? name : '');
  }
  return result;
}

/** Fields that Ryu calls otherwise: in_port is the 32-bit one there. */
const FIELDS: Readonly<Record<string, string>> = {
  in_port: 'in_port_oxm',
  tun_ipv4_src: 'tun_src',
  tun_ipv4_dst: 'tun_dst',
};
function ryuField(name: string): Field {
  const field = fieldNamed(FIELDS[name] ?? name);
  if (!field) throw new Error(`no field for Ryu's ${name}`);
  return field;
}

function tidyTlv({ field: name, value, mask }: Record<'field' | 'value' | 'mask', string | null>): Json {
  const field = ryuField(String(name));
  return { field: field.name, value: hexOf(String(value), field.bytes), mask: mask && hexOf(mask, field.bytes) };
}

function hexOf(text: string, bytes: number): string {
  if (/^\d+$/.test(text))
    return BigInt(text)
      .toString(16)
      .padStart(bytes * 2, '0');
  if (/^\d+(\.\d+){3}$/.test(text)) return toHex(Uint8Array.from(ipv4Bytes(text)));
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(text)) return text.replaceAll(':', '');
  return toHex(Uint8Array.from(ipv6Bytes(text)));
}

/** Where the two differ, as a path; undefined where they agree. */
export function difference(ours: Json, theirs: Json, path = ''): string | undefined {
  if (ours === ANY) return undefined;
  const bothObjects = ours !== null && theirs !== null && typeof ours === 'object' && typeof theirs === 'object';
  if (!bothObjects) {
    return ours === theirs ? undefined : `${path}: ${JSON.stringify(ours)} and not ${JSON.stringify(theirs)}`;
  }
  const a = ours as Record<string, Json>;
  const b = theirs as Record<string, Json>;
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (!(name in a) || !(name in b)) return `${path}/${name}: only ${name in a ? 'ours' : "Ryu's"} has it`;
    const found = difference(a[name], b[name], `${path}/${name}`);
    if (found) return found;
  }
  return undefined;
}
