/**
 * Ryu's switch test, its checks of matches and actions, over ports in memory: what an OpenFlow 1.3 tester sends, byte
 * for byte. A check that stays failed would be named here with the reason; there is none.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { fromHex, ManualClock, toHex } from '../../lib/bytes/index.js';
import type { PacketIn } from '../../lib/pipeline/index.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { decode } from '../../lib/wire/index.js';

interface Check {
  readonly in: number;
  readonly out?: number;
  readonly packetIn?: number;
  readonly miss?: readonly number[];
}
interface Case {
  readonly name: string;
  readonly flows: readonly number[];
  readonly checks: readonly Check[];
}
interface Cases {
  readonly bytes: readonly string[];
  readonly files: Readonly<Record<string, readonly Case[]>>;
}

const cases = JSON.parse(readFileSync('fixtures/ryu-switch-test/cases.json', 'utf8')) as Cases;
const bytes = (place: number) => fromHex(cases.bytes[place]);

/** A switch as the tester expects it: what processing makes shorter is padded to 60 bytes. */
class Target {
  readonly sw = new Switch({ clock: new ManualClock(), minFrame: 60 });
  private readonly ports = [1, 2, 3].map((number) => this.sw.addPort(number, memory()));
  private packetIns: PacketIn[] = [];

  constructor(flows: readonly number[]) {
    this.sw.on((event) => {
      if (event.type === 'packet_in') this.packetIns.push(event.packet);
    });
    for (const place of flows) {
      const message = decode(bytes(place));
      if (message.type !== 'flow_mod') throw new Error(`${message.type} instead of a flow-mod`);
      this.sw.flows.apply(message.change);
    }
  }

  /** Everything that a frame on port 1 leads to: "2: frame", "packet-in action: frame". */
  send(frame: Uint8Array): string[] {
    this.ports[0].inject(frame);
    const out = this.ports.flatMap((port, i) => port.taken().map((sent) => `${i + 1}: ${toHex(sent)}`));
    const told = this.packetIns.map((packet) => `packet-in ${packet.reason}: ${toHex(packet.frame)}`);
    this.packetIns = [];
    return [...out, ...told];
  }

  /** Lookups that found nothing, by table. */
  misses(table: number): number {
    const view = this.sw.pipeline.tables()[table];
    return view.lookups - view.matched;
  }
}

function run({ flows, checks }: Case): void {
  const target = new Target(flows);
  for (const check of checks) {
    const before = (check.miss ?? []).map((table) => target.misses(table));
    const result = target.send(bytes(check.in));
    if (check.out !== undefined) expect(result).to.deep.equal([`2: ${cases.bytes[check.out]}`]);
    else if (check.packetIn !== undefined)
      expect(result).to.deep.equal([`packet-in action: ${cases.bytes[check.packetIn]}`]);
    else expect(result).to.deep.equal([]);
    for (const [i, table] of (check.miss ?? []).entries()) {
      expect(target.misses(table), `misses of table ${table}`).to.equal(before[i] + 1);
    }
  }
}

describe("pipeline: Ryu's switch test", () => {
  for (const [file, list] of Object.entries(cases.files)) {
    it(`${file}: ${list.length} checks`, () => {
      const failed: string[] = [];
      list.forEach((one, i) => {
        try {
          run(one);
        } catch (error) {
          failed.push(`#${i + 1} ${one.name}\n      ${error instanceof Error ? error.message : error}`);
        }
      });
      expect(failed, failed.join('\n')).to.deep.equal([]);
    });
  }
});
