/** The description of a port that port_status and port_desc carry: OpenFlow 1.3.5 §7.2.1. */
import { mac, type Part, struct, text, u32 } from './struct.js';

export interface Port {
  readonly number: number;
  /** Six bytes. */
  readonly mac: Uint8Array;
  /** At most 15 bytes of UTF-8. */
  readonly name: string;
  /** OFPPC_* bits. */
  readonly config: number;
  /** OFPPS_* bits. */
  readonly state: number;
  /** OFPPF_* bits: what runs, is advertised, is possible, and what the peer advertises. */
  readonly current: number;
  readonly advertised: number;
  readonly supported: number;
  readonly peer: number;
  readonly speed_kbps: number;
  readonly maxSpeed_kbps: number;
}

/** OFPPF_* bits. */
export const OFPPF = {
  '10MB_HD': 1,
  '10MB_FD': 2,
  '100MB_HD': 4,
  '100MB_FD': 8,
  '1GB_HD': 16,
  '1GB_FD': 32,
  '10GB_FD': 64,
  '40GB_FD': 128,
  '100GB_FD': 256,
  '1TB_FD': 512,
  OTHER: 1024,
  COPPER: 2048,
  FIBER: 4096,
  AUTONEG: 8192,
  PAUSE: 16384,
  PAUSE_ASYM: 32768,
} as const;

export const port: Part<Port> = struct([
  ['number', u32],
  4,
  ['mac', mac],
  2,
  ['name', text(16)],
  ['config', u32],
  ['state', u32],
  ['current', u32],
  ['advertised', u32],
  ['supported', u32],
  ['peer', u32],
  ['speed_kbps', u32],
  ['maxSpeed_kbps', u32],
]);
