/** A trace as a tree: the verdict, then each translation with its tables, flows, actions and changes. Schema: trace.schema.json. */

function element(name, className, text, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== '') made.textContent = text;
  made.append(...children);
  return made;
}

const changed = (changes = []) => changes.map(({ field, from, to }) => `${field}: ${from} → ${to}`).join(', ');

/** What each kind of node says in a line. */
const LINES = {
  table: ({ table_id, flow }) =>
    flow
      ? `table ${table_id}: ${flow.match || 'everything'}, priority ${flow.priority}`
      : `table ${table_id}: no flow matches`,
  action: ({ action, changes }) => (changes?.length ? `${action} (${changed(changes)})` : action),
  bucket: ({ group_id, bucket }) => `group ${group_id}, bucket ${bucket}`,
  action_set: () => 'the action set',
  note: ({ note }) => note,
};

function tree(nodes) {
  const list = element('ul', '', '');
  for (const node of nodes) {
    const item = element('li', 'code', LINES[node.kind]?.(node) ?? node.kind);
    if (node.nodes?.length) item.append(tree(node.nodes));
    list.append(item);
  }
  return list;
}

function passView(pass) {
  const { conntrack, recirc_id, flow, nodes, megaflow, datapath_actions } = pass;
  const view = element('div', 'pass', '');
  if (conntrack) {
    const { zone, ct_state, reason, connection } = conntrack;
    view.append(element('p', '', `Connection tracking, zone ${zone}: ct_state=${ct_state}; ${reason}`));
    if (connection) view.append(element('p', 'code', connection));
  } else if (recirc_id !== 0) view.append(element('p', '', `Read anew: recirculation ${recirc_id}`));
  view.append(element('p', 'code', flow), tree(nodes));
  view.append(
    element('p', 'code', `megaflow: ${megaflow}`),
    element('p', 'code', `datapath actions: ${datapath_actions}`),
  );
  return view;
}

/** Shows the answer of api/trace in `place`. */
export function showTrace(place, { trace, text }) {
  const { verdict, reason, ports } = trace.outcome;
  const where = ports.length > 0 ? ` (port ${ports.join(', ')})` : '';
  place.replaceChildren(
    element('p', 'verdict', `${verdict}${where}: ${reason}`),
    ...trace.passes.map(passView),
    element('details', '', '', element('summary', '', 'as ofproto/trace writes it'), element('pre', '', text)),
  );
}
