/**
 * Port middleware: hands everything through, and shows every frame, in both directions, to a writer of capture files.
 */
import type { Port, PortHost } from './port.js';

/** Takes a frame `bytes[start, end)`, which it copies if it keeps it, and the wall time in milliseconds since 1970. */
export type FrameWriter = (
  wall_ms: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  direction: 'rx' | 'tx',
) => void;

/** `port`, with `write` called for each frame that comes in, before the switch has it, and for each that goes out. */
export function recorded(port: Port, write: FrameWriter): Port {
  let host: PortHost | null = null;
  return wrap(port, {
    start(outer) {
      host = outer;
      return port.start({
        ...outer,
        receive(bytes, start, end, tunnel, room) {
          write(outer.clock.wall(), bytes, start, end, 'rx');
          outer.receive(bytes, start, end, tunnel, room);
        },
      });
    },
    send(bytes, start, end, tunnel) {
      if (host !== null) write(host.clock.wall(), bytes, start, end, 'tx');
      port.send(bytes, start, end, tunnel);
    },
  });
}

/** A port that is `port` except for `start` and `send`. What the port learns when it starts shows through. */
export function wrap(port: Port, own: Pick<Port, 'start' | 'send'>): Port {
  return {
    ...own,
    kind: port.kind,
    name: port.name,
    tunnel: port.tunnel,
    get mac() {
      return port.mac;
    },
    get speed_kbps() {
      return port.speed_kbps;
    },
    close: () => port.close(),
  };
}
