/**
 * Opens packet sockets on interfaces (packet(7)) with what a port needs of them; PacketSocket reads and writes them.
 */
import { endianness } from 'node:os';
import { ERRNO, type Libc, libc } from '../native.js';
import { SOL_PACKET, setRing } from './ring.js';

/** This machine has no packet sockets as they are needed here: another driver has to do. */
export class UnsupportedError extends Error {}

/** The interface is gone, off, or nobody may open it. */
export class OpenError extends Error {
  constructor(
    readonly failure: 'rights' | 'other',
    message: string,
  ) {
    super(message);
  }
}

const AF_PACKET = 17;
const SOCK_RAW = 3;
/** All protocols, in network order. */
const ETH_P_ALL = 0x0300;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_VNET_HDR = 15;
const PACKET_IGNORE_OUTGOING = 23;
const PACKET_MR_PROMISC = 1;
const SOCKADDR_LL_BYTES = 20;
/** What the kernel may hold of us: frames on their way out, and frames too long for a slot of the ring. */
const SOCKET_BYTES = 8 * 1024 * 1024;

export interface Opened {
  readonly libc: Libc;
  /** Frames come in here. */
  readonly input: number;
  /** And go out here: nobody waits for this one, or the kernel would look for sleepers after each frame. */
  readonly output: number;
}

/** Opens sockets on the interface with the kernel's number `index`. Throws an UnsupportedError or an OpenError. */
export async function openPacketSockets(index: number): Promise<Opened> {
  // Structures are written as a little-endian machine with addresses of 64 bits has them.
  if (process.platform !== 'linux' || endianness() !== 'LE' || !process.arch.includes('64')) {
    throw new UnsupportedError('it needs Linux on a little-endian machine of 64 bits');
  }
  const calls = await libc().catch((error: Error) => {
    throw new UnsupportedError(`koffi is missing or does not load: ${error.message.split('\n')[0]}`);
  });
  const input = openSocket(calls, index, ETH_P_ALL, [SO_RCVBUFFORCE, SO_RCVBUF], (set) => {
    set(PACKET_IGNORE_OUTGOING, 1);
    set(PACKET_VNET_HDR, 1);
    setRing(set);
    set(PACKET_ADD_MEMBERSHIP, index, PACKET_MR_PROMISC, 0, 0);
  });
  try {
    const output = openSocket(calls, index, 0, [SO_SNDBUFFORCE, SO_SNDBUF], (set) => set(PACKET_VNET_HDR, 1));
    return { libc: calls, input, output };
  } catch (error) {
    calls.close(input);
    throw error;
  }
}

/** Opens a bound socket; `buffers` are the options for its buffer, with more rights and with less. */
function openSocket(
  calls: Libc,
  index: number,
  protocol: number,
  buffers: readonly number[],
  setOptions: (set: (option: number, ...values: number[]) => void) => void,
): number {
  const fd = calls.socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) throw failure(calls.errno());
  const setAt = (level: number, option: number, values: readonly number[]): boolean => {
    const value = Int32Array.from(values);
    return calls.setsockopt(fd, level, option, value, value.byteLength) === 0;
  };
  try {
    setOptions((option, ...values) => {
      if (!setAt(SOL_PACKET, option, values)) throw unsupported(option, calls.errno());
    });
    buffers.some((option) => setAt(SOL_SOCKET, option, [SOCKET_BYTES]));
    const address = new Uint8Array(SOCKADDR_LL_BYTES);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_PACKET, true);
    view.setUint16(2, protocol, true);
    view.setInt32(4, index, true);
    if (calls.bind(fd, address, SOCKADDR_LL_BYTES) < 0) throw failure(calls.errno());
    return fd;
  } catch (error) {
    calls.close(fd);
    throw error;
  }
}

function failure(errno: number): OpenError {
  return new OpenError(errno === ERRNO.EPERM ? 'rights' : 'other', `error ${errno}`);
}

function unsupported(option: number, errno: number): Error {
  if (errno === ERRNO.ENOMEM || errno === ERRNO.ENOBUFS) return new OpenError('other', 'no memory for its ring');
  return new UnsupportedError(`the kernel refuses socket option ${option} (error ${errno})`);
}
