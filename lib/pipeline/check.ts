/**
 * Checks instructions against the flow they belong to, before anything changes: what every action says it needs, in
 * order.
 */
import { OpenFlowError } from '../bytes/index.js';
import {
  type Action,
  besideConjunction,
  type Check,
  type Instructions,
  kindOf,
  LAST_PORT,
  Match,
  meets,
  OFPM,
  OFPP,
  type Prerequisite,
} from '../nxm/index.js';
import { Key, slots } from '../packet/key.js';
import { isMember } from './action-set.js';

/** Flow tables 0–253; OFPTT_MAX is 0xfe. */
export const TABLES = 254;

/** What flows may name. */
export interface Named {
  hasGroup(group: number): boolean;
  hasMeter(meter: number): boolean;
}

/** Whatever flows name may be there by the time that they are made. */
export const ANYTHING: Named = { hasGroup: () => true, hasMeter: () => true };

/** Keys of the check under way: they are more to make than to clear, and no check begins while another one runs. */
const value = new Key();
const mask = new Key();

class FlowCheck implements Check {
  readonly value = value;
  readonly mask = mask;

  constructor(
    private readonly named: Named,
    private readonly match: Match | null,
    readonly tableId: number,
    public inside: Check['inside'],
  ) {
    (match ?? Match.all).expand(value, mask);
  }

  require(needs: Prerequisite, what: string): void {
    // Packet-outs and buckets have no match that could make sure of it, ct inside them neither.
    if (this.match === null || meets(needs, this.value, this.mask)) return;
    throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT', `${what} needs a flow that matches ${needs}`);
  }

  port(port: number, what: string): void {
    const special = port >= OFPP.IN_PORT && port !== OFPP.ANY;
    if (port === 0 || (port > LAST_PORT && !special)) {
      throw new OpenFlowError('OFPBAC_BAD_OUT_PORT', `${what} to port 0x${port.toString(16)}`);
    }
    if (port === OFPP.TABLE && this.inside !== 'packet-out') {
      throw new OpenFlowError('OFPBAC_BAD_OUT_PORT', 'output to TABLE outside a packet-out');
    }
  }

  group(group: number): void {
    if (!this.named.hasGroup(group)) throw new OpenFlowError('OFPBAC_BAD_OUT_GROUP', `there is no group ${group}`);
  }

  nested(actions: readonly Action[], inside: Check['inside']): void {
    const before = this.inside;
    this.inside = inside;
    this.all(actions);
    this.inside = before;
  }

  all(actions: readonly Action[]): void {
    for (const action of actions) {
      if (this.inside === 'write' && action.type !== 'unknown' && !isMember(action)) {
        throw new OpenFlowError('OFPBAC_BAD_TYPE', `${action.type} in an action set`);
      }
      kindOf(action).check(action, this);
    }
  }
}

/** Where a match can name a port. */
const PORT_SLOTS = [slots.in_port, slots.in_phy_port, slots.actset_output];

/** A port of the flow's match is one that ports can have: tools couldn't read the flow otherwise. */
function checkMatchedPort(port: number): void {
  if (port > LAST_PORT && port < OFPP.MAX) {
    throw new OpenFlowError('OFPBMC_BAD_VALUE', `no port has the number 0x${port.toString(16)}`);
  }
}

const IN_PORT_WORD = slots.in_port.at >> 2;
const port = new Key();

/**
 * What of a flow's check depends on a value that may differ between flows of one form (match-form.ts): its in_port,
 * which is never masked.
 */
export function checkInPort({ shape, values }: Match): void {
  const at = shape.words.indexOf(IN_PORT_WORD);
  if (at < 0) return;
  port.words[IN_PORT_WORD] = values[at];
  checkMatchedPort(port.get(slots.in_port));
}

const RECIRC_ID_WORD = slots.recirc_id.at >> 2;
const DP_HASH_WORD = slots.dp_hash.at >> 2;

/**
 * recirc_id and dp_hash are the datapath's own: a flow that is added or modified may say of them that a packet hasn't
 * recirculated, and nothing else. Throws OpenFlowError (EPERM, as in Open vSwitch).
 */
export function checkHidden({ shape, values }: Match): void {
  const at = shape.words.indexOf(RECIRC_ID_WORD);
  if (at >= 0 && values[at] !== 0) {
    throw new OpenFlowError('OFPBRC_EPERM', "flows match no recirc_id but 0: the others are the datapath's own");
  }
  if (shape.words.includes(DP_HASH_WORD)) {
    throw new OpenFlowError('OFPBRC_EPERM', "flows match no dp_hash: it is the datapath's own");
  }
}

/** Flows with conjunction stand for alternatives, and do nothing themselves. */
function checkConjunctions(i: Instructions): void {
  const beside = besideConjunction(i);
  if (beside !== null) throw new OpenFlowError('NXBAC_BAD_CONJUNCTION', `${beside} beside conjunction`);
}

/** Throws OpenFlowError unless the switch can do what a flow of this table and match asks for. */
export function checkInstructions(i: Instructions, match: Match, tableId: number, named: Named): void {
  // The virtual meters are not for flows.
  if (i.meter !== undefined && (i.meter > OFPM.MAX || !named.hasMeter(i.meter))) {
    throw new OpenFlowError('OFPMMFC_INVALID_METER', `there is no meter ${i.meter}`);
  }
  checkConjunctions(i);
  const check = new FlowCheck(named, match, tableId, 'apply');
  for (const slot of PORT_SLOTS) if (mask.get(slot) !== 0) checkMatchedPort(value.get(slot));
  if (i.apply) check.all(i.apply);
  if (i.write) check.nested(i.write, 'write');
  if (i.goto !== undefined && (i.goto <= tableId || i.goto >= TABLES)) {
    throw new OpenFlowError('OFPBIC_BAD_TABLE_ID', `goto_table ${i.goto} from table ${tableId}`);
  }
}

/** The same for a packet-out's actions. */
export function checkPacketOut(actions: readonly Action[], named: Named): void {
  checkConjunctions({ apply: actions });
  new FlowCheck(named, null, 0xff, 'packet-out').all(actions);
}

/** The same for the actions of a group's bucket: nothing is known of its packets. */
export function checkBucket(actions: readonly Action[], named: Named): void {
  checkConjunctions({ apply: actions });
  new FlowCheck(named, null, 0xff, 'bucket').all(actions);
}
