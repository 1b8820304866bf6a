/** What the page shows of a switch, as JSON: numbers as numbers, everything else in ovs-ofctl's words. */
import { formatMac } from '../bytes/index.js';
import { type Connection, formatTuple, protocolName, protocolNumber } from '../ct/index.js';
import { OFPPC, OFPPS, type PacketIn, type PortView } from '../pipeline/types.js';
import { ALL_FLOWS, type Switch } from '../switch.js';
import { flowJson, formatFrame, formatGroup, formatMeter } from '../text/index.js';
import { formatTrace } from '../trace/index.js';

/** Flows in one answer; of further ones it says how many there are. */
export const MAX_FLOWS_SHOWN = 1000;
/** Flows that are written in one turn. */
const A_TURN = 128;
/** Groups, and meters, in one answer. */
export const MAX_GROUPS_SHOWN = 500;
/** Connections in one answer. */
export const MAX_CONNECTIONS_SHOWN = 200;
/** Connections looked at for one answer. */
export const MAX_CONNECTIONS_READ = 200_000;
/** Packet-ins that are kept. */
export const MAX_PACKET_INS = 20;

/** A question that can't be answered as it is; the message is for who asked. */
export class BadQuestion extends Error {}

/** The last packet-ins of a switch, newest first. */
export class LastPacketIns {
  private readonly kept: { at_ms: number; packet: PacketIn }[] = [];
  /** How many there have been. */
  count = 0;
  readonly close: () => void;

  constructor(sw: Switch) {
    this.close = sw.on((event) => {
      if (event.type !== 'packet_in') return;
      this.count++;
      this.kept.unshift({ at_ms: sw.clock.wall(), packet: event.packet });
      if (this.kept.length > MAX_PACKET_INS) this.kept.pop();
    });
  }

  /** As JSON; texts are made when somebody looks. */
  list() {
    return this.kept.map(({ at_ms, packet }) => ({
      at_ms,
      reason: packet.reason,
      table_id: packet.tableId,
      cookie: `0x${packet.cookie.toString(16)}`,
      length: packet.frame.length,
      packet: formatFrame(packet.frame, inPort(packet)),
    }));
  }
}

function inPort({ fields }: PacketIn): number {
  return fields.length === 0 ? 0 : [...fields[0].value].reduce((all, byte) => all * 256 + byte, 0);
}

function portFacts(port: PortView, kind: string | undefined) {
  const { rxPackets, txPackets, rxBytes, txBytes, rxDropped, txDropped, rxErrors, txErrors } = port.counters;
  return {
    number: port.number,
    name: port.name,
    kind: kind ?? '',
    mac: formatMac(port.mac),
    state: port.config & OFPPC.PORT_DOWN ? 'off' : port.state & OFPPS.LINK_DOWN ? 'down' : 'up',
    rx_packets: rxPackets,
    rx_bytes: rxBytes,
    rx_dropped: rxDropped,
    rx_errors: rxErrors,
    tx_packets: txPackets,
    tx_bytes: txBytes,
    tx_dropped: txDropped,
    tx_errors: txErrors,
  };
}

/** The first flows: no more are read than are shown, and the switch goes on in between. */
async function firstFlows(sw: Switch) {
  const shown: ReturnType<typeof flowJson>[] = [];
  for (const flow of sw.pipeline.flows(ALL_FLOWS)) {
    if (shown.push(flowJson(flow)) === MAX_FLOWS_SHOWN) break;
    if (shown.length % A_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return shown;
}

/** All but connections and traces. */
export async function switchFacts(name: string, sw: Switch, packetIns: LastPacketIns) {
  const flows = await firstFlows(sw);
  const tables = sw.pipeline.tables().filter(({ active, lookups }) => active > 0 || lookups > 0);
  const groups = sw.groups.list();
  const meters = sw.meters.list();
  return {
    name,
    datapath_id: sw.datapathIdText,
    standalone: sw.standalone,
    controllers: sw.controllers().map(({ address, kind, state, role }) => ({ address, kind, state, role })),
    ports: sw.ports().map((port) => portFacts(port, sw.portAt(port.number)?.kind)),
    tables: tables.map(({ tableId, active, lookups, matched }) => ({
      table_id: tableId,
      flows: active,
      lookups,
      matched,
    })),
    flows: { total: tables.reduce((sum, { active }) => sum + active, 0), shown: flows },
    groups: {
      total: groups.length,
      shown: groups
        .slice(0, MAX_GROUPS_SHOWN)
        .map((group) => ({ group: formatGroup(group), packets: group.packets, bytes: group.bytes })),
    },
    meters: {
      total: meters.length,
      shown: meters.slice(0, MAX_GROUPS_SHOWN).map(({ bands, packets, bytes, ...meter }) => ({
        meter: formatMeter({ ...meter, bands: bands.map((band) => band.settings) }),
        packets,
        bytes,
        dropped_or_marked: bands.reduce((sum, band) => sum + band.packets, 0),
      })),
    },
    packet_ins: { total: packetIns.count, shown: packetIns.list() },
    connections: sw.tracker.count,
    counters: sw.counters(),
  };
}

/** Connections that the question lets through: `zone`, `proto` (a name or a number), `address` (part of one). */
export async function connectionFacts(sw: Switch, question: URLSearchParams) {
  const [zone, proto] = [zoneOf(question.get('zone')), protocolOf(question.get('proto'))];
  const address = (question.get('address') ?? '').trim().toLowerCase();
  const shown: ReturnType<typeof connectionRow>[] = [];
  let [matching, read] = [0, 0];
  for await (const page of sw.conntrackPages({ zone, proto })) {
    read += page.length;
    for (const each of page) {
      if (address !== '' && !names(each, address)) continue;
      matching++;
      if (shown.length < MAX_CONNECTIONS_SHOWN) shown.push(connectionRow(each));
    }
    if (read >= MAX_CONNECTIONS_READ) break;
  }
  return { total: sw.tracker.count, matching, complete: read < MAX_CONNECTIONS_READ, shown };
}

function connectionRow({ orig, reply, zone, mark, timeout_s, tcp, sctp }: Connection) {
  return {
    proto: protocolName(orig.proto),
    orig: formatTuple(orig),
    reply: formatTuple(reply),
    zone,
    mark,
    state: tcp ? `${tcp.orig.state} / ${tcp.reply.state}` : (sctp?.state ?? ''),
    timeout_s,
  };
}

function names({ orig, reply }: Connection, address: string): boolean {
  return [orig.src, orig.dst, reply.src, reply.dst].some((each) => each.includes(address));
}

function zoneOf(text: string | null): number | undefined {
  if (text === null || text.trim() === '') return undefined;
  const zone = Number(text);
  if (!/^\s*\d+\s*$/.test(text) || zone > 0xffff) throw new BadQuestion(`"${text}" is no zone: 0 to 65535`);
  return zone;
}

function protocolOf(text: string | null): number | undefined {
  const word = (text ?? '').trim().toLowerCase();
  if (word === '') return undefined;
  const number = protocolNumber(word);
  if (number === null) throw new BadQuestion(`"${text}" is no protocol: tcp, udp, icmp, 47`);
  return number;
}

/** What would become of a packet: data, and lines for people. Nothing changes. Throws a TextError. */
export function traceFacts(sw: Switch, packet: string) {
  const trace = sw.trace(packet);
  return { trace, text: formatTrace(trace) };
}
