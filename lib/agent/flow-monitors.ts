/**
 * Flow monitors (ONF's extension 187 to OpenFlow 1.3, ovs-ofctl monitor watch:): each controller that asked hears of
 * flows that are added, modified and deleted. Updates of one request are gathered and sent together, before anything
 * that answers the next one. A controller's own changes are told by its request's xid alone, unless it wants them
 * whole.
 *
 * A controller that is too far behind is told that it misses some (paused), hears then only of flows that go and that
 * it knows of, and, when it has read everything, of what changed meanwhile (resumed).
 */
import { OpenFlowError } from '../bytes/index.js';
import { ALL_TABLES, ANY_GROUP, type Instructions, mapMatch, OFPP } from '../nxm/index.js';
import { namesPort } from '../pipeline/flow-tables.js';
import type { FlowChange, FlowView, FlowWatcher, PipelineApi } from '../pipeline/types.js';
import {
  encode,
  encodeRows,
  type FlowMonitorRequest,
  type FlowUpdate,
  type FullFlowUpdate,
  type MessageOf,
  ONFFMF,
} from '../wire/index.js';
import type { Peer } from './peer.js';

/** Most monitors of one controller. */
export const MAX_MONITORS = 1024;
/** Bytes that wait for a controller before its monitors are paused (as in Open vSwitch). */
export const PAUSE_MONITORS_BYTES = 128 << 10;

const FLAG_OF = { added: ONFFMF.ADD, deleted: ONFFMF.DELETE, modified: ONFFMF.MODIFY } as const;

/** What one controller watches. */
class Watch {
  readonly monitors = new Map<number, FlowMonitorRequest>();
  /** What isn't sent yet. */
  updates: FlowUpdate[] = [];
  /** xids of own requests that are told by their xid already, in `updates`. */
  readonly abbreviated = new Set<number>();
  /** How many changes there had been when it was paused; null: it isn't. */
  paused: number | null = null;
}

/** Whose request is being done. */
interface Requester {
  readonly peer: Peer;
  readonly xid: number;
}

export class FlowMonitors implements FlowWatcher {
  private readonly watches = new Map<Peer, Watch>();
  private requester: Requester | null = null;
  private scheduled = false;

  constructor(private readonly pipeline: PipelineApi) {}

  /** Flow changes from here on are a request's; null: nobody's. */
  on(requester: Requester | null): void {
    this.requester = requester;
  }

  /** Begins monitors; what they ask for at first is the reply. Throws OpenFlowError; then none has begun. */
  begin(request: MessageOf<'multipart_request'>, asked: readonly FlowMonitorRequest[], peer: Peer): void {
    const { tlvTable } = this.pipeline;
    const monitors = asked.map((monitor) => ({ ...monitor, match: mapMatch(monitor.match, tlvTable) }));
    const watch = this.watches.get(peer) ?? new Watch();
    const ids = new Set(watch.monitors.keys());
    for (const { monitorId, tableId } of monitors) {
      if (ids.has(monitorId)) throw new OpenFlowError('OFPMOFC_MONITOR_EXISTS', `monitor ${monitorId} is there`, 24);
      if (tableId !== ALL_TABLES && tableId >= this.pipeline.tableCount) {
        throw new OpenFlowError('OFPBRC_BAD_TABLE_ID', `there is no table ${tableId}`, 36);
      }
      ids.add(monitorId);
    }
    if (ids.size > MAX_MONITORS) throw new OpenFlowError('OFPBRC_EPERM', `there are ${MAX_MONITORS} monitors`, 24);
    for (const monitor of monitors) watch.monitors.set(monitor.monitorId, monitor);
    if (watch.monitors.size > 0) this.watches.set(peer, watch);
    this.pipeline.watchFlows(this.watches.size > 0 ? this : null);
    const initial = monitors.filter(({ flags }) => flags & ONFFMF.INITIAL);
    for (const part of encodeRows('flow_monitor', request.xid, this.initial(initial))) peer.connection.send(part);
  }

  /** Ends a monitor. Throws OpenFlowError where there is none. */
  cancel(monitorId: number, peer: Peer): void {
    const watch = this.watches.get(peer);
    if (!watch?.monitors.delete(monitorId)) {
      throw new OpenFlowError('OFPMOFC_UNKNOWN_MONITOR', `there is no monitor ${monitorId}`, 16);
    }
    if (watch.monitors.size === 0) this.end(peer);
  }

  /** Ends all monitors of a controller. */
  end(peer: Peer): void {
    if (!this.watches.delete(peer)) return;
    if (this.watches.size === 0) this.pipeline.watchFlows(null);
  }

  /** The flows that monitors ask for at first, each once. */
  private *initial(monitors: readonly FlowMonitorRequest[]): Generator<FlowUpdate> {
    for (const [i, monitor] of monitors.entries()) {
      const before = monitors.slice(0, i);
      const { tableId, outPort, match } = monitor;
      const filter = { tableId, outPort, outGroup: ANY_GROUP, cookie: 0n, cookieMask: 0n, match };
      for (const flow of this.pipeline.flows(filter)) {
        if (before.some((m) => wants(m, flow, null))) continue;
        const flags = monitors.reduce((all, m) => (wants(m, flow, null) ? all | m.flags : all), 0);
        yield update('added', flow, flags);
      }
    }
  }

  flowChanged({ what, flow, reason, before }: FlowChange): void {
    for (const [peer, watch] of this.watches) {
      const paused = watch.paused !== null;
      // While it is paused: only the end of flows that it knows.
      if (watch.paused !== null && (what !== 'deleted' || flow.serial > watch.paused)) continue;
      let flags = 0;
      for (const monitor of watch.monitors.values()) {
        if (monitor.flags & FLAG_OF[what] && wants(monitor, flow, before)) flags |= monitor.flags;
      }
      if (flags === 0) continue;
      const own = this.requester?.peer === peer ? this.requester : null;
      if (own && !paused && !(flags & ONFFMF.OWN)) abbreviate(watch, own.xid);
      else watch.updates.push(update(what, flow, flags, reason));
      this.schedule();
    }
  }

  /** What happens without a request is sent at the end of the turn. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Forgets what a request has caused: it was undone. */
  drop(): void {
    for (const watch of this.watches.values()) {
      watch.updates = [];
      watch.abbreviated.clear();
    }
  }

  /** Sends what is gathered. */
  flush(): void {
    this.scheduled = false;
    for (const [peer, watch] of this.watches) {
      if (watch.updates.length === 0) continue;
      const { updates } = watch;
      watch.updates = [];
      watch.abbreviated.clear();
      for (const part of encodeRows('flow_monitor', 0, updates)) peer.connection.sendUnasked(part);
      if (watch.paused === null && peer.connection.queuedBytes > PAUSE_MONITORS_BYTES) {
        watch.paused = this.pipeline.flowChanges;
        peer.connection.sendUnasked(encode({ type: 'onf_flow_monitor_paused', xid: 0 }));
      }
    }
  }

  /** A controller has read all: what it missed is told. */
  drained(peer: Peer): void {
    const watch = this.watches.get(peer);
    if (!watch || watch.paused === null || peer.connection.queuedBytes > 0) return;
    const since = watch.paused;
    watch.paused = null;
    const missed = this.missed(watch, since);
    for (const part of encodeRows('flow_monitor', 0, missed)) peer.connection.send(part);
    peer.connection.send(encode({ type: 'onf_flow_monitor_resumed', xid: 0 }));
  }

  /** Flows that were added or modified since. */
  private *missed({ monitors }: Watch, since: number): Generator<FlowUpdate> {
    for (const flow of this.pipeline.flowsSince(since)) {
      const what = flow.serial > since ? 'added' : 'modified';
      let flags = 0;
      for (const monitor of monitors.values()) {
        if (monitor.flags & FLAG_OF[what] && wants(monitor, flow, null)) flags |= monitor.flags;
      }
      if (flags !== 0) yield update(what, flow, flags);
    }
  }
}

/** Does a monitor's table, port and match mean the flow, as it is or was before? */
function wants({ tableId, outPort, match }: FlowMonitorRequest, flow: FlowView, before: Instructions | null): boolean {
  if (tableId !== ALL_TABLES && tableId !== flow.tableId) return false;
  if (outPort !== OFPP.ANY && !namesPort(flow.instructions, outPort) && !(before && namesPort(before, outPort))) {
    return false;
  }
  return flow.match.isWithin(match);
}

function abbreviate(watch: Watch, xid: number): void {
  if (watch.abbreviated.has(xid)) return;
  watch.abbreviated.add(xid);
  watch.updates.push({ event: 'abbrev', xid });
}

function update(
  event: FullFlowUpdate['event'],
  { priority, idleTimeout_s, hardTimeout_s, tableId, cookie, match, instructions }: FlowView,
  flags: number,
  reason: FullFlowUpdate['reason'] = 0,
): FullFlowUpdate {
  const shown = flags & ONFFMF.ACTIONS ? instructions : {};
  return { event, reason, priority, idleTimeout_s, hardTimeout_s, tableId, cookie, match, instructions: shown };
}
