/** What a switch is made with, what it is started with, and what it tells: the types around switch.ts. */
import type { AgentEvent, AgentOptions } from './agent/agent.js';
import type { Profile } from './agent/profile.js';
import type { Clock, Log } from './bytes/index.js';
import type { TlsOptions } from './channel/tls.js';
import type { CtConfiguration } from './ct/index.js';
import type { FlowView, PacketIn, PortEvent, PortView, RemovedReason } from './pipeline/index.js';

/**
 * What the switch does with packets that no flow matches while no controller is connected: drop them, or switch them as
 * NORMAL.
 */
export type FailMode = 'secure' | 'standalone';

/** What a switch is made with; all of it can be left out. */
export interface SwitchOptions {
  /** 64 bits; the low 48 are the base of ports' addresses. 1 by default. */
  readonly datapathId?: bigint;
  /** Real time by default. */
  readonly clock?: Clock;
  /** Where all chance comes from; 1 by default. */
  readonly seed?: number;
  /** `secure` by default. */
  readonly failMode?: FailMode;
  readonly log?: Log;
  readonly limits?: {
    /** Most tracked connections; 3,000,000 by default. */
    readonly connections?: number;
    /** Most programs in the datapath's cache; 200,000 by default. */
    readonly programs?: number;
  };
  /**
   * What becomes of a packet for whose translation nothing is free: `continue` (the default), untranslated, or `drop`.
   */
  readonly natExhausted?: 'continue' | 'drop';
  /**
   * The smallest fragments but for last ones, bytes with the IP header; ct finds smaller ones invalid. 0 by default.
   */
  readonly smallestFragment?: { readonly ipv4?: number; readonly ipv6?: number };
  /** Timeouts, and rules beyond Open vSwitch: docs/conntrack-extensions.md. What is wrong in it throws a RangeError. */
  readonly conntrack?: CtConfiguration;
  /** Frames that processing made shorter than this are padded; 0, the default: never. */
  readonly minFrame?: number;
  /** False: translate for every packet, to compare. */
  readonly caching?: boolean;
  /** How the switch speaks to controllers. */
  readonly agent?: Pick<AgentOptions, 'description' | 'profile' | 'probe_ms' | 'onMessage'>;
}

/** What happened, in order. */
export type SwitchEvent =
  | { readonly type: 'packet_in'; readonly packet: PacketIn }
  | { readonly type: 'flow_removed'; readonly flow: FlowView; readonly reason: RemovedReason }
  | { readonly type: 'port'; readonly event: PortEvent; readonly port: PortView }
  | { readonly type: 'controller'; readonly event: AgentEvent }
  | { readonly type: 'fail_mode'; readonly standalone: boolean };

/** An address, and what the controllers there get to see of Nicira's fields, if not what all others do. */
export type ControllerAddress = string | { readonly address: string; readonly profile: Profile };

/** With whom the switch speaks. */
export interface StartOptions {
  /** Addresses to dial: "tcp:HOST:PORT", "ssl:HOST:PORT", "unix:PATH". */
  readonly controllers?: readonly ControllerAddress[];
  /** Addresses to wait at: "ptcp:PORT:HOST", "pssl:PORT:HOST", "punix:PATH"; without a host, loopback only. */
  readonly listen?: readonly ControllerAddress[];
  /** Who the switch is where an address takes TLS, and whom it trusts; also for addresses that are given later. */
  readonly tls?: TlsOptions;
}
