/**
 * A match that is like the one before it is what it would be alone: same bytes, same shape and values, same refusals.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { OpenFlowError, Reader, toHex } from '../../lib/bytes/index.js';
import { Match } from '../../lib/nxm/index.js';
import { forgetForms, MAX_FORMS } from '../../lib/nxm/match-form.js';
import { parseFlow } from '../../lib/text/index.js';

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const read = (tlvs: Uint8Array): string => {
  try {
    const { tlvs: kept, shape, values } = Match.read(new Reader(tlvs));
    return `${toHex(kept)} ${shape.words.join()} ${shape.bits.join()} ${values.join()}`;
  } catch (error) {
    if (error instanceof OpenFlowError) return error.error;
    throw error;
  }
};
/** What it is with nothing like it before. */
function alone(tlvs: Uint8Array): string {
  forgetForms();
  return read(tlvs);
}

const FLOWS = [
  'tcp,in_port=1,nw_src=10.0.0.1,tp_dst=80',
  'udp,nw_src=10.0.0.0/8,nw_dst=10.1.0.0/255.255.0.255,tp_src=0x100/0xff00',
  'tcp6,ipv6_src=2001:db8::1,ipv6_dst=2001:db8::/32,reg0=5,reg1=0x10/0xf0,metadata=7',
  'ip,ct_state=+trk+est,ct_mark=5/0xff,ct_label=1,ct_zone=9,nw_tos=16,nw_ttl=3',
  'icmp6,icmp_type=135,nd_target=2001:db8::5',
  'dl_vlan=5,dl_vlan_pcp=3,dl_src=02:00:00:00:00:01/ff:ff:00:00:00:00,arp,arp_spa=10.0.0.1',
];

describe('nxm: matches like the one before', () => {
  for (const flow of FLOWS) {
    const { tlvs } = parseFlow(`${flow},actions=drop`).match;
    it(`${flow}, with any bytes changed`, () => {
      const changes = fc.array(fc.tuple(fc.nat(tlvs.length - 1), fc.nat(255)), { maxLength: 4 });
      const same = (list: readonly (readonly [number, number])[]) => {
        const changed = Uint8Array.from(tlvs);
        for (const [at, byte] of list) changed[at] = byte;
        const expected = alone(changed);
        for (let i = 0; i < 3; i++) read(tlvs);
        expect(read(changed)).to.equal(expected);
        // And the one that was kept hasn't changed.
        expect(read(tlvs)).to.equal(alone(tlvs));
      };
      fc.assert(fc.property(changes, same), { seed: SEED, numRuns: 300 });
    });

    it(`${flow}, with every byte changed`, () => {
      for (let at = 0; at < tlvs.length; at++) {
        for (const byte of [0, 1, 0x7f, 0xff, tlvs[at] ^ 1]) {
          const changed = Uint8Array.from(tlvs);
          changed[at] = byte;
          const expected = alone(changed);
          for (let i = 0; i < 3; i++) read(tlvs);
          expect(read(changed), `byte ${at} is ${byte}`).to.equal(expected);
        }
      }
    });
  }

  it('keeps one form for matches that differ in values alone, and gives each its own bytes back', () => {
    const forms = new Set<unknown>();
    for (let i = 0; i < 50; i++) {
      const { tlvs } = parseFlow(`tcp,in_port=1,nw_src=10.0.${i}.0/24,tp_dst=${i},actions=drop`).match;
      const match = Match.read(new Reader(tlvs));
      forms.add(match.form);
      expect(toHex(match.tlvs)).to.equal(toHex(tlvs));
      expect(match.length).to.equal(tlvs.length);
    }
    expect([...forms]).to.have.length(1);
    expect([...forms][0]).not.to.equal(null);
  });

  it('keeps no more forms than it may: matches of others keep their own bytes, until room is made', () => {
    forgetForms();
    const read = (i: number) => {
      const { tlvs } = parseFlow(`dl_type=${0x900 + i},dl_src=02:00:00:00:00:01,actions=drop`).match;
      const match = Match.read(new Reader(tlvs));
      expect(toHex(match.tlvs)).to.equal(toHex(tlvs));
      return match.form !== null;
    };
    const found = Array.from({ length: 2 * MAX_FORMS }, (_, i) => read(i));
    expect(found.indexOf(false)).to.equal(MAX_FORMS);
    expect(found.lastIndexOf(false)).to.be.within(1.4 * MAX_FORMS, 1.6 * MAX_FORMS);
    forgetForms();
  });
});
