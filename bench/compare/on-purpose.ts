/**
 * Where the switch answers otherwise than Open vSwitch 3.1, and means to: each with the reason. The generator keeps out of them;
 * where it could not, the difference would show up as a fault.
 */
export interface OnPurpose {
  /** What a case would have to do to show it. */
  readonly where: string;
  readonly ovs: string;
  readonly own: string;
  readonly why: string;
  /** How the generator keeps out of it. */
  readonly kept: string;
}

export const ON_PURPOSE: readonly OnPurpose[] = [
  {
    where: 'push_vlan on a tagged packet',
    ovs: 'the new tag is empty',
    own: 'the new tag has the VLAN id and priority of the one below',
    why: 'OpenFlow 1.3.5 §5.12',
    kept: 'push_vlan where no tag is, or where the flow has pushed the one below; then it sets id and priority itself',
  },
  {
    where: 'a frame with three tags or more',
    ovs: 'with vlan-limit=2 the third tag is an EtherType (with the default of 1 the second)',
    own: 'up to eight tags are stepped over',
    why: 'OpenFlow 1.3.5 §7.2.3.7: the EtherType is the one behind all tags',
    kept: 'vlan-limit=2 and frames with two tags at most',
  },
  {
    where: 'push_mpls in front of something else than a label',
    ovs: 'the traffic class comes from IP, the label is an explicit null, and the TTL 64 where there is none',
    own: 'label and traffic class are zero; the TTL is that of IP, or zero',
    why: 'OpenFlow 1.3.5 §5.12, table 6',
    kept: 'the flow sets label, traffic class and TTL of what it pushes',
  },
  {
    where: 'more than three labels, or labels that are pushed and taken away again',
    ovs: 'holds three; forgets the EtherType behind those that it has pushed itself',
    own: 'any depth; the EtherType is the one that pop_mpls names',
    why: 'OpenFlow 1.3.5 §7.2.5',
    kept: 'frames with two labels at most; a case pushes or pops, and pushes in the last table',
  },
  {
    where: 'a TTL of IP that ends (dec_ttl) behind a label that was taken away',
    ovs: 'all tables end there',
    own: 'as everywhere: that action list ends',
    why: 'OpenFlow 1.3.5 §5.12: the packet is checked where its TTL is changed',
    kept: 'no dec_ttl beside pop_mpls',
  },
  {
    where: 'a field of a label set in one packet after another',
    ovs: 'its cached flow writes the whole label of the first packet into those that follow',
    own: 'the field alone is written',
    why: 'OpenFlow 1.3.5 §7.2.5: OFPAT_SET_FIELD changes one field',
    kept: 'cases with labels are translated for every packet',
  },
  {
    where: 'a label or an IPv6 header that is cut off',
    ovs: 'fields are written as if the header were whole, in frames that grow',
    own: 'the frame stays as it is',
    why: 'a header that is not whole has no fields',
    kept: 'labels are whole',
  },
  {
    where: 'push_mpls on a frame whose EtherType stands behind LLC and SNAP',
    ovs: 'the label stands between SNAP and packet, its type in place of the length',
    own: "SNAP's type is that of the label, and the length grows",
    why: 'OpenFlow 1.3.5 §5.12; IEEE 802.3 §3.2.6',
    kept: 'no SNAP where labels are pushed',
  },
  {
    where: 'CONTROLLER in the action set, or in a group there, behind a label that was taken away',
    ovs: 'the packet-in has no cookie',
    own: 'the cookie is that of the flow that was looked up',
    why: 'OpenFlow 1.3.5 §7.4.1',
    kept: 'no CONTROLLER in action sets and groups beside pop_mpls',
  },
  {
    where: "a flow's bytes behind a label that was taken away",
    ovs: 'those of the packet without the label',
    own: 'those of the packet as it was received',
    why: 'OpenFlow 1.3.5 §5.8: received bytes',
    kept: 'no counters beside pop_mpls',
  },
  {
    where: 'pop_vlan twice where the match says that there is a tag',
    ovs: 'refused: the second tag is not known of',
    own: 'accepted',
    why: 'OpenFlow 1.3.5 §5.12: the outermost tag is popped, and there may be another',
    kept: 'one pop_vlan in a list of actions, or as many as the flow has pushed',
  },
  {
    where: 'ct in circles (resubmit back to where it is)',
    ovs: 'ends after six times',
    own: 'ends after eight times',
    why: 'OpenFlow 1.3.5 §5.1: tables go forward; the bound of an extension is each own',
    kept: 'resubmit goes forward beside ct',
  },
  {
    where: 'a packet right behind one that NORMAL learned from',
    ovs: 'its cached flow floods until a revalidator has come by',
    own: 'goes to the port that was learned',
    why: 'IEEE 802.1Q §8.7, and each packet meets the state that those before it left',
    kept: 'every packet is translated anew in Open vSwitch',
  },
  {
    where: 'check_overlap where the very same flow is there',
    ovs: 'it is replaced',
    own: 'OVERLAP',
    why: 'OpenFlow 1.3.5 §6.4: the check comes before an identical flow is looked for',
    kept: 'no check_overlap',
  },
  {
    where: 'NORMAL with a priority tag (VLAN id 0)',
    ovs: 'the tag goes',
    own: 'the tag stays',
    why: 'IEEE 802.1Q: priority is kept where nothing says otherwise',
    kept: 'no VLAN id 0 beside NORMAL',
  },
  {
    where: 'controller(max_len=N) with N below the frame',
    ovs: 'the packet-in has the whole frame',
    own: 'the packet-in has N bytes',
    why: 'OpenFlow 1.3.5 §7.2.4.1, and ovs-actions(7) too',
    kept: 'max_len of 2000 and more',
  },
  {
    where: 'IPv4 with protocol 0',
    ovs: 'no field of it can be changed: protocol 0 stands for a header that is not whole',
    own: 'its fields can be changed',
    why: 'the header is whole',
    kept: 'no such frames',
  },
  {
    where: 'an address changed in a later fragment',
    ovs: 'bytes of the data are changed as if a TCP or UDP checksum stood there',
    own: 'the data is left alone',
    why: 'a later fragment has no L4 header',
    kept: 'later fragments with less data than a header has',
  },
  {
    where: 'an IPv6 address changed in a packet with a fragment header that says "whole"',
    ovs: 'the L4 checksum stays, and is wrong from then on',
    own: 'the L4 checksum is right',
    why: 'RFC 6946: an atomic fragment is a whole packet',
    kept: 'no such frames',
  },
  {
    where: 'the source changed in a packet whose IPv6 routing header has segments left',
    ovs: 'the L4 checksum stays, and is wrong from then on',
    own: 'the L4 checksum is right',
    why: 'RFC 8200 §8.1: only the destination is another one at the end',
    kept: 'routing headers without segments left',
  },
  {
    where: 'arp_op above 255, and fields of RARP set',
    ovs: 'the high byte of arp_op is lost, and it is written even into what is no ARP; RARP is never changed',
    own: 'arp_op has 16 bits; RARP has the fields that its prerequisites say',
    why: 'OpenFlow 1.3.5 §7.2.3.7',
    kept: 'small operations by set_field, no RARP',
  },
  {
    where: 'a field in a flow text whose prerequisite the match lacks',
    ovs: 'ovs-ofctl leaves the field out, with a warning',
    own: 'a mistake in the text, with its place',
    why: 'a flow that matches more than was written is not what was meant',
    kept: 'matches have what their fields need',
  },
  {
    where: 'output to TABLE or to port 0 in a flow',
    ovs: 'accepted',
    own: 'BAD_OUT_PORT',
    why: 'OpenFlow 1.3.5 §7.2.1: TABLE is valid in packet-outs alone; ports begin at 1',
    kept: 'neither is generated',
  },
  {
    where: 'a part of vlan_tci loaded, then a field of the tag set',
    ovs: 'refused: the check takes the part for the whole and the tag for gone',
    own: 'accepted',
    why: 'the tag is there',
    kept: 'nothing of the tag behind a change of vlan_tci',
  },
  {
    where: 'exit beside a non-empty action set',
    ovs: 'the action set is forgotten',
    own: 'the action set runs',
    why: 'ovs-actions(7), exit: actions in the action set are still executed',
    kept: 'cases have exit or the action set',
  },
  {
    where: 'check_pkt_larger in front of a table, or of a flow with a timeout',
    ovs: 'flows count every packet, whichever way it goes',
    own: 'flows count the packets that they see',
    why: "OpenFlow 1.3.5 §5.8: counters are those of the flow's packets",
    kept: 'no counters and no timeouts beside check_pkt_larger',
  },
  {
    where: 'check_pkt_larger in a table that a resubmit led to, or with an action set',
    ovs: 'the caller goes on with the packet as it was, and without the bit; the action set runs twice',
    own: 'the caller goes on with what became of the packet; the action set runs once',
    why: 'ovs-actions(7), resubmit: changes persist; OpenFlow 1.3.5 §5.10',
    kept: 'check_pkt_larger in table 0 alone, and without an action set',
  },
  {
    where: "check_pkt_larger into a bit of a header's field",
    ovs: 'the field is changed in its own eyes, and not always in the frame',
    own: 'the field is changed',
    why: 'ovs-actions(7): any field that can be written',
    kept: 'bits of registers',
  },
  {
    where: 'output(port=P,max_len=N) behind a tag that was just pushed or popped',
    ovs: 'bytes are counted as if the tag were not pushed or popped yet',
    own: 'N bytes are sent',
    why: 'ovs-actions(7), output: truncated to max_len bytes',
    kept: 'an output comes before',
  },
  {
    where: 'output(port=IN_PORT,max_len=N)',
    ovs: 'nothing is sent',
    own: 'the frame goes back, cut off',
    why: 'ovs-actions(7), output: in_port is one of the ports that it takes',
    kept: 'ports by their numbers',
  },
  {
    where: 'debug_recirc and debug_slow',
    ovs: 'refused, unless it was started for tests',
    own: 'taken: the packet is read anew, or nothing happens',
    why: 'a controller that tests may ask for it',
    kept: 'neither is generated',
  },
  {
    where: 'ct beside a non-empty action set',
    ovs: 'the daemon aborts',
    own: 'both the copy and the packet run the set',
    why: 'ovs-actions(7)',
    kept: 'cases have ct or the action set',
  },
  {
    where: 'ct(commit,exec(…)) on a TCP segment that is invalid in a connection that is known',
    ovs: 'mark and label of the connection are set',
    own: 'nothing is set',
    why: 'a segment that is none of the connection has no say in it',
    kept: 'segments of cases with exec are in order',
  },
  {
    where: 'SCTP and small fragments through ct',
    ovs: 'SCTP is keyed by addresses alone; a first fragment below the minimum is invalid',
    own: 'SCTP by ports; no minimum unless set',
    why: 'RFC 9260; the minimum is a setting',
    kept: 'neither beside ct',
  },
  {
    where: 'a flow whose time is over to the millisecond',
    ovs: 'goes a millisecond later',
    own: 'goes',
    why: 'OpenFlow 1.3.5 §6.4 counts whole seconds',
    kept: 'the reference gets one millisecond more',
  },
  {
    where:
      'learn that matches on a field of fewer bits than its bytes have (nw_ecn, ip_dscp, vlan_pcp, fields of a label)',
    ovs: 'the learned flow has no such match: it fits more packets than were meant',
    own: 'the learned flow matches on it',
    why: 'ovs-actions(7), learn: "field=value" adds a match on the field',
    kept: 'no such fields in the matches of learned flows',
  },
];
