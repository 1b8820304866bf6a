/** Multipart desc: OpenFlow 1.3.5 §7.3.5.1. */
import { multipart, nothing, one } from '../kind.js';
import { struct, text } from '../struct.js';

export interface Desc {
  readonly manufacturer: string;
  readonly hardware: string;
  readonly software: string;
  readonly serial: string;
  /** For people: which switch this is. */
  readonly datapath: string;
}

export const desc = multipart(
  'desc',
  0,
  nothing,
  one(
    struct<Desc>([
      ['manufacturer', text(256)],
      ['hardware', text(256)],
      ['software', text(256)],
      ['serial', text(32)],
      ['datapath', text(256)],
    ]),
  ),
);
