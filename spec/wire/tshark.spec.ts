/** Wireshark's dissector, which shares nothing with ours or with Open vSwitch's, reads what we write. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { captureHeader, captureRecord } from '../../lib/pcap-file/index.js';
import { encode, type Message, peekType } from '../../lib/wire/index.js';
import { tcp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';
import { nameOf, SAMPLES } from './samples.js';

/** Notes are below this; warnings, errors and malformed messages are not. */
const COMPLAINTS = '_ws.malformed || _ws.expert.severity >= 0x600000';
const COLUMNS = ['frame.number', 'openflow_v4.type', 'openflow_v4.xid', '_ws.expert.message'];

/** What this dissector doesn't know, and calls malformed: Open vSwitch's own as well. */
const UNREAD = [
  'multipart_reply flow_monitor: Experimenter multipart reply body.,Malformed Packet (Exception occurred)',
];

/** A capture with one message a segment, from a controller's port. */
function capture(messages: readonly Message[]): Uint8Array {
  let seq = 1;
  const records = messages.map((m, i) => {
    const payload = encode(m);
    const frame = tcp4({ sport: 6653, dport: 50000, seq, ack: 1, flags: 'ack|psh', payload });
    seq += payload.length;
    return captureRecord(1_700_000_000_000 + i, frame);
  });
  return Buffer.concat([captureHeader(), ...records]);
}

function tshark(file: string, filter: string): string[][] {
  const args = ['-r', file, '-d', 'tcp.port==6653,openflow', '-Y', filter, '-T', 'fields'];
  const run = spawnSync('tshark', [...args, ...COLUMNS.flatMap((column) => ['-e', column])], { encoding: 'utf8' });
  expect(run.status, run.stderr).to.equal(0);
  const lines = run.stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => line.split('\t'));
}

describe('wire/tshark', () => {
  let folder: string;
  before(function () {
    requires(this, 'tshark');
    folder = mkdtempSync(join(tmpdir(), 'ctswitch-'));
    writeFileSync(join(folder, 'samples.pcap'), capture(SAMPLES));
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true });
  });

  it('takes every sample for the message that it is', () => {
    const rows = tshark(join(folder, 'samples.pcap'), 'openflow_v4');
    // An error's data is dissected too: only the first type and xid of a segment count.
    const seen = rows.map(([frame, type, xid]) => [frame, type.split(',')[0], xid.split(',')[0]].map(Number));
    expect(seen).to.deep.equal(SAMPLES.map((m, i) => [i + 1, peekType(encode(m)), m.xid]));
  });

  it('has nothing to complain about', () => {
    const rows = tshark(join(folder, 'samples.pcap'), COMPLAINTS);
    const complaints = rows.map(([frame, , , what]) => `${nameOf(SAMPLES[Number(frame) - 1])}: ${what}`);
    expect(complaints).to.deep.equal(UNREAD);
  });

  it('would complain about a message cut short', () => {
    const cut = encode(SAMPLES.find((m) => m.type === 'flow_mod')!);
    cut[51] = 3; // The match's length, which has 4 bytes of header.
    const frame = tcp4({ sport: 6653, dport: 50000, seq: 1, ack: 1, payload: cut });
    writeFileSync(join(folder, 'bad.pcap'), Buffer.concat([captureHeader(), captureRecord(0, frame)]));
    expect(tshark(join(folder, 'bad.pcap'), COMPLAINTS)).to.have.lengthOf(1);
  });
});
