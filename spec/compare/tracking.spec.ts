/**
 * The random cases of connection tracking: the same from a seed, all of their flows taken, and everything in them
 * sometimes.
 */
import { expect } from 'chai';
import { randomCtCase } from '../../bench/compare/tracking/cases.js';
import { TRACKED_ON_PURPOSE } from '../../bench/compare/tracking/on-purpose.js';
import { simulate } from '../../lib/simulate/simulate.js';

const sizes = { seed: 5, packets: 10, small: false };

describe('compare: random cases of connection tracking', () => {
  it('the same seed and number give the same case', () => {
    expect(randomCtCase(3, sizes)).to.deep.equal(randomCtCase(3, sizes));
    expect(randomCtCase(3, sizes)).to.not.deep.equal(randomCtCase(4, sizes));
  });

  it('all flows are taken, packets pass, connections are stored, and each feature is met', async () => {
    let text = '';
    let connections = 0;
    for (let n = 0; n < 60; n++) {
      const given = randomCtCase(n, sizes);
      text += given.flows.join('\n');
      const answer = await simulate(given);
      expect(answer.load_error, `case ${n}`).to.equal(undefined);
      connections += answer.conntrack?.length ?? 0;
    }
    expect(connections).to.be.greaterThan(40);
    for (const part of [
      'force',
      'exec(',
      'nat(src=',
      'nat(dst=',
      ',nat',
      'zone=1',
      'table=3',
      'ipv6,',
      '+rel',
      'ct_clear',
    ]) {
      expect(text).to.contain(part);
    }
  });

  it('what differs on purpose says where, why and how cases keep out of it', () => {
    for (const row of TRACKED_ON_PURPOSE) for (const part of Object.values(row)) expect(part).to.match(/\S{2}/);
  });
});
