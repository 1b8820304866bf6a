/** Checks instructions against the flow they belong to, before anything changes: what every action says it needs, in order. */
import { OpenFlowError } from '../bytes/index.js';
import {
  type Action,
  type Check,
  type Instructions,
  kindOf,
  type Match,
  meets,
  OFPP,
  type Prerequisite,
} from '../nxm/index.js';
import { Key } from '../packet/key.js';

/** Flow tables 0–253; OFPTT_MAX is 0xfe. */
export const TABLES = 254;

class FlowCheck implements Check {
  readonly value = new Key();
  readonly mask = new Key();

  constructor(
    match: Match | null,
    readonly tableId: number,
    public inside: Check['inside'],
  ) {
    if (match) match.expand(this.value, this.mask);
  }

  require(needs: Prerequisite, what: string): void {
    if (this.inside === 'packet-out' || meets(needs, this.value, this.mask)) return;
    throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT', `${what} needs a flow that matches ${needs}`);
  }

  port(port: number, what: string): void {
    const special = port >= OFPP.IN_PORT && port !== OFPP.ANY;
    if (port === 0 || (port >= OFPP.MAX && !special)) {
      throw new OpenFlowError('OFPBAC_BAD_OUT_PORT', `${what} to port 0x${port.toString(16)}`);
    }
    if (port === OFPP.TABLE && this.inside !== 'packet-out') {
      throw new OpenFlowError('OFPBAC_BAD_OUT_PORT', 'output to TABLE outside a packet-out');
    }
  }

  nested(actions: readonly Action[], inside: Check['inside']): void {
    const before = this.inside;
    this.inside = inside;
    this.all(actions);
    this.inside = before;
  }

  all(actions: readonly Action[]): void {
    for (const action of actions) kindOf(action).check(action, this);
  }
}

/** Throws OpenFlowError unless the switch can do what a flow of this table and match asks for. */
export function checkInstructions(i: Instructions, match: Match, tableId: number): void {
  if (i.meter !== undefined) throw new OpenFlowError('OFPMMFC_INVALID_METER', `there is no meter ${i.meter}`);
  const check = new FlowCheck(match, tableId, 'apply');
  if (i.apply) check.all(i.apply);
  if (i.write) check.nested(i.write, 'write');
  if (i.goto !== undefined && (i.goto <= tableId || i.goto >= TABLES)) {
    throw new OpenFlowError('OFPBIC_BAD_TABLE_ID', `goto_table ${i.goto} from table ${tableId}`);
  }
}

/** The same for a packet-out's actions. */
export function checkPacketOut(actions: readonly Action[]): void {
  new FlowCheck(null, 0xff, 'packet-out').all(actions);
}
