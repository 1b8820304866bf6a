/**
 * OpenFlow errors by name. A peer's mistake is thrown as an OpenFlowError; the agent turns it into OFPT_ERROR in one
 * place. Numbers: OpenFlow 1.3.5 §7.4.4; Nicira's and ONF's experimenter errors as Open vSwitch 3.1 numbers them for
 * OpenFlow 1.3.
 */

/** Experimenter ids that own errors. */
export const NX = 0x2320;
export const ONF = 0x4f4e4600;

/** Name → [type, code], or [experimenter id, experimenter type] where the first number is NX or ONF. */
const TABLE = {
  OFPHFC_INCOMPATIBLE: [0, 0],
  OFPHFC_EPERM: [0, 1],
  OFPBRC_BAD_VERSION: [1, 0],
  OFPBRC_BAD_TYPE: [1, 1],
  OFPBRC_BAD_STAT: [1, 2],
  OFPBRC_BAD_VENDOR: [1, 3],
  OFPBRC_BAD_SUBTYPE: [1, 4],
  OFPBRC_EPERM: [1, 5],
  OFPBRC_BAD_LEN: [1, 6],
  OFPBRC_BUFFER_EMPTY: [1, 7],
  OFPBRC_BUFFER_UNKNOWN: [1, 8],
  OFPBRC_BAD_TABLE_ID: [1, 9],
  OFPBRC_IS_SLAVE: [1, 10],
  OFPBRC_BAD_PORT: [1, 11],
  OFPBRC_BAD_PACKET: [1, 12],
  OFPBRC_MULTIPART_BUFFER_OVERFLOW: [1, 13],
  OFPBAC_BAD_TYPE: [2, 0],
  OFPBAC_BAD_LEN: [2, 1],
  OFPBAC_BAD_VENDOR: [2, 2],
  OFPBAC_BAD_VENDOR_TYPE: [2, 3],
  OFPBAC_BAD_OUT_PORT: [2, 4],
  OFPBAC_BAD_ARGUMENT: [2, 5],
  OFPBAC_EPERM: [2, 6],
  OFPBAC_TOO_MANY: [2, 7],
  OFPBAC_BAD_QUEUE: [2, 8],
  OFPBAC_BAD_OUT_GROUP: [2, 9],
  OFPBAC_MATCH_INCONSISTENT: [2, 10],
  OFPBAC_UNSUPPORTED_ORDER: [2, 11],
  OFPBAC_BAD_TAG: [2, 12],
  OFPBAC_BAD_SET_TYPE: [2, 13],
  OFPBAC_BAD_SET_LEN: [2, 14],
  OFPBAC_BAD_SET_ARGUMENT: [2, 15],
  OFPBIC_UNKNOWN_INST: [3, 0],
  OFPBIC_UNSUP_INST: [3, 1],
  OFPBIC_BAD_TABLE_ID: [3, 2],
  OFPBIC_UNSUP_METADATA: [3, 3],
  OFPBIC_UNSUP_METADATA_MASK: [3, 4],
  OFPBIC_BAD_EXPERIMENTER: [3, 5],
  OFPBIC_BAD_EXP_TYPE: [3, 6],
  OFPBIC_BAD_LEN: [3, 7],
  OFPBIC_EPERM: [3, 8],
  OFPBMC_BAD_TYPE: [4, 0],
  OFPBMC_BAD_LEN: [4, 1],
  OFPBMC_BAD_TAG: [4, 2],
  OFPBMC_BAD_DL_ADDR_MASK: [4, 3],
  OFPBMC_BAD_NW_ADDR_MASK: [4, 4],
  OFPBMC_BAD_WILDCARDS: [4, 5],
  OFPBMC_BAD_FIELD: [4, 6],
  OFPBMC_BAD_VALUE: [4, 7],
  OFPBMC_BAD_MASK: [4, 8],
  OFPBMC_BAD_PREREQ: [4, 9],
  OFPBMC_DUP_FIELD: [4, 10],
  OFPBMC_EPERM: [4, 11],
  OFPFMFC_UNKNOWN: [5, 0],
  OFPFMFC_TABLE_FULL: [5, 1],
  OFPFMFC_BAD_TABLE_ID: [5, 2],
  OFPFMFC_OVERLAP: [5, 3],
  OFPFMFC_EPERM: [5, 4],
  OFPFMFC_BAD_TIMEOUT: [5, 5],
  OFPFMFC_BAD_COMMAND: [5, 6],
  OFPFMFC_BAD_FLAGS: [5, 7],
  OFPGMFC_GROUP_EXISTS: [6, 0],
  OFPGMFC_INVALID_GROUP: [6, 1],
  OFPGMFC_WEIGHT_UNSUPPORTED: [6, 2],
  OFPGMFC_OUT_OF_GROUPS: [6, 3],
  OFPGMFC_OUT_OF_BUCKETS: [6, 4],
  OFPGMFC_CHAINING_UNSUPPORTED: [6, 5],
  OFPGMFC_WATCH_UNSUPPORTED: [6, 6],
  OFPGMFC_LOOP: [6, 7],
  OFPGMFC_UNKNOWN_GROUP: [6, 8],
  OFPGMFC_CHAINED_GROUP: [6, 9],
  OFPGMFC_BAD_TYPE: [6, 10],
  OFPGMFC_BAD_COMMAND: [6, 11],
  OFPGMFC_BAD_BUCKET: [6, 12],
  OFPGMFC_BAD_WATCH: [6, 13],
  OFPGMFC_EPERM: [6, 14],
  OFPPMFC_BAD_PORT: [7, 0],
  OFPPMFC_BAD_HW_ADDR: [7, 1],
  OFPPMFC_BAD_CONFIG: [7, 2],
  OFPPMFC_BAD_ADVERTISE: [7, 3],
  OFPPMFC_EPERM: [7, 4],
  OFPTMFC_BAD_TABLE: [8, 0],
  OFPTMFC_BAD_CONFIG: [8, 1],
  OFPTMFC_EPERM: [8, 2],
  OFPQOFC_BAD_PORT: [9, 0],
  OFPQOFC_BAD_QUEUE: [9, 1],
  OFPQOFC_EPERM: [9, 2],
  OFPSCFC_BAD_FLAGS: [10, 0],
  OFPSCFC_BAD_LEN: [10, 1],
  OFPSCFC_EPERM: [10, 2],
  OFPRRFC_STALE: [11, 0],
  OFPRRFC_UNSUP: [11, 1],
  OFPRRFC_BAD_ROLE: [11, 2],
  OFPMMFC_UNKNOWN: [12, 0],
  OFPMMFC_METER_EXISTS: [12, 1],
  OFPMMFC_INVALID_METER: [12, 2],
  OFPMMFC_UNKNOWN_METER: [12, 3],
  OFPMMFC_BAD_COMMAND: [12, 4],
  OFPMMFC_BAD_FLAGS: [12, 5],
  OFPMMFC_BAD_RATE: [12, 6],
  OFPMMFC_BAD_BURST: [12, 7],
  OFPMMFC_BAD_BAND: [12, 8],
  OFPMMFC_BAD_BAND_VALUE: [12, 9],
  OFPMMFC_OUT_OF_METERS: [12, 10],
  OFPMMFC_OUT_OF_BANDS: [12, 11],
  OFPTFFC_BAD_TABLE: [13, 0],
  OFPTFFC_BAD_METADATA: [13, 1],
  OFPTFFC_BAD_TYPE: [13, 2],
  OFPTFFC_BAD_LEN: [13, 3],
  OFPTFFC_BAD_ARGUMENT: [13, 4],
  OFPTFFC_EPERM: [13, 5],
  NXBRC_NXM_INVALID: [NX, 2],
  NXBRC_NXM_BAD_TYPE: [NX, 3],
  NXBRC_MUST_BE_ZERO: [NX, 4],
  NXBRC_BAD_REASON: [NX, 5],
  OFPMOFC_MONITOR_EXISTS: [NX, 6],
  OFPMOFC_BAD_FLAGS: [NX, 7],
  OFPMOFC_UNKNOWN_MONITOR: [NX, 8],
  NXBRC_FM_BAD_EVENT: [NX, 9],
  NXBRC_UNENCODABLE_ERROR: [NX, 10],
  NXBAC_MUST_BE_ZERO: [NX, 11],
  NXFMFC_HARDWARE: [NX, 12],
  NXFMFC_BAD_TABLE_ID: [NX, 13],
  NXBAC_BAD_CONJUNCTION: [NX, 15],
  NXTTMFC_BAD_COMMAND: [NX, 16],
  NXTTMFC_BAD_OPT_LEN: [NX, 17],
  NXTTMFC_BAD_FIELD_IDX: [NX, 18],
  NXTTMFC_TABLE_FULL: [NX, 19],
  NXTTMFC_ALREADY_MAPPED: [NX, 20],
  NXTTMFC_DUP_ENTRY: [NX, 21],
  NXR_NOT_SUPPORTED: [NX, 34],
  NXR_STALE: [NX, 35],
  NXST_NOT_CONFIGURED: [NX, 36],
  NXFMFC_INVALID_TLV_FIELD: [NX, 37],
  NXTTMFC_INVALID_TLV_DEL: [NX, 38],
  NXBAC_BAD_HEADER_TYPE: [NX, 39],
  NXBAC_UNKNOWN_ED_PROP: [NX, 40],
  NXBAC_BAD_ED_PROP: [NX, 41],
  NXBAC_CT_DATAPATH_SUPPORT: [NX, 42],
  NXBMC_CT_DATAPATH_SUPPORT: [NX, 43],
  NXTFFC_DUP_TABLE: [NX, 44],
  OFPBFC_UNKNOWN: [ONF, 2300],
  OFPBFC_EPERM: [ONF, 2301],
  OFPBFC_BAD_ID: [ONF, 2302],
  OFPBFC_BUNDLE_EXIST: [ONF, 2303],
  OFPBFC_BUNDLE_CLOSED: [ONF, 2304],
  OFPBFC_OUT_OF_BUNDLES: [ONF, 2305],
  OFPBFC_BAD_TYPE: [ONF, 2306],
  OFPBFC_BAD_FLAGS: [ONF, 2307],
  OFPBFC_MSG_BAD_LEN: [ONF, 2308],
  OFPBFC_MSG_BAD_XID: [ONF, 2309],
  OFPBFC_MSG_UNSUP: [ONF, 2310],
  OFPBFC_MSG_CONFLICT: [ONF, 2311],
  OFPBFC_MSG_TOO_MANY: [ONF, 2312],
  OFPBFC_MSG_FAILED: [ONF, 2313],
  OFPBFC_TIMEOUT: [ONF, 2314],
  OFPBFC_BUNDLE_IN_PROGRESS: [ONF, 2315],
  OFPFMFC_BAD_PRIORITY: [ONF, 2360],
  OFPACFC_INVALID: [ONF, 2370],
  OFPACFC_UNSUPPORTED: [ONF, 2371],
  OFPACFC_EPERM: [ONF, 2372],
  OFPBIC_DUP_INST: [ONF, 2600],
  OFPBRC_MULTIPART_REQUEST_TIMEOUT: [ONF, 2640],
  OFPBRC_MULTIPART_REPLY_TIMEOUT: [ONF, 2641],
  OFPBAC_BAD_SET_MASK: [ONF, 4250],
  OFPBPC_TOO_MANY: [ONF, 4443],
  OFPBPC_DUP_TYPE: [ONF, 4444],
  OFPBPC_BAD_EXPERIMENTER: [ONF, 4445],
  OFPBPC_BAD_EXP_TYPE: [ONF, 4446],
  OFPBPC_BAD_EXP_VALUE: [ONF, 4447],
  OFPBPC_EPERM: [ONF, 4448],
} as const satisfies Record<string, readonly [number, number]>;

/** The name of an OpenFlow error, such as OFPBMC_BAD_PREREQ. */
export type ErrorName = keyof typeof TABLE;

/** How an error stands in OFPT_ERROR: with an experimenter, `type` is 0xffff and `code` the experimenter's type. */
export interface ErrorNumbers {
  readonly type: number;
  readonly code: number;
  readonly experimenter?: number;
}

const OFPET_EXPERIMENTER = 0xffff;

/** The numbers of a named error. */
export function errorNumbers(name: ErrorName): ErrorNumbers {
  const [first, code] = TABLE[name];
  if (first === NX || first === ONF) return { type: OFPET_EXPERIMENTER, code, experimenter: first };
  return { type: first, code };
}

const NAMES = new Map<string, ErrorName>(
  (Object.keys(TABLE) as ErrorName[]).map((name) => {
    const n = errorNumbers(name);
    return [`${n.type}/${n.code}/${n.experimenter ?? 0}`, name];
  }),
);

/** The name for an error's numbers, or undefined if this table has none. */
export function errorName(numbers: ErrorNumbers): ErrorName | undefined {
  return NAMES.get(`${numbers.type}/${numbers.code}/${numbers.experimenter ?? 0}`);
}

/** Every name, for specs and tools. */
export const ERROR_NAMES = Object.keys(TABLE) as readonly ErrorName[];

/** A mistake in what a peer sent: what OFPT_ERROR will say, why, and at which byte of the message it was found. */
export class OpenFlowError extends Error {
  constructor(
    readonly error: ErrorName,
    /** What is wrong, for the log: names the field or structure. */
    readonly why: string,
    /** Offset from the start of the message, in bytes, where known. */
    readonly at?: number,
  ) {
    super(`${why} (${error})${at === undefined ? '' : ` at byte ${at}`}`);
    this.name = 'OpenFlowError';
  }
}
