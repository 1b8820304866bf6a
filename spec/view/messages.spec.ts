/**
 * Messages as lines and as JSON: every message that there is a fixture of, and those that people meet first by heart.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Match } from '../../lib/nxm/index.js';
import { parseFlow } from '../../lib/text/index.js';
import { messageJson, messageLines, requestText } from '../../lib/view/index.js';
import { decode, type Message } from '../../lib/wire/index.js';
import { udp4 } from '../support/frames.js';

const FOLDER = 'fixtures/openflow13/packets';
const change = parseFlow('table=1,priority=5,udp,tp_dst=53,actions=ct(commit,zone=7),output:2');

describe('view: messages', () => {
  it('a flow-mod is the line that ovs-ofctl prints', () => {
    const m: Message = { type: 'flow_mod', xid: 5, change };
    const line = 'ADD table:1 priority=5,udp,tp_dst=53 actions=ct(commit,zone=7),output:2';
    expect(messageLines(m)).to.deep.equal([`OFPT_FLOW_MOD (OF1.3) (xid=0x5): ${line}`]);
    expect(requestText(m)).to.equal(`OFPT_FLOW_MOD: ${line}`);
    const { change: shown } = messageJson(m) as unknown as { change: object };
    expect(shown).to.include({
      command: 'add',
      table_id: 1,
      match: 'udp,tp_dst=53',
      instructions: 'ct(commit,zone=7),output:2',
      cookie: '0x0',
    });
  });

  it('a packet-in says where it came from, why, and what it is', () => {
    const m = decode(new Uint8Array(readFileSync(`${FOLDER}/4-4-ofp_packet_in.packet`)));
    expect(messageLines(m)[0]).to.match(
      /^OFPT_PACKET_IN \(OF1\.3\) \(xid=0x0\): table_id=\d+ .*in_port=\d+.*\(via \w+\)/,
    );
    const json = messageJson(m) as unknown as { data: { hex: string; text: string } };
    expect(json.data.hex).to.match(/^[0-9a-f]+$/);
    expect(json.data.text).to.match(/dl_src|eth_src|arp/);
  });

  it('a packet-out has its actions and its frame', () => {
    const actions = [{ type: 'output', port: 2, maxLen: 0 }] as const;
    const m: Message = { type: 'packet_out', xid: 1, bufferId: 0xffffffff, inPort: 1, actions, data: udp4() };
    expect(messageLines(m)[0]).to.include('in_port=1 actions=output:2 data_len=42 udp,in_port=1');
  });

  it('a reply of rows has a line for each', () => {
    const row = { ...change, duration_s: 1, duration_ns: 5e8, packets: 3, bytes: 99 };
    const m: Message = { type: 'multipart_reply', xid: 1, more: false, body: { kind: 'flow', rows: [row, row] } };
    const line = ' cookie=0x0, duration=1.500s, table=1, n_packets=3, n_bytes=99,';
    const lines = messageLines(m);
    expect(lines[0]).to.equal('OFPST_FLOW reply (OF1.3) (xid=0x1):');
    expect(lines.slice(1)).to.deep.equal(
      Array(2).fill(`${line} priority=5,udp,tp_dst=53 actions=ct(commit,zone=7),output:2`),
    );
  });

  it('an error has its name', () => {
    const m: Message = { type: 'error', xid: 1, version: 4, error: { type: 1, code: 1 }, data: Uint8Array.of(4, 99) };
    expect(messageLines(m)).to.deep.equal(['OFPT_ERROR (OF1.3) (xid=0x1): OFPBRC_BAD_TYPE data=0463']);
    expect(messageJson(m)).to.include({ name: 'OFPBRC_BAD_TYPE' });
  });

  it('statistics that are asked for say of what', () => {
    const body = {
      kind: 'flow',
      tableId: 3,
      outPort: 0,
      outGroup: 0,
      cookie: 0n,
      cookieMask: 0n,
      match: Match.all,
    } as const;
    expect(requestText({ type: 'multipart_request', more: false, body })).to.equal('OFPST_FLOW request: table=3');
  });

  for (const name of readdirSync(FOLDER)) {
    let message: Message;
    try {
      message = decode(new Uint8Array(readFileSync(`${FOLDER}/${name}`)), { lenient: true });
    } catch {
      continue;
    }
    it(`${name} is JSON that comes back, and lines without holes`, () => {
      const json = messageJson(message);
      expect(JSON.parse(JSON.stringify(json))).to.deep.equal(json);
      for (const line of messageLines(message)) expect(line).to.not.match(/undefined|\[object|NaN/);
    });
  }
});
