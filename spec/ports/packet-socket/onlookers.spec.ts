import { expect } from 'chai';
import { heardInterfaces, readQdiscs } from '../../../lib/ports/packet-socket/onlookers.js';

/** /proc/net/packet as Linux 6 writes it. */
const PACKET = `sk               RefCnt Type Proto  Iface R Rmem   User   Inode
000000001a2b3c4d 3      3    0003   7     1 0      0      4711  
000000001a2b3c4e 3      3    0000   7     1 0      0      4712  
000000001a2b3c4f 3      3    0003   8     1 0      0      4713  
000000001a2b3c50 3      3    88cc   9     1 0      0      4714  
`;

/** One answer to RTM_GETQDISC: header, struct tcmsg, and the name among other attributes. */
function qdisc(index: number, name: string, type = 36): Uint8Array {
  const attribute = (kind: number, value: number[]): number[] => {
    const length = value.length + 4;
    return [length & 255, length >> 8, kind, 0, ...value, ...new Array(-length & 3).fill(0)];
  };
  const body = [
    ...[0, 0, 0, 0, index, 0, 0, 0, ...new Array(12).fill(0)],
    ...attribute(12, [1]),
    ...attribute(1, [...Buffer.from(`${name}\0`)]),
  ];
  return Uint8Array.of(16 + body.length, 0, 0, 0, type, 0, 2, 0, ...new Array(8).fill(0), ...body);
}
const DONE = Uint8Array.of(20, 0, 0, 0, 3, 0, 2, 0, ...new Array(12).fill(0));

describe('ports/packet-socket: onlookers', () => {
  it('are packet sockets for all protocols that are not the own ones', () => {
    expect([...heardInterfaces(PACKET, new Set([4711]))]).to.deep.equal([8]);
    expect([...heardInterfaces(PACKET, new Set())]).to.deep.equal([7, 8]);
    expect([...heardInterfaces('', new Set())]).to.deep.equal([]);
  });

  it('are queueing disciplines other than none', () => {
    const queued = new Set<number>();
    const answer = Uint8Array.of(...qdisc(3, 'noqueue'), ...qdisc(4, 'netem'), ...qdisc(5, 'clsact'));
    expect(readQdiscs(answer, queued)).to.equal('more');
    expect([...queued]).to.deep.equal([4, 5]);
    expect(readQdiscs(DONE, queued)).to.equal('done');
  });

  it('are not known where an answer is cut off or another one', () => {
    const answer = qdisc(4, 'netem');
    for (let length = 16; length < answer.length; length++) {
      expect(readQdiscs(answer.subarray(0, length), new Set()), String(length)).to.equal('wrong');
    }
    expect(readQdiscs(qdisc(4, 'netem', 2), new Set())).to.equal('wrong');
    const lying = qdisc(4, 'netem');
    lying[0] = 0;
    expect(readQdiscs(lying, new Set())).to.equal('wrong');
  });
});
