/**
 * A live port on an interface: `pcap:IFACE`. On Linux a packet socket brings its frames (packet-socket/), and npm's
 * `pcap` where that can't be, or where it is asked for by `pcap+lib:IFACE` (pcap/capture.ts). What they have in common
 * is here: opening, following the interface as it goes off and on, vanishes, comes back or gets another MTU.
 */
import type { Driver } from './driver.js';
import { canReadLinks, type LinkState, LinkWatch, readLink } from './link-state.js';
import { OpenError, UnsupportedError } from './packet-socket/open.js';
import { PacketSocket } from './packet-socket/packet-socket.js';
import { ADVICE } from './pcap/advice.js';
import { Capture } from './pcap/capture.js';
import { type Port, PortError, type PortHost } from './port.js';

/** Between attempts to open an interface again, in milliseconds: doubled from the first to the last. */
const RETRY_MS = [250, 8000] as const;

/** What a live port is made with. */
export interface PcapOptions {
  /**
   * What brings the frames: npm's pcap where it says so; else a packet socket, and npm's pcap where there can't be one.
   */
  driver?: 'lib';
  /**
   * How long libpcap may collect frames, in milliseconds: 1 unless told. 0 hands over each at once: less delay, five
   * times the work for a frame, and a ring of few frames.
   */
  buffer_timeout_ms?: number;
}

/** A live interface. */
export class PcapPort implements Port {
  readonly kind = 'pcap';
  mac?: Uint8Array;
  speed_kbps?: number;
  private host: PortHost | null = null;
  private watch: LinkWatch | null = null;
  private driver: Driver | null = null;
  private index = 0;
  private mtu = 1500;
  private retry_ms: number = RETRY_MS[0];
  private retryAt_ms = 0;

  constructor(
    readonly name: string,
    private readonly options: PcapOptions = {},
  ) {}

  async start(host: PortHost): Promise<void> {
    this.host = host;
    const link = readLink(this.name);
    if (link === null && canReadLinks()) {
      throw new PortError(this.name, 'there is no such interface: ip link lists those there are');
    }
    this.adopt(link);
    if (link === null || link.on) await this.open(host);
    else host.log.warn(`${this.name}: ${ADVICE.down.replace('IFACE', this.name)}`);
    if (this.host === null || link === null) return;
    const open = () => this.driver !== null;
    this.watch = new LinkWatch(this.name, host, (now) => this.looked(now), open);
  }

  send(bytes: Uint8Array, start: number, end: number): void {
    if (this.driver === null) this.host?.lost('tx', 'dropped', 1);
    else this.driver.send(bytes, start, end);
  }

  async close(): Promise<void> {
    const { driver } = this;
    this.watch?.stop();
    this.watch = null;
    this.driver = null;
    this.host = null;
    await driver?.end();
  }

  /** The interface as it was looked at: follows a change of device, and of on and off. */
  private looked(link: LinkState | null): void {
    const { host, driver } = this;
    if (host === null) return;
    const same = link?.on === true && link.index === this.index;
    if (same) driver?.count();
    if (driver !== null && !same) {
      this.driver = null;
      void driver.end();
    }
    this.adopt(link);
    if (link?.on && this.driver === null && host.clock.now() >= this.retryAt_ms) void this.reopen(host);
  }

  private adopt(link: LinkState | null): void {
    if (link === null) return;
    this.index = link.index;
    this.mtu = link.mtu;
    if (this.driver !== null) this.driver.mtu = link.mtu;
    this.mac = link.mac;
    this.speed_kbps = link.speed_kbps;
  }

  /** Opens the interface again, which was off, gone or lost; tries again later where that fails. */
  private async reopen(host: PortHost): Promise<void> {
    this.retryAt_ms = Number.POSITIVE_INFINITY;
    try {
      await this.open(host);
      this.retry_ms = RETRY_MS[0];
      this.watch?.tell();
      host.log.info(`${this.name}: open again`);
    } catch (error) {
      if (this.host !== null) host.log.warn((error as Error).message);
      this.retry_ms = Math.min(this.retry_ms * 2, RETRY_MS[1]);
    }
    this.retryAt_ms = host.clock.now() + this.retry_ms;
  }

  private async open(host: PortHost): Promise<void> {
    const driver = await this.openDriver(host);
    driver.mtu = this.mtu;
    if (this.host === null) await driver.end();
    else this.driver = driver;
  }

  private async openDriver(host: PortHost): Promise<Driver> {
    if (this.options.driver === 'lib' || this.index === 0) return this.capture(host);
    try {
      return await PacketSocket.open(this.index, host);
    } catch (error) {
      if (error instanceof OpenError) {
        throw new PortError(this.name, `${ADVICE[error.failure]} (${error.message})`);
      }
      if (!(error instanceof UnsupportedError)) throw error;
      host.log.info(`${this.name}: through libpcap, since packet sockets can't be used: ${error.message}`);
      return this.capture(host);
    }
  }

  private async capture(host: PortHost): Promise<Driver> {
    const capture = new Capture(this.name, this.mac, this.options.buffer_timeout_ms ?? 1, host, (why) => {
      if (this.driver !== capture) return;
      this.driver = null;
      host.log.warn(`${this.name}: ${why}`);
    });
    await capture.opened;
    return capture;
  }
}

/** A live port on an interface. */
export function pcap(name: string, options: PcapOptions = {}): PcapPort {
  return new PcapPort(name, options);
}
