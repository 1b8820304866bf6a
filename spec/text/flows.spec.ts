/** Flow lines against what ovs-ofctl 3.1 printed and sent for them (fixtures/text, recorded by record.mjs). */
import { expect } from 'chai';
import { TextError } from '../../lib/bytes/index.js';
import { formatFlow, formatFlowMod, parseFlow } from '../../lib/text/index.js';
import { expectations, flowModHex, recordedDumps, recordedFlows } from './vectors.js';

/** "7: why" for a line that is refused, else undefined. */
function refusal(line: string): string | undefined {
  try {
    parseFlow(line);
    return undefined;
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    return `${error.column}: ${error.why}`;
  }
}

describe('text: flows as ovs-ofctl reads, sends and prints them', () => {
  const different = new Map(expectations('differences.txt'));
  for (const { line, text, message, error } of recordedFlows()) {
    if (different.has(line)) continue;
    it(line, () => {
      if (error !== undefined) {
        expect(refusal(line), `ovs-ofctl: ${error}`).to.be.a('string');
        return;
      }
      const flow = parseFlow(line);
      expect(formatFlowMod(flow)).to.equal(text);
      expect(flowModHex(flow)).to.equal(message);
    });
  }
});

describe('text: flows read otherwise than by ovs-ofctl', () => {
  const recorded = new Map(recordedFlows().map((flow) => [flow.line, flow]));
  for (const [line, expected] of expectations('differences.txt')) {
    it(`${line} → ${expected}`, () => {
      const flow = recorded.get(line);
      expect(flow, 'differences.txt names a line that flows.txt has not').to.not.equal(undefined);
      const [, verdict, what] = /^(refused|ours): (.*)$/.exec(expected) ?? [];
      if (verdict === 'refused') {
        expect(refusal(line)).to.equal(what);
        expect(flow?.error).to.equal(undefined);
        return;
      }
      const own = parseFlow(line);
      expect(formatFlowMod(own)).to.equal(what);
      const same = flow?.message === flowModHex(own) && flow.text === formatFlowMod(own);
      expect(same, 'not a difference').to.equal(false);
    });
  }
});

describe('text: mistakes in flows', () => {
  for (const [line, expected] of expectations('bad-flows.txt')) {
    it(`${line} → ${expected}`, () => expect(refusal(line)).to.equal(expected));
  }
});

describe('text: dumps as ovs-ofctl prints them', () => {
  const different = new Set(expectations('differences.txt').map(([line]) => line));
  for (const dump of recordedDumps()) {
    if (different.has(dump.line)) continue;
    it(dump.text.trim(), () => {
      const flow = parseFlow(dump.line);
      const { packets, bytes } = dump;
      const duration_ms = dump.seconds * 1000 + dump.nanoseconds / 1e6;
      const text = formatFlow({ ...flow, tableId: dump.table, duration_ms, packets, bytes });
      expect(text).to.equal(dump.text);
      // ovs-ofctl reads its own dumps back; that a flow is for Ethernet frames of any kind is not printed.
      if (flow.match.fields().some(({ field }) => field.name === 'packet_type')) return;
      const again = parseFlow(text);
      expect(flowModHex({ ...again, tableId: flow.tableId })).to.equal(flowModHex(flow));
    });
  }

  it('leaves statistics out with stats: false', () => {
    const flow = parseFlow('table=3,priority=5,cookie=0x7,idle_timeout=9,ip,actions=1');
    const view = { ...flow, duration_ms: 1500, packets: 3, bytes: 300 };
    expect(formatFlow(view, { stats: false })).to.equal(
      ' cookie=0x7, table=3, idle_timeout=9, priority=5,ip actions=output:1',
    );
    const plain = { ...parseFlow('actions=drop'), duration_ms: 1, packets: 0, bytes: 0 };
    expect(formatFlow(plain, { stats: false })).to.equal(' actions=drop');
  });
});
