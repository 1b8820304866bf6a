/** A switch on real ports. */
import { type Command, Option } from 'commander';
import { ruleOption, timeoutsOption, zoneOption } from '../conntrack-options.js';
import { keepYoungGenerationSmall } from '../heap.js';
import { datapathId, name, several, topoOption, whole, withCommonOptions } from '../switch-options.js';
import type { Ended } from './command.js';

const RUN_HELP = `
A port is [N=|LOCAL=]SPEC, and a SPEC one of
  pcap:IFACE                      a live interface (rights to capture)
  pcap+lib:IFACE                  the same through npm's pcap in any case
  tap:NAME                        an interface of its own (Linux, rights)
  file:IN.pcap[,OUT.pcap][,paced] a capture that is played in, one written
  host:NAME,MAC,IP[,IP6]          a small virtual host inside the process
  memory[:NAME]                   a port that nothing is behind
  vxlan:REMOTE[:PORT][,OPTION…]   a tunnel over UDP, also geneve:…; options are
                                  local=ADDRESS (loopback unless told),
                                  key=N|flow, in_key, out_key, ttl, exts=gbp;
                                  REMOTE and local may be flow: tun_dst, tun_src

A rule of --ct-rule is
  [zone=N,][proto=NAME,][src=,dst=,sport=,dport=,mark=N/MASK,]
and timeouts=NAME or notrack.

A configuration file has the options by name, lists of repeatable ones, and
KEY: VALUE for KEY=VALUE:
  controller: tcp:127.0.0.1:6653
  port: {1: pcap:eth1, 2: pcap:eth2}
  ctl: false                              as --no-ctl

Examples:
  ctswitch run --port 1=pcap:veth1 --port 2=pcap:veth2 \\
    --controller tcp:127.0.0.1:6653
  ctswitch run --port LOCAL=tap:br0 --port 1=pcap:eth1 --flows firewall.flows
  ctswitch run --json --listen ptcp:0 --port 1=file:in.pcap,out.pcap
  ctswitch run --topo ring,4 --listen ptcp:6654      s1 at 6654, s2 at 6655, …
SIGINT and SIGTERM end it and remove taps and sockets; a second one ends it at
once.
`;

/** Adds the command. */
export function runCommand(program: Command, ended: Ended): void {
  const run = program
    .command('run')
    .description('a switch on real ports')
    .option(
      '--config <FILE>',
      'options from a YAML file, by their long names; those of the command line come behind it',
    )
    .addOption(new Option('--name <NAME>', "the switch's name").argParser(name).default('s1'))
    .addOption(
      new Option('--dpid <HEX>', 'datapath id: up to 16 hexadecimal digits').argParser(datapathId).default(1n, '1'),
    )
    .addOption(topoOption().conflicts(['port', 'dpid', 'name']))
    .option('--port <[N=]SPEC>', 'add a port, under a number or LOCAL; repeatable', several(String))
    .option('--flows <FILE>', "flows to begin with, in ovs-ofctl's syntax")
    .addOption(
      new Option(
        '--fail-mode <MODE>',
        'without a controller: drop what no flow matches, or switch it (default: standalone, secure with a controller)',
      ).choices(['secure', 'standalone']),
    )
    .addOption(
      new Option('--profile <PROFILE>', "how much of Open vSwitch's own fields controllers see")
        .choices(['ovs', 'minimal', 'full'])
        .default('ovs'),
    )
    .option('--record <FILE.pcap>', 'write what is said with controllers to a capture that tshark reads')
    .option('--min-frame <BYTES>', 'pad frames that processing made shorter than this; 0 never', whole(0, 1514), 0)
    .addOption(
      new Option(
        '--nat-exhausted <WHAT>',
        'a packet for whose translation nothing is free goes on untranslated, or is dropped',
      )
        .choices(['continue', 'drop'])
        .default('continue'),
    )
    .option(
      '--ct-timeouts <NAME:T=S,…>',
      'timeouts of tracked connections, by name; repeatable',
      several(timeoutsOption),
    )
    .option('--ct-zone <ZONE=NAME>', 'the timeouts of a zone; repeatable', several(zoneOption))
    .option(
      '--ct-rule <RULE>',
      'connections with timeouts of their own, or not tracked; repeatable',
      several(ruleOption),
    )
    .option('--until-eof', 'end when standard input does, so as never to outlive the program at its other end')
    .option('--conntrack-events', 'tell of tracked connections: new, updated and destroyed ones')
    .addHelpText('after', RUN_HELP)
    .action(async (options) => {
      keepYoungGenerationSmall();
      ended(await (await import('../run.js')).run(options));
    });
  withCommonOptions(run);
}
