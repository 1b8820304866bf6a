/**
 * Random flows and frames with VLAN tags and MPLS labels: what Open vSwitch sent (fixtures/tags, recorded) is what we
 * send.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { fromHex, ManualClock, toHex } from '../../lib/bytes/index.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';

interface Recorded {
  readonly flows: readonly string[];
  readonly packets: readonly string[];
  /** By packet: ports and frames, OpenFlow 1.3 packet-ins. */
  readonly results: readonly [out: readonly [number, string][], packetIns: readonly string[]][];
}

const file = process.env.TAGS ?? 'fixtures/tags/cases.json';
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Recorded[] };

/** The frame in a packet-in: behind 24 bytes of header, the match, padded, and two bytes. */
function frameIn(packetIn: string): string {
  const match = Number.parseInt(packetIn.slice(26 * 2, 28 * 2), 16);
  return packetIn.slice((24 + Math.ceil(match / 8) * 8 + 2) * 2);
}

function run({ flows, packets }: Recorded, caching: boolean): string[][] {
  const sw = new Switch({ clock: new ManualClock(), caching });
  const ports = [1, 2, 3].map((number) => sw.addPort(number, memory()));
  const told: string[] = [];
  sw.on((event) => {
    // Open vSwitch was asked for no packet-ins of invalid TTLs.
    if (event.type !== 'packet_in' || event.packet.reason === 'invalid_ttl') return;
    told.push(`controller: ${toHex(event.packet.frame.slice(0, event.packet.maxLen))}`);
  });
  sw.flows.load(flows.join('\n'));
  return packets.map((frame) => {
    ports[0].inject(fromHex(frame));
    const sent = ports.flatMap((port, i) => port.taken().map((bytes) => `${i + 1}: ${toHex(bytes)}`));
    return [...sent, ...told.splice(0)].sort();
  });
}

describe('pipeline: tags and labels as Open vSwitch treats them', () => {
  for (const [i, recorded] of cases.entries()) {
    it(`case ${i}`, () => {
      const expected = recorded.results.map(([out, packetIns]) =>
        [
          ...out.map(([port, frame]) => `${port}: ${frame}`),
          ...packetIns.map((packetIn) => `controller: ${frameIn(packetIn)}`),
        ].sort(),
      );
      for (const caching of [true, false]) {
        const ours = run(recorded, caching);
        for (const [n, result] of ours.entries()) {
          const flows = recorded.flows.join('\n        ');
          expect(result, `${recorded.packets[n]}\n        ${flows}`).to.deep.equal(expected[n]);
        }
      }
    });
  }
});
