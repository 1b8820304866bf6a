/** The run directory: nobody else can put anything into it that a switch would follow. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeRundir, socketsIn } from '../../lib/manage/index.js';
import { writePid } from '../../lib/manage/pid-file.js';

describe('manage: the run directory', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rundir-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('by default is a folder of the user alone', () => {
    const own = join(folder, 'own');
    makeRundir(own, false);
    makeRundir(own, false);
    chmodSync(own, 0o777);
    expect(() => makeRundir(own, false)).to.throw(/can be written by others/);
    makeRundir(own);
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, join(folder, 'link'));
    expect(() => makeRundir(join(folder, 'link'), false)).to.throw(/is a link/);
  });

  it('is made with those above it; one that can not be is an error, and no waiting', function () {
    const deep = join(folder, 'a', 'b', 'c');
    makeRundir(deep);
    expect(socketsIn(deep)).to.deep.equal([]);
    if (process.platform !== 'linux') this.skip();
    expect(() => makeRundir('/proc/ctswitch/run')).to.throw(/^\/proc\/ctswitch can't be made: /);
  });

  it('a link in the place of the pid file is not followed', () => {
    writeFileSync(join(folder, 'letter'), 'Dear');
    symlinkSync(join(folder, 'letter'), join(folder, 'ctswitch.pid'));
    expect(writePid(folder)).to.equal(null);
    expect(readFileSync(join(folder, 'letter'), 'utf8')).to.equal('Dear');
  });

  it('a pid file that somebody took away is no fault at the end', () => {
    const forget = writePid(folder);
    rmSync(join(folder, 'ctswitch.pid'), { force: true });
    forget?.();
  });

  it('a socket that goes while it is looked for is passed over', () => {
    symlinkSync(join(folder, 'gone'), join(folder, 'ctswitch.1.ctl'));
    writeFileSync(join(folder, 'ctswitch.2.ctl'), '');
    expect(socketsIn(folder)).to.deep.equal([join(folder, 'ctswitch.2.ctl')]);
  });
});
