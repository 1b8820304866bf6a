/** Messages on a terminal: no longer than its lines, broken between words; elsewhere as they are. */
import { expect } from 'chai';
import { wrapped } from '../../lib/cli/wrap.js';

const TEXT = `ctswitch: ${'a mistake with its place and its reason '.repeat(4)}ends\n`;

describe('messages on a terminal', () => {
  it('are broken between words', () => {
    const lines = wrapped(TEXT, { isTTY: true, columns: 60 }).split('\n');
    expect(lines).to.have.length.greaterThan(3);
    for (const line of lines) expect(line.length).to.be.at.most(60);
    expect(lines.slice(1, -1).every((line) => line.startsWith('    a') || /^ {4}\w/.test(line))).to.equal(true);
    expect(lines.map((line) => line.trim()).join(' ')).to.equal(`${TEXT.trim()} `);
  });

  it('stay as they are in a file, in a narrow window, and where one word is too long', () => {
    expect(wrapped(TEXT, { isTTY: false, columns: 60 })).to.equal(TEXT);
    expect(wrapped(TEXT, { isTTY: true, columns: 20 })).to.equal(TEXT);
    expect(wrapped('x'.repeat(100), { isTTY: true, columns: 60 })).to.equal('x'.repeat(100));
  });

  it('colours take no place, and what is moved in stays so', () => {
    const red = `\u001b[31m${'x'.repeat(50)}\u001b[39m yes`;
    expect(wrapped(red, { isTTY: true, columns: 60 })).to.equal(red);
    expect(wrapped('  a  b c', { isTTY: true, columns: 60 })).to.equal('  a  b c');
  });
});
