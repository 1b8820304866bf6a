/** What the pipeline tells, as messages to every controller that wants them (OpenFlow 1.3.5 §7.4). Their xid is 0. */
import { OFPFF } from '../nxm/index.js';
import { type FlowView, type PipelineEvents, REMOVED_REASONS, type RemovedReason } from '../pipeline/types.js';
import { encode, PACKET_IN_REASONS, PORT_STATUS_REASONS, splitDuration } from '../wire/index.js';
import { PacketInEncoder } from './packet-in.js';
import type { Peer } from './peer.js';
import { portDescription } from './port.js';

/**
 * A sink for the pipeline's events that sends them to those of `peers` who want them; each is encoded once. `origin`
 * stands in what paused packets come back with.
 */
export function broadcaster(peers: Iterable<Peer>, origin: Uint8Array): PipelineEvents {
  const toThoseWhoWant = (kind: 'flowRemoved' | 'portStatus', reason: number, message: () => Uint8Array): void => {
    let bytes: Uint8Array | null = null;
    for (const peer of peers) {
      if (!peer.wants(kind, reason)) continue;
      bytes ??= message();
      peer.connection.sendUnasked(bytes);
    }
  };
  return {
    flowRemoved(flow, reason) {
      if (!(flow.flags & OFPFF.SEND_FLOW_REM)) return;
      toThoseWhoWant('flowRemoved', REMOVED_REASONS.indexOf(reason), () => flowRemoved(flow, reason));
    },
    packetIn(packet) {
      const encoder = new PacketInEncoder(packet, origin);
      const reason = PACKET_IN_REASONS.indexOf(packet.reason);
      for (const peer of peers) {
        if (peer.controllerId === packet.controllerId && peer.wants('packetIn', reason)) peer.packetIn(encoder);
      }
    },
    port(event, port) {
      toThoseWhoWant('portStatus', PORT_STATUS_REASONS.indexOf(event), () =>
        encode({ type: 'port_status', xid: 0, reason: event, port: portDescription(port) }),
      );
    },
  };
}

function flowRemoved(flow: FlowView, reason: RemovedReason): Uint8Array {
  const { cookie, priority, tableId, idleTimeout_s, hardTimeout_s, packets, bytes, match } = flow;
  const duration = splitDuration(flow.duration_ms);
  const what = { cookie, priority, reason, tableId, ...duration, idleTimeout_s, hardTimeout_s, packets, bytes, match };
  return encode({ type: 'flow_removed', xid: 0, ...what });
}
