/** Random cases: the same seed gives the same case, and all that the comparison is about comes up. */
import { expect } from 'chai';
import { type Case, randomCase } from '../../bench/compare/generate.js';
import { fromHex } from '../../lib/bytes/index.js';

const SIZES = { seed: 1, packets: 10, small: true };
const cases = Array.from({ length: 900 }, (_, n) => randomCase(n, SIZES));

/** VLAN tags in front of a frame's EtherType, and that type. */
function tags(frame: Uint8Array): { count: number; type: number } {
  let at = 12;
  const type = () => (frame[at] << 8) | frame[at + 1];
  while (type() === 0x8100 || type() === 0x88a8) at += 4;
  return { count: (at - 12) / 4, type: type() };
}

function frames({ packets }: Case): Uint8Array[] {
  return packets.flatMap((step) => {
    if ('warp' in step || 'ofctl' in step || 'appctl' in step) return [];
    return [fromHex('port' in step ? step.frame : step[1])];
  });
}

describe('random cases', () => {
  it('are the same for the same seed', () => {
    for (const n of [0, 7, 99]) expect(randomCase(n, SIZES)).to.deep.equal(cases[n]);
    expect(randomCase(0, { ...SIZES, seed: 2 })).to.not.deep.equal(cases[0]);
  });

  const words = 'tcp udp sctp icmp tcp6 udp6 sctp6 icmp6 arp ip ipv6 mpls mplsm nd_target ip_frag dl_vlan'.split(' ');
  for (const word of words) {
    it(`match ${word}`, () => {
      const met = cases.some(({ flows }) => flows.some((flow) => new RegExp(`,${word}[,=]`).test(flow)));
      expect(met).to.equal(true);
    });
  }

  for (const word of [
    'group:',
    'goto_table',
    'ct(',
    'push_mpls',
    'pop_mpls',
    'push_vlan',
    'pop_vlan',
    'write_actions',
    'learn(',
    'fin_timeout(',
    'multipath(',
    'bundle(',
    'bundle_load(',
    'conjunction(',
    'clone(',
    'encap(nsh',
    'check_pkt_larger(',
    'push:',
    'max_len=',
  ]) {
    it(`do ${word}`, () => {
      expect(cases.some(({ flows }) => flows.some((flow) => flow.includes(word)))).to.equal(true);
    });
  }

  it('have one tag and two, labels, and no third tag', () => {
    const seen = cases.flatMap(frames).map(tags);
    expect(new Set(seen.map(({ count }) => count))).to.deep.equal(new Set([0, 1, 2]));
    for (const type of [0x8847, 0x8848]) expect(seen.some((frame) => frame.type === type)).to.equal(true);
  });
});
