/** Why a verdict came out as it did: a number on the packet path, words for people. */

/**
 * One reason a packet. The first group belongs to inv, the second to new, the third to packets of stored connections.
 */
export const why = {
  none: 0,
  not_ip: 1,
  truncated: 2,
  ip_checksum: 3,
  fragment: 4,
  l4_checksum: 5,
  l4_length: 6,
  port_zero: 7,
  icmp_type: 8,
  icmp_quote: 9,
  unrelated_error: 10,
  answer_without_query: 11,
  tcp_flags: 12,
  syn_ack_begins: 13,
  tcp_window: 14,
  stays_invalid: 15,

  no_connection: 20,
  committed: 21,
  limit: 22,
  zone_limit: 23,
  begins_again: 24,
  forced: 25,
  nat_exhausted: 26,
  tuple_taken: 27,

  found: 30,
  found_before: 31,
  related_error: 32,
  tcp_loose: 33,
} as const;

/** What each reason says. */
export const WHY_TEXT: Readonly<Record<number, string>> = {
  [why.none]: 'not tracked',
  [why.not_ip]: 'not IPv4 or IPv6',
  [why.truncated]: 'the headers or the datagram are cut off',
  [why.ip_checksum]: 'the IP checksum is wrong',
  [why.fragment]: 'a fragment',
  [why.l4_checksum]: 'the L4 checksum is wrong',
  [why.l4_length]: 'a length in the L4 header contradicts the datagram',
  [why.port_zero]: 'port 0',
  [why.icmp_type]: 'an ICMP message that belongs to no query and is no error',
  [why.icmp_quote]: 'an ICMP error whose quoted packet is malformed, or was not sent by the receiver of the error',
  [why.unrelated_error]: 'an ICMP error about a packet of no stored connection',
  [why.answer_without_query]: 'an ICMP answer to no stored query',
  [why.tcp_flags]: 'TCP flags that no segment may have',
  [why.syn_ack_begins]: 'SYN+ACK begins no connection',
  [why.tcp_window]: 'outside the TCP window',
  [why.stays_invalid]: 'was invalid before; ct_clear would forget that',
  [why.no_connection]: 'no stored connection has this tuple',
  [why.committed]: 'committed',
  [why.limit]: 'the table is full',
  [why.zone_limit]: "the zone's limit is reached",
  [why.begins_again]: 'a SYN after both sides had closed: the old connection ended',
  [why.forced]: 'force ended the stored connection of the other direction',
  [why.nat_exhausted]: 'no address and port that it could be translated to is free',
  [why.tuple_taken]: 'its replies would look like those of another connection',
  [why.found]: 'belongs to a stored connection',
  [why.found_before]: 'its connection was found before in this zone',
  [why.related_error]: 'an ICMP error about a stored connection',
  [why.tcp_loose]: 'near the TCP window of a connection that is opening or closing',
};
