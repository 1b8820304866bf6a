/**
 * What was recorded between the switch and real controllers (fixtures/sessions): every message is read and comes back
 * in the same bytes, whoever wrote it, and each conversation goes as OpenFlow 1.3.5 §6.3 says.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { numberOf } from '../../lib/nxm/index.js';
import { readCapture, type Session } from '../../lib/replay/session.js';
import { decode, encode, type Message, type MessageOf, type MessageType } from '../../lib/wire/index.js';

const FOLDER = 'fixtures/sessions';

function recorded(name: string): readonly Session[] {
  const bytes = readFileSync(`${FOLDER}/${name}`);
  const { sessions, cut } = readCapture(new Uint8Array(name.endsWith('.gz') ? gunzipSync(bytes) : bytes));
  expect(cut).to.equal(null);
  return sessions;
}

interface Said {
  /** Whether the switch sent it. */
  readonly bySwitch: boolean;
  readonly message: Message;
}

function said(name: string): Said[][] {
  return recorded(name).map(({ messages }) =>
    messages.map(({ by, bytes }) => ({ bySwitch: by === 'switch', message: decode(bytes) })),
  );
}

/** Messages of a type, of all conversations. */
function all<T extends MessageType>(name: string, type: T): MessageOf<T>[] {
  const messages = said(name).flat();
  return messages.map(({ message }) => message).filter((m): m is MessageOf<T> => m.type === type);
}

/** Request → what may answer it. Multiparts and barriers are answered by their own kind, or by an error. */
const ANSWERS: Partial<Record<MessageType, MessageType>> = {
  echo_request: 'echo_reply',
  features_request: 'features_reply',
  get_config_request: 'get_config_reply',
  multipart_request: 'multipart_reply',
  barrier_request: 'barrier_reply',
};

const field = (m: MessageOf<'packet_in'>, name: string): number | undefined => {
  const found = m.fields.find((value) => value.field.name === name);
  return found && numberOf(found.value);
};

describe('sessions', () => {
  const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => /\.pcap(\.gz)?$/.test(name)) : [];

  it('are here', () => {
    expect(files).to.deep.equal([
      'open-vswitch-learning-switch.pcap',
      'open-vswitch-ovs-ofctl.pcap',
      'open-vswitch-stateful-firewall.pcap',
      'os-ken-learning-switch.pcap',
      'os-ken-stateful-firewall.pcap',
      'ovs-ofctl-dump-table-features.pcap.gz',
      'ovs-ofctl.pcap',
    ]);
  });

  for (const name of files) {
    describe(name, () => {
      it('comes back in the same bytes, every message', () => {
        const messages = recorded(name).flatMap((conversation) => conversation.messages);
        expect(messages).to.have.length.greaterThan(2);
        for (const { bytes } of messages) expect(toHex(encode(decode(bytes)))).to.equal(toHex(bytes));
      });

      it('begins with a HELLO from each side', () => {
        for (const conversation of said(name)) {
          const [first, second] = conversation;
          expect([first, second].map(({ message }) => message.type)).to.deep.equal(['hello', 'hello']);
          expect(first.bySwitch).to.not.equal(second.bySwitch);
        }
      });

      it('answers every request under its number, and in order', () => {
        for (const conversation of said(name)) {
          const waiting: { type: MessageType; xid: number; bySwitch: boolean }[] = [];
          for (const { bySwitch, message } of conversation) {
            const answer = ANSWERS[message.type];
            if (answer) waiting.push({ type: answer, xid: message.xid, bySwitch: !bySwitch });
            const at = waiting.findIndex(({ xid, type, bySwitch: us }) => {
              return us === bySwitch && xid === message.xid && (type === message.type || message.type === 'error');
            });
            if (at < 0) continue;
            // Both ends may ask; what one end answers keeps the order.
            expect(waiting.slice(0, at).filter((earlier) => earlier.bySwitch === bySwitch)).to.deep.equal([]);
            const more = message.type === 'multipart_reply' && message.more;
            if (!more) waiting.splice(at, 1);
          }
          expect(waiting).to.deep.equal([]);
        }
      });

      it('was closed by both ends', () => {
        for (const { closed, losses } of recorded(name)) {
          expect(closed).to.be.a('number');
          expect(losses).to.deep.equal([]);
        }
      });
    });
  }
});

describe('sessions: what was said', () => {
  const LEARNING = 'os-ken-learning-switch.pcap';

  it('os-ken asks for features and ports, and installs the table-miss flow', () => {
    const [conversation] = said(LEARNING);
    const types = conversation.filter(({ bySwitch }) => !bySwitch).map(({ message }) => message.type);
    expect(types.slice(0, 4)).to.deep.equal(['hello', 'features_request', 'multipart_request', 'flow_mod']);
    expect(all(LEARNING, 'features_reply')[0]).to.include({ datapathId: 0xabcn, tables: 254 });
    const [miss] = all(LEARNING, 'flow_mod');
    expect(miss.change).to.include({ priority: 0, command: 'add' });
    expect(miss.change.match.fields()).to.deep.equal([]);
  });

  it('a packet-in is followed by a flow for the pair and by a packet-out of the same frame', () => {
    const [conversation] = said(LEARNING);
    const messages = conversation.map(({ message }) => message);
    const frames = all(LEARNING, 'packet_in').map(({ data }) => toHex(data));
    expect(frames).to.have.length.greaterThan(2);
    expect(all(LEARNING, 'packet_out').map(({ data }) => toHex(data))).to.deep.equal(frames);
    const last = messages.findLastIndex(({ type }) => type === 'packet_in');
    expect(messages.slice(last + 1, last + 3).map(({ type }) => type)).to.deep.equal(['flow_mod', 'packet_out']);
  });

  it('flows that were idle are told with what they counted, and a link that went down and up', () => {
    const removed = all(LEARNING, 'flow_removed');
    expect(removed.map(({ reason }) => reason)).to.deep.equal(['idle_timeout', 'idle_timeout']);
    // Three echoes each way, of 98 bytes, and an answer about an address; the first of each is the controller's.
    for (const { packets } of removed) expect(packets).to.be.within(2, 4);
    const down = all(LEARNING, 'port_status').map(({ port }) => port.state & 1);
    expect(down).to.deep.equal([1, 0]);
  });

  it('the firewall is told of a connection from outside, with the fields of the tracker', () => {
    const [refused, ...more] = all('os-ken-stateful-firewall.pcap', 'packet_in');
    expect(more).to.have.lengthOf(0);
    expect(refused).to.include({ reason: 'action', tableId: 1, cookie: 0x10an });
    expect(field(refused, 'ct_state')).to.equal(0x21);
    expect(field(refused, 'ct_zone')).to.equal(1);
    expect(field(refused, 'in_port_oxm')).to.equal(2);
    expect(all('os-ken-stateful-firewall.pcap', 'error')).to.have.lengthOf(0);
  });

  it('ovs-ofctl monitors packet-ins in both formats, cut to what the flow allows', () => {
    const standard = all('ovs-ofctl.pcap', 'packet_in');
    expect(standard).to.have.length.greaterThan(1);
    for (const { data, totalLen } of standard) {
      expect(totalLen).to.equal(46);
      expect(data.length).to.equal(46);
    }
    const own = all('ovs-ofctl.pcap', 'nxt_packet_in2');
    expect(own.map(({ data }) => toHex(data))).to.deep.equal(standard.slice(0, 2).map(({ data }) => toHex(data)));
  });

  it('table features come in parts, one for each of 254 tables', () => {
    const parts = all('ovs-ofctl-dump-table-features.pcap.gz', 'multipart_reply');
    expect(parts).to.have.length.greaterThan(1);
    expect(parts.map(({ more }) => more)).to.deep.equal(parts.map((_, i) => i < parts.length - 1));
    const rows = parts.flatMap(({ body }) => (body.kind === 'table_features' ? body.rows : []));
    expect(rows.map(({ tableId }) => tableId)).to.deep.equal(Array.from({ length: 254 }, (_, i) => i));
  });
});
