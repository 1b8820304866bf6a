/**
 * The group table (OpenFlow 1.3.5 §5.6, §6.7): group-mods, what statistics show, and which buckets of a group are live.
 * What its buckets do to a packet is the translator's, which bucket of a select group a packet takes is select.ts's.
 *
 * A modify keeps the group's counters and duration and begins its buckets' anew. A group that others forward to can't
 * be deleted alone (CHAINED_GROUP, as OFPGFC_CHAINING_CHECKS says).
 */
import { type Clock, OpenFlowError } from '../bytes/index.js';
import { type Credit, OFPPC, OFPPS, type PortTable } from '../datapath/index.js';
import { type Action, type Bucket, checkBucketSizes, type GroupMod, type GroupType, OFPG, OFPP } from '../nxm/index.js';
import { listOf } from './action-set.js';
import { groupsIn } from './references.js';
import { Transaction } from './transaction.js';
import type { GroupView } from './types.js';

/** Most groups, and buckets of one. */
export const MAX_GROUPS = 65_536;
export const MAX_BUCKETS = 2048;
/** How far liveness follows watch_group; a bucket that watches further is dead. */
export const MAX_WATCH_DEPTH = 64;

export class GroupBucket implements Credit {
  packets = 0;
  bytes = 0;
  used_ms = 0;
  /** Its actions as they run: a bucket is an action set (§5.10). */
  readonly list: readonly Action[];

  constructor(readonly settings: Bucket) {
    this.list = listOf(settings.actions);
  }
}

export class Group implements Credit {
  packets = 0;
  bytes = 0;
  used_ms = 0;
  type: GroupType = 'all';
  buckets: readonly GroupBucket[] = [];
  /** Buckets of other groups that forward to it. */
  chained = 0;

  constructor(
    readonly id: number,
    readonly created_ms: number,
  ) {}
}

export interface GroupEvents {
  /** Throws OpenFlowError for actions that no bucket may have. */
  checkActions(actions: readonly Action[]): void;
  /** Any packet's way may be another one. */
  changed(): void;
  /** Counters of all groups have to be brought up to date. */
  collect(): void;
  /** Groups are gone; flows that point to them go, too. */
  deleted(groups: readonly number[]): void;
  /** How many flows point to a group. */
  flowsOf(group: number): number;
}

/** Groups that a bucket leads to: where packets go, or whose liveness it follows. */
type Edges = (bucket: Bucket) => readonly number[];
const forwards: Edges = (bucket) => groupsIn(bucket.actions);
const watches: Edges = (bucket) => (bucket.watchGroup === OFPG.ANY ? [] : [bucket.watchGroup]);

export class Groups {
  private readonly byId = new Map<number, Group>();

  constructor(
    private readonly clock: Clock,
    private readonly ports: PortTable,
    private readonly events: GroupEvents,
    private readonly transaction = new Transaction(),
  ) {}

  get(id: number): Group | undefined {
    return this.byId.get(id);
  }

  /** Does what a group-mod says. Throws OpenFlowError; then nothing has changed. */
  apply(change: GroupMod): void {
    checkShape(change);
    if (change.command === 'delete') {
      this.delete(change.groupId);
      return;
    }
    const { groupId: id, groupType, buckets } = change;
    const known = this.byId.get(id);
    if (id > OFPG.MAX) throw new OpenFlowError('OFPGMFC_INVALID_GROUP', `0x${id.toString(16)} is no group id`);
    if (change.command === 'add' && known) throw new OpenFlowError('OFPGMFC_GROUP_EXISTS', `group ${id} is there`);
    if (change.command === 'modify' && !known) {
      throw new OpenFlowError('OFPGMFC_UNKNOWN_GROUP', `there is no group ${id}`);
    }
    if (!known && this.byId.size >= MAX_GROUPS) {
      throw new OpenFlowError('OFPGMFC_OUT_OF_GROUPS', `there are ${MAX_GROUPS} groups`);
    }
    this.check(change);
    if (known) this.events.collect();
    const group = known ?? new Group(id, this.clock.now());
    const { type, buckets: before } = group;
    this.put(
      group,
      groupType,
      buckets.map((settings) => new GroupBucket(settings)),
    );
    if (!this.transaction.active) return;
    if (known) this.transaction.did(() => this.put(group, type, before), null, null);
    else this.transaction.did(() => this.takeOut(group), null, null);
  }

  /** Makes a group what it is to be. */
  private put(group: Group, type: GroupType, buckets: readonly GroupBucket[]): void {
    this.chain(group, -1);
    group.type = type;
    group.buckets = buckets;
    this.byId.set(group.id, group);
    this.chain(group, 1);
    this.events.changed();
  }

  private takeOut(group: Group): void {
    this.chain(group, -1);
    this.byId.delete(group.id);
    this.events.changed();
  }

  /** Counts a group's buckets at the groups they forward to. */
  private chain(group: Group, by: 1 | -1): void {
    for (const { settings } of group.buckets) {
      for (const id of forwards(settings)) {
        const target = this.byId.get(id);
        if (target) target.chained += by;
      }
    }
  }

  private delete(id: number): void {
    if (id === OFPG.ALL) {
      this.remove([...this.byId.keys()]);
      return;
    }
    const group = this.byId.get(id);
    if (!group) return;
    if (group.chained > 0) throw new OpenFlowError('OFPGMFC_CHAINED_GROUP', `other groups forward to group ${id}`);
    this.remove([id]);
  }

  private remove(ids: readonly number[]): void {
    const groups = ids.map((id) => this.byId.get(id) as Group);
    // All count out before any is gone, as they count in again when this is undone.
    for (const group of groups) this.chain(group, -1);
    for (const { id } of groups) this.byId.delete(id);
    this.events.changed();
    if (this.transaction.active) {
      this.transaction.did(
        () => {
          for (const group of groups) this.byId.set(group.id, group);
          for (const group of groups) this.chain(group, 1);
          this.events.changed();
        },
        null,
        null,
      );
    }
    this.events.deleted(ids);
  }

  // What a group may be.

  private check({ groupId: id, buckets }: GroupMod): void {
    for (const { watchGroup } of buckets) {
      if (watchGroup !== OFPG.ANY && watchGroup !== id && !this.byId.has(watchGroup)) {
        throw new OpenFlowError('OFPGMFC_BAD_WATCH', `there is no group ${watchGroup} to watch`);
      }
    }
    if (this.leadsTo(id, buckets, forwards)) {
      throw new OpenFlowError('OFPGMFC_LOOP', `group ${id} would forward to itself`);
    }
    if (this.leadsTo(id, buckets, watches)) {
      throw new OpenFlowError('OFPGMFC_LOOP', `group ${id} would watch itself`);
    }
    // The group itself counts as being there: that it forwards to itself is a loop, and was told above.
    for (const bucket of buckets) this.events.checkActions(bucket.actions);
  }

  /** Do buckets lead back to the group they are for, over however many others? */
  private leadsTo(id: number, buckets: readonly Bucket[], edges: Edges): boolean {
    const seen = new Set<number>();
    const open = buckets.flatMap(edges);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === id) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      for (const { settings } of this.byId.get(next)?.buckets ?? []) open.push(...edges(settings));
    }
    return false;
  }

  // Liveness.

  /**
   * May packets take a bucket? One that watches nothing always lives, one of weight 0 in a select group never is taken.
   */
  isLive(group: Group, bucket: GroupBucket, depth = 0): boolean {
    const { watchPort, watchGroup, weight } = bucket.settings;
    if (group.type === 'select' && weight === 0) return false;
    if (watchPort === OFPP.ANY && watchGroup === OFPG.ANY) return true;
    if (watchPort !== OFPP.ANY && this.isPortLive(watchPort)) return true;
    const watched = watchGroup === OFPG.ANY || depth >= MAX_WATCH_DEPTH ? undefined : this.byId.get(watchGroup);
    return watched?.buckets.some((other) => this.isLive(watched, other, depth + 1)) ?? false;
  }

  /** Is a port there, its link up, and nothing says that it is down? */
  isPortLive(port: number): boolean {
    const entry = this.ports.get(port);
    return entry !== undefined && !(entry.config & OFPPC.PORT_DOWN) && !(entry.state & OFPPS.LINK_DOWN);
  }

  // What statistics show.

  /** A group, or with OFPG.ALL all, by id; none where it isn't there. Counters are up to date. */
  views(id: number): GroupView[] {
    this.events.collect();
    const groups = id === OFPG.ALL ? [...this.byId.values()].sort((a, b) => a.id - b.id) : [this.byId.get(id)];
    const now = this.clock.now();
    return groups.flatMap((group) => (group ? [this.view(group, now)] : []));
  }

  private view(group: Group, now_ms: number): GroupView {
    const { id, type, packets, bytes, buckets, created_ms, chained } = group;
    return {
      groupId: id,
      groupType: type,
      buckets: buckets.map((bucket) => ({ ...bucket.settings, packets: bucket.packets, bytes: bucket.bytes })),
      references: this.events.flowsOf(id) + chained,
      packets,
      bytes,
      duration_ms: now_ms - created_ms,
    };
  }
}

/** What a group-mod must say for itself, whatever groups there are. Throws OpenFlowError. */
export function checkShape({ command, groupType, buckets }: GroupMod): void {
  if (command === 'delete') {
    if (buckets.length === 0) return;
    throw new OpenFlowError('OFPGMFC_INVALID_GROUP', `a delete with ${buckets.length} buckets`);
  }
  if (buckets.length > MAX_BUCKETS) {
    throw new OpenFlowError('OFPGMFC_OUT_OF_BUCKETS', `${buckets.length} buckets, ${MAX_BUCKETS} at most`);
  }
  if (groupType === 'indirect' && buckets.length !== 1) {
    throw new OpenFlowError('OFPGMFC_INVALID_GROUP', `an indirect group has one bucket, not ${buckets.length}`);
  }
  for (const bucket of buckets) checkBucketShape(groupType, bucket);
  checkBucketSizes(buckets);
  if (groupType === 'select' && buckets.length > 0 && buckets.every(({ weight }) => weight === 0)) {
    throw new OpenFlowError('OFPGMFC_INVALID_GROUP', 'all weights of a select group are 0');
  }
}

function checkBucketShape(type: GroupType, bucket: Bucket): void {
  if (type !== 'select' && bucket.weight !== 0) {
    throw new OpenFlowError('OFPGMFC_INVALID_GROUP', `a group of type ${type} has no weights`);
  }
  const { watchPort, watchGroup } = bucket;
  const watched = watchPort !== OFPP.ANY || watchGroup !== OFPG.ANY;
  if (watched && (type === 'all' || type === 'indirect')) {
    throw new OpenFlowError('OFPGMFC_WATCH_UNSUPPORTED', `a group of type ${type} watches nothing`);
  }
  if (!watched && type === 'ff') {
    throw new OpenFlowError(
      'OFPGMFC_INVALID_GROUP',
      'a bucket of a fast failover group needs a port or group to watch',
    );
  }
  const isPort = watchPort > 0 && (watchPort <= OFPP.MAX || watchPort === OFPP.LOCAL);
  if (watchPort !== OFPP.ANY && !isPort) {
    throw new OpenFlowError('OFPGMFC_BAD_WATCH', `port 0x${watchPort.toString(16)} can't be watched`);
  }
}
