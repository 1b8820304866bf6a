import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ManualClock, silent, toHex } from '../../lib/bytes/index.js';
import { CaptureReader, captureHeader, captureRecord } from '../../lib/pcap-file/index.js';
import { FRAMES_A_TURN, file, InputError, PortError, type PortHost } from '../../lib/ports/index.js';

let folder: string;

function capture(name: string, frames: [number, Uint8Array][], more = new Uint8Array(0)): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([captureHeader(), ...frames.map(([ms, bytes]) => captureRecord(ms, bytes)), more]));
  return path;
}

function read(path: string): string[] {
  const reader = new CaptureReader();
  reader.push(readFileSync(path));
  const found: string[] = [];
  for (let record = reader.next(); record !== null; record = reader.next()) {
    found.push(`${record.sec * 1000 + record.nsec / 1e6} ${toHex(record.bytes, record.start, record.end)}`);
  }
  reader.finish();
  return found;
}

function host(clock = new ManualClock()) {
  const received: string[] = [];
  const said: string[] = [];
  const port: PortHost = {
    clock,
    log: { ...silent, error: (message) => said.push(message) },
    receive: (bytes, start, end) => {
      received.push(toHex(bytes, start, end));
      bytes.fill(0, 0, end);
    },
    link: () => {},
    lost: (direction, kind, count) => said.push(`${direction} ${kind} ${count}`),
  };
  return { port, received, said, clock };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The error of a start that must fail. */
async function failure(starting: void | Promise<void>): Promise<Error> {
  const error = await Promise.resolve(starting).then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).to.be.instanceOf(PortError);
  return error as Error;
}

describe('ports/file', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ctswitch-file-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('plays all frames of a file in order, a bounded number a turn, and says when it is done', async () => {
    const count = 3 * FRAMES_A_TURN + 7;
    const frames = Array.from({ length: count }, (_, i): [number, Uint8Array] => [i, Uint8Array.of(i >> 8, i, 1)]);
    const input = file({ input: capture('many.pcap', frames) });
    const { port, received } = host();
    await input.start(port);
    const turns: number[] = [];
    let done = false;
    void input.done.then(() => {
      done = true;
    });
    while (!done) {
      const before = received.length;
      await turn();
      turns.push(received.length - before);
    }
    expect(await input.done).to.deep.equal({ frames: count });
    expect(received).to.deep.equal(frames.map(([, bytes]) => toHex(bytes)));
    expect(Math.max(...turns)).to.equal(FRAMES_A_TURN);
    await input.close();
  });

  it('keeps the times of the capture, where it is told to', async () => {
    const bytes = (n: number) => Uint8Array.of(n);
    const path = capture('paced.pcap', [
      [5000, bytes(1)],
      [5000, bytes(2)],
      [5250, bytes(3)],
      [6000, bytes(4)],
    ]);
    const input = file({ input: path, paced: true });
    const { port, received, clock } = host(new ManualClock(77));
    await input.start(port);
    const seen: [number, number][] = [];
    for (let time_ms = 0; time_ms <= 1000; time_ms += 50) {
      await turn();
      await turn();
      seen.push([time_ms, received.length]);
      clock.advance(50);
    }
    expect(seen.filter(([, count], i) => count !== seen[i - 1]?.[1])).to.deep.equal([
      [0, 2],
      [250, 3],
      [1000, 4],
    ]);
    expect((await input.done).frames).to.equal(4);
    await input.close();
  });

  it('writes what is sent, with wall time, on close and now and then', async () => {
    const path = join(folder, 'out.pcap');
    const output = file({ output: path });
    const { port, clock } = host(new ManualClock(0, 1_700_000_000_000));
    await output.start(port);
    expect(await output.done).to.deep.equal({ frames: 0 });
    output.send(Uint8Array.of(9, 1, 2, 9), 1, 3);
    clock.advance(500);
    for (let waited = 0; readFileSync(path).length < 42 && waited < 1000; waited++) await turn();
    expect(read(path)).to.deep.equal(['1700000000000 0102']);
    output.send(Uint8Array.of(3), 0, 1);
    await output.close();
    await output.close();
    expect(read(path)).to.deep.equal(['1700000000000 0102', '1700000000500 03']);
  });

  it('writes a lot, and counts what it has no file for', async () => {
    const path = join(folder, 'lot.pcap');
    const output = file({ output: path });
    const { port } = host();
    await output.start(port);
    for (let i = 0; i < 3000; i++) output.send(new Uint8Array(1500).fill(i), 0, 1500);
    await output.close();
    expect(read(path)).to.have.length(3000);
    const { port: other, said } = host();
    const input = file({ input: capture('one.pcap', [[0, Uint8Array.of(1)]]) });
    await input.start(other);
    input.send(Uint8Array.of(1), 0, 1);
    await input.close();
    expect(said).to.deep.equal(['tx dropped 1']);
  });

  it('says where a file is broken, and plays what comes before', async () => {
    const path = capture('cut.pcap', [[0, Uint8Array.of(1)]], Uint8Array.of(1, 2, 3));
    const input = file({ input: path });
    const { port, received, said } = host();
    await input.start(port);
    const { frames, error } = await input.done;
    expect([frames, error?.offset, received.length]).to.deep.equal([1, 41, 1]);
    expect(said[0]).to.equal('rx errors 1');
    expect(said[1]).to.match(/cut\.pcap: .*cut off in a record, at byte 41/);
    await input.close();
  });

  it('refuses files that are missing or no captures, in a line', async () => {
    const start = (options: { input?: string; output?: string }) => failure(file(options).start(host().port));
    writeFileSync(join(folder, 'text.pcap'), 'this is text');
    writeFileSync(join(folder, 'empty.pcap'), '');
    expect((await start({ input: join(folder, 'none.pcap') })).message).to.match(/none\.pcap: no such file or folder$/);
    expect((await start({ input: join(folder, 'text.pcap') })).message).to.match(/neither pcap nor pcapng/);
    expect((await start({ input: join(folder, 'empty.pcap') })).message).to.match(/too short/);
    expect(await start({ input: join(folder, 'none.pcap') })).to.be.instanceOf(InputError);
    expect(await start({ input: join(folder, 'text.pcap') })).to.be.instanceOf(InputError);
    expect(await start({ output: folder })).not.to.be.instanceOf(InputError);
    expect((await start({ output: join(folder, 'no', 'out.pcap') })).message).to.match(/no such file or folder$/);
    expect((await start({ output: folder })).message).to.match(/it is a folder$/);
  });

  it('stops in the middle when it is closed', async () => {
    const frames = Array.from({ length: 2000 }, (): [number, Uint8Array] => [0, Uint8Array.of(1)]);
    const input = file({ input: capture('stop.pcap', frames) });
    const { port, received } = host();
    await input.start(port);
    await turn();
    await input.close();
    const before = received.length;
    await turn();
    await turn();
    expect(received).to.have.length(before);
    expect((await input.done).frames).to.equal(before);
  });
});
