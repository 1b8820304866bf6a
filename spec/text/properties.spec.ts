/** What is printed is read back: random flows, matches and actions. */
import { expect } from 'chai';
import fc from 'fast-check';
import { TextError } from '../../lib/bytes/index.js';
import { formatActions, Match, PLAIN_NAMES, parseActions } from '../../lib/nxm/index.js';
import { formatFlowLine, formatFlowMod, formatMatch, parseFlow, parseMatch } from '../../lib/text/index.js';
import { flowText, matchText } from './arbitrary-flows.js';
import { flowModHex } from './vectors.js';

describe('text: properties', () => {
  it('parse(format(flow)) is the flow, in bytes', () => {
    fc.assert(
      fc.property(flowText, (line) => {
        const flow = parseFlow(line);
        const again = parseFlow(formatFlowLine(flow), { command: 'any' });
        expect(flowModHex(again)).to.equal(flowModHex(flow));
        expect(formatFlowMod(again)).to.equal(formatFlowMod(flow));
      }),
      { numRuns: 500 },
    );
  });

  it('parse(format(match)) is the match, however it was sent', () => {
    fc.assert(
      fc.property(matchText, (text) => {
        const match = parseMatch(text);
        const again = parseMatch(formatMatch(match));
        expect(again.equals(match) || hasPacketType(match), formatMatch(match)).to.equal(true);
        expect(Match.of(match.fields()).equals(match)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it('a changed character gives a flow or a TextError inside the line', () => {
    fc.assert(
      fc.property(flowText, fc.nat(), fc.constantFrom(...'x0(),=:/[]+-|> "9'), (line, at, character) => {
        const place = at % line.length;
        const text = line.slice(0, place) + character + line.slice(place + 1);
        try {
          formatFlowMod(parseFlow(text));
        } catch (error) {
          if (!(error instanceof TextError)) throw error;
          expect(error.column).to.be.within(1, text.length + 1);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('actions alone are read back', () => {
    fc.assert(
      fc.property(flowText, (line) => {
        const { apply = [] } = parseFlow(line).instructions;
        const text = formatActions(apply, PLAIN_NAMES);
        expect(parseActions(text, { line: 1, column: 1 })).to.deep.equal(apply);
      }),
      { numRuns: 200 },
    );
  });
});

/** "For Ethernet frames of any kind" is sent, but not printed. */
function hasPacketType(match: Match): boolean {
  return match.fields().some(({ field }) => field.name === 'packet_type');
}
