/** Port middleware: loses, repeats and delays frames, by seeded chance and on the switch's clock, to see what comes of it. */
import type { Random } from '../bytes/index.js';
import type { Port, PortHost } from './port.js';
import { wrap } from './recorded.js';

/** Frames that may be under way through a delay, in each direction; what is more is lost. */
export const MAX_DELAYED = 4096;

export interface Faults {
  random: Random;
  /** Shares of frames, 0 to 1. */
  loss?: number;
  repeat?: number;
  /** Each frame is held back for a time between these, in milliseconds; frames may overtake each other. */
  delay_ms?: readonly [least: number, most: number];
}

type Hand = (bytes: Uint8Array, start: number, end: number) => void;

/** `port`, with faults in both directions. Frames lost here are counted as dropped. */
export function faulty(port: Port, faults: Faults): Port {
  let outward: Hand | null = null;
  return wrap(port, {
    start(outer) {
      outward = through(faults, outer, 'tx', (bytes, start, end) => port.send(bytes, start, end));
      const receive = through(faults, outer, 'rx', (bytes, start, end) => outer.receive(bytes, start, end));
      return port.start({ ...outer, receive });
    },
    send: (bytes, start, end) => (outward === null ? port.send(bytes, start, end) : outward(bytes, start, end)),
  });
}

/** One direction of a faulty port. */
function through(faults: Faults, host: PortHost, direction: 'rx' | 'tx', hand: Hand): Hand {
  const { random, loss = 0, repeat = 0, delay_ms } = faults;
  const chance = (share: number) => share > 0 && random.u32() < share * 2 ** 32;
  let delayed = 0;
  const late: Hand = (bytes, start, end) => {
    if (delay_ms === undefined) {
      hand(bytes, start, end);
    } else if (delayed >= MAX_DELAYED) {
      host.lost(direction, 'dropped', 1);
    } else {
      const copy = bytes.slice(start, end);
      const [least, most] = delay_ms;
      delayed++;
      host.clock.after(least + (random.u32() / 2 ** 32) * (most - least), () => {
        delayed--;
        hand(copy, 0, copy.length);
      });
    }
  };
  return (bytes, start, end) => {
    if (chance(loss)) {
      host.lost(direction, 'dropped', 1);
      return;
    }
    const again = chance(repeat) ? bytes.slice(start, end) : null;
    late(bytes, start, end);
    if (again !== null) late(again, 0, again.length);
  };
}
