/** A request as one line, for whoever has to be told that it was refused. */
import { OFPG, OFPM, OFPP, PLAIN_NAMES } from '../nxm/index.js';
import { formatFlowMod, formatGroup, formatMatch, formatMeter } from '../text/index.js';
import type { RequestBody } from '../wire/index.js';
import type { Unsent } from './client.js';

/** "OFPT_FLOW_MOD: ADD ip actions=group:7". */
export function requestText(message: Unsent): string {
  const content = contentOf(message).replace(/\s+/g, ' ').trim();
  const name = message.type === 'multipart_request' ? `OFPMP_${message.body.kind}` : `OFPT_${message.type}`;
  return content === '' ? name.toUpperCase() : `${name.toUpperCase()}: ${content}`;
}

function contentOf(m: Unsent): string {
  switch (m.type) {
    case 'flow_mod':
      return formatFlowMod(m.change);
    case 'group_mod':
      return `${m.change.command} ${formatGroup(m.change)}`;
    case 'meter_mod':
      return `${m.change.command} ${formatMeter(m.change)}`;
    case 'port_mod':
      return `port=${PLAIN_NAMES.port(m.port)} config=0x${m.config.toString(16)} mask=0x${m.mask.toString(16)}`;
    case 'packet_out':
      return `in_port=${PLAIN_NAMES.port(m.inPort)} data_len=${m.data.length}`;
    case 'queue_get_config_request':
      return `port=${PLAIN_NAMES.port(m.port)}`;
    case 'set_config':
      return `flags=${m.flags} miss_send_len=${m.missSendLen}`;
    case 'multipart_request':
      return filterOf(m.body);
    default:
      return '';
  }
}

function filterOf(body: RequestBody): string {
  switch (body.kind) {
    case 'flow':
    case 'aggregate':
      return `${body.tableId === 0xff ? '' : `table=${body.tableId} `}${formatMatch(body.match)}`;
    case 'port_stats':
      return body.port === OFPP.ANY ? '' : `port=${PLAIN_NAMES.port(body.port)}`;
    case 'queue':
      return `port=${PLAIN_NAMES.port(body.port)}${body.queueId === 0xffffffff ? '' : ` queue=${body.queueId}`}`;
    case 'group':
      return body.groupId === OFPG.ALL ? '' : `group_id=${body.groupId}`;
    case 'meter':
    case 'meter_config':
      return body.meterId === OFPM.ALL ? '' : `meter=${body.meterId}`;
    default:
      return '';
  }
}
