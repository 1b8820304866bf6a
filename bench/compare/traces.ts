/**
 * Random cases traced by ofproto/trace and by us: same tables, flows and outcome, pass by pass. Every packet is traced
 * in the state that the flows alone make, since ofproto/trace knows no connections; each ct action finds a new one in
 * both.
 */
import { fromHex, ManualClock } from '../../lib/bytes/index.js';
import { CS_NEW, CS_TRK } from '../../lib/ct/index.js';
import { ETH_TYPE, OFPP } from '../../lib/nxm/index.js';
import { extract, Key, Packet, slots } from '../../lib/packet/index.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { formatTrace } from '../../lib/trace/index.js';
import type { Case } from './generate.js';
import type { OpenVSwitch } from './ovs.js';
import { refusals } from './run.js';
import { readTrace, type TracedPass } from './trace-text.js';

/** LOCAL's number in the reference's datapath. */
const DATAPATH_LOCAL = 100;
/** More ct actions than any packet meets. */
const ALWAYS_NEW = new Array<number>(64).fill(CS_NEW | CS_TRK);

export interface TraceDifference {
  readonly port: number | string;
  readonly frame: string;
  readonly ovs: readonly TracedPass[];
  readonly own: readonly TracedPass[];
  /** Both texts. */
  readonly texts: readonly [ovs: string, own: string];
}

/** What of a case can be traced by both: no choice by a hash of the datapath's, no fragment, which is held. */
export function traceable(given: Case): Case {
  const packets = given.packets.filter((step) => Array.isArray(step) && !isHard(String(step[1])));
  // With a frame, ofproto/trace learns; what one packet taught would be there for the next. It doesn't recirculate
  // behind a branch, as we do; behind pop_mpls it always does, and we where something hidden is asked for.
  const groups = given.groups.map((group) => group.replace('type=select', 'type=all'));
  const plain = given.flows.filter((flow) => !/learn\(|check_pkt_larger|pop_mpls|encap\(|decap/.test(flow));
  const refused = refusals(plain, groups);
  const flows = plain.filter((_, i) => refused[i] === null);
  return { ...given, flows, groups, packets };
}

/** A fragment; a frame with several tags, of which our texts name the outer one alone; a header that is cut off,
 * which is never set. */
function isHard(frame: string): boolean {
  const key = new Key();
  extract(new Packet().attach(fromHex(frame)), key, 1);
  const type = key.get(slots.eth_type);
  if ((type === ETH_TYPE.IP || type === ETH_TYPE.IPV6) && key.get(slots.nw_proto) === 0) return true;
  if ((type === ETH_TYPE.ARP || type === ETH_TYPE.RARP) && key.get(slots.arp_op) === 0) return true;
  return key.get(slots.nw_frag) !== 0 || key.get(slots.inner_vlan_tci) !== 0;
}

/** Our switch with a case's flows, on ports like the reference's. Throws what is wrong with them. */
export function switchOf({ flows, groups }: Case): Switch {
  const sw = new Switch({ clock: new ManualClock() });
  for (const number of [1, 2, 3, 4]) sw.addPort(number, memory({ name: `p${number}` }));
  sw.addPort('LOCAL', memory({ name: 'br0' }));
  sw.groups.load(groups.join('\n'));
  sw.flows.load(flows.join('\n'));
  return sw;
}

export interface TraceResult {
  /** Packets that both traced. */
  readonly traced: number;
  readonly differences: readonly TraceDifference[];
}

/** Traces every packet of a case in both. A case that one of them doesn't take has none. */
export async function compareTraces(ovs: OpenVSwitch, given: Case): Promise<TraceResult> {
  const { load_error } = await ovs.run({ ...given, packets: [], dump: false });
  if (load_error !== undefined) return { traced: 0, differences: [] };
  const sw = switchOf(given);
  const differences: TraceDifference[] = [];
  let traced = 0;
  for (const step of given.packets) {
    if (!Array.isArray(step)) continue;
    const [port, frame] = step as readonly [number | string, string];
    // With a frame, ofproto/trace learns addresses.
    await ovs.appctl('fdb/flush');
    const theirs = (await ovs.appctl('ofproto/trace', 'br0', `in_port=${port}`, frame)).replaceAll(
      new RegExp(`(?<=[:, ]|clone\\()${DATAPATH_LOCAL}(?=[,)]|$)`, 'gm'),
      'LOCAL',
    );
    const number = port === 'LOCAL' ? OFPP.LOCAL : Number(port);
    const ours = formatTrace(sw.trace({ in_port: number, frame }, { ctNext: ALWAYS_NEW }));
    const [a, b] = [readTrace(theirs), readTrace(ours)];
    traced++;
    if (normal(a) !== normal(b)) differences.push({ port, frame, ovs: a, own: b, texts: [theirs, ours] });
  }
  await sw.close();
  return { traced, differences };
}

/** Passes in any order: one goes on in the middle of another here, and behind it there. */
function normal(passes: readonly TracedPass[]): string {
  return JSON.stringify(passes.map((pass) => JSON.stringify(pass)).sort());
}
