/**
 * Records what the built switch, or Open vSwitch, and real controllers say to each other, for specs to read:
 * fixtures/sessions/*.pcap. Run as root where os-ken, Open vSwitch's tools and tcpdump are: `npm run build && node
 * dist/bench/record-session.js [FOLDER]`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { address, CONTROLLER_PORT, eventually, Lab, type Running, SWITCH, SWITCH_PORT } from '../spec/live/lab.js';
import { type Ended, startOpenVSwitch } from './measure/ovs-in-lab.js';

const DIAL = `tcp:127.0.0.1:${CONTROLLER_PORT}`;
const folder = resolve(process.argv[2] ?? 'fixtures/sessions');

/** The UDP datagram that ovs-ofctl sends out, from host 1 to host 2: Ethernet, IPv4, ports 7 and 9, four bytes. */
const DATAGRAM = '02000000000202000000000108004500002000000000401166cb0a0000010a0000020007000900' + '0c0000deadbeef';

async function until(what: string, check: () => boolean): Promise<void> {
  await eventually(what, check, 20_000);
}

/** Captures a TCP port of the switch's namespace while `session` runs. */
async function captured(lab: Lab, file: string, port: number, session: () => Promise<void>): Promise<void> {
  const path = join(folder, file);
  const filter = ['tcp', 'port', String(port)];
  // Each frame that waits takes room for the longest; at once, so that nothing waits in the kernel when the session
  // ends.
  const how = ['--immediate-mode', '-B', '65536', '-i', 'lo', '-s', '0', '-U', '-Z', 'root', '-w', path];
  const tcpdump = lab.start('sw', ['tcpdump', ...how, ...filter]);
  await tcpdump.until(/listening on/);
  try {
    await session();
    await new Promise((later) => setTimeout(later, 300));
  } finally {
    await tcpdump.end('SIGINT');
  }
  console.log(`${file}: ${statSync(path).size} bytes`);
}

const has = (program: Running, event: string) => () => program.lines().some((line) => line.event === event);

/** Does what may fail. */
function attempt(what: () => void): void {
  try {
    what();
  } catch {
    // The session is the same either way.
  }
}

/** Starts a switch, ours or Open vSwitch. */
type Start = (lab: Lab, controller?: string) => Promise<Ended>;
const ours: Start = (lab, controller) => lab.switch(...(controller === undefined ? [] : ['--controller', controller]));

/** Hosts that ping, a link that goes and comes, flows that expire, a silence that is probed. */
async function learningSwitch(lab: Lab, start: Start): Promise<void> {
  const controller = lab.controller('learning_switch', { LEARNING_IDLE_TIMEOUT_S: '1' });
  const sw = await start(lab, DIAL);
  await until('ready', has(controller, 'ready'));
  lab.do('h1', `ping -c 3 -i 0.1 ${address(2)}`);
  await until('idle flows removed', has(controller, 'flow_removed'));
  for (const state of ['down', 'up']) {
    lab.ip(`-n ${lab.namespace('h2')} link set eth0 ${state}`);
    await until(state, () => {
      const last = controller.lines().findLast(({ event }) => event === 'port_status');
      return last?.down === (state === 'down');
    });
  }
  // After five seconds of silence the switch asks whether its controller is there.
  await new Promise((later) => setTimeout(later, 6000));
  await controller.end();
  await sw.end();
}

/** A connection from inside, one from outside that is refused. */
async function statefulFirewall(lab: Lab, start: Start): Promise<void> {
  const controller = lab.controller('stateful_firewall');
  const sw = await start(lab, DIAL);
  await until('flows installed', has(controller, 'installed'));
  lab.do('h1', `ping -c 2 -i 0.1 ${address(2)}`);
  attempt(() => lab.do('h2', `ping -c 1 -W 1 ${address(1)}`));
  await until('a refusal', has(controller, 'refused'));
  lab.ofctl('dump-flows');
  await controller.end();
  await sw.end();
}

const FLOWS = `
cookie=0x1,table=0,priority=20,arp,actions=FLOOD
cookie=0x2,table=0,priority=10,ip,ct_state=-trk,actions=ct(table=1,zone=5,nat)
cookie=0x3,table=1,priority=20,ct_state=+trk+new,tcp,in_port=1,nw_dst=10.0.0.0/24,actions=ct(commit,zone=5,nat(src=10.1.0.1-10.1.0.9:1000-2000),exec(set_field:0x7->ct_mark)),set_field:9->reg0,resubmit(,2)
cookie=0x4,table=1,priority=10,ct_state=+trk+est,ip,idle_timeout=60,hard_timeout=600,actions=set_field:9->reg0,resubmit(,2)
cookie=0x5,table=1,priority=5,icmp6,icmp_type=135,nd_target=fe80::/10,actions=dec_ttl,output:2
cookie=0x6,table=2,priority=10,reg0=9,in_port=1,actions=push_vlan:0x8100,set_field:4196->vlan_vid,output:2
cookie=0x7,table=2,priority=9,reg0=9,dl_vlan=100,actions=pop_vlan,move:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15],output:1
cookie=0x8,table=2,priority=1,metadata=0x12/0xff,actions=controller(max_len=64)
cookie=0x9,table=0,priority=15,udp,tp_dst=9,actions=set_field:0xbeef->reg3,controller(max_len=64)
cookie=0xa,table=0,priority=1,ipv6,send_flow_rem,actions=write_metadata:0x12/0xff,goto_table:2
`;

/** ovs-ofctl's commands, one after the other, each a connection of its own; `monitor` beside them. */
async function ofctl(lab: Lab, start: Start): Promise<void> {
  const sw = await start(lab);
  const scratch = mkdtempSync(join(tmpdir(), 'ctswitch-'));
  const flows = join(scratch, 'flows');
  writeFileSync(flows, FLOWS.trimStart());
  lab.ofctl('show');
  lab.ofctl('add-flows', flows);
  lab.ofctl('add-flow', 'priority=3,in_port=1,actions=NORMAL');
  lab.ofctl('mod-flows', 'table=0,in_port=1,actions=output:2');
  const watch = (...words: string[]): Running =>
    lab.start('sw', ['ovs-ofctl', '-O', 'OpenFlow13', '--no-names', ...words], { OVS_RUNDIR: scratch });
  // Without a length Open vSwitch sends ovs-ofctl nothing unasked.
  const monitor = watch('monitor', SWITCH, '65534');
  const standard = watch('-P', 'standard', 'monitor', SWITCH, '65534');
  await new Promise((later) => setTimeout(later, 500));
  lab.ofctl('packet-out', `in_port=CONTROLLER,packet=${DATAGRAM},actions=resubmit(,0)`);
  lab.ofctl('packet-out', `in_port=1,packet=${DATAGRAM},actions=resubmit(,0)`);
  await monitor.until(/PACKET_IN/);
  await standard.until(/PACKET_IN/);
  for (const command of ['dump-flows', 'dump-aggregate', 'dump-ports', 'dump-ports-desc', 'dump-tables', 'dump-desc']) {
    lab.ofctl(command);
  }
  lab.ofctl('dump-flows', 'table=1');
  lab.ofctl('get-frags');
  lab.ofctl('add-group', 'group_id=7,type=select,bucket=weight:1,actions=output:1,bucket=weight:3,actions=output:2');
  lab.ofctl('add-meter', 'meter=3,pktps,burst,stats,bands=type=drop,rate=100,burst_size=10');
  lab.ofctl('add-flow', 'table=5,priority=1,ip,actions=meter:3,group:7');
  for (const command of ['dump-groups', 'dump-group-stats', 'dump-group-features']) lab.ofctl(command);
  for (const command of ['dump-meters', 'meter-stats', 'meter-features']) lab.ofctl(command);
  lab.ofctl('ping', '64');
  lab.ofctl('del-flows', 'ipv6');
  attempt(() => lab.ofctl('mod-port', '2', 'no-flood'));
  // There is no such group: an error is what is recorded.
  attempt(() => lab.ofctl('add-flow', 'priority=1,ip,actions=group:77'));
  await monitor.end();
  await standard.end();
  await sw.end();
  rmSync(scratch, { recursive: true });
}

/** What each of 254 tables can do: a long reply, in parts. */
async function tableFeatures(lab: Lab): Promise<void> {
  const sw = await lab.switch();
  lab.ofctl('dump-table-features');
  await sw.end();
}

/** Packs a capture in which much repeats. */
function pack(file: string): void {
  const path = join(folder, file);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  rmSync(path);
  console.log(`${file}.gz: ${statSync(`${path}.gz`).size} bytes`);
}

mkdirSync(folder, { recursive: true });
const lab = new Lab(2);
try {
  await captured(lab, 'os-ken-learning-switch.pcap', CONTROLLER_PORT, () => learningSwitch(lab, ours));
  await captured(lab, 'os-ken-stateful-firewall.pcap', CONTROLLER_PORT, () => statefulFirewall(lab, ours));
  await captured(lab, 'ovs-ofctl.pcap', SWITCH_PORT, () => ofctl(lab, ours));
  await captured(lab, 'ovs-ofctl-dump-table-features.pcap', SWITCH_PORT, () => tableFeatures(lab));
  pack('ovs-ofctl-dump-table-features.pcap');
  for (const [file, port, session] of [
    ['open-vswitch-learning-switch.pcap', CONTROLLER_PORT, learningSwitch],
    ['open-vswitch-stateful-firewall.pcap', CONTROLLER_PORT, statefulFirewall],
    ['open-vswitch-ovs-ofctl.pcap', SWITCH_PORT, ofctl],
  ] as const) {
    await captured(lab, file, port, () => session(lab, startOpenVSwitch));
  }
} finally {
  await lab.close();
}
