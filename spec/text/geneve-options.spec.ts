/** Geneve options in texts and on the wire, before they are mapped: the same as ovs-ofctl 3.1 writes and sends. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fromHex, TextError } from '../../lib/bytes/index.js';
import { formatFlowMod, parseFlow } from '../../lib/text/index.js';
import { decode } from '../../lib/wire/index.js';
import { requires } from '../support/needs.js';
import { flowModHex } from './vectors.js';

/** A line, what ovs-ofctl 3.1 prints of it, and the match and instructions that it sends. */
const VECTORS: [string, string, string][] = [
  ['tun_metadata0,actions=1', 'tun_metadata0', '00010008 00015100'],
  ['tun_metadata0=0x1234,actions=1', 'tun_metadata0=0x1234', '0001000a 00015002 1234 000000000000'],
  ['tun_metadata0=0,actions=1', 'tun_metadata0=0', '00010008 00015000'],
  ['tun_metadata0=0x12/0xff,actions=1', 'tun_metadata0=0x12', '0001000a 00015102 12ff 000000000000'],
  ['tun_metadata0=0x12/0xf0ff,actions=1', 'tun_metadata0=0x12/0xf0ff', '0001000c 00015104 0012f0ff 00000000'],
  [
    'tun_metadata63=1,tun_metadata2=2,nsh_spi=4,dl_type=0x894f,tun_id=5,actions=1',
    'tun_id=0x5,tun_metadata2=0x2,tun_metadata63=0x1,dl_type=0x894f,nsh_spi=0x4',
    '0001002c 80000a02894f 80004c080000000000000005 0001540102 0001ce0101 ffff0808005ad65000000004 00000000',
  ],
  ['actions=set_field:0x1234->tun_metadata0', 'set_field:0x1234->tun_metadata0', '00190010 00015002 1234 000000000000'],
  ['actions=set_field:0->tun_metadata1', 'set_field:0->tun_metadata1', '00190008 00015200'],
  [
    'actions=set_field:0x12/0xff->tun_metadata0',
    'set_field:0x12/0xff->tun_metadata0',
    'ffff0010 00002320 0021 0001510212ff',
  ],
  [
    'actions=load:5->tun_metadata0[0..31]',
    'set_field:0x5/0xffffffff->tun_metadata0',
    'ffff0018 00002320 0021 00015108 00000005ffffffff 0000',
  ],
  [
    'actions=move:tun_metadata0[0..31]->reg0',
    'move:NXM_NX_TUN_METADATA0[0..31]->NXM_NX_REG0[]',
    'ffff0018 00002320 0006 0020 0000 0000 0001507c 00010004',
  ],
];

describe('text: Geneve options', () => {
  for (const [line, text, bytes] of VECTORS) {
    it(line, () => {
      const flow = parseFlow(line);
      expect(formatFlowMod(flow)).to.include(text);
      const hex = flowModHex(flow);
      expect(hex).to.include(bytes.replace(/ /g, ''));
      const message = decode(fromHex(hex) as Uint8Array);
      expect(message.type).to.equal('flow_mod');
      if (message.type === 'flow_mod') expect(formatFlowMod(message.change)).to.equal(formatFlowMod(flow));
    });
  }

  for (const [line, column, why] of [
    ['tun_metadata0=1,tun_metadata0=2,actions=1', 17, 'comes twice'],
    ['tun_metadata0=abc,actions=1', 15, 'is no number'],
    ['tun_metadata64=1,actions=1', 1, 'unknown keyword "tun_metadata64"'],
    ['tun_metadata0[0..3]=1,actions=1', 1, 'VALUE/MASK'],
  ] as const) {
    it(`refuses ${line}`, () => {
      expect(() => parseFlow(line))
        .to.throw(TextError, why)
        .with.property('column', column);
    });
  }

  it('prints and sends what the ovs-ofctl of this machine does', function () {
    requires(this, 'ovs-ofctl');
    const folder = mkdtempSync(join(tmpdir(), 'geneve-options-'));
    try {
      const file = join(folder, 'flows.txt');
      writeFileSync(file, VECTORS.map(([line]) => `${line}\n`).join(''));
      const run = spawnSync('ovs-ofctl', ['-O', 'OpenFlow13', '-mmmmmm', 'parse-flows', file], { encoding: 'utf8' });
      const messages = run.stdout.split(/^OFPT_FLOW_MOD .*?: /m).slice(1);
      expect(messages).to.have.length(VECTORS.length);
      for (const [i, message] of messages.entries()) {
        const [text, ...dump] = message.split('\n');
        const rows = dump.map((row) => /^[0-9a-f]{8} {2}(.{48})/.exec(row)?.[1].replace(/[^0-9a-f]/g, '') ?? '');
        const flow = parseFlow(VECTORS[i][0]);
        expect(formatFlowMod(flow)).to.equal(text);
        expect(flowModHex(flow)).to.equal(rows.join('').replace(/^(.{8})(.{8})/, '$100000001'));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
