/**
 * The page: asks the switch every second while it is seen, and shows what it says. Texts go in as text alone, never as HTML. What is
 * being looked at (a focused field, a scrolled table) stays as it is: rows are changed in place.
 */
import { showTrace } from './trace-view.js';

const EVERY_MS = 1000;
/** Connections are asked for every so many rounds. */
const CONNECTION_ROUNDS = 2;

const byId = (id) => document.getElementById(id);
const count = (number) => (number === null ? 'not counted' : Number(number).toLocaleString('en'));
const numeric = (title, value) => ({ title, value: (row) => count(value(row)), kind: 'number' });
const text = (title, value, kind) => ({ title, value, kind });

const COLUMNS = {
  ports: [
    text('port', (p) => (p.number === 0xfffffffe ? 'LOCAL' : p.number), 'number'),
    text('name', (p) => p.name),
    { title: 'link', value: (p) => p.state, kind: (p) => (p.state === 'up' ? 'good' : 'bad') },
    numeric('packets in', (p) => p.rx_packets),
    numeric('out', (p) => p.tx_packets),
    numeric('bytes in', (p) => p.rx_bytes),
    numeric('out', (p) => p.tx_bytes),
    numeric('dropped in', (p) => p.rx_dropped),
    numeric('out', (p) => p.tx_dropped),
    numeric('errors', (p) => p.rx_errors + p.tx_errors),
    text('kind', (p) => p.kind),
    text('address', (p) => p.mac, 'code'),
  ],
  flows: [
    text('table', (f) => f.table_id, 'number'),
    text('priority', (f) => f.priority, 'number'),
    numeric('packets', (f) => f.packets),
    numeric('bytes', (f) => f.bytes),
    text('match', (f) => f.match || 'everything', 'code'),
    text('actions', (f) => f.actions, 'code'),
  ],
  tables: [
    text('table', (t) => t.table_id, 'number'),
    numeric('flows', (t) => t.flows),
    numeric('lookups', (t) => t.lookups),
    numeric('matched', (t) => t.matched),
  ],
  groups: [
    numeric('packets', (g) => g.packets),
    numeric('bytes', (g) => g.bytes),
    text('group', (g) => g.group, 'code'),
  ],
  meters: [
    numeric('packets', (m) => m.packets),
    numeric('dropped or marked', (m) => m.dropped_or_marked),
    text('meter', (m) => m.meter, 'code'),
  ],
  connections: [
    text('protocol', (c) => c.proto),
    text('zone', (c) => c.zone, 'number'),
    text('original', (c) => c.orig, 'code'),
    text('reply', (c) => c.reply, 'code'),
    text('state', (c) => c.state),
    text('mark', (c) => c.mark, 'number'),
    text('gone in', (c) => `${count(c.timeout_s)} s`, 'number'),
  ],
  'packet-ins': [
    text('when', (p) => new Date(p.at_ms).toLocaleTimeString([], { hour12: false }), 'number'),
    text('reason', (p) => p.reason),
    text('table', (p) => p.table_id, 'number'),
    text('cookie', (p) => p.cookie, 'code'),
    numeric('bytes', (p) => p.length),
    text('packet', (p) => p.packet, 'code'),
  ],
  controllers: [
    text('address', (c) => c.address, 'code'),
    text('kind', (c) => c.kind),
    { title: 'state', value: (c) => c.state, kind: (c) => (c.state === 'connected' ? 'good' : 'bad') },
    text('role', (c) => c.role ?? ''),
  ],
  counters: [text('counter', ([name]) => name), numeric('count', ([, value]) => value)],
};

/** Puts rows into a table, cell by cell. */
function show(id, rows, none) {
  const table = byId(id);
  const columns = COLUMNS[id];
  if (!table.tHead) {
    const head = table.createTHead().insertRow();
    for (const { title, kind } of columns) {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.textContent = title;
      if (kind === 'number') cell.className = 'number';
      head.append(cell);
    }
    table.createTBody();
  }
  const body = table.tBodies[0];
  table.hidden = rows.length === 0;
  let note = table.nextElementSibling;
  if (!note) {
    note = document.createElement('p');
    table.after(note);
  }
  note.textContent = rows.length === 0 ? none : '';
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((row, i) => {
    const line = body.rows[i] ?? body.insertRow();
    columns.forEach(({ value, kind }, n) => {
      const cell = line.cells[n] ?? line.insertCell();
      const [content, style] = [String(value(row)), (typeof kind === 'function' ? kind(row) : kind) ?? ''];
      if (cell.textContent !== content) cell.textContent = content;
      if (cell.className !== style) cell.className = style;
    });
  });
  // What scrolls is reached by the keyboard, too, and only that.
  const area = table.parentElement;
  const scrolls = area.scrollHeight > area.clientHeight || area.scrollWidth > area.clientWidth;
  if (area.tabIndex !== (scrolls ? 0 : -1)) area.tabIndex = scrolls ? 0 : -1;
}

const chosen = () => byId('switch').value;

/** Asks the switch. Rejects with an Error that says why it didn't answer. */
async function ask(path, question = {}) {
  const response = await fetch(`${path}?${new URLSearchParams({ switch: chosen(), ...question })}`);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** Says something in its place; a text that stands already isn't told again. */
function tell(id, text, kind = '') {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
  place.className = kind;
}

let last = null;

function showFlows() {
  const wanted = byId('flow-filter').value.trim().toLowerCase();
  const { total, shown } = last.flows;
  const rows = shown.filter(({ match, actions }) => `${match} ${actions}`.toLowerCase().includes(wanted));
  const of = shown.length < total ? `the first ${count(shown.length)} of ${count(total)}` : count(total);
  tell('flows-count', total === 0 ? '' : wanted === '' ? `${of} flows` : `${count(rows.length)} among ${of} flows`);
  show('flows', rows, wanted === '' ? 'There are none.' : 'None of them.');
}

/** The packet that stands there at first is one between two hosts, where the switch has some. */
function suggestPacket(ports) {
  const hosts = ports.filter(({ kind }) => kind === 'host');
  const field = byId('packet');
  if (hosts.length < 2 || field.value !== field.defaultValue || field.dataset.suggested) return;
  field.dataset.suggested = 'yes';
  const [from, to] = hosts;
  const rest = field.defaultValue.replace(/^in_port=1,tcp,/, '');
  field.value = `in_port=${from.number},tcp,dl_src=${from.mac},dl_dst=${to.mac},${rest}`;
}

function showSwitch(facts) {
  if (last === null) suggestPacket(facts.ports);
  last = facts;
  document.title = `${facts.name}: ctswitch`;
  const mode = facts.standalone ? ', STANDALONE: no controller is in charge' : '';
  byId('about').textContent = `${facts.name}, datapath id ${facts.datapath_id}${mode}`;
  show('ports', facts.ports, 'There are none.');
  showFlows();
  show('tables', facts.tables, 'None has flows or was asked.');
  show('groups', facts.groups.shown, 'There are none.');
  show('meters', facts.meters.shown, 'There are none.');
  show('packet-ins', facts.packet_ins.shown, 'None yet, since this page is served.');
  show('controllers', facts.controllers, 'None is dialled or connected.');
  show('counters', Object.entries(facts.counters), '');
}

async function showConnections() {
  const question = { zone: byId('zone').value, proto: byId('proto').value, address: byId('address').value };
  try {
    const { total, matching, complete, shown } = await ask('api/connections', question);
    const least = complete ? '' : 'at least ';
    const part = shown.length < matching ? `, the first ${count(shown.length)} are shown` : '';
    tell('connections-count', total === 0 ? '' : `${least}${count(matching)} of ${count(total)}${part}`);
    show('connections', shown, total === 0 ? 'There are none.' : 'None of them.');
  } catch (error) {
    tell('connections-count', error.message, 'bad');
  }
}

let rounds = 0;

/** Names of the switches; a page that was opened too early has them later. */
async function showNames() {
  const names = await (await fetch('api/switches')).json();
  for (const name of names) byId('switch').append(new Option(name));
  byId('choice').hidden = names.length < 2;
}

async function look() {
  try {
    if (chosen() === '') await showNames();
    showSwitch(await ask('api/switch'));
    if (rounds++ % CONNECTION_ROUNDS === 0) await showConnections();
    tell('state', '');
  } catch (error) {
    tell('state', `The switch doesn't answer: ${error.message}`, 'bad');
  }
}

async function round() {
  if (byId('live').checked && !document.hidden) await look();
  setTimeout(round, EVERY_MS);
}

function begin() {
  byId('switch').addEventListener('change', () => {
    byId('trace').replaceChildren();
    rounds = 0;
    look();
  });
  byId('flow-filter').addEventListener('input', () => last && showFlows());
  byId('connection-form').addEventListener('input', showConnections);
  byId('connection-form').addEventListener('submit', (event) => event.preventDefault());
  byId('trace-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      showTrace(byId('trace'), await ask('api/trace', { packet: byId('packet').value }));
    } catch (error) {
      byId('trace').replaceChildren(
        Object.assign(document.createElement('p'), { className: 'bad', textContent: error.message }),
      );
    }
  });
  round();
}

begin();
