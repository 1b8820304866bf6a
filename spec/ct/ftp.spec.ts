/** What FTP's control segments announce (RFC 959, RFC 2428), and what they only seem to. */
import { expect } from 'chai';
import fc from 'fast-check';
import { FTP_BAD, FTP_ENDPOINT, FTP_NOTHING, FtpEndpoint, readFtp } from '../../lib/ct/helpers/ftp.js';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function read(text: string, reply: boolean): string {
  const out = new FtpEndpoint();
  const bytes = bytesOf(`..${text}..`);
  const found = readFtp(bytes, 2, bytes.length - 2, reply, out);
  if (found !== FTP_ENDPOINT) return found === FTP_BAD ? 'bad' : 'nothing';
  return `${out.address}:${out.port} "${text.slice(out.at, out.at + out.length)}"`;
}

describe('ct/ftp: the client', () => {
  for (const [line, wanted] of [
    ['PORT 10,0,0,1,4,1\r\n', '10.0.0.1:1025 "10,0,0,1"'],
    ['port 10,0,0,1,4,1\n', '10.0.0.1:1025 "10,0,0,1"'],
    ['NOOP\r\nPORT 10,0,0,1,4,1\r\n', '10.0.0.1:1025 "10,0,0,1"'],
    ['EPRT |1|10.0.0.1|1025|\r\n', '10.0.0.1:1025 "10.0.0.1"'],
    ['EPRT |2|fd00::1|1025|\r\n', 'fd00::1:1025 "fd00::1"'],
    ['EPRT !2!fd00::1!1025!\r\n', 'fd00::1:1025 "fd00::1"'],
    ['PORT 10,0,0,1,4,1', 'nothing'],
    ['PORT 10,0,', 'nothing'],
    ['USER port\r\n', 'nothing'],
    ['227 Entering Passive Mode (10,0,0,1,4,1)\r\n', 'nothing'],
    ['EPSV\r\n', 'nothing'],
    ['PORT 10,0,0,256,4,1\r\n', 'bad'],
    ['PORT 10,0,0,1,0,0\r\n', 'bad'],
    ['PORT 10,0,0,1,4\r\n', 'bad'],
    ['PORT 10,0,0,1,4,1,7\r\n', 'bad'],
    ['PORT hello\r\n', 'bad'],
    ['EPRT |3|10.0.0.1|1025|\r\n', 'bad'],
    ['EPRT |1|fd00::1|1025|\r\n', 'bad'],
    ['EPRT |2|fd00::1|70000|\r\n', 'bad'],
    ['EPRT |2|fd00::1!1025|\r\n', 'bad'],
  ] as const) {
    it(`${JSON.stringify(line)}: ${wanted}`, () => expect(read(line, false)).to.equal(wanted));
  }
});

describe('ct/ftp: the server', () => {
  for (const [line, wanted] of [
    ['227 Entering Passive Mode (10,0,0,2,4,1).\r\n', '10.0.0.2:1025 "10,0,0,2"'],
    ['227 =10,0,0,2,4,1\r\n', '10.0.0.2:1025 "10,0,0,2"'],
    ['220 hello\r\n227 ok 10,0,0,2,4,1\r\n', '10.0.0.2:1025 "10,0,0,2"'],
    ['229 Entering Extended Passive Mode (|||1025|)\r\n', ':1025 ""'],
    ['PORT 10,0,0,1,4,1\r\n', 'nothing'],
    ['226 done\r\n', 'nothing'],
    ['227 Entering Passive Mode (10,0,0,2', 'nothing'],
    ['227 Entering Passive Mode\r\n', 'bad'],
    ['227 Entering Passive Mode (10,0,0,2,4,300).\r\n', 'bad'],
    ['229 Entering Extended Passive Mode (||1025|)\r\n', 'bad'],
    ['229 Entering Extended Passive Mode (|||0|)\r\n', 'bad'],
  ] as const) {
    it(`${JSON.stringify(line)}: ${wanted}`, () => expect(read(line, true)).to.equal(wanted));
  }

  it('any bytes give an answer', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        fc.constantFrom('', '227 ', 'PORT ', '229 (', 'EPRT |'),
        (noise, reply, head) => {
          const bytes = Uint8Array.from([...bytesOf(head), ...noise, 10]);
          const found = readFtp(bytes, 0, bytes.length, reply, new FtpEndpoint());
          expect([FTP_NOTHING, FTP_BAD, FTP_ENDPOINT]).to.include(found);
        },
      ),
    );
  });
});
