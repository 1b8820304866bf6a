/**
 * What stands in a connection's record: 16 words, one cache line. IPv6 addresses, and what few connections have
 * (labels, reply tuples, parents), stand in pools beside it.
 */

/** IPv4: source address. IPv6: record of the address pool. */
export const SRC = 0;
/** IPv4: destination address. */
export const DST = 1;
/** As in a tuple. */
export const PORTS = 2;
/** zone << 16 | protocol << 8 | flags. */
export const WHAT = 3;
/** The epoch of the last change of mark or label, or of the beginning. */
export const EPOCH = 4;
/**
 * Low 24 bits: record of the side pool, or 0 (its record 0 is never used). Above: REPLIED, and seven bits of a timeout
 * rule.
 */
export const EXTRA = 5;
/** Words 6 and 7: expiry, a 64-bit number of milliseconds. */
export const EXPIRY_DOUBLE = 3;
export const MARK = 8;
/** A number that no other connection has had for 2^32 insertions. */
export const SERIAL = 9;
/** Words 10 to 15 belong to the protocol. */
export const STATE = 10;
export const STRIDE = 16;
/** What a connection keeps in another table: all but its addresses, ports and side record. */
export const KEPT_WORDS = [EPOCH, EXPIRY_DOUBLE * 2, EXPIRY_DOUBLE * 2 + 1, MARK, SERIAL, 10, 11, 12, 13, 14, 15];

// Flags in WHAT.
export const USED = 1;
export const IPV6 = 2;
/** The reply tuple isn't the inverted original one and stands in the side pool. */
export const OWN_REPLY = 4;
/** The source, or the destination, of the original direction is translated. */
export const SNAT = 8;
export const DNAT = 16;
/** Another connection announced it; its parent's original tuple stands in a pool of its own. */
export const RELATED = 32;
/** What is said in it is read for connections it announces. */
export const FTP = 64;
export const TFTP = 128;

// Parts of EXTRA.
export const EXTRA_MASK = 0xffffff;
/** A packet of the reply direction was seen. */
export const REPLIED = 1 << 24;
export const RULE_SHIFT = 25;

/** Connections that can be stored, since side records are numbered with 24 bits. */
export const MOST_CONNECTIONS = EXTRA_MASK;
