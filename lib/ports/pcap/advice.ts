/** What to do about each reason why an interface can't be opened. IFACE stands for its name. */
import type { Failure } from './pipe.js';

export const ADVICE: Readonly<Record<Failure, string>> = {
  missing:
    "npm's pcap is missing or does not load: on Linux, run npm install koffi, which does without it; elsewhere install " +
    'libpcap, g++, make and python3, then run npm install pcap; all other kinds of port work without both',
  rights: 'no right to capture: run it as root, or give node the right with setcap cap_net_raw,cap_net_admin=eip',
  down: 'the interface is off: switch it on with ip link set IFACE up',
  other: 'the interface cannot be opened',
};
