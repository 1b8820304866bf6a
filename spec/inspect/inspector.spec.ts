/**
 * What is explained: refusals, packet-ins with the flow behind them, headers; filters; a proxy that changes nothing.
 */
import { duplexPair } from 'node:stream';
import { expect } from 'chai';
import { errorNumbers } from '../../lib/bytes/index.js';
import { type Explained, Inspector, proxy } from '../../lib/inspect/index.js';
import { fieldNamed } from '../../lib/nxm/index.js';
import { parseFlow, parseMatch } from '../../lib/text/index.js';
import { dissect } from '../../lib/view/index.js';
import { encode, type Message, type Side } from '../../lib/wire/index.js';
import { arp, icmp6, tcp4, udp4 } from '../support/frames.js';

const flowMod = (text: string, xid = 1): Message => ({
  type: 'flow_mod',
  xid,
  change: parseFlow(text, { command: 'any' }),
});
function packetIn(frame: Uint8Array, tableId = 0, cookie = 5n): Message {
  const port = fieldNamed('in_port_oxm');
  if (!port) throw new Error('no in_port');
  const fields = [{ field: port, value: Uint8Array.of(0, 0, 0, 1), mask: null }];
  const reason = 'action' as const;
  const rest = { bufferId: 0xffffffff, totalLen: frame.length, reason, tableId, cookie, fields, data: frame };
  return { type: 'packet_in', xid: 0, ...rest };
}

/** The last of what is seen. */
function seen(inspector: Inspector, ...messages: readonly (readonly [Side, Message | Uint8Array])[]): Explained | null {
  let last: Explained | null = null;
  for (const [from, m] of messages) last = inspector.see(from, m instanceof Uint8Array ? m : encode(m));
  return last;
}

describe('inspect: what is explained', () => {
  it('an error has the message that it is about, and why: what is wrong with its bytes', () => {
    const bytes = encode(flowMod('tcp,tp_dst=80,actions=2', 7));
    // nw_proto=6 becomes 17: tcp_dst lacks what it needs.
    const at = bytes.indexOf(6, 60);
    bytes[at] = 17;
    const error: Message = {
      type: 'error',
      xid: 7,
      version: 4,
      error: errorNumbers('OFPBMC_BAD_PREREQ'),
      data: bytes.slice(0, 64),
    };
    const lines = seen(new Inspector(), ['controller', bytes], ['switch', error])?.lines ?? [];
    expect(lines[0]).to.match(/^OFPT_ERROR .*OFPBMC_BAD_PREREQ/);
    expect(lines[1]).to.match(/^ {2}request: OFPT_FLOW_MOD .*xid=0x7/);
    expect(lines[2]).to.match(/^ {2}cause: .*tcp_dst.*\(OFPBMC_BAD_PREREQ\)/);
  });

  it('or what the switch lacks', () => {
    const request = encode(flowMod('actions=group:9', 3));
    const error: Message = {
      type: 'error',
      xid: 3,
      version: 4,
      error: errorNumbers('OFPBAC_BAD_OUT_GROUP'),
      data: request,
    };
    const { lines = [], json } = seen(new Inspector(), ['controller', request], ['switch', error]) ?? {};
    expect(lines.at(-1)).to.equal('  cause: an action names a group that is not there');
    expect(json).to.include({ cause: 'an action names a group that is not there' });
  });

  it('a packet-in has the flow behind it, as long as it is there', () => {
    const inspector = new Inspector();
    const add = flowMod('cookie=5,priority=3,udp,actions=controller');
    const known = seen(inspector, ['controller', add], ['switch', packetIn(udp4())]);
    expect(known?.lines).to.include('  flow: cookie=0x5,priority=3,udp,actions=CONTROLLER:65535');
    for (const gone of ['delete', 'delete udp', 'delete_strict priority=3,udp']) {
      const after = seen(inspector, ['controller', add], ['controller', flowMod(gone)], ['switch', packetIn(udp4())]);
      expect(after?.lines, gone).to.have.length(1);
    }
    const other = seen(
      inspector,
      ['controller', add],
      ['controller', flowMod('delete tcp')],
      ['switch', packetIn(udp4())],
    );
    expect(other?.lines).to.have.length(2);
  });

  it('headers of packets, each field, outermost first', () => {
    const lines = seen(new Inspector({ headers: true }), [
      'switch',
      packetIn(tcp4({ vlan: [7], flags: 'syn', dport: 80 })),
    ])?.lines;
    expect(lines?.map((line) => line.trim().split(':')[0]).slice(1)).to.deep.equal(['Ethernet', 'VLAN', 'IPv4', 'TCP']);
    expect(lines?.at(-1)).to.match(/dst=80 .*flags=syn/);
  });

  it('what can not be read is said to be, with the reason, and ends nothing', () => {
    const inspector = new Inspector();
    const bad = Uint8Array.of(4, 14, 0, 10, 0, 0, 0, 1, 0, 0);
    expect(seen(inspector, ['controller', bad])?.lines[0]).to.match(/^unreadable message of 10 bytes: /);
    expect(seen(inspector, ['controller', flowMod('actions=2')])?.name).to.equal('OFPT_FLOW_MOD');
  });

  it('filters by name and by packet', () => {
    const only = new Inspector({ only: ['packet_in'], packets: parseMatch('udp') });
    expect(seen(only, ['controller', flowMod('actions=2')])).to.equal(null);
    expect(seen(only, ['switch', packetIn(arp({}))])).to.equal(null);
    expect(seen(only, ['switch', packetIn(udp4())])?.name).to.equal('OFPT_PACKET_IN');
    expect(seen(new Inspector({ not: ['PACKET'] }), ['switch', packetIn(udp4())])).to.equal(null);
  });
});

describe('view: dissection', () => {
  it('reads what the frame was made of', () => {
    const layers = dissect(icmp6({ type: 128, payload: 'hello' }));
    expect(layers.map(({ layer }) => layer)).to.deep.equal(['Ethernet', 'IPv6', 'ICMPv6', 'data']);
    expect(layers[2].fields).to.include({ type: 128, code: 0 });
    expect(layers[3]).to.include({ length: 9 });
    const [, ip, udp] = dissect(udp4({ src: '10.0.0.1', dst: '192.0.2.9', sport: 7, dport: 9, ttl: 33 }));
    expect(ip.fields).to.include({ src: '10.0.0.1', dst: '192.0.2.9', ttl: 33, protocol: 17 });
    expect(udp.fields).to.include({ src: 7, dst: 9 });
  });

  it('ends where a header is cut off, whatever the length', () => {
    const frame = tcp4({ vlan: [5], flags: 'ack', payload: 'x'.repeat(20) });
    for (let length = 0; length <= frame.length; length++) {
      const layers = dissect(frame.slice(0, length));
      expect(
        layers.reduce((sum, layer) => sum + layer.length, 0),
        String(length),
      ).to.equal(length);
    }
  });
});

describe('inspect: the proxy', () => {
  it('hands on every byte, in pieces of any size, and knows who is who', async () => {
    const [near, callerEnd] = duplexPair();
    const [calleeEnd, far] = duplexPair();
    const told: [Side, number][] = [];
    const user = {
      message: (from: Side, bytes: Uint8Array) => told.push([from, bytes[1]]),
      garbled: () => {},
      closed: () => {},
    };
    // Believed to be the switch, until it asks for features.
    proxy(callerEnd, calleeEnd, 'switch', user);
    const said = Buffer.concat([encode({ type: 'features_request', xid: 1 }), encode(flowMod('actions=2'))]);
    const arrived: Buffer[] = [];
    far.on('data', (chunk: Buffer) => arrived.push(chunk));
    for (const byte of said) near.write(Buffer.of(byte));
    for (let i = 0; i < 200 && Buffer.concat(arrived).length < said.length; i++) await new Promise(setImmediate);
    expect(Buffer.concat(arrived).equals(said)).to.equal(true);
    far.write(encode({ type: 'barrier_reply', xid: 1 }));
    near.resume();
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(told).to.deep.equal([
      ['controller', 5],
      ['controller', 14],
      ['switch', 21],
    ]);
  });

  it('hands on what is no OpenFlow, too, and says so once', async () => {
    const [near, callerEnd] = duplexPair();
    const [calleeEnd, far] = duplexPair();
    const garbled: string[] = [];
    proxy(callerEnd, calleeEnd, 'switch', {
      message: () => {},
      garbled: (from, why) => garbled.push(`${from}: ${why}`),
      closed: () => {},
    });
    const arrived: Buffer[] = [];
    far.on('data', (chunk: Buffer) => arrived.push(chunk));
    near.write(Buffer.from([4, 0, 0, 3, 1, 2, 3, 4]));
    near.write(Buffer.from('more'));
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(Buffer.concat(arrived)).to.have.length(12);
    expect(garbled).to.have.length(1);
    expect(garbled[0]).to.match(/^switch: .*not OpenFlow/);
  });
});
