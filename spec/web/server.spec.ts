/** The page's server: what it answers, what it refuses, and that nothing that asks it changes a switch. */
import { request } from 'node:http';
import { expect } from 'chai';
import { ManualClock, memory, Switch, tcp, udp } from '../../lib/index.js';
import { parseHttpAddress } from '../../lib/web/address.js';
import { MAX_CONNECTIONS_SHOWN, MAX_FLOWS_SHOWN, MAX_PACKET_INS } from '../../lib/web/facts.js';
import { type Opened, openWeb } from '../../lib/web/index.js';
import { MAX_PACKET_TEXT, MAX_URL } from '../../lib/web/server.js';

const FLOWS = `
  table=0,priority=10,udp,actions=controller
  table=0,tcp,actions=ct(commit,zone=5),group:7
  table=1,actions=drop`;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

describe('web: server', () => {
  let sw: Switch;
  let page: Opened;
  let input: ReturnType<typeof memory>;

  beforeEach(async () => {
    sw = new Switch({ clock: new ManualClock() });
    input = sw.addPort(1, memory({ name: '<b>one</b>' }));
    sw.addPort(2, memory({ name: 'two' }));
    sw.groups.add('group_id=7,type=all,bucket=output:2');
    sw.meters.add('meter=1,kbps,bands=type=drop,rate=1000');
    sw.flows.load(FLOWS);
    const switches = new Map([
      ['s1', sw],
      ['s2', new Switch({ clock: new ManualClock() })],
    ]);
    page = await openWeb({ switches, address: parseHttpAddress('0'), log: quiet });
  });
  afterEach(() => page.close());

  function ask(path: string, { method = 'GET', host = '' } = {}): Promise<Said> {
    const { hostname, port } = new URL(page.url);
    const headers = host === '' ? {} : { host };
    return new Promise((resolve, reject) => {
      request({ hostname, port, path, method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      })
        .on('error', reject)
        .end();
    });
  }
  const facts = async (path: string) => JSON.parse((await ask(path)).text);

  it('listens on loopback alone unless told', () => expect(page.url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/$/));

  it('reads addresses, and refuses what is none', () => {
    expect(parseHttpAddress('8080')).to.deep.equal({ host: '127.0.0.1', port: 8080 });
    expect(parseHttpAddress(':8080')).to.deep.equal({ host: '127.0.0.1', port: 8080 });
    expect(parseHttpAddress('[::1]:0')).to.deep.equal({ host: '::1', port: 0 });
    expect(parseHttpAddress('lab.example:80')).to.deep.equal({ host: 'lab.example', port: 80 });
    for (const wrong of ['', 'x', '127.0.0.1', '70000', '[1]:8', 'a b:8', '::1:80']) {
      expect(() => parseHttpAddress(wrong), wrong).to.throw(RangeError, /is no address/);
    }
  });

  it('tells ports, tables, flows, groups, meters and packet-ins with their counters', async () => {
    input.inject(udp({ from: '10.0.0.1:5', to: '10.0.0.2:6' }));
    input.inject(tcp({ flags: 'syn' }));
    const said = await facts('/api/switch');
    expect(said.name).to.equal('s1');
    expect(said.ports[0]).to.include({ number: 1, name: '<b>one</b>', state: 'up', rx_packets: 2, kind: 'memory' });
    expect(said.ports[1]).to.include({ tx_packets: 1 });
    expect(said.tables[0]).to.deep.equal({ table_id: 0, flows: 2, lookups: 2, matched: 2 });
    expect(said.flows.total).to.equal(3);
    expect(said.flows.shown[0]).to.include({ match: 'udp', packets: 1 });
    expect(said.groups.shown[0].group).to.contain('group_id=7,type=all');
    expect(said.meters.shown[0].meter).to.contain('meter=1');
    expect(said.packet_ins.shown).to.have.length(1);
    expect(said.packet_ins.shown[0].packet).to.contain('nw_src=10.0.0.1');
    expect(said.connections).to.equal(1);
  });

  it('tells of each switch by its name', async () => {
    expect(await facts('/api/switches')).to.deep.equal(['s1', 's2']);
    expect((await facts('/api/switch?switch=s2')).ports).to.deep.equal([]);
    expect((await ask('/api/switch?switch=s3')).status).to.equal(404);
  });

  it('finds connections by zone, protocol and address', async () => {
    for (let i = 1; i <= 3; i++) input.inject(tcp({ from: `10.0.0.${i}:1000`, flags: 'syn' }));
    const matching = async (question: string) => (await facts(`/api/connections?${question}`)).matching;
    expect(await matching('')).to.equal(3);
    expect(await matching('zone=5&proto=tcp&address=10.0.0.3')).to.equal(1);
    expect(await matching('zone=6')).to.equal(0);
    expect(await matching('proto=17')).to.equal(0);
    for (const wrong of ['zone=x', 'zone=65536', 'proto=tpc', 'proto=999']) {
      expect(await ask(`/api/connections?${wrong}`)).to.include({ status: 400 });
    }
  });

  it('has bounds, and says what is beyond them', async () => {
    sw.flows.load(Array.from({ length: MAX_FLOWS_SHOWN + 7 }, (_, i) => `table=2,reg0=${i},actions=drop`).join('\n'));
    for (let i = 0; i < MAX_CONNECTIONS_SHOWN + 5; i++)
      input.inject(tcp({ from: `10.0.0.1:${1000 + i}`, flags: 'syn' }));
    for (let i = 0; i < MAX_PACKET_INS + 3; i++) input.inject(udp());
    const said = await facts('/api/switch');
    expect([said.flows.total, said.flows.shown.length]).to.deep.equal([MAX_FLOWS_SHOWN + 10, MAX_FLOWS_SHOWN]);
    expect([said.packet_ins.total, said.packet_ins.shown.length]).to.deep.equal([MAX_PACKET_INS + 3, MAX_PACKET_INS]);
    const { matching, shown } = await facts('/api/connections');
    expect([matching, shown.length]).to.deep.equal([MAX_CONNECTIONS_SHOWN + 5, MAX_CONNECTIONS_SHOWN]);
    expect((await ask(`/api/trace?packet=${'a'.repeat(MAX_PACKET_TEXT + 1)}`)).status).to.equal(400);
    expect((await ask(`/${'a'.repeat(MAX_URL)}`)).status).to.equal(414);
  });

  it('traces a packet without a trace of it, and says where one is wrong', async () => {
    const before = JSON.stringify([sw.flows.dump(), sw.counters()]);
    const said = await facts(`/api/trace?packet=${encodeURIComponent('in_port=1,tcp,tcp_flags=syn')}`);
    expect(said.trace.outcome).to.deep.include({ verdict: 'output', ports: [2] });
    expect(said.text).to.contain('Datapath actions');
    expect(JSON.stringify([sw.flows.dump(), sw.counters()])).to.equal(before);
    const wrong = await ask('/api/trace?packet=tpc');
    expect(wrong.status).to.equal(400);
    expect(JSON.parse(wrong.text).error).to.contain('did you mean "tcp"');
  });

  it('gives metrics in the form of Prometheus', async () => {
    input.inject(udp());
    const { text, headers } = await ask('/metrics');
    expect(headers['content-type']).to.contain('text/plain');
    for (const line of [
      'ctswitch_port_receive_packets_total{switch="s1",port="2",name="two"} 0',
      'ctswitch_port_receive_packets_total{switch="s1",port="1",name="<b>one</b>"} 1',
      'ctswitch_table_flows{switch="s1",table="0"} 2',
      'ctswitch_packet_ins_total{switch="s1"} 1',
      'ctswitch_connections{switch="s2"} 0',
    ]) {
      expect(text.split('\n')).to.include(line);
    }
    expect(text).to.match(/^process_cpu_seconds_total /m);
    // Asked again, a counter isn't counted twice.
    expect((await ask('/metrics')).text).to.contain('ctswitch_packet_ins_total{switch="s1"} 1\n');
  });

  it('answers GET and HEAD alone, for its own name alone, and nothing outside its list', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await ask('/', { method })).status).to.equal(405);
    expect(await ask('/', { method: 'HEAD' })).to.include({ status: 200, text: '' });
    expect((await ask('/', { host: 'evil.example' })).status).to.equal(421);
    expect((await ask('/', { host: 'localhost:1' })).status).to.equal(200);
    for (const path of ['/../package.json', '/%2e%2e/package.json', '/constructor', '/api/', '/page.html']) {
      expect((await ask(path)).status, path).to.equal(404);
    }
  });

  it('its files load nothing from elsewhere, run no inline code, and write text as text', async () => {
    for (const path of ['/', '/page.css', '/page.js', '/trace-view.js']) {
      const { status, headers, text } = await ask(path);
      expect(status, path).to.equal(200);
      expect(headers['content-security-policy']).to.contain("default-src 'none'; script-src 'self'");
      expect(text).not.to.match(/https?:|\/\/[a-z]+\.|innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
      expect(text).not.to.match(/ on[a-z]+="| style="|<style|<script>/);
    }
  });

  it('every id that the script asks for is in the page', async () => {
    const [html, script] = [(await ask('/')).text, (await ask('/page.js')).text];
    const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
    const asked = [...script.matchAll(/(?:byId|show)\('([^']+)'/g)].map((match) => match[1]);
    expect(asked).to.have.length.greaterThan(10);
    expect(asked.filter((id) => !ids.has(id))).to.deep.equal([]);
    for (const [, id] of html.matchAll(/aria-labelledby="([^"]+)"/g)) expect(ids.has(id), id).to.equal(true);
  });
});
