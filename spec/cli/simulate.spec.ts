/** `ctswitch simulate`: a case a line in, an answer a line out. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { LineTooLong, lines } from '../../lib/cli/lines.js';
import { udp4 } from '../support/frames.js';
import { ctswitch, endAll, PROGRAM } from './program.js';

const FRAME = toHex(udp4());

describe('ctswitch simulate', function () {
  this.timeout(20_000);
  afterEach(endAll);

  it('answers each case in order, and goes on after lines that are none', async () => {
    const input = [
      JSON.stringify({ id: 'a', flows: ['in_port=1,actions=2'], packets: [[1, FRAME]] }),
      '{"id": 7, "flows": 5}',
      'nonsense',
      '',
      JSON.stringify({ id: 'b', flows: 'in_port=1,actons=2' }),
      JSON.stringify({ id: 'c', flows: 'actions=drop', packets: [[1, FRAME], { warp: 1000 }] }),
    ].join('\n');
    const { status, out, err } = await ctswitch(['simulate'], input);
    const answers = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(answers.map(({ id }) => id)).to.deep.equal(['a', 7, null, 'b', 'c']);
    expect(answers[0])
      .to.have.nested.property('results[0].out')
      .that.deep.equals([[2, FRAME]]);
    expect(answers[1].load_error).to.match(/^line 2: "flows" is a text or a list of texts$/);
    expect(answers[2].load_error).to.match(/^line 3: not JSON/);
    expect(answers[3].load_error).to.match(/unknown keyword "actons"/);
    expect(answers[4]).to.have.nested.property('results[0].out').that.deep.equals([]);
    expect(err).to.equal('');
    expect(status).to.equal(0);
  });

  it('reads a file', async () => {
    const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
    try {
      writeFileSync(`${folder}/cases.jsonl`, '{"id":1}\n{"id":2}\n');
      const { status, out } = await ctswitch(['simulate', `${folder}/cases.jsonl`]);
      expect(out.trimEnd().split('\n')).to.have.length(2);
      expect(status).to.equal(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says nothing when its reader goes away', async () => {
    const child = spawn('sh', [
      '-c',
      `yes '{"id":1}' | head -200 | "${process.execPath}" "${PROGRAM}" simulate | head -1`,
    ]);
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString();
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(out.split('\n')).to.have.length(2);
    expect(err).to.equal('');
  });
});

describe('lines', () => {
  async function read(chunks: readonly string[], limit?: number): Promise<string[]> {
    const all: string[] = [];
    const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
    for await (const line of lines(stream, limit)) all.push(line instanceof LineTooLong ? '(long)' : line);
    return all;
  }

  it('are the same however the stream is cut, and the last one needs no end', async () => {
    const text = 'eins\n\nzwei drei\r\nvier';
    const whole = ['eins', '', 'zwei drei', 'vier'];
    for (let i = 0; i <= text.length; i++) expect(await read([text.slice(0, i), text.slice(i)])).to.deep.equal(whole);
    expect(await read([...text])).to.deep.equal(whole);
  });

  it('keep characters whole that are cut in the middle', async () => {
    const bytes = Buffer.from('aß€\nb');
    for (let i = 0; i <= bytes.length; i++) {
      const all: unknown[] = [];
      for await (const line of lines(Readable.from([bytes.subarray(0, i), bytes.subarray(i)]))) all.push(line);
      expect(all).to.deep.equal(['aß€', 'b']);
    }
  });

  it('leave out what is too long, and go on', async () => {
    const text = '12345\n123456789\nabc\n1234567';
    for (let i = 0; i <= text.length; i++) {
      expect(await read([text.slice(0, i), text.slice(i)], 5)).to.deep.equal(['12345', '(long)', 'abc', '(long)']);
    }
    expect(await read([...text], 5)).to.deep.equal(['12345', '(long)', 'abc', '(long)']);
  });
});
