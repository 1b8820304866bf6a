/**
 * How long a connection lives after its last packet: eleven named times, in seconds, as policies that a zone may
 * choose by name.
 */

/** The names, as Open vSwitch's CT_Timeout_Policy has them; the index is what the machines speak of. */
export const TIMEOUT_NAMES = [
  'tcp_syn_sent',
  'tcp_syn_recv',
  'tcp_established',
  'tcp_fin_wait',
  'tcp_time_wait',
  'tcp_close',
  'udp_first',
  'udp_single',
  'udp_multiple',
  'icmp_first',
  'icmp_reply',
] as const;
/** The name of a timeout: tcp_established, udp_single, and so on. */
export type TimeoutName = (typeof TIMEOUT_NAMES)[number];
/** Timeouts in seconds, by name. */
export type Timeouts = Record<TimeoutName, number>;

/** Index of each name. */
export const timeout = Object.fromEntries(TIMEOUT_NAMES.map((name, index) => [name, index])) as Timeouts;

/** Open vSwitch's userspace datapath, lib/conntrack-tp.c. */
export const DEFAULT_TIMEOUTS: Readonly<Timeouts> = {
  tcp_syn_sent: 30,
  tcp_syn_recv: 30,
  tcp_established: 86400,
  tcp_fin_wait: 900,
  tcp_time_wait: 45,
  tcp_close: 30,
  udp_first: 60,
  udp_single: 60,
  udp_multiple: 30,
  icmp_first: 60,
  icmp_reply: 30,
};

/** The name of the policy that every zone has until it is given another. */
export const DEFAULT_POLICY = 'default';

/** Policies at most: one for each zone. */
export const MAX_POLICIES = 0x10000;

export class TimeoutPolicies {
  private readonly byName = new Map<string, { index: number; times: Timeouts }>();
  /** Milliseconds by policy and timeout: policy * 16 + timeout. */
  private times_ms = new Float64Array(16);
  /** Policy by zone; made when the first zone chooses one. */
  private ofZone: Uint16Array | null = null;

  constructor() {
    this.set(DEFAULT_POLICY, {});
  }

  /**
   * Makes or changes a policy; what `times` leaves out keeps its value, or has the default. Throws RangeError on a
   * bad time.
   */
  set(name: string, times: Partial<Timeouts>): void {
    for (const [key, value] of Object.entries(times)) {
      if (!TIMEOUT_NAMES.includes(key as TimeoutName)) throw new RangeError(`no timeout is named ${key}`);
      if (!(value >= 0 && value <= 0xffffffff)) throw new RangeError(`${key} must be 0 to 4294967295 s, not ${value}`);
    }
    let policy = this.byName.get(name);
    if (policy === undefined) {
      if (this.byName.size >= MAX_POLICIES) throw new RangeError(`there are ${MAX_POLICIES} timeout policies already`);
      policy = { index: this.byName.size, times: { ...DEFAULT_TIMEOUTS } };
      this.byName.set(name, policy);
      const bigger = new Float64Array(this.byName.size * 16);
      bigger.set(this.times_ms.subarray(0, Math.min(this.times_ms.length, bigger.length)));
      this.times_ms = bigger;
    }
    Object.assign(policy.times, times);
    TIMEOUT_NAMES.forEach((key, i) => {
      this.times_ms[policy.index * 16 + i] = policy.times[key] * 1000;
    });
  }

  /** The times of a policy in seconds, or null. */
  get(name: string): Readonly<Timeouts> | null {
    return this.byName.get(name)?.times ?? null;
  }

  /** The number of a policy, or -1. */
  indexOf(name: string): number {
    return this.byName.get(name)?.index ?? -1;
  }

  /** All names. */
  names(): string[] {
    return [...this.byName.keys()];
  }

  /**
   * Gives `zone` the policy `name`; throws RangeError if there is none. It counts from each connection's next packet
   * on.
   */
  choose(zone: number, name: string): void {
    const policy = this.byName.get(name);
    if (policy === undefined) throw new RangeError(`no timeout policy is named ${name}`);
    this.ofZone ??= new Uint16Array(0x10000);
    this.ofZone[zone] = policy.index;
  }

  /** The zones that have a policy of their own, by number. */
  chosen(): [zone: number, name: string][] {
    const names = this.names();
    return [...(this.ofZone ?? [])].flatMap((index, zone): [number, string][] =>
      index === 0 ? [] : [[zone, names[index]]],
    );
  }

  /** Milliseconds of `which` (an index of TIMEOUT_NAMES) in the policy with this number. */
  ofPolicy(policy: number, which: number): number {
    return this.times_ms[policy * 16 + which];
  }

  /** Milliseconds of `which` (an index of TIMEOUT_NAMES) in `zone`. */
  of(zone: number, which: number): number {
    return this.times_ms[(this.ofZone === null ? 0 : this.ofZone[zone] * 16) + which];
  }
}
