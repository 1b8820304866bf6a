/** Multiparts group, group_desc and group_features: OpenFlow 1.3.5 §7.3.5.9 to §7.3.5.11. */
import type { Reader, Writer } from '../../bytes/index.js';
import { type Bucket, GROUP_TYPES, type GroupType } from '../../nxm/group-mod.js';
import { readBuckets, writeBuckets } from '../bucket.js';
import { multipart, nothing, one, rows } from '../kind.js';
import { counter, enumeration, numbers, readSized, struct, u8, u32, writeSize } from '../struct.js';

export interface GroupStatsRequest {
  /** OFPG.ALL: all. */
  readonly groupId: number;
}

/** null: not counted. */
export interface BucketStats {
  readonly packets: number | null;
  readonly bytes: number | null;
}

export interface GroupStats extends BucketStats {
  readonly groupId: number;
  /** Flows and groups that point to it. */
  readonly references: number;
  readonly duration_s: number;
  readonly duration_ns: number;
  readonly buckets: readonly BucketStats[];
}

export interface GroupDesc {
  readonly groupType: GroupType | number;
  readonly groupId: number;
  readonly buckets: readonly Bucket[];
}

export interface GroupFeatures {
  /** Bits of OFPGT_*. */
  readonly types: number;
  /** OFPGFC_* bits. */
  readonly capabilities: number;
  /** Four numbers, one a type: how many groups at most, and which actions, as bits of OFPAT_*. */
  readonly maxGroups: readonly number[];
  readonly actions: readonly number[];
}

/** OFPGFC_* bits. */
export const OFPGFC = { SELECT_WEIGHT: 1, SELECT_LIVENESS: 2, CHAINING: 4, CHAINING_CHECKS: 8 } as const;

const bucketStats = struct<BucketStats>([
  ['packets', counter],
  ['bytes', counter],
]);

/** What stands between a group's length and its buckets' counters. */
const groupHead = struct<Omit<GroupStats, 'buckets'>>([
  2,
  ['groupId', u32],
  ['references', u32],
  4,
  ['packets', counter],
  ['bytes', counter],
  ['duration_s', u32],
  ['duration_ns', u32],
]);

const groupStats = {
  read(all: Reader): GroupStats {
    const r = readSized(all, 2 + groupHead.bytes, 'group statistics');
    r.skip(2);
    const head = groupHead.read(r);
    const buckets: BucketStats[] = [];
    while (r.left > 0) buckets.push(bucketStats.read(r));
    return { ...head, buckets };
  },
  write(w: Writer, g: GroupStats): void {
    const start = w.at;
    w.u16(0);
    groupHead.write(w, g);
    for (const bucket of g.buckets) bucketStats.write(w, bucket);
    writeSize(w, start);
  },
};

const groupTypes = enumeration(u8, GROUP_TYPES);

const groupDescription = {
  read(all: Reader): GroupDesc {
    const r = readSized(all, 8, 'a group description');
    r.skip(2);
    const groupType = groupTypes.read(r);
    r.skip(1);
    return { groupType, groupId: r.u32(), buckets: readBuckets(r) };
  },
  write(w: Writer, g: GroupDesc): void {
    const start = w.at;
    w.u16(0).u8(groupTypes.numberOf(g.groupType)).zeros(1).u32(g.groupId);
    writeBuckets(w, g.buckets);
    writeSize(w, start);
  },
};

export const group = multipart('group', 6, one(struct<GroupStatsRequest>([['groupId', u32], 4])), rows(groupStats));

export const groupDesc = multipart('group_desc', 7, nothing, rows(groupDescription));

export const groupFeatures = multipart(
  'group_features',
  8,
  nothing,
  one(
    struct<GroupFeatures>([
      ['types', u32],
      ['capabilities', u32],
      ['maxGroups', numbers(4)],
      ['actions', numbers(4)],
    ]),
  ),
);
