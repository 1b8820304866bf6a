import { expect } from 'chai';
import type { HostPort } from '../../lib/ports/host.js';
import { PortError, PortTextError, parsePort } from '../../lib/ports/index.js';

describe('ports/spec-text', () => {
  const good: [string, number | 'LOCAL' | undefined, string, string][] = [
    ['pcap:eth0', undefined, 'pcap', 'eth0'],
    ['pcap+lib:eth0', undefined, 'pcap', 'eth0'],
    ['3=pcap:veth-a.5', 3, 'pcap', 'veth-a.5'],
    ['LOCAL=tap:br0', 'LOCAL', 'tap', 'br0'],
    ['local=tap:br0', 'LOCAL', 'tap', 'br0'],
    ['65279=memory', 65279, 'memory', 'memory'],
    ['memory:m1', undefined, 'memory', 'm1'],
    ['file:/some/in.pcap', undefined, 'file', 'in.pcap'],
    ['1=file:in.pcap,out.pcap', 1, 'file', 'in.pcap'],
    ['file:a=b.pcap,paced', undefined, 'file', 'a=b.pcap'],
    ['file:,out.pcap', undefined, 'file', 'out.pcap'],
    ['2=host:h1,50:54:00:00:00:01,10.0.0.1', 2, 'host', 'h1'],
    ['host:h1,50:54:00:00:00:01,10.0.0.1/24,2001:db8::1', undefined, 'host', 'h1'],
    ['host:h1,50:54:00:00:00:01,2001:db8::1/64', undefined, 'host', 'h1'],
  ];
  for (const [text, number, kind, name] of good) {
    it(`reads ${text}`, () => {
      const { number: found, port } = parsePort(text);
      expect([found, port.kind, port.name]).to.deep.equal([number, kind, name]);
    });
  }

  it("reads a host's addresses", () => {
    const { port } = parsePort('host:h1,50:54:00:00:00:01,10.0.0.1/24,2001:db8::1');
    expect((port as HostPort).addresses).to.deep.equal(['10.0.0.1', '2001:db8::1']);
  });

  it("gives a port whose text doesn't name it a name that is free", () => {
    const taken = new Set(['in.pcap', 'in.pcap-2', 'memory', 'capture-of-long']);
    const name = (text: string) => parsePort(text, taken).port.name;
    expect(name('file:a/in.pcap')).to.equal('in.pcap-3');
    expect(name('file:capture-of-long-ago.pcap')).to.equal('capture-of-lo-2');
    expect(name('memory')).to.equal('memory-2');
    expect(name('memory:memory')).to.equal('memory');
  });

  const bad: [string, number, string][] = [
    ['pcpa:eth0', 1, '"pcpa" is no kind of port: did you mean pcap:IFACE?'],
    ['2=tpa:x', 3, '"tpa" is no kind of port: did you mean tap:NAME?'],
    ['LOCAL=hots:h1', 7, 'did you mean host:NAME,MAC,IP[,IP6]?'],
    [
      'eth0',
      1,
      '"eth0" is no kind of port: known are pcap:IFACE, pcap+lib:IFACE, tap:NAME, file:IN.pcap[,OUT.pcap][,paced]',
    ],
    ['toString:x', 1, '"toString" is no kind of port'],
    ['', 1, '"" is no kind of port'],
    ['0=memory', 1, '"0" is neither LOCAL nor a number from 1 to 65279'],
    ['65280=memory', 1, '"65280" is neither'],
    ['eth=memory', 1, '"eth" is neither'],
    ['1=pcap:', 8, 'a name is missing (pcap:IFACE)'],
    ['pcap', 5, 'a name is missing (pcap:IFACE)'],
    ['1=pcap:a/b', 9, '"/" can\'t be in a name'],
    ['tap:..', 5, '".." can\'t be a name'],
    ['tap:sixteencharacter', 5, 'it has 1 to 15 characters'],
    ['file:', 6, 'a file is missing'],
    ['file:in.pcap,', 14, 'a file is missing behind the comma'],
    ['1=file:in.pcap,,paced', 16, 'a file is missing behind the comma'],
    ['file:a,b,c', 10, 'more than two files'],
    ['host:', 6, 'a name has 1 to 15 characters'],
    ['host:h1', 8, '"" is no MAC address'],
    ['1=host:h1,5,10.0.0.1', 11, '"5" is no MAC address'],
    ['host:h1,50:54:00:00:00:01', 26, 'an IP address is missing'],
    ['host:h1,50:54:00:00:00:01,10.0.0.300', 6, '"10.0.0.300" is no IP address'],
    ['host:h1,50:54:00:00:00:01,10.0.0.1,::1,x', 40, 'too much'],
    ['host:h1,50:54:00:00:00:01,::1,::2', 31, 'a second IPv6 address'],
  ];
  for (const [text, column, message] of bad) {
    it(`refuses ${JSON.stringify(text)} at column ${column}`, () => {
      let error: unknown;
      try {
        parsePort(text);
      } catch (caught) {
        error = caught;
      }
      expect(error).to.be.instanceOf(PortTextError);
      expect(error).to.be.instanceOf(PortError);
      expect((error as PortTextError).message).to.include(message);
      expect((error as PortTextError).column).to.equal(column);
    });
  }
});
