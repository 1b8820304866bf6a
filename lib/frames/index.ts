/** Frames made by name: out of match texts, by builders a protocol, and as answers to others. */

export { type Arp, arp, type Icmp, type Ip, icmp, type Link, type Tcp, tcp, type Udp, udp } from './builders.js';
export { type Addresses, apply, compose, exact } from './compose.js';
export { Frame, NAMES, NUMBERS } from './frame.js';
export { mirrored, SWAPPED } from './mirror.js';
export { type Amounts, frame, type ReplyOptions, reply } from './texts.js';
