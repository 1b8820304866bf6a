/**
 * What each end of a conversation would put into its next packet: TCP's sequence numbers (RFC 9293 §3.4) and SCTP's
 * verification tags (RFC 9260 §8.5), as senders that go on whatever becomes of their packets. An end is a port with its
 * own address and port and the other's, as they look there: behind NAT both ends have their own view.
 */
import type { Frame } from '../frames/index.js';
import type { Amount } from './packet-text.js';

/** First sequence numbers: of the end that opens, and of the one that answers. */
const OPENS_AT = 1000;
const ANSWERS_AT = 5000;
/** How much higher the next conversation of the same end begins. */
const NEXT_CONVERSATION = 1_000_000;
const TAGS = { opens: 0x1111, answers: 0x2222 } as const;

const TCP_FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 } as const;
const { fin: FIN, syn: SYN, rst: RST, ack: ACK } = TCP_FLAG;

/** SCTP's chunks by the names of texts: type, and bytes with the chunk's header. */
export const CHUNKS: Readonly<Record<string, readonly [type: number, bytes: number]>> = {
  data: [0, 20],
  init: [1, 20],
  init_ack: [2, 20],
  sack: [3, 16],
  heartbeat: [4, 8],
  heartbeat_ack: [5, 8],
  abort: [6, 4],
  shutdown: [7, 8],
  shutdown_ack: [8, 4],
  error: [9, 4],
  cookie_echo: [10, 8],
  cookie_ack: [11, 4],
  shutdown_complete: [14, 4],
};
const INIT = 1;
const INIT_ACK = 2;

interface End {
  /** The first number, and the next one; null: nothing was sent, or seen of what the other end wants. */
  first: number | null;
  next: number | null;
  finAt: number | null;
  /** The number that the other end's next byte has. */
  wanted: number | null;
  otherFinished: boolean;
  /** Reset: the next SYN begins another conversation. */
  over: boolean;
  ownTag: number | null;
  otherTag: number | null;
}

/** What a text says of the numbers. */
export interface Said {
  readonly seq?: Amount;
  readonly ack?: Amount;
  readonly flags: boolean;
  readonly vtag?: Amount;
  readonly init_tag?: Amount;
}

const u32 = (value: number): number => value >>> 0;
const amount = (said: Amount | undefined, own: number): number =>
  said === undefined ? own : said.relative ? u32(own + said.value) : said.value;

export class Conversations {
  private readonly ends = new Map<string, End>();

  private end(port: string, frame: Frame, sent: boolean): End {
    const address = (side: 'src' | 'dst') => frame.get(`ip_${side}`) ?? frame.get(`ipv6_${side}`);
    const l4 = (side: 'src' | 'dst') => frame.get(`tcp_${side}`) ?? frame.get(`sctp_${side}`);
    const [own, other] = sent ? (['src', 'dst'] as const) : (['dst', 'src'] as const);
    const id = [port, frame.protocol, address(own), l4(own), address(other), l4(other)].join(' ');
    let end = this.ends.get(id);
    if (!end) {
      end = {
        ...{ first: null, next: null, finAt: null, wanted: null },
        ...{ otherFinished: false, over: false, ownTag: null, otherTag: null },
      };
      this.ends.set(id, end);
    }
    return end;
  }

  /** Numbers a frame that is about to come in at a port. */
  sends(port: string, frame: Frame, said: Said): void {
    if (frame.get('seq') !== null) this.sendsTcp(this.end(port, frame, true), frame, said);
    else if (frame.get('vtag') !== null && frame.payload.length >= 4)
      this.sendsSctp(this.end(port, frame, true), frame, said);
  }

  private sendsTcp(end: End, frame: Frame, said: Said): void {
    if (!said.flags) frame.set('tcp_flags', BigInt(end.next === null && end.wanted === null ? SYN : ACK));
    const flags = Number(frame.get('tcp_flags'));
    const own = ownNumber(end, flags);
    const seq = amount(said.seq, own);
    frame.set('seq', BigInt(seq));
    const wanted = end.wanted ?? (end.first === ANSWERS_AT ? OPENS_AT : ANSWERS_AT);
    frame.set('ack', BigInt(flags & ACK || said.ack ? amount(said.ack, wanted) : 0));
    if (flags & RST) end.over = true;
    if (said.seq !== undefined && (flags & SYN) === 0) return;
    if (flags & SYN) {
      end.first = seq;
      end.finAt = null;
      end.next = null;
    }
    const behind = u32(seq + frame.payload.length + (flags & SYN ? 1 : 0));
    if (flags & FIN) end.finAt = behind;
    const next = u32(behind + (flags & FIN ? 1 : 0));
    if (end.next === null || ((next - end.next) | 0) > 0) end.next = next;
    end.first ??= seq;
    if (flags & SYN) end.over = false;
  }

  private sendsSctp(end: End, frame: Frame, said: Said): void {
    const [type] = frame.payload;
    end.ownTag ??= end.otherTag === null ? TAGS.opens : TAGS.answers;
    const other = type === INIT ? 0 : (end.otherTag ?? TAGS.answers);
    frame.set('vtag', BigInt(amount(said.vtag, other)));
    if (type !== INIT && type !== INIT_ACK) return;
    end.ownTag = amount(said.init_tag, end.ownTag);
    const chunk = frame.payload;
    chunk.set([end.ownTag >>> 24, end.ownTag >>> 16, end.ownTag >>> 8, end.ownTag], 4);
    frame.payload = chunk;
  }

  /** A frame left at a port: whoever is there knows now what comes next. */
  delivered(port: string, frame: Frame): void {
    if (frame.get('seq') !== null) deliveredTcp(this.end(port, frame, false), frame);
    else if (frame.get('vtag') !== null) {
      const { payload } = frame;
      if (payload.length < 8 || (payload[0] !== INIT && payload[0] !== INIT_ACK)) return;
      this.end(port, frame, false).otherTag =
        ((payload[4] << 24) | (payload[5] << 16) | (payload[6] << 8) | payload[7]) >>> 0;
    }
  }
}

/** The number that a segment with these flags has: a SYN or a FIN that is sent again has the one it had. */
function ownNumber(end: End, flags: number): number {
  const closed = end.over || (end.finAt !== null && end.otherFinished);
  if (flags & SYN) {
    if (end.first !== null && end.next !== null && closed) return u32(end.next + NEXT_CONVERSATION);
    return end.first ?? (end.wanted === null ? OPENS_AT : ANSWERS_AT);
  }
  if (flags & FIN && end.finAt !== null) return end.finAt;
  return end.next ?? (end.wanted === null ? OPENS_AT : ANSWERS_AT);
}

function deliveredTcp(end: End, frame: Frame): void {
  const flags = Number(frame.get('tcp_flags'));
  const seq = Number(frame.get('seq'));
  if (flags & RST) end.over = true;
  const behind = u32(seq + frame.payload.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0));
  if (flags & SYN || end.wanted === null || ((behind - end.wanted) | 0) > 0) end.wanted = behind;
  end.otherFinished = flags & FIN ? true : flags & SYN ? false : end.otherFinished;
  if (end.next === null && flags & ACK) end.next = Number(frame.get('ack'));
}
