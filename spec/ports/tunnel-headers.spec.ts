/** VXLAN's and Geneve's headers as tshark dissects them; what we write it reads, and what it reads we read. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex } from '../../lib/bytes/index.js';
import { slots } from '../../lib/packet/key.js';
import { TunnelIn, type TunnelOut } from '../../lib/packet/tunnel.js';
import { captureHeader, putRecord, RECORD_HEADER } from '../../lib/pcap-file/writer.js';
import { ENCAPSULATIONS } from '../../lib/ports/tunnel/header.js';
import { udp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';

type Kind = keyof typeof ENCAPSULATIONS;

const INNER = udp4({ src: '10.1.1.1', dst: '10.1.1.2' });
const OUT: TunnelOut = {
  vni: 0x123456,
  remote: '192.0.2.2',
  local: '',
  ttl: 64,
  oam: false,
  policy: null,
  options: new Uint8Array(0),
};
const FIELDS = ['vxlan.vni', 'vxlan.gbp', 'vxlan.flags', 'geneve.vni', 'geneve.flags', 'geneve.option.class', 'ip.dst'];

/** What is put around a frame, and what tshark says of it, in the order of FIELDS. */
const VECTORS: [Kind, Partial<TunnelOut>, string][] = [
  ['vxlan', {}, '1193046|0|0x0800||||192.0.2.2,10.1.1.2'],
  ['vxlan', { policy: { id: 0x1234, flags: 0x48 } }, '1193046|4660|0x8848||||192.0.2.2,10.1.1.2'],
  ['geneve', {}, '|||0x123456|0x00||192.0.2.2,10.1.1.2'],
  ['geneve', { oam: true }, '|||0x123456|0x80||192.0.2.2,10.1.1.2'],
  ['geneve', { options: fromHex('01028001aabbccdd') as Uint8Array }, '|||0x123456|0x40|0x0102|192.0.2.2,10.1.1.2'],
];

function datagram(kind: Kind, out: TunnelOut): Uint8Array {
  const encapsulation = ENCAPSULATIONS[kind];
  const bytes = new Uint8Array(encapsulation.size(out) + INNER.length);
  encapsulation.write(bytes, out);
  bytes.set(INNER, encapsulation.size(out));
  return bytes;
}

describe('ports/tunnel headers', () => {
  it('are what tshark takes them for', function () {
    requires(this, 'tshark');
    const folder = mkdtempSync(join(tmpdir(), 'tunnel-headers-'));
    try {
      const parts = [captureHeader()];
      for (const [kind, out] of VECTORS) {
        const payload = datagram(kind, { ...OUT, ...out });
        const frame = udp4({ src: '192.0.2.1', dst: '192.0.2.2', dport: ENCAPSULATIONS[kind].udp_port, payload });
        const record = new Uint8Array(RECORD_HEADER + frame.length);
        putRecord(record, 0, 0, frame, 0, frame.length);
        parts.push(record);
      }
      const file = join(folder, 'tunnels.pcap');
      writeFileSync(file, Buffer.concat(parts));
      const columns = FIELDS.flatMap((field) => ['-e', field]);
      const run = spawnSync('tshark', ['-r', file, '-T', 'fields', '-E', 'separator=|', ...columns], {
        encoding: 'utf8',
      });
      expect(run.stdout.trimEnd().split('\n')).to.deep.equal(
        VECTORS.map(([, , said]) => said),
        run.stderr,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are read as they were written', () => {
    const arbitrary = fc.record({
      kind: fc.constantFrom<Kind>('vxlan', 'geneve'),
      vni: fc.nat(0xffffff),
      oam: fc.boolean(),
      policy: fc.option(fc.record({ id: fc.nat(0xffff), flags: fc.constantFrom(0, 8, 0x40, 0x48) })),
      words: fc.nat(31),
    });
    fc.assert(
      fc.property(arbitrary, ({ kind, vni, oam, policy, words }) => {
        const geneve = kind === 'geneve';
        const options = geneve ? Uint8Array.of(1, 2, 3, words, ...new Uint8Array(words * 4).fill(7)) : OUT.options;
        const out = { ...OUT, vni, oam: geneve && oam, policy: geneve ? null : policy, options };
        const bytes = datagram(kind, out);
        const tunnel = new TunnelIn();
        const start = ENCAPSULATIONS[kind].read(bytes, bytes.length, true, tunnel);
        expect(bytes.subarray(start)).to.deep.equal(INNER);
        const { key } = tunnel;
        expect(key.get({ at: slots.tun_id.at + 4, size: 4, shift: 0, width: 32 })).to.equal(vni);
        expect(key.get(slots.tun_flags)).to.equal(out.oam ? 1 : 0);
        expect(key.get(slots.tun_gbp_id)).to.equal(out.policy?.id ?? 0);
        expect(key.get(slots.tun_gbp_flags)).to.equal(out.policy?.flags ?? 0);
        expect(tunnel.options.slice(tunnel.from, tunnel.to)).to.deep.equal(options);
      }),
      { seed: Number(process.env.SEED ?? Date.now() % 1e9) },
    );
  });

  it('never throw, whatever comes, and never point behind the end', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Kind>('vxlan', 'geneve'),
        fc.boolean(),
        fc.uint8Array({ maxLength: 80 }),
        (kind, gbp, bytes) => {
          const start = ENCAPSULATIONS[kind].read(bytes, bytes.length, gbp, new TunnelIn());
          expect(start).to.be.within(-1, bytes.length);
        },
      ),
      { seed: Number(process.env.SEED ?? Date.now() % 1e9) },
    );
  });
});
