/**
 * A tap: an interface of the machine whose other end is the switch (`tap:NAME`), for a LOCAL port or a virtual machine.
 * It is made when the port starts and goes with its descriptor, so also when the process crashes.
 *
 * Node can't wait for a tap's descriptor, but it can for a pipe's. So it is given a pipe, and the tap takes the pipe's
 * place under the same number before the event loop begins to wait: reading costs no thread, no timer and nothing while
 * it is idle.
 *
 * A tap without IFF_VNET_HDR and TUNSETOFFLOAD, as this one, has all offloads off: the kernel hands over frames with
 * full checksums and no longer than the MTU, so nothing has to be repaired when they come in. (Without a network header
 * there is also no way to say otherwise.)
 */
import { closeSync, constants, openSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { type LinkState, LinkWatch, readLink } from './link-state.js';
import { ERRNO, type Libc, libc } from './native.js';
import { FRAMES_A_TURN, type Port, PortError, type PortHost } from './port.js';
import { segment } from './segment.js';

/** Room before a frame, for headers that the switch puts on, and for the frame. */
const HEADROOM = 128;
const FRAME_BYTES = 65_536 + 256;

const DEVICE = '/dev/net/tun';
const IFREQ_BYTES = 40;
const NAME_BYTES = 16;
/** linux/if_tun.h */
const TUNSETIFF = 0x400454ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
/** linux/sockios.h, linux/if.h */
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 0x0001;
const AF_INET = 2;
const SOCK_DGRAM = 2;

const RIGHTS = 'no right to make it: run it as root, or give node the right with setcap cap_net_admin=eip';
const WHY: Readonly<Record<number, string>> = {
  [ERRNO.EPERM]: RIGHTS,
  [ERRNO.EBUSY]: 'an interface of that name is in use: choose another name',
  [ERRNO.EINVAL]: 'an interface of that name exists and is no tap: choose another name',
};

/** An interface that the switch makes and removes. */
export class TapPort implements Port {
  readonly kind = 'tap';
  mac?: Uint8Array;
  private host: PortHost | null = null;
  private calls: Libc | null = null;
  private fd = -1;
  private socket: Socket | null = null;
  private watch: LinkWatch | null = null;
  private mtu = 1500;
  private readonly arena = new Uint8Array(HEADROOM + FRAME_BYTES);
  private readonly frame = this.arena.subarray(HEADROOM);

  constructor(readonly name: string) {}

  async start(host: PortHost): Promise<void> {
    this.host = host;
    const calls = await libc().catch((error: Error) => {
      const advice = 'taps need koffi: run npm install koffi; all other kinds of port work without it';
      throw new PortError(this.name, `${advice} (${error.message.split('\n')[0]})`);
    });
    if (this.host === null) return;
    this.calls = calls;
    const tap = this.make(calls);
    try {
      this.switchOn(calls);
      this.listen(calls, tap);
    } finally {
      closeSync(tap);
    }
    this.watch = new LinkWatch(this.name, host, (link) => this.adopt(link));
    this.adopt(this.watch.state);
  }

  send(bytes: Uint8Array, start: number, end: number): void {
    const pieces = this.fd < 0 ? 0 : segment(bytes, start, end, this.mtu, this.piece);
    if (pieces === 0) this.host?.lost('tx', 'dropped', 1);
  }

  async close(): Promise<void> {
    const { socket } = this;
    this.watch?.stop();
    this.watch = null;
    this.host = null;
    this.fd = -1;
    this.socket = null;
    if (socket === null || socket.closed) return;
    await new Promise<void>((resolve) => socket.once('close', () => resolve()).destroy());
  }

  private readonly piece = (bytes: Uint8Array, start: number, end: number): void => {
    const length = end - start;
    if (this.calls?.write(this.fd, bytes.subarray(start, end), length) === length) return;
    const down = this.calls?.errno() === ERRNO.EIO;
    this.host?.lost('tx', down ? 'dropped' : 'errors', 1);
  };

  private adopt(link: LinkState | null): void {
    if (link === null) return;
    this.mtu = link.mtu;
    this.mac = link.mac;
  }

  /** Makes the interface; it lives as long as the descriptor that this gives. */
  private make(calls: Libc): number {
    const tap = this.openDevice();
    const request = this.request();
    new DataView(request.buffer).setInt16(NAME_BYTES, IFF_TAP | IFF_NO_PI, true);
    if (calls.ioctl(tap, TUNSETIFF, request) >= 0) return tap;
    const errno = calls.errno();
    closeSync(tap);
    throw new PortError(this.name, WHY[errno] ?? `it can't be made (error ${errno})`);
  }

  private openDevice(): number {
    try {
      return openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const missing = code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO';
      const why = missing ? `there is no ${DEVICE}: taps need Linux, and perhaps modprobe tun` : message;
      throw new PortError(this.name, code === 'EACCES' || code === 'EPERM' ? RIGHTS : why);
    }
  }

  /** A struct ifreq with the interface's name. */
  private request(): Uint8Array {
    const request = new Uint8Array(IFREQ_BYTES);
    request.set(new TextEncoder().encode(this.name).subarray(0, NAME_BYTES - 1));
    return request;
  }

  private switchOn(calls: Libc): void {
    const request = this.request();
    const flags = new DataView(request.buffer);
    const socket = calls.socket(AF_INET, SOCK_DGRAM, 0);
    const read = calls.ioctl(socket, SIOCGIFFLAGS, request);
    flags.setInt16(NAME_BYTES, flags.getInt16(NAME_BYTES, true) | IFF_UP, true);
    const failed = read < 0 || calls.ioctl(socket, SIOCSIFFLAGS, request) < 0;
    const errno = calls.errno();
    calls.close(socket);
    if (failed) throw new PortError(this.name, WHY[errno] ?? `it can't be switched on (error ${errno})`);
  }

  /** Puts the tap in the place of a pipe that Node waits for. */
  private listen(calls: Libc, tap: number): void {
    const ends = new Int32Array(2);
    if (calls.pipe(ends) < 0) throw new PortError(this.name, `no descriptor left (error ${calls.errno()})`);
    const onread: OnReadOpts = { buffer: this.frame, callback: (length) => this.readable(length) };
    const options: SocketConstructorOpts & { onread: OnReadOpts } = { fd: ends[0], writable: false, onread };
    this.socket = new Socket(options);
    this.socket.on('error', (error) => this.broken(error));
    calls.dup2(tap, ends[0]);
    calls.close(ends[1]);
    this.fd = ends[0];
  }

  /** Node has read one frame; the others of this turn are read here. */
  private readable(first: number): boolean {
    let length = first;
    for (let frames = 1; length > 0 && this.host !== null; frames++) {
      this.host.receive(this.arena, HEADROOM, HEADROOM + length, undefined, HEADROOM);
      if (frames === FRAMES_A_TURN || this.fd < 0 || this.calls === null) break;
      length = this.calls.read(this.fd, this.frame, FRAME_BYTES);
    }
    return true;
  }

  /** The interface was deleted under the port's feet; its watch says so, and the descriptor is closed. */
  private broken(error: Error): void {
    this.fd = -1;
    this.host?.log.warn(`${this.name}: ${readLink(this.name) === null ? 'the tap was deleted' : error.message}`);
  }
}

/** A tap. */
export function tap(name: string): TapPort {
  return new TapPort(name);
}
