/** The engine's room for what lives shortly stays small once it was asked to. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';

/** Bytes of the young generation of a program that makes much that lives shortly, and some that stays. */
function youngBytes(first: string): number {
  const script = `
    ${first}
    const kept = [];
    for (let i = 0; i < 1_000_000; i++) {
      const each = { i, list: [i] };
      if (i % 10 === 0) kept.push(each);
    }
    const { getHeapSpaceStatistics } = await import('node:v8');
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    console.log(kept.length > 0 ? young.space_size : 0);`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
}

describe('cli/heap', () => {
  it('keeps the young generation at 2 MB, which would grow to many', () => {
    const small = `(await import(${JSON.stringify(new URL('../../lib/cli/heap.js', import.meta.url).href)})).keepYoungGenerationSmall();`;
    expect(youngBytes(small)).to.equal(2 << 20);
    expect(youngBytes('')).to.be.above(4 << 20);
  });
});
