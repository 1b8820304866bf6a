/** Mistakes at the command line: one line with place and reason, and the status that help promises. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { plainText, TextError } from '../../lib/bytes/index.js';
import { EXIT } from '../../lib/cli/exit.js';
import { messageNamed, partOfNames } from '../../lib/cli/message-names.js';
import { ctswitch, endAll } from './program.js';

const LEARNING = 'fixtures/sessions/os-ken-learning-switch.pcap';
const NONE = ['trace', '--flows', '/dev/null'];

describe('cli: mistakes', function () {
  this.timeout(20_000);
  const folder = mkdtempSync(join(tmpdir(), 'mistakes-'));
  const bytes = join(folder, 'bytes.flows');
  const inner = join(folder, 'folder');
  before(() => {
    writeFileSync(bytes, Buffer.from([0x61, 0x0a, 0x62, 0x63, 0x00, 0xff]));
    mkdirSync(inner);
  });
  after(async () => {
    await endAll();
    rmSync(folder, { recursive: true });
  });

  const CASES: readonly (readonly [args: readonly string[], status: number, err: RegExp])[] = [
    [
      ['replay', LEARNING, '--ignore', 'OFPT_FLOWMOD'],
      EXIT.usage,
      /"OFPT_FLOWMOD".*did you mean "OFPT_FLOW_MOD"\?\)\n$/,
    ],
    [['replay', LEARNING, '--junit', inner], EXIT.environment, /folder can't be written: it is a folder\n$/],
    [
      ['inspect', '--listen', 'ptcp:0', '--only', 'packetin'],
      EXIT.usage,
      /--only "packetin".*did you mean "packet_in"/,
    ],
    [['trace', '--flows', bytes, 'in_port=1'], EXIT.usage, /bytes.flows:2:3: this is no text: it has a byte 0x00\n$/],
    [['test', bytes], EXIT.usage, /bytes.flows:2:3: this is no text/],
    [['run', '--no-ctl', '--port', `1=file:${inner}`], EXIT.usage, /folder: it is a folder\n$/],
    [['ctl', '--ctl', bytes, 'version'], EXIT.environment, /bytes.flows: it is a file, not a socket\n$/],
    [['ctl', '--rundir', bytes, 'version'], EXIT.environment, /--rundir .*: there is no such folder\n$/],
    [
      [...NONE, '--actions', 'ouput:1', 'in_port=1'],
      EXIT.usage,
      /^ctswitch: --actions: .*"output".*\n {2}ouput:1\n {2}\^\n$/,
    ],
    [[...NONE, '--ct-next', 'trk,etsablished', 'in_port=1'], EXIT.usage, /"etsablished" is none of new, est, /],
    [[...NONE, `${LEARNING}:x`], EXIT.usage, /: "x" is no frame's number: FILE.pcap:1 is the first\n$/],
    [['trace', '--flows', '-', '--groups', '-', 'in_port=1'], EXIT.usage, /one of --flows, --groups, not several\n$/],
  ];
  for (const [args, status, err] of CASES) {
    it(args.join(' ').replaceAll(`${folder}/`, ''), async () => {
      const ended = await ctswitch(args, '');
      expect(ended.err).to.match(err);
      expect(ended.status).to.equal(status);
    });
  }

  it('names of messages, whole and in part', () => {
    expect(messageNamed('--ignore', 'flow_mod')).to.equal('OFPT_FLOW_MOD');
    expect(messageNamed('--ignore', 'ofpt_flow_mod')).to.equal('OFPT_FLOW_MOD');
    expect(messageNamed('--ignore', 'OFPST_DESC reply')).to.equal('OFPST_DESC reply');
    expect(messageNamed('--ignore', 'NXT_RESUME')).to.equal('NXT_RESUME');
    expect(messageNamed('--ignore', 'OFPT_77')).to.equal('OFPT_77');
    expect(() => messageNamed('--ignore', '')).to.throw(/no message/);
    for (const part of ['mod', 'OFPT', 'packet_in', 'reply', 'nxt_']) expect(partOfNames('--not', part)).to.equal(part);
    expect(() => partOfNames('--not', 'weather')).to.throw(/--not "weather": no message is called that; names are/);
  });

  it('texts and others', () => {
    expect(plainText('a\tb\r\n\u00e9\u001b[0m')).to.be.a('string');
    expect(() => plainText('a\n\u0001', 'f')).to.throw(TextError, 'f:2:1: this is no text: it has a byte 0x01');
  });
});
