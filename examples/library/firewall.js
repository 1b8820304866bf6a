/** The firewall that the tests beside it check: hosts inside may begin, nobody outside may. */
import { ManualClock, memory, Switch } from 'ctswitch';

export const FLOWS = `
  table=0,priority=10,arp,actions=NORMAL
  table=0,priority=1,ip,actions=ct(table=1)
  table=1,in_port=1,ct_state=+trk+new,ip,actions=ct(commit),output:2
  table=1,in_port=1,ct_state=+trk+est,ip,actions=output:2
  table=1,in_port=2,ct_state=+trk+est,ip,actions=output:1`;

/** A switch with the firewall's flows, its two ports, and a clock that stands still until it is advanced. */
export function firewall() {
  const clock = new ManualClock();
  const sw = new Switch({ clock, seed: 7 });
  const inside = sw.addPort(1, memory({ name: 'inside' }));
  const outside = sw.addPort(2, memory({ name: 'outside' }));
  sw.flows.load(FLOWS);
  return { sw, clock, inside, outside };
}
