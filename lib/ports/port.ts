/**
 * What a port is to the switch. A kind of port knows how to bring frames in and out; numbers, statistics and
 * configuration belong to the datapath's port table. Frames are whole Ethernet frames without FCS, VLAN tags in place.
 */
import type { Clock, Log } from '../bytes/index.js';
import type { TunnelIn, TunnelOut, TunnelSettings } from '../packet/tunnel.js';

/** Frames that a live port or a file hands to the switch before controllers, timers and other ports get their turn. */
export const FRAMES_A_TURN = 256;

/** What the switch hands to a port when it starts it. */
export interface PortHost {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * A frame came in: `bytes[start, end)`. The switch may change these bytes and the `room` bytes before `start` (0
   * unless told) until the call returns; it keeps nothing afterwards. May be called while `send` of the same or another
   * port runs: it is then queued. `tunnel` is what stood around the frame, where the port is a tunnel. `now_ms` is when
   * it came, on `clock`, where the port has just asked: many frames at once need no more than that.
   */
  receive(bytes: Uint8Array, start: number, end: number, tunnel?: TunnelIn, room?: number, now_ms?: number): void;
  /** The link went up or down, or the device vanished (`gone`: the port stays, with its link down). */
  link(up: boolean, gone?: boolean): void;
  /** A frame that came in or was to go out was lost; counted as an error or a drop of the port. */
  lost(direction: 'rx' | 'tx', kind: 'dropped' | 'errors', count: number): void;
}

/** A port, whatever is behind it. A kind of your own implements this. */
export interface Port {
  /** 'memory', 'file', 'pcap', 'tap', 'host', … */
  readonly kind: string;
  /** Name shown by OpenFlow, at most 15 characters. */
  readonly name: string;
  /**
   * Hardware address, where the device has one, known when `start` is done; else the switch makes one from its datapath
   * id and the port number.
   */
  readonly mac?: Uint8Array;
  /** Speed in kb/s, 0 unknown. */
  readonly speed_kbps?: number;
  /** Of a tunnel: how frames to it are translated. */
  readonly tunnel?: TunnelSettings;
  /**
   * Opens what has to be opened. Throws a PortError, at once or through the promise. The link counts as up unless
   * `host.link` says otherwise, which it may from here on.
   */
  start(host: PortHost): void | Promise<void>;
  /**
   * Sends `bytes[start, end)`, which are the caller's again when this returns; into a tunnel, with what stands around
   * them. Never throws: what fails goes to `lost`.
   */
  send(bytes: Uint8Array, start: number, end: number, tunnel?: TunnelOut): void;
  /** Frees everything; safe to call twice, and before `start`. */
  close(): void | Promise<void>;
}

/** Why a port can't be opened, in a line that says what to do. */
export class PortError extends Error {
  constructor(
    readonly port: string,
    message: string,
  ) {
    super(`${port}: ${message}`);
    this.name = 'PortError';
  }
}
