import { expect } from 'chai';
import { type Flame, flameGraph, flameOf, type Profile } from '../../bench/report/flame.js';

type Node = Profile['nodes'][number];
const node = (id: number, functionName: string, url: string, ...children: number[]): Node => ({
  id,
  callFrame: { functionName, url, lineNumber: 6 },
  children,
});

/** main calls take, which calls itself and then look; and there is idle time. */
const PROFILE: Profile = {
  nodes: [
    node(1, '(root)', '', 2, 6),
    node(2, 'main', 'file:///x/dist/bench/a.js', 3),
    node(3, 'take', 'file:///x/dist/lib/ct/b.js', 4),
    node(4, 'take', 'file:///x/dist/lib/ct/b.js', 5),
    node(5, 'look<T>', 'file:///x/dist/lib/packet/c.js'),
    node(6, '(idle)', ''),
  ],
  samples: [2, 3, 4, 5, 5, 5, 5, 5, 6, 6],
};
const called = (flame: Flame, ...names: string[]): Flame => {
  const [name, ...rest] = names;
  const next = [...flame.calls.values()].find((call) => call.name === name);
  if (next === undefined) throw new Error(`${flame.name} doesn't call ${name}`);
  return rest.length > 0 ? called(next, ...rest) : next;
};

describe('bench/flame', () => {
  it('counts a sample for the function that ran and for all that had called it, and none that was idle', () => {
    const all = flameOf(PROFILE);
    expect(all.total).to.equal(8);
    expect(called(all, 'main').total).to.equal(8);
    expect(called(all, 'main', 'take').total).to.equal(7);
    expect([...all.calls.keys()]).to.have.length(1);
  });

  it('takes a function that calls itself for one', () => {
    expect([...called(flameOf(PROFILE), 'main', 'take').calls.values()].map(({ name }) => name)).to.eql(['look<T>']);
    expect(called(flameOf(PROFILE), 'main', 'take', 'look<T>').total).to.equal(5);
  });

  it('draws a box as wide as its share, in the colour of its folder, with its place in what hovering shows', () => {
    const svg = flameGraph('T & U', 'about', flameOf(PROFILE));
    expect(svg).to.contain('<title>take, lib/ct/b.js:7: 87.5 %</title>').and.to.contain('T &amp; U');
    const boxOf = (name: string) =>
      new RegExp(
        `<title>${name}, [^<]*</title><rect x="([\\d.]+)" y="0" width="([\\d.]+)" height="16" class="(f\\d)"`,
      ).exec(svg);
    const [main, take, look] = ['main', 'take', 'look&lt;T&gt;'].map(boxOf);
    expect(Number(take?.[2]) / Number(main?.[2])).to.be.closeTo(7 / 8, 0.01);
    expect(Number(look?.[2]) / Number(main?.[2])).to.be.closeTo(5 / 8, 0.01);
    expect([main?.[3], take?.[3], look?.[3]]).to.eql(['f5', 'f3', 'f0']);
    expect(take?.[1]).to.equal(main?.[1]);
  });

  it('draws what has no samples without any box of a function', () => {
    expect(flameGraph('T', 'about', flameOf({ nodes: [node(1, '(root)', '')], samples: [] }))).not.to.contain(
      '%</title>',
    );
  });
});
