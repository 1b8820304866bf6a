/**
 * debug_recirc (NXAST_DEBUG_RECIRC, 255) and debug_slow (NXAST_DEBUG_SLOW, 254): Open vSwitch's tests have them. The
 * first has the packet read anew at its place; the second would send it through a slow path, and there is none.
 */
import { action, nicira } from '../action.js';

export interface DebugRecirc {
  readonly type: 'debug_recirc';
}

export interface DebugSlow {
  readonly type: 'debug_slow';
}

export const debugRecirc = action<DebugRecirc>({
  type: 'debug_recirc',
  ids: [nicira(255)],
  read(r) {
    r.skip(6);
    return { type: 'debug_recirc' };
  },
  write(_, w) {
    w.zeros(6);
  },
  texts: { debug_recirc: () => ({ type: 'debug_recirc' }) },
  format: () => 'debug_recirc',
  check() {},
  translate(_, m) {
    m.lists.readAnew();
  },
});

export const debugSlow = action<DebugSlow>({
  type: 'debug_slow',
  ids: [nicira(254)],
  read(r) {
    r.skip(6);
    return { type: 'debug_slow' };
  },
  write(_, w) {
    w.zeros(6);
  },
  texts: { debug_slow: () => ({ type: 'debug_slow' }) },
  format: () => 'debug_slow',
  check() {},
  translate() {},
});
