/**
 * The flows that a switch has, as far as messages tell: so that a packet-in can be shown with the flow behind it.
 * Timeouts, and what other controllers change, is not known; what the switch says it removed is.
 */
import { ALL_TABLES, type FlowMod, type Match } from '../nxm/index.js';
import { formatFlowLine, formatMatch } from '../text/index.js';

/** Flows that are remembered, the oldest forgotten first. */
export const MAX_FLOWS = 10_000;

type Identity = Pick<FlowMod, 'tableId' | 'priority' | 'match'>;

export class FlowBook {
  private readonly flows = new Map<string, FlowMod>();

  /** Takes note of a flow-mod. */
  apply(change: FlowMod): void {
    const deletes = change.command.startsWith('delete');
    if (deletes) this.delete(change);
    else if (change.command === 'add') this.add(change);
    else for (const flow of this.meant(change)) this.add({ ...flow, instructions: change.instructions });
  }

  /** The switch removed a flow by itself. */
  removed(flow: { readonly tableId: number; readonly priority: number; readonly match: Match }): void {
    this.flows.delete(identity(flow));
  }

  /** The flow that a packet-in names by table and cookie, as a line; null where none is known, or several are. */
  behind(tableId: number, cookie: bigint): string | null {
    const found = [...this.flows.values()].filter((flow) => flow.tableId === tableId && flow.cookie === cookie);
    return found.length === 1 ? formatFlowLine(found[0]) : null;
  }

  private add(flow: FlowMod): void {
    const key = identity(flow);
    this.flows.delete(key);
    this.flows.set(key, { ...flow, command: 'add' });
    if (this.flows.size <= MAX_FLOWS) return;
    const [oldest] = this.flows.keys();
    this.flows.delete(oldest);
  }

  private delete(change: FlowMod): void {
    for (const flow of this.meant(change)) this.flows.delete(identity(flow));
  }

  /** The flows that a modify or delete is about: all that its match contains, or the very one (OpenFlow 1.3.5 §6.4). */
  private meant(change: FlowMod): FlowMod[] {
    const strict = change.command.endsWith('strict');
    return [...this.flows.values()].filter((flow) => {
      if (change.tableId !== ALL_TABLES && flow.tableId !== change.tableId) return false;
      if ((flow.cookie & change.cookieMask) !== (change.cookie & change.cookieMask)) return false;
      return strict
        ? identity({ ...change, tableId: flow.tableId }) === identity(flow)
        : contains(change.match, flow.match);
    });
  }
}

function identity({ tableId, priority, match }: Identity): string {
  return `${tableId} ${priority} ${formatMatch(match)}`;
}

/** Does every packet that `inner` matches match `outer`, too? */
function contains(outer: Match, inner: Match): boolean {
  const values = new Map(inner.fields().map((value) => [value.field, value]));
  return outer.fields().every(({ field, value, mask }) => {
    const other = values.get(field);
    if (other === undefined) return false;
    return value.every((byte, i) => {
      const bits = mask?.[i] ?? 0xff;
      return (bits & (other.mask?.[i] ?? 0xff)) === bits && (other.value[i] & bits) === byte;
    });
  });
}
