/** Frames out of texts (ovs-ofctl's match syntax, or hex), and answers to frames. */
import { fromHex, OpenFlowError, TextError } from '../bytes/index.js';
import { parseMatch } from '../text/index.js';
import { apply, compose, exact } from './compose.js';
import { Frame } from './frame.js';
import { mirrored } from './mirror.js';

/** What a match can't say: numbers of headers, and what they carry. */
export interface Amounts {
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  readonly ip_id?: number;
  readonly icmp_id?: number;
  readonly icmp_seq?: number;
  /** Bytes, or a text that is written as UTF-8. */
  readonly payload?: Uint8Array | string;
}

/** Whose addresses frames have unless told. */
const MACS = { source: 0x505400000001n, destination: 0x505400000002n };
const NUMBERS = { seq: 32, ack: 32, window: 16, ip_id: 16, icmp_id: 16, icmp_seq: 16 } as const;
/** The longest payload, in bytes. */
const MAX_PAYLOAD = 65_000;
const HEX = /^(0x)?[0-9a-f\s]{28,}$/i;

/**
 * A frame out of a match as ovs-ofctl writes it ("tcp,nw_src=10.0.0.1,tcp_flags=syn"), with right lengths and
 * checksums, or out of hexadecimal digits, as they are. Throws a RangeError for what can't be.
 */
export function frame(text: string, amounts: Amounts = {}): Uint8Array {
  return plainly(() => {
    if (HEX.test(text)) return fromHex(text.replace(/^0x/i, ''));
    const match = parseMatch(text);
    exact(match.fields());
    return finished(compose(match, MACS), amounts);
  });
}

/** What an answer says that isn't the mirror of what it answers. */
export interface ReplyOptions extends Amounts {
  /** Fields in ovs-ofctl's words: "tcp_flags=fin|ack". */
  readonly fields?: string;
}

/**
 * The answer to a frame: addresses and ports swapped, an echo answered, ARP's question answered with `eth_src` of
 * `fields` or the usual address, SYN with SYN and ACK, others with ACK; numbers of TCP go on from those of the frame.
 * Throws a RangeError.
 */
export function reply(to: Uint8Array, { fields, ...amounts }: ReplyOptions = {}): Uint8Array {
  return plainly(() => {
    const before = new Frame(to.slice());
    const answer = mirrored(before.copy(), MACS.destination);
    if (fields !== undefined) {
      const type = before.get('eth_type');
      const prefix = type === null ? '' : `dl_type=0x${type.toString(16)},`;
      const protocol = before.protocol < 0 ? '' : `nw_proto=${before.protocol},`;
      apply(answer, exact(parseMatch(prefix + protocol + fields).fields()));
    }
    return finished(answer, { ...continued(before), ...amounts });
  });
}

/** TCP's numbers in the answer: ack is behind what the frame carried, seq where its sender expects it. */
function continued(before: Frame): Amounts {
  const [seq, ack, flags] = [before.get('seq'), before.get('ack'), before.get('tcp_flags')];
  if (seq === null || ack === null || flags === null) return {};
  const carried = before.payload.length + Number(flags & 1n) + Number((flags >> 1n) & 1n);
  return { seq: Number(ack), ack: (Number(seq) + carried) >>> 0 };
}

function finished(made: Frame, amounts: Amounts): Uint8Array {
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    const value = amounts[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** NUMBERS[name]) {
      throw new RangeError(`${name}: ${value} is no number of ${NUMBERS[name]} bits`);
    }
    if (!made.set(name, BigInt(value))) throw new RangeError(`this packet has no ${name}`);
  }
  const { payload } = amounts;
  if (payload !== undefined) {
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    if (bytes.length > MAX_PAYLOAD) throw new RangeError(`a payload has at most ${MAX_PAYLOAD} bytes`);
    if (made.payloadAt < 0) throw new RangeError('this packet carries no payload');
    made.payload = bytes;
  }
  return made.mend().bytes;
}

/** What is wrong in a text that was made of an object has no place in it. */
function plainly<T>(job: () => T): T {
  try {
    return job();
  } catch (error) {
    if (error instanceof TextError || error instanceof OpenFlowError) throw new RangeError(error.why);
    throw error;
  }
}
