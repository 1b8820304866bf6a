/** Packet sockets for the measuring programs, by the same calls as the switch's, and nothing else of it. */
import { readFileSync } from 'node:fs';
import { type Libc, libc } from '../../lib/ports/native.js';

export const SOL_PACKET = 263;
const AF_PACKET = 17;
const SOCK_RAW = 3;
export const ETH_P_ALL = 0x0300;

export interface PacketSocket {
  readonly libc: Libc;
  readonly fd: number;
}

/** Opens one; `setOptions` runs before it is bound. `protocol` 0: it receives nothing. Throws an Error. */
export async function openSocket(
  name: string,
  protocol: number,
  setOptions: (set: (option: number, ...values: number[]) => void) => void = () => {},
): Promise<PacketSocket> {
  const calls = await libc();
  const fd = calls.socket(AF_PACKET, SOCK_RAW, 0);
  const must = (result: number, what: string): void => {
    if (result < 0) throw new Error(`${name}: ${what}: error ${calls.errno()}`);
  };
  must(fd, 'socket');
  setOptions((option, ...values) => {
    const value = Int32Array.from(values);
    must(calls.setsockopt(fd, SOL_PACKET, option, value, value.byteLength), `option ${option}`);
  });
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol, true);
  view.setInt32(4, Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'latin1')), true);
  must(calls.bind(fd, address, address.length), 'bind');
  return { libc: calls, fd };
}
