/** Open vSwitch's own decoder reads what we write. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { encode } from '../../lib/wire/index.js';
import { requires } from '../support/needs.js';
import { nameOf, SAMPLES } from './samples.js';

describe('wire/ovs-ofctl', () => {
  before(function () {
    requires(this, 'ovs-ofctl');
  });

  for (const sample of SAMPLES) {
    it(`reads ${nameOf(sample)}`, () => {
      const { status, stdout, stderr } = spawnSync('ovs-ofctl', ['ofp-print', toHex(encode(sample)), '2'], {
        encoding: 'utf8',
      });
      expect(stderr).to.equal('');
      expect(status).to.equal(0);
      expect(stdout)
        .to.include('(OF1.3) (xid=0x11223344)')
        .and.not.match(/decode error|\*\*\*|unknown/i);
    });
  }
});
