/** Loaded by mocha before every spec: collects why specs were skipped, for the reporter's last lines. */
import { skipped } from './needs.js';

export const mochaHooks = {
  afterAll(): void {
    if (skipped.size === 0) return;
    console.log('\nskipped:');
    for (const [why, count] of skipped) console.log(`  ${count} because ${why}`);
  },
};
