/**
 * A meter at work (OpenFlow 1.3.5 §5.7): each band measures all packets with a token bucket of its own, and of the
 * bands that a packet exceeds, the one with the highest rate acts. Which meters there are is the pipeline's.
 *
 * With rates in kilobits a second tokens are bits, with packets a second thousandths of a packet: either way a rate is
 * tokens a millisecond, and a burst a thousand tokens for each of its units. A band without a burst holds one second of
 * its rate.
 */
import { TokenBucket } from './token-bucket.js';

const TOKENS_A_UNIT = 1000;

/** What a band does with packets above its rate. */
export interface BandSettings {
  /** Kilobits or packets a second. */
  readonly rate: number;
  /** Kilobits or packets; 0: a second of the rate. */
  readonly burst: number;
  /** Steps of drop precedence to add; 0: the packet is dropped. */
  readonly levels: number;
}

/** What acted on a packet: nothing, or a band that drops; else the steps of drop precedence to add. */
export const PASSED = 0;
export const DROPPED = -1;

class Band {
  packets = 0;
  bytes = 0;
  readonly bucket: TokenBucket;

  constructor(
    readonly settings: BandSettings,
    now_ms: number,
  ) {
    const { rate, burst } = settings;
    this.bucket = new TokenBucket(rate, (burst || rate) * TOKENS_A_UNIT, now_ms);
  }

  copy(): Band {
    const { packets, bytes, bucket } = this;
    return Object.assign(new Band(this.settings, 0), { packets, bytes, bucket: bucket.copy() });
  }
}

export class Meter {
  packets = 0;
  bytes = 0;
  private byPackets = false;
  private list: readonly Band[] = [];

  /** Sets rates and bands; their buckets are full and their counters zero, the meter's own go on. */
  set(byPackets: boolean, bands: readonly BandSettings[], now_ms: number): void {
    this.byPackets = byPackets;
    this.list = bands.map((settings) => new Band(settings, now_ms));
  }

  /** The same meter as it stands, which goes on by itself. */
  copy(): Meter {
    const copy = new Meter();
    copy.packets = this.packets;
    copy.bytes = this.bytes;
    copy.byPackets = this.byPackets;
    copy.list = this.list.map((band) => band.copy());
    return copy;
  }

  /** Packets and bytes that each band acted on. */
  get bands(): readonly { readonly packets: number; readonly bytes: number }[] {
    return this.list;
  }

  /** May packets leave it changed? */
  get remarks(): boolean {
    return this.list.some(({ settings }) => settings.levels > 0);
  }

  /** Measures a packet; returns PASSED, DROPPED, or steps of drop precedence. */
  measure(bytes: number, now_ms: number): number {
    this.packets++;
    this.bytes += bytes;
    const cost = this.byPackets ? TOKENS_A_UNIT : bytes * 8;
    let exceeded: Band | null = null;
    for (const band of this.list) {
      const { bucket } = band;
      // What isn't enough for one packet more than the burst is kept: no more pass at once, and none is lost over time.
      bucket.fill(now_ms, cost - 1 - (bucket.capacity % cost));
      if (bucket.has(cost)) bucket.take(cost);
      else if (exceeded === null || band.settings.rate > exceeded.settings.rate) exceeded = band;
    }
    if (exceeded === null) return PASSED;
    exceeded.packets++;
    exceeded.bytes += bytes;
    return exceeded.settings.levels === 0 ? DROPPED : exceeded.settings.levels;
  }
}
