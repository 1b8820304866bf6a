/**
 * The few calls of Linux's C library that a tap needs, through koffi, which is loaded only when a tap is started. All are
 * synchronous (an asynchronous one that blocks can keep the process from ending), and none keeps an address after it returns,
 * so nothing has to be held for the kernel. koffi knows no ssize_t: `long` is the same on Linux.
 */

/** Bytes in and out of a call; koffi hands over their address. */
type Bytes = Uint8Array | Int32Array;

export interface Libc {
  ioctl(fd: number, request: number, argument: Bytes): number;
  socket(domain: number, type: number, protocol: number): number;
  pipe(fds: Int32Array): number;
  dup2(from: number, to: number): number;
  read(fd: number, bytes: Uint8Array, size: number): number;
  write(fd: number, bytes: Uint8Array, size: number): number;
  close(fd: number): number;
  /** The last call's error number. */
  errno(): number;
}

/** What is used of koffi. */
interface Koffi {
  load(library: string | null): { func(signature: string): (...values: unknown[]) => number };
  errno(): number;
}

const SIGNATURES = {
  ioctl: 'int ioctl(int, unsigned long, void *)',
  socket: 'int socket(int, int, int)',
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
  loaded = { ...Object.fromEntries(calls), errno: () => koffi.errno() } as Libc;
  return loaded;
}

/** Error numbers of Linux that are told apart. */
export const ERRNO = { EPERM: 1, EIO: 5, EAGAIN: 11, EBUSY: 16, EINVAL: 22, ENETDOWN: 100 } as const;
