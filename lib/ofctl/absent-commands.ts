/** What ovs-ofctl(8) has and this doesn't, and why: for whoever types it, and for the page of commands. */

/** Commands, each with the reason. */
export const ABSENT_COMMANDS: Readonly<Record<string, string>> = {
  'dump-table-desc': 'needs OpenFlow 1.4',
  'insert-buckets': 'needs OpenFlow 1.5; mod-group takes all buckets of a group',
  'remove-buckets': 'needs OpenFlow 1.5; mod-group takes all buckets of a group',
  'dump-ipfix-bridge': 'asks for IPFIX, which is Open vSwitch alone',
  'dump-ipfix-flow': 'asks for IPFIX, which is Open vSwitch alone',
  snoop: 'needs a socket that Open vSwitch alone has; ctswitch inspect --proxy shows a session from between its ends',
  'ofp-parse': 'ctswitch replay reads captured sessions',
  'ofp-parse-pcap': 'ctswitch replay reads captured sessions',
};

/** Options, each with the reason. */
export const ABSENT_OPTIONS: readonly (readonly [options: string, why: string])[] = [
  ['-F, --flow-format', 'OpenFlow 1.3 has one format'],
  ['-P, --packet-in-format', "monitor shows OpenFlow's own packet-ins; ctswitch inspect shows Nicira's, too"],
  ['--timestamp', 'ctswitch inspect --write keeps times'],
  ['-m, --more', 'ctswitch inspect -v shows headers of packets, --json all of a message'],
  ['--read-only', 'which commands change something, their names say'],
  ['--color, -v, --log-file, …', 'what goes wrong is one line on standard error'],
  ['--detach, --pidfile, --unixctl, …', 'monitor stays in the foreground; ctswitch run is what goes on running'],
  ['--bootstrap-ca-cert, --peer-ca-cert', "the CA's certificate comes by a safe way: -C"],
  ['--ssl-protocols, --ssl-ciphers', 'TLS 1.2 and 1.3, with the ciphers that Node has on'],
];
