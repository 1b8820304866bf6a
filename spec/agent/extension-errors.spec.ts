/** Nicira's and ONF's messages as Open vSwitch's tools read them: those that it refuses are refused with its errors. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { errorName, fromHex, toHex } from '../../lib/bytes/index.js';
import { decode, encode } from '../../lib/wire/index.js';
import { wholeSwitch } from './whole-switch.js';

interface Recorded {
  readonly what: string;
  readonly hex: string;
  readonly text?: readonly string[];
  readonly error?: string;
}

const { tool, messages } = JSON.parse(readFileSync('fixtures/extensions/messages.json', 'utf8')) as {
  readonly tool: string;
  readonly messages: readonly Recorded[];
};

describe('agent: extensions as ovs-ofctl reads them', () => {
  it('were recorded with Open vSwitch', () => {
    expect(tool).to.match(/Open vSwitch\) 3\.\d/);
  });

  for (const { what, hex, text, error } of messages) {
    if (error === undefined) {
      it(`${what}: ${text?.[0].split(' ')[0]}`, () => {
        expect(toHex(encode(decode(fromHex(hex))))).to.equal(hex);
      });
      continue;
    }
    // In OpenFlow 1.3 the errors of properties are those of table features.
    const wanted = error.replace(/^OFPBPC_BAD_(TYPE|LEN)$/, 'OFPTFFC_BAD_$1');
    it(`${what}: ${wanted}`, async () => {
      const { c } = await wholeSwitch();
      await c.send(fromHex(hex));
      expect(c.messages.map((m) => m.type === 'error' && errorName(m.error))).to.deep.equal([wanted]);
      expect(toHex(c.last('error').data)).to.equal(hex);
    });
  }
});
