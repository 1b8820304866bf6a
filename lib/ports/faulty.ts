/**
 * Port middleware: loses, repeats and delays frames, by seeded chance and on the switch's clock, to see what comes of
 * it.
 */
import type { Random } from '../bytes/index.js';
import type { TunnelIn, TunnelOut } from '../packet/tunnel.js';
import type { Port, PortHost } from './port.js';
import { wrap } from './recorded.js';

/** Frames that may be under way through a delay, in each direction; what is more is lost. */
export const MAX_DELAYED = 4096;

/** What goes wrong on a port, as chances from 0 to 1. */
export interface Faults {
  random: Random;
  /** Shares of frames, 0 to 1. */
  loss?: number;
  repeat?: number;
  /** Each frame is held back for a time between these, in milliseconds; frames may overtake each other. */
  delay_ms?: readonly [least: number, most: number];
}

type Hand<T> = (bytes: Uint8Array, start: number, end: number, tunnel?: T) => void;

/** `port`, with faults in both directions. Frames lost here are counted as dropped. */
export function faulty(port: Port, faults: Faults): Port {
  let outward: Hand<TunnelOut> | null = null;
  return wrap(port, {
    start(outer) {
      outward = through<TunnelOut>(faults, outer, 'tx', same, (...frame) => port.send(...frame));
      const receive = through<TunnelIn>(faults, outer, 'rx', copied, (...frame) => outer.receive(...frame));
      return port.start({ ...outer, receive });
    },
    send: (...frame) => (outward === null ? port.send(...frame) : outward(...frame)),
  });
}

/** What stands around a frame, for later: what goes out doesn't change, what came in is used again. */
const same = (tunnel: TunnelOut): TunnelOut => tunnel;
const copied = (tunnel: TunnelIn): TunnelIn => tunnel.copy();

/** One direction of a faulty port. */
function through<T>(
  faults: Faults,
  host: PortHost,
  direction: 'rx' | 'tx',
  keep: (tunnel: T) => T,
  hand: Hand<T>,
): Hand<T> {
  const { random, loss = 0, repeat = 0, delay_ms } = faults;
  const chance = (share: number) => share > 0 && random.u32() < share * 2 ** 32;
  let delayed = 0;
  const late: Hand<T> = (bytes, start, end, tunnel) => {
    if (delay_ms === undefined) {
      hand(bytes, start, end, tunnel);
    } else if (delayed >= MAX_DELAYED) {
      host.lost(direction, 'dropped', 1);
    } else {
      const copy = bytes.slice(start, end);
      const around = tunnel && keep(tunnel);
      const [least, most] = delay_ms;
      delayed++;
      host.clock.after(least + (random.u32() / 2 ** 32) * (most - least), () => {
        delayed--;
        hand(copy, 0, copy.length, around);
      });
    }
  };
  return (bytes, start, end, tunnel) => {
    if (chance(loss)) {
      host.lost(direction, 'dropped', 1);
      return;
    }
    const again = chance(repeat) ? bytes.slice(start, end) : null;
    const around = again !== null && tunnel ? keep(tunnel) : undefined;
    late(bytes, start, end, tunnel);
    if (again !== null) late(again, 0, again.length, around);
  };
}
