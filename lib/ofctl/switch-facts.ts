/** Commands about the switch as a whole: show, dump-desc, dump-tables, get-frags, set-frags. */
import { OFPC, OFPC_FRAG, type TableStats } from '../wire/index.js';
import { bitNames, type Command, counterText, heading, type Scene } from './command.js';
import { Misuse } from './outcome.js';
import { portJson, portText, sortedPorts } from './ports.js';

const CAPABILITIES = Object.entries(OFPC).map(([name, bit]) => [bit, name] as const);
const FRAGS = [
  ['normal', OFPC_FRAG.NORMAL],
  ['drop', OFPC_FRAG.DROP],
  ['reassemble', OFPC_FRAG.REASM],
] as const;

function fragsText(flags: number): string {
  const mode = flags & OFPC_FRAG.MASK;
  return FRAGS.find(([, number]) => number === mode)?.[0] ?? String(mode);
}

async function show({ client, print }: Scene): Promise<void> {
  const features = await client.request({ type: 'features_request' }, 'features_reply');
  const { datapathId, tables, buffers, auxiliaryId } = features;
  const capabilities = bitNames(features.capabilities, CAPABILITIES);
  const dpid = datapathId.toString(16).padStart(16, '0');
  print.say(`${heading('OFPT_FEATURES_REPLY', features.xid)} dpid:${dpid}`);
  print.say(`n_tables:${tables}, n_buffers:${buffers}`);
  if (auxiliaryId !== 0) print.say(`auxiliary_id:${auxiliaryId}`);
  print.say(`capabilities: ${capabilities.join(' ') || '0'}`);
  print.tell('switch@1', { datapath_id: dpid, tables, buffers, auxiliary_id: auxiliaryId, capabilities });
  const ports = sortedPorts(await client.list({ kind: 'port_desc' }));
  print.say(heading('OFPST_PORT_DESC reply', client.xid));
  for (const port of ports) {
    print.say(portText(port));
    print.tell('port-desc@1', portJson(port));
  }
  const config = await client.request({ type: 'get_config_request' }, 'get_config_reply');
  const frags = fragsText(config.flags);
  print.say(`${heading('OFPT_GET_CONFIG_REPLY', config.xid)} frags=${frags} miss_send_len=${config.missSendLen}`);
  print.tell('config@1', { frags, miss_send_len: config.missSendLen });
}

async function desc({ client, print }: Scene): Promise<void> {
  const reply = await client.request(
    { type: 'multipart_request', more: false, body: { kind: 'desc' } },
    'multipart_reply',
  );
  if (reply.body.kind !== 'desc') return;
  const { manufacturer, hardware, software, serial, datapath } = reply.body;
  print.say(
    [
      heading('OFPST_DESC reply', reply.xid),
      `Manufacturer: ${manufacturer}`,
      `Hardware: ${hardware}`,
      `Software: ${software}`,
      `Serial Num: ${serial}`,
      `DP Description: ${datapath}`,
    ].join('\n'),
  );
  print.tell('desc@1', { manufacturer, hardware, software, serial, datapath });
}

async function tables({ client, print }: Scene): Promise<void> {
  const rows = await client.list({ kind: 'table' });
  for (const { tableId, active, lookups, matched } of rows) {
    print.tell('table-stats@1', { table_id: tableId, active, lookups, matched });
  }
  print.say(heading('OFPST_TABLE reply', client.xid));
  print.say(dittos(rows.map((row) => ({ table: row.tableId, text: tableText(row), key: tableText(row) }))));
}

function tableText({ active, lookups, matched }: TableStats): string {
  return `    active=${active}, lookup=${counterText(lookups)}, matched=${counterText(matched)}`;
}

/** Paragraphs of tables; tables with the same key as the one before share a line. */
export function dittos(
  rows: readonly { readonly table: number; readonly name?: string; readonly text: string; readonly key: string }[],
): string {
  const parts: string[] = [];
  let from = -1;
  for (const [i, { table, name = '', text, key }] of rows.entries()) {
    if (i > 0 && name === '' && rows[i - 1].key === key) {
      if (from < 0) from = table;
      const same = from === table ? `table ${table}` : `tables ${from}...${table}`;
      if (from !== table) parts.pop();
      parts.push(`  ${same}: ditto`);
      continue;
    }
    from = -1;
    parts.push(`  table ${table}${name === '' ? '' : ` ("${name}")`}:\n${text}`);
  }
  return parts.join('\n\n');
}

async function getFrags({ client, print }: Scene): Promise<void> {
  const { flags, missSendLen } = await client.request({ type: 'get_config_request' }, 'get_config_reply');
  print.say(fragsText(flags));
  print.tell('config@1', { frags: fragsText(flags), miss_send_len: missSendLen });
}

async function setFrags({ client }: Scene, [mode]: readonly string[]): Promise<void> {
  const found = FRAGS.find(([name]) => name === mode);
  if (!found) throw new Misuse(`"${mode}" is no way to treat fragments: ${FRAGS.map(([name]) => name).join(', ')}`);
  const before = await client.request({ type: 'get_config_request' }, 'get_config_reply');
  const flags = (before.flags & ~OFPC_FRAG.MASK) | found[1];
  await client.changes([{ type: 'set_config', flags, missSendLen: before.missSendLen }]);
  const after = await client.request({ type: 'get_config_request' }, 'get_config_reply');
  if ((after.flags & OFPC_FRAG.MASK) === found[1]) return;
  throw new Misuse(`the switch goes on with fragments as "${fragsText(after.flags)}": it knows no "${mode}"`);
}

export const SWITCH_COMMANDS: readonly Command[] = [
  { name: 'show', about: 'the switch, its ports and its configuration', run: show },
  { name: 'dump-desc', about: 'manufacturer, hardware, software, serial number, description', run: desc },
  { name: 'dump-tables', about: 'statistics of tables', run: tables },
  { name: 'get-frags', about: 'how fragments are treated', run: getFrags },
  {
    name: 'set-frags',
    args: 'MODE',
    count: [1, 1],
    about: 'treat fragments as normal, drop or reassemble',
    run: setFrags,
  },
];
