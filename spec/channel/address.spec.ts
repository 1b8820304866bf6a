import { expect } from 'chai';
import fc from 'fast-check';
import { type Address, formatAddress, parseActive, parseAddress, parsePassive } from '../../lib/channel/address.js';
import { ChannelError } from '../../lib/channel/channel-error.js';

const GOOD: readonly [text: string, address: Address, full: string][] = [
  ['tcp:127.0.0.1', { kind: 'tcp', host: '127.0.0.1', port: 6653 }, 'tcp:127.0.0.1:6653'],
  ['tcp:10.0.0.1:6633', { kind: 'tcp', host: '10.0.0.1', port: 6633 }, 'tcp:10.0.0.1:6633'],
  ['tcp:controller.example:1', { kind: 'tcp', host: 'controller.example', port: 1 }, 'tcp:controller.example:1'],
  ['tcp:[::1]', { kind: 'tcp', host: '::1', port: 6653 }, 'tcp:[::1]:6653'],
  ['tcp:[fe80::1%eth0]:99', { kind: 'tcp', host: 'fe80::1%eth0', port: 99 }, 'tcp:[fe80::1%eth0]:99'],
  ['ptcp:', { kind: 'ptcp', host: '127.0.0.1', port: 6653 }, 'ptcp:6653:127.0.0.1'],
  ['ptcp', { kind: 'ptcp', host: '127.0.0.1', port: 6653 }, 'ptcp:6653:127.0.0.1'],
  ['ptcp:0', { kind: 'ptcp', host: '127.0.0.1', port: 0 }, 'ptcp:0:127.0.0.1'],
  ['ptcp:6654:0.0.0.0', { kind: 'ptcp', host: '0.0.0.0', port: 6654 }, 'ptcp:6654:0.0.0.0'],
  ['ptcp::10.0.0.1', { kind: 'ptcp', host: '10.0.0.1', port: 6653 }, 'ptcp:6653:10.0.0.1'],
  ['ptcp:6654:[::]', { kind: 'ptcp', host: '::', port: 6654 }, 'ptcp:6654:[::]'],
  ['ssl:10.0.0.1', { kind: 'ssl', host: '10.0.0.1', port: 6653 }, 'ssl:10.0.0.1:6653'],
  ['ssl:[::1]:99', { kind: 'ssl', host: '::1', port: 99 }, 'ssl:[::1]:99'],
  ['pssl:', { kind: 'pssl', host: '127.0.0.1', port: 6653 }, 'pssl:6653:127.0.0.1'],
  ['pssl:0:[::]', { kind: 'pssl', host: '::', port: 0 }, 'pssl:0:[::]'],
  ['unix:/run/s1.mgmt', { kind: 'unix', path: '/run/s1.mgmt' }, 'unix:/run/s1.mgmt'],
  ['punix:a:b', { kind: 'punix', path: 'a:b' }, 'punix:a:b'],
];

const BAD: readonly [text: string, why: RegExp][] = [
  ['', /an address is tcp:HOST/],
  ['127.0.0.1:6653', /an address is tcp:HOST/],
  ['TCP:127.0.0.1', /an address is tcp:HOST/],
  ['tcp:', /the host is missing/],
  ['tcp::6653', /the host is missing/],
  ['tcp:::1', /in brackets/],
  ['tcp:h:0', /"0" is no port: a number from 1/],
  ['tcp:h:65536', /"65536" is no port/],
  ['tcp:h:', /"" is no port/],
  ['tcp:h:6653x', /"6653x" is no port/],
  ['tcp:a b', /"a b" is no host/],
  ['tcp:[::1', /in brackets|no host/],
  ['tcp:[nonsense]', /no IPv6 address/],
  ['tcp:[10.0.0.1]', /no IPv6 address/],
  ['ptcp:six', /"six" is no port: a number from 0/],
  ['ptcp:6653:', /the host is missing/],
  ['ptcp:6653:::1', /in brackets/],
  ['unix:', /the path is missing/],
  [`unix:/${'x'.repeat(103)}`, /at most 103 bytes/],
  ['ssl:', /the host is missing: ssl:HOST/],
  ['ssl:::1', /behind ssl: .*ssl:\[::1\]:6653/],
  ['pssl:six', /"six" is no port/],
  ['pssl:6653:::1', /this is not pssl:\[PORT\]\[:HOST\]/],
];

describe('channel/address', () => {
  for (const [text, address, full] of GOOD) {
    it(`reads ${text}`, () => {
      expect(parseAddress(text)).to.deep.equal(address);
      expect(formatAddress(address)).to.equal(full);
      expect(parseAddress(full)).to.deep.equal(address);
    });
  }

  for (const [text, why] of BAD) {
    it(`refuses ${text.length > 40 ? `${text.slice(0, 20)}…` : `"${text}"`}`, () => {
      expect(() => parseAddress(text))
        .to.throw(ChannelError, why)
        .that.includes({ address: text, kind: 'usage' });
    });
  }

  it('tells active from passive', () => {
    expect(parseActive('tcp:h').kind).to.equal('tcp');
    expect(parsePassive('ptcp:').kind).to.equal('ptcp');
    expect(parseActive('ssl:h').kind).to.equal('ssl');
    expect(parsePassive('pssl:').kind).to.equal('pssl');
    expect(() => parseActive('pssl:1')).to.throw(ChannelError, 'waits for connections');
    expect(() => parsePassive('ssl:h')).to.throw(ChannelError, 'this connects');
    expect(() => parseActive('ptcp:1')).to.throw(ChannelError, 'waits for connections');
    expect(() => parsePassive('unix:/x')).to.throw(ChannelError, 'this connects');
  });

  it('gives an address or a ChannelError for any text', () => {
    const texts = fc
      .tuple(fc.constantFrom('tcp:', 'ptcp:', 'ssl:', 'pssl:', 'unix:', 'punix:', ''), fc.string())
      .map((t) => t.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const address = parseAddress(text);
          expect(parseAddress(formatAddress(address))).to.deep.equal(address);
        } catch (error) {
          expect(error).to.be.instanceOf(ChannelError);
        }
      }),
    );
  });
});
