/** The ports of --port: numbers, names, and what two of them can't share. */
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { relative } from 'node:path';
import { expect } from 'chai';
import { EXIT, Failure } from '../../lib/cli/exit.js';
import { type FileUse, readPorts } from '../../lib/cli/port-list.js';

describe('cli/port-list', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
    mkdirSync(`${folder}/deeper`);
    writeFileSync(`${folder}/S.pcap`, 'precious');
    linkSync(`${folder}/S.pcap`, `${folder}/hard.pcap`);
    symlinkSync('S.pcap', `${folder}/soft.pcap`);
    symlinkSync('deeper', `${folder}/folder`);
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Texts with FOLDER in them. */
  function read(texts: readonly string[], others: readonly FileUse[] = []) {
    return readPorts(
      texts.map((text) => text.replaceAll('FOLDER', folder)),
      others,
    ).map(({ number, port }) => `${number}=${port.name}`);
  }

  function refusal(texts: readonly string[], others: readonly FileUse[] = []): string {
    try {
      read(texts, others);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      expect(error.status).to.equal(EXIT.usage);
      expect(error.message).not.to.include('\n');
      expect(readFileSync(`${folder}/S.pcap`, 'latin1')).to.equal('precious');
      return error.message.replaceAll(folder, 'FOLDER');
    }
    return 'taken';
  }

  it('gives numbers and names that are free', () => {
    expect(
      read(['memory', '1=memory', 'LOCAL=memory:a', 'pcap:eth0', 'file:x/in.pcap', 'file:y/in.pcap']),
    ).to.deep.equal(['2=memory', '1=memory-2', 'LOCAL=a', '3=eth0', '4=in.pcap', '5=in.pcap-2']);
  });

  for (const [texts, why] of [
    [['memory:a', '7=memory:a'], '--port 7=memory:a: --port memory:a has the name a already'],
    [['1=pcap:eth0', '2=pcap:eth0'], '--port 2=pcap:eth0: --port 1=pcap:eth0 has the name eth0 already'],
    [['tap:t0', 'pcap:t0'], '--port pcap:t0: --port tap:t0 has the name t0 already'],
    [
      ['host:a,50:54:00:00:00:0a,10.0.0.1', 'host:b,50:54:00:00:00:0A,10.0.0.2'],
      '--port host:b,50:54:00:00:00:0A,10.0.0.2: --port host:a,50:54:00:00:00:0a,10.0.0.1 ' +
        'has the MAC address 50:54:00:00:00:0a already',
    ],
    [['3=memory', '3=memory'], '--port 3=…: port 3 is given twice, to memory-2, too'],
  ] as const) {
    it(`refuses ${texts.join(' and ')}`, () => expect(refusal(texts)).to.equal(why));
  }

  for (const [what, texts] of [
    ['in and out of a port', ['1=file:FOLDER/S.pcap,FOLDER/S.pcap']],
    ['in and out of two ports', ['file:FOLDER/S.pcap', 'file:,FOLDER/S.pcap']],
    ['out and in of two ports', ['file:,FOLDER/S.pcap', 'file:FOLDER/S.pcap']],
    ['the same file by a hard link', ['file:FOLDER/S.pcap,FOLDER/hard.pcap']],
    ['the same file by a symbolic link', ['file:FOLDER/S.pcap,FOLDER/soft.pcap']],
    ['two outs that are yet to be made', ['file:,FOLDER/new.pcap', 'file:,FOLDER/deeper/../new.pcap']],
    ['two outs by a linked folder', ['file:,FOLDER/deeper/new.pcap', 'file:,FOLDER/folder/new.pcap']],
    ['two outs in a folder that is not there', ['file:,FOLDER/no/new.pcap', 'file:,FOLDER/no/new.pcap']],
  ] as const) {
    it(`refuses one file as ${what}`, () => expect(refusal(texts)).to.include('would overwrite'));
  }

  it('says which option would overwrite what', () => {
    expect(refusal(['1=file:FOLDER/S.pcap,FOLDER/S.pcap'])).to.equal(
      '--port 1=file:FOLDER/S.pcap,FOLDER/S.pcap would overwrite FOLDER/S.pcap, which it reads: name another file',
    );
    expect(refusal(['file:,FOLDER/n', '2=file:,FOLDER/n'])).to.equal(
      '--port 2=file:,FOLDER/n would overwrite FOLDER/n, which --port file:,FOLDER/n writes, too: name another file',
    );
    const record = { option: '--record r', path: `${folder}/S.pcap`, writes: true };
    expect(refusal(['file:FOLDER/S.pcap'], [record])).to.equal(
      '--record r would overwrite FOLDER/S.pcap, which --port file:FOLDER/S.pcap reads: name another file',
    );
  });

  it('knows a file by a relative path, too', () => {
    const near = relative(process.cwd(), `${folder}/S.pcap`);
    expect(refusal([`file:FOLDER/S.pcap,${near}`])).to.include('would overwrite');
  });

  it('takes a capture twice that is only read, and a device twice', () => {
    const texts = ['file:FOLDER/S.pcap', 'file:FOLDER/S.pcap', 'file:,/dev/null', 'file:,/dev/null'];
    expect(read(texts)).to.deep.equal(['1=S.pcap', '2=S.pcap-2', '3=null', '4=null-2']);
  });
});
