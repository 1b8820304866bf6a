/**
 * What Nicira's messages and ONF's extensions to OpenFlow 1.3 do, one small function a message, as handlers.ts for
 * OpenFlow's own. What only a switch sends isn't here, and is answered with BAD_TYPE.
 */
import { MAX_OPTION_SPACE, MAX_TLV_FIELDS } from '../nxm/index.js';
import type { MessageOf, MessageType } from '../wire/index.js';
import { masksWith, NO_EXTRA_MASKS } from './async.js';
import type { Handler } from './context.js';
import { tellOfRole } from './tell-others.js';

export const EXTENSION_HANDLERS: { readonly [T in MessageType]?: Handler<MessageOf<T>> } = {
  nxt_set_packet_in_format(m, peer) {
    peer.format = m.format;
  },

  nxt_set_controller_id(m, peer) {
    peer.controllerId = m.controllerId;
  },

  /** Flow-mods of OpenFlow 1.3 name their table anyway, and idle and hard age stand in no message of 1.3. */
  nxt_flow_mod_table_id() {},
  nxt_flow_age() {},

  nxt_set_async_config(m, peer) {
    const { packetIn, portStatus, flowRemoved } = m;
    peer.masks = { packetIn, portStatus, flowRemoved, ...NO_EXTRA_MASKS };
  },
  nxt_set_async_config2(m, peer) {
    peer.masks = masksWith(peer.masks, m.changes);
  },

  nxt_role_request(m, peer, agent) {
    tellOfRole(agent.roles.take(peer, m.role, agent.peers()), agent);
    peer.reply(m, { type: 'nxt_role_reply', role: peer.role });
  },

  nxt_tlv_table_mod: (m, _, { pipeline }) => pipeline.tlvTable.apply(m),
  nxt_tlv_table_request(m, peer, { pipeline }) {
    peer.reply(m, {
      type: 'nxt_tlv_table_reply',
      maxOptionSpace: MAX_OPTION_SPACE,
      maxFields: MAX_TLV_FIELDS,
      mappings: pipeline.tlvTable.list(),
    });
  },
};
