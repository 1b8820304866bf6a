/** Every command, in the order of the help. */
import { BUNDLE_COMMANDS } from './bundle.js';
import type { Command } from './command.js';
import { CONNECTION_COMMANDS } from './connections.js';
import { DIFFERENCE_COMMANDS } from './flow-difference.js';
import { FLOW_COMMANDS } from './flows.js';
import { GROUP_COMMANDS, METER_COMMANDS } from './groups.js';
import { MONITOR_COMMANDS } from './monitor.js';
import { PACKET_COMMANDS } from './packets.js';
import { PORT_COMMANDS } from './ports.js';
import { SWITCH_COMMANDS } from './switch-facts.js';
import { TABLE_COMMANDS } from './table-features.js';
import { TLV_MAP_COMMANDS } from './tlv-maps.js';

export const COMMANDS: readonly Command[] = [
  ...SWITCH_COMMANDS,
  ...TABLE_COMMANDS,
  ...PORT_COMMANDS,
  ...FLOW_COMMANDS,
  ...DIFFERENCE_COMMANDS,
  ...GROUP_COMMANDS,
  ...METER_COMMANDS,
  ...BUNDLE_COMMANDS,
  ...TLV_MAP_COMMANDS,
  ...CONNECTION_COMMANDS,
  ...MONITOR_COMMANDS,
  ...PACKET_COMMANDS,
];
