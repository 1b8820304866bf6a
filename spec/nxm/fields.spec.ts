/** The table of fields is consistent, and agrees with what ovs-ofctl says of each field's bits. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { FIELDS, fieldBits, fieldNamed, fieldNames, fieldOf, fields } from '../../lib/nxm/index.js';
import { requires } from '../support/needs.js';

/** Not in Open vSwitch. */
const NOT_IN_OVS = ['in_phy_port', 'pbb_isid', 'pbb_uca', 'ipv6_exthdr'];

describe('nxm/fields', () => {
  it('has the 40 fields of OpenFlow 1.3', () => {
    const numbers = new Set<number>();
    for (const field of FIELDS) for (const h of field.headers) if (h.oxmClass === 0x8000) numbers.add(h.number);
    for (let number = 0; number < 40; number++) expect(numbers.has(number), `OXM field ${number}`).to.equal(true);
  });

  it('finds each field by each of its headers and names', () => {
    for (const field of FIELDS) {
      expect(fieldNamed(field.name)).to.equal(field);
      for (const h of field.headers) {
        expect(fieldOf(h.oxmClass, h.number, h.experimenter), h.name).to.equal(field);
        expect(fieldNamed(h.name), h.name).to.equal(field);
      }
    }
  });

  it('has no name twice', () => {
    const all = FIELDS.flatMap(({ name, aka, headers }) => [name, ...aka, ...new Set(headers.map((h) => h.name))]);
    expect(new Set(all).size).to.equal(all.length);
    expect(fieldNames().length).to.equal(all.length);
  });

  it('knows in its ids the order of the table', () => {
    expect(FIELDS.map(({ id }) => id)).to.deep.equal(FIELDS.map((_, i) => i));
    expect(fields.nw_proto).to.equal(FIELDS[fields.nw_proto.id]);
  });

  it("has Open vSwitch's bits in every field", function () {
    requires(this, 'ovs-ofctl');
    for (const field of FIELDS) {
      if (NOT_IN_OVS.includes(field.name) || /^tun_metadata[1-9]/.test(field.name)) continue;
      const line = `actions=move:${field.name}[0..9999]->reg0[]`;
      const { stderr } = spawnSync('ovs-ofctl', ['-O', 'OpenFlow13', 'parse-flow', line], { encoding: 'utf8' });
      expect(/only (\d+) bits/.exec(stderr)?.[1], `${field.name}: ${stderr}`).to.equal(String(fieldBits(field)));
    }
  });
});
