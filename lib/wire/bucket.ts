/** The buckets of a group: OpenFlow 1.3.5 §7.3.4.2. */
import { OpenFlowError, type Reader, type Writer } from '../bytes/index.js';
import type { Bucket } from '../nxm/group-mod.js';
import { readActions, writeActions } from '../nxm/index.js';
import { writeSize } from './struct.js';

const BUCKET_BYTES = 16;

/** Reads buckets to the reader's end. */
export function readBuckets(r: Reader): Bucket[] {
  const buckets: Bucket[] = [];
  while (r.left > 0) {
    const at = r.at;
    if (r.left < BUCKET_BYTES) throw r.error('OFPGMFC_BAD_BUCKET', `a bucket of ${r.left} bytes`);
    const length = r.u16();
    if (length < BUCKET_BYTES || length - 2 > r.left) {
      throw new OpenFlowError('OFPGMFC_BAD_BUCKET', `bucket of length ${length}, ${r.left + 2} bytes are left`, at);
    }
    const weight = r.u16();
    const watchPort = r.u32();
    const watchGroup = r.u32();
    r.skip(4);
    const actions = readActions(r.sub(length - BUCKET_BYTES, 'actions of a bucket', 'OFPBAC_BAD_LEN'));
    buckets.push({ weight, watchPort, watchGroup, actions });
  }
  return buckets;
}

/** Writes buckets one after the other. */
export function writeBuckets(w: Writer, buckets: readonly Bucket[]): void {
  for (const bucket of buckets) {
    const start = w.at;
    w.u16(0).u16(bucket.weight).u32(bucket.watchPort).u32(bucket.watchGroup).zeros(4);
    writeActions(w, bucket.actions);
    writeSize(w, start);
  }
}
