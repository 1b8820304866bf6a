/**
 * Messages that running switches and other programs wrote: the same bytes again, and the same members as Ryu's twins.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { OpenFlowError, toHex } from '../../lib/bytes/index.js';
import { decode, encode } from '../../lib/wire/index.js';
import { toRyu } from './ryu.js';
import { difference, fromRyu } from './ryu-twin.js';

const FOLDER = 'fixtures/openflow13';

/** What is wrong with a fixture: the error that even tools get. */
const BROKEN: Readonly<Record<string, string>> = {
  // Ryu's own flows set vlan_vid without OFPVID_PRESENT.
  '4-2-ofp_flow_mod.packet': 'OFPBAC_BAD_SET_ARGUMENT',
  '4-12-ofp_flow_stats_reply.packet': 'OFPBAC_BAD_SET_ARGUMENT',
  // A zone of 28 bits.
  'ovs-ofctl-of13-action_ct.packet': 'OFPBAC_BAD_SET_LEN',
  // The file is empty.
  'libofproto-OFP13-flow_mod.truncated64': 'OFPBRC_BAD_LEN',
};

/** What only tools read: a switch refuses it. */
const LENIENT: Readonly<Record<string, string>> = {
  // Every field of OpenFlow 1.3 at once, many without what they need before them.
  '4-60-ofp_flow_mod.packet': 'OFPBMC_BAD_PREREQ',
  // A monitor of nothing.
  '4-63-onf_flow_monitor_request.packet': 'OFPMOFC_BAD_FLAGS',
};

/** Why a twin says something else than the bytes. */
const DIFFERENT: Readonly<Record<string, string>> = {
  '4-59-ofp_packet_in.packet':
    "pbb_uca with a 16-bit type behind ONF's experimenter id, which the field table doesn't know",
  'libofproto-OFP13-ofp_packet_out_packet_library.packet': 'the twin dissects the frame',
};

const read = (name: string): Uint8Array => new Uint8Array(readFileSync(`${FOLDER}/packets/${name}`));

function refusal(bytes: Uint8Array, lenient: boolean): string | undefined {
  try {
    decode(bytes, { lenient });
    return undefined;
  } catch (error) {
    if (error instanceof OpenFlowError) return error.error;
    throw error;
  }
}

describe('wire/fixtures', () => {
  for (const name of readdirSync(`${FOLDER}/packets`)) {
    const bytes = read(name);
    if (BROKEN[name]) {
      it(`${name} is refused with ${BROKEN[name]}`, () => {
        expect(refusal(bytes, true)).to.equal(BROKEN[name]);
      });
      continue;
    }

    it(`${name} comes back in the same bytes`, () => {
      expect(refusal(bytes, false)).to.equal(LENIENT[name]);
      expect(toHex(encode(decode(bytes, { lenient: name in LENIENT })))).to.equal(toHex(bytes));
    });

    const twin = `${FOLDER}/json/${name}.json`;
    if (LENIENT[name]) continue;
    it(`${name} says what its twin says${DIFFERENT[name] ? `, but for ${DIFFERENT[name]}` : ''}`, () => {
      const found = difference(toRyu(decode(bytes)), fromRyu(readFileSync(twin, 'utf8')));
      if (DIFFERENT[name]) expect(found).to.be.a('string');
      else expect(found).to.equal(undefined);
    });
  }
});
