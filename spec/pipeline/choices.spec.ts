/**
 * multipath and bundle: links are spread and stay, ports that are down aren't taken, and what is hashed is all that is
 * marked.
 */
import { expect } from 'chai';
import { chooseLink, LINK_ALGORITHMS, type Multipath } from '../../lib/nxm/actions/multipath.js';
import { type Field, fieldNamed } from '../../lib/nxm/index.js';
import { finish } from '../../lib/packet/shape.js';
import { tcp4, udp4 } from '../support/frames.js';
import { BenchSwitch } from './bench-switch.js';

const to = { field: fieldNamed('reg0') as Field, start: 0, bits: 32 };
const multipath = (algorithm: Multipath['algorithm'], links: number, arg = 0): Multipath => ({
  type: 'multipath',
  ...{ hash: 'eth_src', basis: 0 },
  ...{ algorithm, links, arg, to },
});
const HASHES = Array.from({ length: 4000 }, (_, i) => finish(i) >>> 0);

describe('nxm: multipath', () => {
  for (const algorithm of LINK_ALGORITHMS) {
    it(`${algorithm} spreads over all links, each about as often`, () => {
      for (const links of [1, 2, 5, 16]) {
        const counts = new Array(links).fill(0);
        for (const hash of HASHES) counts[chooseLink(hash, multipath(algorithm, links, 2 * links))]++;
        for (const count of counts) expect(count).to.be.within((0.8 * 4000) / links, (1.2 * 4000) / links);
      }
    });

    it(`${algorithm} stays within bounds, at the ends of its range`, () => {
      for (const links of [1, 2, 63, 64, 65, 65_535, 65_536]) {
        for (const hash of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
          for (const arg of [0, 1, links, 0xffffffff]) {
            expect(chooseLink(hash, multipath(algorithm, links, arg))).to.be.within(0, links - 1);
          }
        }
      }
    });
  }

  it('hrw and iter_hash move only what a new link takes', () => {
    for (const algorithm of ['hrw', 'iter_hash'] as const) {
      const moved = HASHES.filter((hash) => {
        const before = chooseLink(hash, multipath(algorithm, 9, 16));
        const after = chooseLink(hash, multipath(algorithm, 10, 16));
        return before !== after && after !== 9;
      });
      expect(moved, algorithm).to.deep.equal([]);
    }
  });
});

describe('pipeline: bundle', () => {
  const frames = Array.from({ length: 40 }, (_, i) => tcp4({ sport: i + 1, dport: 80 }));

  it('active_backup takes the first port that is up', () => {
    const bench = new BenchSwitch('actions=bundle(eth_src,0,active_backup,ofport,members:9,2,3)');
    expect(bench.send(1, udp4())).to.deep.equal([2]);
    bench.sw.setLink(2, false);
    expect(bench.send(1, udp4())).to.deep.equal([3]);
    bench.sw.setLink(3, false);
    expect(bench.send(1, udp4())).to.deep.equal([]);
    bench.sw.setLink(2, true);
    expect(bench.send(1, udp4())).to.deep.equal([2]);
  });

  it('hrw moves only what went to a port that went down', () => {
    const bench = new BenchSwitch('actions=bundle(symmetric_l4,0,hrw,ofport,members:2,3,LOCAL)');
    const ports = () => frames.map((frame) => bench.send(1, frame)[0]);
    const before = ports();
    expect(new Set(before)).to.deep.equal(new Set([2, 3, 'LOCAL']));
    expect(ports()).to.deep.equal(before);
    bench.sw.setLink(3, false);
    for (const [i, port] of ports().entries()) {
      if (before[i] === 3) expect(port).to.be.oneOf([2, 'LOCAL']);
      else expect(port).to.equal(before[i]);
    }
  });

  it('bundle_load writes the port, or that there is none', () => {
    const bench = new BenchSwitch(
      'priority=1,actions=bundle_load(eth_src,0,active_backup,ofport,NXM_NX_REG0[4..19],members:2),resubmit(,1)\n' +
        'table=1,reg0=0x20,actions=2\ntable=1,reg0=0xffff0,actions=3',
    );
    expect(bench.send(1, udp4())).to.deep.equal([2]);
    bench.sw.setLink(2, false);
    expect(bench.send(1, udp4())).to.deep.equal([3]);
  });

  it('marks what it hashes, and no more', () => {
    const bench = new BenchSwitch('actions=bundle(nw_src,0,hrw,ofport,members:2,3)');
    const { datapath } = bench.sw.pipeline;
    for (const sport of [1, 2, 3]) bench.send(1, udp4({ src: '10.0.0.1', sport, eth_src: `50:54:00:00:00:0${sport}` }));
    expect(datapath.cached.entries).to.equal(1);
    bench.send(1, udp4({ src: '10.0.0.2' }));
    expect(datapath.cached.entries).to.equal(2);
  });
});
