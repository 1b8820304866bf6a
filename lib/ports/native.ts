/**
 * The few calls of Linux's C library that taps and packet sockets need, through koffi, which is loaded only when one of
 * them is started. All are synchronous (an asynchronous one that blocks can keep the process from ending). koffi knows
 * no ssize_t: `long` is the same on Linux.
 *
 * An address that koffi gives keeps nothing alive: whoever lets the kernel keep one holds the bytes in a field for as
 * long. The same is true of a Poll: one that is forgotten is collected, and nobody waits any more.
 */

/** Bytes in and out of a call; koffi hands over their address. */
type Bytes = Uint8Array | Int32Array | Uint32Array;

/** Waits for a descriptor in Node's own event loop. */
export interface Poll {
  /**
   * `ready` gets a negative status where the descriptor has an error; it then waits no more until it is started again.
   */
  start(events: { readable: boolean }, ready: (status: number) => void): void;
  stop(): void;
  close(): void;
}

export interface Libc {
  ioctl(fd: number, request: number, argument: Bytes): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  setsockopt(fd: number, level: number, option: number, value: Bytes, length: number): number;
  getsockopt(fd: number, level: number, option: number, value: Bytes, length: Uint32Array): number;
  /** 2 ** 64 - 1 where it fails. */
  mmap(at: number, length: number, protection: number, flags: number, fd: number, offset: number): number | bigint;
  munmap(at: number | bigint, length: number): number;
  recv(fd: number, bytes: Uint8Array, size: number, flags: number): number;
  /** `size` bytes at an address. */
  send(fd: number, at: number, size: number, flags: number): number;
  /** Messages at an address; how many of them were sent. */
  sendmmsg(fd: number, messages: bigint, count: number, flags: number): number;
  pipe(fds: Int32Array): number;
  dup2(from: number, to: number): number;
  read(fd: number, bytes: Uint8Array, size: number): number;
  write(fd: number, bytes: Uint8Array, size: number): number;
  close(fd: number): number;
  /** The last call's error number. */
  errno(): number;
  /** Where bytes stand in memory. */
  address(bytes: Uint8Array | Uint32Array): bigint;
  /** Memory at an address; it must not be touched any more once it is unmapped. */
  view(at: number | bigint, length: number): ArrayBuffer;
  poll(fd: number, ready: (status: number) => void): Poll;
}

/** What is used of koffi. */
interface Koffi {
  load(library: string | null): { func(signature: string): (...values: unknown[]) => number };
  errno(): number;
  address(bytes: Uint8Array | Uint32Array): bigint;
  view(at: bigint, length: number): ArrayBuffer;
  node: { poll(fd: number, events: { readable: boolean }, ready: (status: number) => void): Poll };
}

const SIGNATURES = {
  ioctl: 'int ioctl(int, unsigned long, void *)',
  socket: 'int socket(int, int, int)',
  bind: 'int bind(int, void *, unsigned int)',
  setsockopt: 'int setsockopt(int, int, int, void *, unsigned int)',
  getsockopt: 'int getsockopt(int, int, int, void *, void *)',
  mmap: 'uintptr_t mmap(uintptr_t, unsigned long, int, int, int, long)',
  munmap: 'int munmap(uintptr_t, unsigned long)',
  recv: 'long recv(int, void *, unsigned long, int)',
  send: 'long send(int, uintptr_t, unsigned long, int)',
  sendmmsg: 'int sendmmsg(int, uintptr_t, unsigned int, int)',
  pipe: 'int pipe(void *)',
  dup2: 'int dup2(int, int)',
  read: 'long read(int, void *, unsigned long)',
  write: 'long write(int, void *, unsigned long)',
  close: 'int close(int)',
} as const;

let loaded: Libc | null = null;

/** The C library. Throws where koffi isn't installed or doesn't load. */
export async function libc(): Promise<Libc> {
  if (loaded !== null) return loaded;
  // Not a literal: the package is optional, and the compiler needn't find it.
  const name: string = 'koffi';
  const { default: koffi } = (await import(name)) as { default: Koffi };
  const library = koffi.load(null);
  const calls = Object.entries(SIGNATURES).map(([call, signature]) => [call, library.func(signature)]);
  loaded = {
    ...Object.fromEntries(calls),
    errno: () => koffi.errno(),
    address: (bytes: Uint8Array | Uint32Array) => koffi.address(bytes),
    view: (at: number | bigint, length: number) => koffi.view(BigInt(at), length),
    poll: (fd: number, ready: (status: number) => void) => koffi.node.poll(fd, { readable: true }, ready),
  } as Libc;
  return loaded;
}

/** Error numbers of Linux that are told apart. */
export const ERRNO = {
  EPERM: 1,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  EAGAIN: 11,
  ENOMEM: 12,
  EBUSY: 16,
  EINVAL: 22,
  EMSGSIZE: 90,
  ENETDOWN: 100,
  ENOBUFS: 105,
} as const;
