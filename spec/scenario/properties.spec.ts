/**
 * Of packets put together at random: what `--update` writes down passes afterwards; a file that is changed anywhere is
 * run or refused.
 */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { TextError } from '../../lib/bytes/index.js';
import { failureLines, parseScenarios, runScenario, updated } from '../../lib/scenario/index.js';

const FLOWS = `ports: {a: 1, b: 2}
flows: |
  priority=9,ip,actions=ct(commit,nat(src=9.9.9.9)),b
  priority=9,ipv6,actions=ct(commit,nat),a
  priority=1,actions=b,a,controller,push_vlan:0x8100,in_port
steps:
`;
const BASES = [
  ...['tcp', 'udp', 'icmp', 'icmp6', 'tcp6', 'udp6', 'arp', 'sctp,chunk=init', 'ip,nw_proto=47', 'dl_type=0x88b5'],
  ...['icmp6,icmp_type=135,icmp_code=0', 'ip,nw_frag=first', 'dl_type=0x8847,mpls_label=5'],
];
const WORDS = [
  ...['dl_vlan=5', 'nw_tos=4', 'nw_ttl=1', 'len=300', 'payload="abc"', 'checksum=bad', 'checksum=0', 'ip_checksum=bad'],
  ...[
    'len=300,fragment=68',
    'seq=+5',
    'wscale=7',
    'icmp_id=3',
    'ip_id=9',
    'tp_dst=0',
    'tcp_flags=syn|ack',
    'dl_src=1:2:3:4:5:6',
  ],
];
const packet = fc
  .tuple(fc.constantFrom(...BASES), fc.subarray(WORDS, { maxLength: 2 }))
  .map(([base, words]) => JSON.stringify([base, ...words].join(',')));
const step = fc
  .tuple(fc.constantFrom('a', 'b'), packet, fc.constantFrom('', ', expect: ', ', expect: {a: , b: , controller: }'))
  .map(([port, text, expected]) => `- {send: {${port}: ${text}}${expected}}\n`);

/** Whether it is what a person wrote wrong. */
function refused(error: unknown): boolean {
  if (error instanceof TextError) return true;
  throw error;
}

describe('scenario: properties', () => {
  it('what --update writes passes', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 3 }), async (steps) => {
        const text = FLOWS + steps.join('');
        try {
          const [scenario] = await parseScenarios(text);
          const filled = updated(text, [await runScenario(scenario)]);
          const [again] = await parseScenarios(filled);
          const failed = failureLines(await runScenario(again));
          if (failed.length > 0) throw new Error(`${filled}\n${failed.join('\n')}`);
        } catch (error) {
          fc.pre(!refused(error));
        }
      }),
      { numRuns: 60 },
    ));

  it('a changed file is run or refused with its place', () => {
    const text = readFileSync('scenarios/nat/source.ct.yaml', 'utf8');
    return fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(8), fc.constantFrom(...'{}[]:,-"|&*#0 \n'), async (at, removed, put) => {
        const from = at % text.length;
        try {
          const changed = text.slice(0, from) + put + text.slice(from + removed);
          for (const scenario of await parseScenarios(changed)) await runScenario(scenario);
        } catch (error) {
          refused(error);
        }
      }),
      { numRuns: 60 },
    );
  });
});
