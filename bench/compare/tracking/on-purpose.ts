/**
 * Where connection tracking answers otherwise than Open vSwitch 3.1's userspace datapath, and means to; beside
 * ../on-purpose.ts, for the cases of `--ct`.
 */
import type { OnPurpose } from '../on-purpose.js';

export const TRACKED_ON_PURPOSE: readonly OnPurpose[] = [
  {
    where: 'nat without arguments in a commit on a new connection',
    ovs: 'a reply tuple of zeros is stored',
    own: 'a commit without NAT',
    why: 'ovs-actions(7): nat without arguments translates what is translated already',
    kept: 'commits have nat(src=…) or nat(dst=…)',
  },
  {
    where: 'a commit whose reply tuple a translated connection has',
    ovs: 'both are stored, and answers find one of them',
    own: 'not stored, and counted (tuple_taken)',
    why: 'ovs-actions(7): NAT keeps tuples unique',
    kept: 'in a zone that translates every commit does',
  },
  {
    where: 'ICMP ids that collide behind NAT',
    ovs: 'counted as exhaustion; later versions change the id',
    own: 'the id changes',
    why: 'RFC 5508 §3.1',
    kept: 'each query has an id of its own',
  },
  {
    where: 'an invalid packet of a translated connection',
    ovs: 'inv|trk|snat or inv|trk|dnat',
    own: 'inv|trk',
    why: 'ovs-fields(7): inv comes with trk alone',
    kept: 'segments of cases with NAT are in order, and +snat and +dnat are matched with -inv',
  },
  {
    where: 'an invalid packet, tracked again in its zone with headers that were changed meanwhile',
    ovs: 'est|inv|trk where they are now those of a stored connection',
    own: 'inv|trk',
    why: 'ovs-fields(7): inv comes with trk alone; ct_clear lets it be looked at anew',
    kept: 'left in',
  },
  {
    where: 'force against a translated connection',
    ovs: 'its reply direction is not seen as one, so it stays',
    own: 'it ends, and a new one begins',
    why: 'ovs-actions(7), force',
    kept: 'cases have force or NAT',
  },
  {
    where: "ct again behind a fork whose copy's force ended the connection",
    ovs: 'the connection that is gone is used',
    own: 'what is stored now is looked up',
    why: 'it is gone',
    kept: 'flows of cases with force have one action',
  },
  {
    where: 'a SYN on a translated connection that both sides have closed, or a commit of one that has expired',
    ovs: 'the old port counts as taken until a sweep, so another is chosen, or none is free',
    own: 'the port is free at once',
    why: 'the connection is gone for every lookup',
    kept: 'TCP of cases with NAT is not reset and does not begin again',
  },
  {
    where: 'an ICMPv6 error about a translated connection',
    ovs: "the quoted packet's addresses are damaged and the checksum is wrong",
    own: 'both are right',
    why: 'RFC 4443 §2.3',
    kept: 'no errors beside NAT of IPv6',
  },
  {
    where: "the peer's first TCP segment, refused",
    ovs: 'opens its side all the same',
    own: 'nothing changes',
    why: 'what is invalid has no say in a connection',
    kept: 'odd segments come only when both sides have spoken',
  },
  {
    where: 'addresses or ports set between two ct in one zone',
    ovs: 'state bits of the first stay set (rpl)',
    own: 'the state of the tuple as it is then',
    why: 'ovs-fields(7): rpl is a property of the packet in its connection',
    kept: 'not beside NAT; else left in',
  },
  {
    where: 'ct twice with different NAT in one zone',
    ovs: 'which one holds depends on what was freed meanwhile',
    own: 'the first',
    why: 'ovs-actions(7): a stored connection gets no further NAT',
    kept: 'a zone always translates alike, and commits in one table',
  },
  {
    where: 'pieces of a datagram behind ct, later ones',
    ovs: 'ct_tp_src and ct_tp_dst are zero',
    own: 'the whole tuple of the datagram',
    why: "ovs-fields(7): the tuple is the connection's",
    kept: 'no packet-ins in cases with fragments',
  },
  {
    where: 'pieces of a datagram and several outputs to one port',
    ovs: 'action by action: all pieces by the first output, then all by the second',
    own: 'piece by piece',
    why: 'each piece is a packet of its own',
    kept: 'frames that a piece caused are compared without their order at a port',
  },
  {
    where: 'an address set in a later piece of a datagram, without ct',
    ovs: "data is taken for the UDP header's checksum and changed",
    own: 'the data stays',
    why: 'RFC 791 §3.2: the L4 header is in the first piece',
    kept: 'no address set in cases with fragments',
  },
];
