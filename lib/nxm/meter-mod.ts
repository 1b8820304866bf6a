/** A change of the meter table, as plain data: what OFPT_METER_MOD carries (OpenFlow 1.3.5 §5.7, §7.3.4.4). */

/** OFPMC_* in the order of their numbers. */
export type MeterCommand = 'add' | 'modify' | 'delete';
export const METER_COMMANDS: readonly MeterCommand[] = ['add', 'modify', 'delete'];

/** OFPM_*: the largest meter id, and the virtual ones. */
export const OFPM = { MAX: 0xffff0000, SLOWPATH: 0xfffffffd, CONTROLLER: 0xfffffffe, ALL: 0xffffffff } as const;

/** OFPMF_* bits. */
/** Drop precedences of a class (RFC 2597): what dscp_remark can add at most. */
export const MAX_PREC_LEVEL = 3;

export const OFPMF = { KBPS: 1, PKTPS: 2, BURST: 4, STATS: 8 } as const;

/** OFPMBT_*: the numbers of band types. */
export const OFPMBT = { DROP: 1, DSCP_REMARK: 2, EXPERIMENTER: 0xffff } as const;

interface BandRates {
  /** Where the band begins: kilobits or packets a second, as the meter's flags say. */
  readonly rate: number;
  /** Kilobits or packets; counts only with OFPMF.BURST. */
  readonly burst: number;
}

export interface DropBand extends BandRates {
  readonly type: 'drop';
}

export interface DscpRemarkBand extends BandRates {
  readonly type: 'dscp_remark';
  /** Steps of drop precedence to add. */
  readonly precLevel: number;
}

/** Decodes for tools and keeps its bytes. */
export interface ExperimenterBand extends BandRates {
  readonly type: 'experimenter';
  readonly experimenter: number;
  readonly data: Uint8Array;
}

export type MeterBand = DropBand | DscpRemarkBand | ExperimenterBand;

export interface MeterMod {
  readonly command: MeterCommand;
  /** OFPMF.* bits. */
  readonly flags: number;
  readonly meterId: number;
  readonly bands: readonly MeterBand[];
}
