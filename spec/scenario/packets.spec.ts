/**
 * Packets of scenarios: bytes held to the specs' own builders, and what answers and repetitions make of what came
 * before.
 */
import { expect } from 'chai';
import { parsePacket } from '../../lib/scenario/packet-text.js';
import { Packets, sameAs } from '../../lib/scenario/packets.js';
import { arp, type Ethernet, icmp4, icmp6, inner, tcp4, tcp6, udp4, udp6 } from '../support/frames.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (line: string) => parsePacket({ text: line, line: 3, column: 5 }, 'x.ct.yaml');
const capture = (file: string, frame: number): Uint8Array => {
  if (file !== 'a.pcap') throw new RangeError(`there is no file ${file}`);
  return udp4({ sport: frame });
};
const macs: Ethernet = { eth_src: '02:00:00:00:00:01', eth_dst: '02:00:00:00:00:ff' };

describe('scenario: packets', () => {
  let packets: Packets;
  beforeEach(() => {
    packets = new Packets((port) => 0x020000000000n + BigInt({ a: 1, b: 2 }[port] ?? 0xff), capture);
  });
  const send = (port: string, line: string): Uint8Array => packets.send(port, text(line)).frames[0];

  const BUILT: readonly (readonly [string, Uint8Array])[] = [
    ['tcp,tcp_flags=ack,seq=7,ack=9,window=500', tcp4({ ...macs, flags: 'ack', seq: 7, ack: 9, window: 500 })],
    [
      'tcp,nw_src=1.2.3.4,tp_dst=443',
      tcp4({ ...macs, src: '1.2.3.4', dport: 443, flags: 'syn', seq: 1000, window: 65535 }),
    ],
    [
      'tcp,wscale=7,window=1000',
      tcp4({ ...macs, flags: 'syn', seq: 1000, window: 1000, tcp_options: Uint8Array.of(3, 3, 7, 1) }),
    ],
    ['udp,payload="hello, \\"you\\""', udp4({ ...macs, payload: 'hello, "you"' })],
    ['udp,payload=0x00ff', udp4({ ...macs, payload: Uint8Array.of(0, 255) })],
    ['udp,len=3', udp4({ ...macs, payload: 'aaa' })],
    ['udp6,ipv6_src=2001:db8::5,nw_ttl=3', udp6({ ...macs, src: '2001:db8::5', hop_limit: 3 })],
    ['tcp6,tcp_flags=syn|ack,seq=1', tcp6({ ...macs, flags: 'syn|ack', seq: 1, ack: 5000, window: 65535 })],
    ['icmp,ip_id=1', icmp4({ ...macs, id: 1, icmp_seq: 1 })],
    ['icmp,icmp_type=13,icmp_id=77,ip_id=77', icmp4({ ...macs, type: 13, id: 77, icmp_seq: 1 })],
    ['icmp6,payload="x"', icmp6({ ...macs, id: 1, icmp_seq: 1, payload: 'x' })],
    ['udp,dl_vlan=5,dl_vlan_pcp=3', udp4({ ...macs, vlan: [{ vid: 5, pcp: 3 }] })],
    ['udp,ip_id=4660,nw_tos=184,nw_ecn=1', udp4({ ...macs, id: 0x1234, tos: 0xb9 })],
    ['arp,arp_tpa=10.0.0.9', arp({ ...macs, tpa: '10.0.0.9' })],
    ['udp,dl_src=50:54:00:00:00:09,checksum=0', udp4({ ...macs, eth_src: '50:54:00:00:00:09', checksum: 0 })],
  ];
  for (const [line, bytes] of BUILT) {
    it(`builds ${line}`, () => expect(hex(send('a', line))).to.equal(hex(bytes)));
  }

  it('spoils checksums when asked', () => {
    const [right, bad] = [send('a', 'udp'), send('a', 'udp,checksum=bad')];
    const different = [...right].flatMap((byte, i) => (byte === bad[i] ? [] : [i]));
    expect(different).to.deep.equal([14 + 20 + 7]);
    expect(send('a', 'udp,ip_checksum=bad')[25]).to.equal(right[25] ^ 1);
  });

  it('numbers a conversation as two TCPs would', () => {
    const numbers: string[] = [];
    const deliver = (from: string, to: string, line: string): void => {
      const frame = send(from, line);
      packets.delivered(to, frame);
      const u32 = (at: number) => Buffer.from(frame).readUInt32BE(at);
      numbers.push(`${from} ${frame[47].toString(16)} ${u32(38)} ${u32(42)}`);
    };
    deliver('a', 'b', 'tcp');
    deliver('a', 'b', 'again');
    deliver('b', 'a', 'reply');
    deliver('a', 'b', 'reply');
    deliver('a', 'b', 'again,tcp_flags=psh|ack,payload="GET /"');
    deliver('b', 'a', 'reply');
    deliver('b', 'a', 'reply,tcp_flags=fin|ack');
    deliver('a', 'b', 'reply');
    deliver('a', 'b', 'again,tcp_flags=fin|ack');
    deliver('a', 'b', 'again,tcp_flags=fin|ack');
    deliver('b', 'a', 'reply');
    deliver('a', 'b', 'again,tcp_flags=syn');
    expect(numbers).to.deep.equal([
      'a 2 1000 0',
      'a 2 1000 0',
      'b 12 5000 1001',
      'a 10 1001 5001',
      'a 18 1001 5001',
      'b 10 5001 1006',
      'b 11 5001 1006',
      'a 10 1006 5002',
      'a 11 1006 5002',
      'a 11 1006 5002',
      'b 10 5002 1007',
      'a 2 1001007 0',
    ]);
  });

  it('counts distances from what would be sent', () => {
    const seq = (line: string) => Buffer.from(send('a', line)).readUInt32BE(38);
    expect([seq('tcp'), seq('again,tcp_flags=ack,seq=+100000'), seq('again,seq=-5')]).to.deep.equal([
      1000, 101001, 996,
    ]);
    // What a text says itself doesn't move the numbers.
    expect(seq('again')).to.equal(1001);
  });

  it('mirrors what was delivered', () => {
    packets.delivered('b', udp4({ ...macs, src: '10.0.0.5', sport: 7, dport: 9, ttl: 3, payload: 'gone' }));
    const back = { eth_src: macs.eth_dst, eth_dst: macs.eth_src, src: '10.0.0.2', dst: '10.0.0.5', sport: 9, dport: 7 };
    expect(hex(send('b', 'reply'))).to.equal(hex(udp4(back)));
    packets.delivered('b', icmp6({ ...macs, id: 4, payload: 'kept' }));
    const echo = { ...back, src: '2001:db8::2', dst: '2001:db8::1', type: 129, id: 4, payload: 'kept' };
    expect(hex(send('b', 'reply'))).to.equal(hex(icmp6(echo)));
    packets.delivered('b', arp({ ...macs, tpa: '10.0.0.9' }));
    expect(hex(send('b', 'reply')))
      .to.include('0002020000000002')
      .and.include('0a000001');
  });

  it('quotes what was delivered in an ICMP error', () => {
    const about = udp4({ ...macs, payload: 'some data' });
    packets.delivered('b', about);
    const error = send('b', 'error,nw_src=10.9.9.9,icmp_code=3');
    const expected = { eth_src: macs.eth_dst, eth_dst: macs.eth_src, src: '10.9.9.9', dst: '10.0.0.1' };
    expect(hex(error)).to.equal(hex(icmp4({ ...expected, type: 3, code: 3, payload: inner(about) })));
    expect(send('b', 'error,quote=28')).to.have.lengthOf(14 + 20 + 8 + 28);
  });

  it('cuts datagrams of both families into fragments', () => {
    const { frames } = packets.send('a', text('udp,len=2000,fragment=820,ip_id=3'));
    expect(frames.map((frame) => [frame.length, Buffer.from(frame).readUInt16BE(20)])).to.deep.equal([
      [14 + 820, 0x2000],
      [14 + 820, 0x2064],
      [14 + 20 + 408, 0xc8],
    ]);
    const six = packets.send('a', text('udp6,len=2000,fragment=1280')).frames;
    expect(six.map((frame) => frame.length)).to.deep.equal([14 + 1280, 14 + 48 + 776]);
    expect(hex(packets.send('a', text('udp,len=2000,fragment=820,piece=3,ip_id=3')).frames[0])).to.equal(
      hex(frames[2]),
    );
  });

  it('changes what was sent, with right checksums, piece by piece', () => {
    const sent = packets.send('a', text('udp,len=20'));
    const changed = sameAs(sent, text('same,nw_src=203.0.113.1,tp_src=4000,dl_vlan=7'));
    const other = { ...macs, src: '203.0.113.1', sport: 4000, vlan: [7], payload: 'a'.repeat(20) };
    expect(changed.map(hex)).to.deep.equal([hex(udp4(other))]);
    const cut = packets.send('a', text('udp,len=2000,fragment=820'));
    const translated = sameAs(cut, text('same,tp_src=4000'));
    expect(translated.map(hex)).to.deep.equal(
      packets.send('a', text('udp,tp_src=4000,len=2000,fragment=820')).frames.map(hex),
    );
    const spoilt = packets.send('a', text('udp,checksum=bad'));
    expect(sameAs(spoilt, text('same')).map(hex)).to.deep.equal(spoilt.frames.map(hex));
  });

  it('takes frames as hex and out of captures', () => {
    const frame = udp4({ checksum: 0x1234 });
    expect(hex(send('a', hex(frame)))).to.equal(hex(frame));
    expect(hex(send('a', 'pcap:a.pcap#9'))).to.equal(hex(udp4({ sport: 9 })));
    expect(hex(send('a', 'pcap:a.pcap#9,tp_src=10'))).to.equal(hex(udp4({ sport: 10 })));
  });

  const BAD: readonly (readonly [string, string])[] = [
    ['tcp,nw_src=10.0.0.0/8', 'x.ct.yaml:3:5: a packet has one ip_src, not some of its bits'],
    ['tcp,tcp_flags=+syn', 'x.ct.yaml:3:5: a packet has one tcp_flags, not some of its bits: write them as syn|ack'],
    ['tcp,ct_state=+new', 'x.ct.yaml:3:5: ct_state is no part of a packet'],
    ['reply', 'x.ct.yaml:3:5: nothing was delivered to a yet that it could answer'],
    ['again', 'x.ct.yaml:3:5: a has sent nothing yet that could come again'],
    ['tcp,nw_scr=10.0.0.1', 'x.ct.yaml:3:9: unknown field "nw_scr" (did you mean "nw_src"?)'],
    ['udp,paylod="x"', 'x.ct.yaml:3:9: unknown field "paylod" (did you mean "payload"?)'],
    ['tcp,seq=4294967296', 'x.ct.yaml:3:13: "4294967296" is no number up to 4294967295'],
    [
      'udp,payload=hello',
      'x.ct.yaml:3:17: "hello" is no text in double quotes, with \\r, \\n, \\" and \\u00XX as in JSON',
    ],
    ['udp,payload=0x1', 'x.ct.yaml:3:17: 1 hexadecimal digits do not make whole bytes'],
    ['sctp,chunk=innit', 'x.ct.yaml:3:16: no chunk is named "innit" (did you mean "init"?)'],
    ['udp,len=70000', 'x.ct.yaml:3:13: "70000" is no number up to 65000'],
    ['udp,len=100,fragment=20', 'x.ct.yaml:3:5: fragments of 20 bytes have no room for data'],
    ['udp,len=100,fragment=60,piece=9', 'x.ct.yaml:3:5: there is no piece 9: the datagram has 3'],
    ['udp,window=5', 'x.ct.yaml:3:5: this packet has no window'],
    ['udp,seq=+1', 'x.ct.yaml:3:5: seq needs TCP'],
    ['udp,chunk=init', 'x.ct.yaml:3:5: chunk needs SCTP'],
    ['udp,piece=1', 'x.ct.yaml:3:5: piece needs fragment=…'],
    ['tcp,reply', 'x.ct.yaml:3:9: "reply" stands first'],
    ['pcap:b.pcap#1', 'x.ct.yaml:3:5: there is no file b.pcap'],
    ['', 'x.ct.yaml:3:5: a packet is missing here'],
    ['tcp,nw_src=1.2.3', 'x.ct.yaml:3:16: "1.2.3" is no IPv4 address'],
  ];
  for (const [line, message] of BAD) {
    it(`refuses "${line}"`, () => expect(() => send('a', line)).to.throw(message));
  }
});
