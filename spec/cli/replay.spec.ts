/** `ctswitch replay` at the command line: exit statuses, files, addresses, and a real controller. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { encode } from '../../lib/wire/index.js';
import { captureOf, framesOf } from '../replay/capture.js';
import { tcp4 } from '../support/frames.js';
import { ctswitch, endAll } from './program.js';

const LEARNING = 'fixtures/sessions/os-ken-learning-switch.pcap';

describe('cli: replay', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ctswitch-replay-'));
  });
  after(async () => {
    await endAll();
    rmSync(folder, { recursive: true });
  });
  const file = (name: string, bytes: Uint8Array | string): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  it('ends with 0 where nothing differs, and says what it compared', async () => {
    const { status, out } = await ctswitch(['replay', LEARNING]);
    expect(out).to.match(/23 messages, 9 compared, no difference\n1 session, 0 with differences\n$/);
    expect(status).to.equal(0);
  });

  it('ends with 1 where something does; JSON and JUnit say what', async () => {
    const session = framesOf([
      { by: 'switch', message: { type: 'hello', xid: 1, version: 4, versions: [4] } },
      { by: 'controller', message: { type: 'hello', xid: 1, version: 4, versions: [4] } },
      { by: 'controller', message: { type: 'get_config_request', xid: 7 } },
      { by: 'switch', message: { type: 'get_config_reply', xid: 7, flags: 0, missSendLen: 99 } },
    ]);
    const xml = join(folder, 'result.xml');
    const { status, out } = await ctswitch([
      'replay',
      '--json',
      '--junit',
      xml,
      file('planted.pcap', captureOf(session)),
    ]);
    const line = JSON.parse(out);
    expect(line).to.include({ schema: 'ctswitch/replay@1', passed: false, compared: 1 });
    expect(line.differences[0].fields).to.deep.equal([{ path: 'miss_send_len', recorded: 99, played: 128 }]);
    expect(readFileSync(xml, 'utf8')).to.match(/<testsuite name="planted\.pcap" tests="1" failures="1" errors="0"/);
    expect(status).to.equal(1);
  });

  it('says what it found where there is no OpenFlow, no capture, no file; with status 2', async () => {
    const http = captureOf([tcp4({ dport: 80, flags: 'ack', payload: 'GET / HTTP/1.1' })]);
    for (const [name, why] of [
      [file('http.pcap', http), /no OpenFlow in it: 1 frames, 1 of them TCP in 1 connections/],
      [file('text.pcap', 'no capture at all'), /neither pcap nor pcapng/],
      [join(folder, 'nothing.pcap'), /there is no such file/],
    ] as const) {
      const { status, err } = await ctswitch(['replay', name]);
      expect(err).to.match(why);
      expect(status, name).to.equal(2);
    }
  });

  it('says which session there is none of, and that a controller is needed', async () => {
    const { status, err } = await ctswitch(['replay', '--session', '2', LEARNING]);
    expect([status, err]).to.deep.equal([
      2,
      'ctswitch: there is no session 2: the capture has 1 (--list shows them)\n',
    ]);
    expect((await ctswitch(['replay', '--play', 'switch', LEARNING])).err).to.match(/needs a controller: --against/);
  });

  it('ends with 3 where nobody listens', async () => {
    const { status, err } = await ctswitch(['replay', '--against', 'tcp:127.0.0.1:1', LEARNING]);
    expect([status, err]).to.deep.equal([3, 'ctswitch: tcp:127.0.0.1:1: nobody listens there\n']);
  });

  it('warns of a capture that is cut off, and plays what there is', async () => {
    const whole = readFileSync(LEARNING);
    const { status, out, err } = await ctswitch(['replay', file('cut.pcap', whole.subarray(0, 2000))]);
    expect(err).to.match(/cut\.pcap: .*cut off.*; what is before that is replayed/);
    expect(out).to.match(/1 session, 0 with differences/);
    expect(status).to.equal(0);
  });

  it('lists sessions', async () => {
    const { out } = await ctswitch(['replay', '--list', 'fixtures/sessions/ovs-ofctl.pcap']);
    expect(out.trim().split('\n')).to.have.length(31);
    expect(out).to.match(
      /^1: 127\.0\.0\.1:\d+ → 127\.0\.0\.1:6654, \d+ messages, switch dpid 0000000000000abc, dialled by the/,
    );
  });

  it('a message that is no OpenFlow at all is said to be unreadable, not a crash', async () => {
    const hello = { type: 'hello', xid: 1, version: 4, versions: [4] } as const;
    const frames = framesOf([
      { by: 'switch', message: hello },
      { by: 'controller', message: hello },
      { by: 'controller', message: { type: 'get_config_request', xid: 7 } },
      {
        by: 'switch',
        message: { type: 'error', xid: 7, version: 4, error: { type: 1, code: 1 }, data: encode(hello) },
      },
    ]);
    const { status, out } = await ctswitch(['replay', file('error.pcap', captureOf(frames))]);
    expect(out).to.match(/OFPT_ERROR \(frame 6\) differs/);
    expect(status).to.equal(1);
  });
});
