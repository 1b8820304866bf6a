/** Multiparts port_stats and port_desc: OpenFlow 1.3.5 §7.3.5.6, §7.3.5.7. */
import { multipart, nothing, one, rows } from '../kind.js';
import { port } from '../port.js';
import { counter, struct, u32 } from '../struct.js';

export interface PortStatsRequest {
  /** OFPP.ANY: all. */
  readonly port: number;
}

/** Counters of a port; null: not counted. */
export interface PortStats {
  readonly port: number;
  readonly rxPackets: number | null;
  readonly txPackets: number | null;
  readonly rxBytes: number | null;
  readonly txBytes: number | null;
  readonly rxDropped: number | null;
  readonly txDropped: number | null;
  readonly rxErrors: number | null;
  readonly txErrors: number | null;
  readonly rxFrameErrors: number | null;
  readonly rxOverrunErrors: number | null;
  readonly rxCrcErrors: number | null;
  readonly collisions: number | null;
  /** How long the port has been there: seconds, and nanoseconds beyond them. */
  readonly duration_s: number;
  readonly duration_ns: number;
}

export const portStats = multipart(
  'port_stats',
  4,
  one(struct<PortStatsRequest>([['port', u32], 4])),
  rows(
    struct<PortStats>([
      ['port', u32],
      4,
      ['rxPackets', counter],
      ['txPackets', counter],
      ['rxBytes', counter],
      ['txBytes', counter],
      ['rxDropped', counter],
      ['txDropped', counter],
      ['rxErrors', counter],
      ['txErrors', counter],
      ['rxFrameErrors', counter],
      ['rxOverrunErrors', counter],
      ['rxCrcErrors', counter],
      ['collisions', counter],
      ['duration_s', u32],
      ['duration_ns', u32],
    ]),
  ),
);

export const portDesc = multipart('port_desc', 13, nothing, rows(port));
