/** Messages that wait as bytes come out as they went in. */
import { expect } from 'chai';
import { MessageStore } from '../../lib/agent/message-store.js';
import { toHex } from '../../lib/bytes/index.js';
import { parseFlow } from '../../lib/text/index.js';
import { encode } from '../../lib/wire/index.js';

const flow = (i: number) =>
  encode({
    type: 'flow_mod',
    xid: i,
    change: parseFlow(`tcp,nw_src=10.0.${i >> 8}.${i & 255},actions=output:${i + 1}`),
  });
const big = (i: number) => encode({ type: 'echo_request', xid: i, data: new Uint8Array(60_000 + i).fill(i) });

describe('agent/message-store', () => {
  it('gives messages of any size back, in their order, as messages and as bytes', () => {
    const sent = Array.from({ length: 2000 }, (_, i) => (i % 400 === 7 ? big(i) : flow(i)));
    const store = new MessageStore();
    for (const message of sent) {
      const passing = message.slice();
      store.add(passing);
      passing.fill(0);
    }
    expect(store.count).to.equal(sent.length);
    expect(store.bytes).to.equal(sent.reduce((sum, { length }) => sum + length, 0));
    expect([...store.messages()].map((m) => toHex(encode(m)))).to.deep.equal(sent.map((bytes) => toHex(bytes)));
    for (const i of [0, 1, 7, 8, 1607, 1999]) {
      expect(toHex(store.at(i) ?? new Uint8Array(0))).to.equal(toHex(sent[i]));
    }
    expect(store.at(2000)).to.equal(undefined);
  });

  it('has nothing at first', () => {
    expect([...new MessageStore().messages()]).to.deep.equal([]);
  });
});
