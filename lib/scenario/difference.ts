/**
 * How a frame differs from the one that was expected, in the words of fields; and a frame against what a match text
 * asks.
 */
import { fromBigInt, toHex } from '../bytes/index.js';
import { Frame, NAMES, NUMBERS } from '../frames/index.js';
import { fieldNamed, formatValue, slotOf } from '../nxm/index.js';
import { formatFrame, parseMatch } from '../text/index.js';
import { mistakeAt } from '../yaml/index.js';
import { fieldsOf, type PacketText } from './packet-text.js';

/** Most bytes of a payload that are shown. */
const SHOWN = 40;

/** ovs-ofctl's words for fields whose names are others. */
export const WORDS: Readonly<Record<string, string>> = {
  ...{ eth_src: 'dl_src', eth_dst: 'dl_dst', ip_src: 'nw_src', ip_dst: 'nw_dst' },
  ...{ tcp_src: 'tp_src', tcp_dst: 'tp_dst', udp_src: 'tp_src', udp_dst: 'tp_dst', vlan_vid: 'dl_vlan' },
};

/** The fields in which a frame isn't what was expected; empty where they are the same bytes. */
export function frameDifferences(expected: Uint8Array, got: Uint8Array): string[] {
  if (toHex(expected) === toHex(got)) return [];
  const [a, b] = [new Frame(expected), new Frame(got)];
  const lines = NAMES.flatMap((name) => {
    const [wanted, there] = [a.get(name), b.get(name)];
    if (wanted === there) return [];
    return [`${WORDS[name] ?? name} is ${shown(name, there)}, not ${shown(name, wanted)}`];
  });
  const [wanted, there] = [toHex(a.payload), toHex(b.payload)];
  if (wanted !== there) lines.push(`payload is ${bytes(b.payload)}, not ${bytes(a.payload)}`);
  // A checksum follows from the rest.
  const telling = lines.filter((line) => !/^(ip_)?checksum /.test(line));
  if (lines.length > 0) return telling.length > 0 ? telling : lines;
  if (expected.length !== got.length) return [`${got.length} bytes, not ${expected.length}`];
  const at = got.findIndex((byte, i) => byte !== expected[i]);
  return [`byte ${at} is 0x${got[at].toString(16)}, not 0x${expected[at].toString(16)}`];
}

function shown(name: string, value: bigint | null): string {
  if (value === null) return 'absent';
  const field = fieldNamed(name);
  if (field) return formatValue(field, fromBigInt(value, field.bytes), null);
  return name.includes('checksum') ? `0x${value.toString(16)}` : value.toString();
}

function bytes(data: Uint8Array): string {
  if (data.length === 0) return 'empty';
  const part = data.subarray(0, SHOWN);
  const printable = part.every((byte) => byte >= 32 && byte < 127);
  const text = printable ? JSON.stringify(String.fromCharCode(...part)) : `0x${toHex(part)}`;
  return data.length > SHOWN ? `${text}… (${data.length} bytes)` : text;
}

/** What of a match text a frame doesn't meet; its checksums have to be right, too. */
export function matchDifferences(text: PacketText, got: Uint8Array): string[] {
  const frame = new Frame(got);
  const lines = fieldsOf(text, '')
    .fields()
    .flatMap(({ field, value, mask }) => {
      const slot = slotOf(field);
      const there = slot.size > 4 ? frame.key.getBytes(slot) : fromBigInt(BigInt(frame.key.get(slot)), field.bytes);
      const masked = (of: Uint8Array) => toHex(of.map((byte, i) => byte & (mask?.[i] ?? 0xff)));
      if (masked(there) === masked(value)) return [];
      return [
        `${WORDS[field.name] ?? field.name} is ${formatValue(field, there, null)}, not ${formatValue(field, value, mask)}`,
      ];
    });
  const { extras } = text;
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    const said = extras[name];
    if (!said) continue;
    if (said.relative) throw mistakeAt(text, `${name} is expected as a number, not as a distance`, text.file);
    if (frame.get(name) !== BigInt(said.value))
      lines.push(`${name} is ${shown(name, frame.get(name))}, not ${said.value}`);
  }
  if (extras.payload && toHex(extras.payload) !== toHex(frame.payload)) {
    lines.push(`payload is ${bytes(frame.payload)}, not ${bytes(extras.payload)}`);
  }
  if (extras.inner !== undefined) lines.push(...innerDifferences(extras.inner, frame, text));
  const wrong = frame.wrongChecksum();
  if (wrong && extras.checksum === undefined) lines.push(`${wrong} is wrong`);
  return lines;
}

/** The packet that an ICMP error quotes, as a frame of its own. */
function quotedBy(frame: Frame): Uint8Array | null {
  const { payload, version } = frame;
  if (frame.get('icmp_id') === null || payload.length < 20) return null;
  const length = version === 4 ? (payload[2] << 8) | payload[3] : 40 + ((payload[4] << 8) | payload[5]);
  // What was cut off counts as zeros, or the lengths of the headers would make no sense.
  const whole = new Uint8Array(14 + Math.max(length, payload.length));
  whole.set(version === 4 ? [0x08, 0x00] : [0x86, 0xdd], 12);
  whole.set(payload, 14);
  return whole;
}

function innerDifferences(inner: string, frame: Frame, text: PacketText): string[] {
  const quoted = quotedBy(frame);
  if (!quoted) return ['inner: it quotes no packet'];
  const match = parseMatch(inner, { line: text.line, column: text.column, file: text.file });
  const own = new Frame(quoted);
  if (match.fits(own.key.words)) return [];
  return [`inner is ${formatFrame(quoted, 0)}, not ${inner}`];
}

/** A frame on one line: its fields, and what a match can't say of it. */
export function frameLine(frameBytes: Uint8Array): string {
  const frame = new Frame(frameBytes);
  const words = [formatFrame(frameBytes, null)];
  for (const name of ['nw_ttl', 'seq', 'ack', 'icmp_id'] as const) {
    const value = frame.get(name);
    if (value !== null) words.push(`${name}=${value}`);
  }
  if (frame.payload.length > 0) words.push(`payload=${bytes(frame.payload)}`);
  return words.join(',');
}
