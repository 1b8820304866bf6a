/**
 * Conjunctive matches in the classifier: beside a search over all flows, what they cost, and which flows may be part of
 * one.
 */
import { expect } from 'chai';
import { OpenFlowError } from '../../lib/bytes/index.js';
import { extract } from '../../lib/packet/extract.js';
import { KEY_WORDS, Key } from '../../lib/packet/key.js';
import { Packet } from '../../lib/packet/packet.js';
import { Classifier } from '../../lib/pipeline/classifier.js';
import { CONJ_WORD } from '../../lib/pipeline/conjunctions.js';
import { Flow } from '../../lib/pipeline/flow.js';
import { parseFlow } from '../../lib/text/index.js';
import { udp4 } from '../support/frames.js';
import { BenchSwitch } from './bench-switch.js';
import { LearningPipeline } from './learning-pipeline.js';

const first = Number(process.env.SEED ?? 1);

function flowOf(line: string): Flow {
  const { match, priority, instructions } = parseFlow(line);
  return new Flow(0, priority, match, instructions, 0n, 0, 0, 0, 0);
}

function keyOf(frame: Uint8Array, port: number): Key {
  const key = new Key();
  extract(new Packet().attach(frame), key, port);
  return key;
}

/** The highest of some flows; several where their order decides. */
function highest(flows: readonly Flow[]): Flow[] {
  const most = flows.reduce((max, { priority }) => Math.max(max, priority), -1);
  return flows.filter(({ priority }) => priority === most);
}

/**
 * Flows that match by themselves, for a value of conj_id; one behind an alternative of the same match isn't looked for.
 */
function plain(flows: readonly Flow[], key: Key, word: number): Flow[] {
  key.words[CONJ_WORD] = word;
  const fit = flows.filter((flow) => flow.match.fits(key.words));
  key.words[CONJ_WORD] = 0;
  const hidden = (flow: Flow) =>
    fit.some((other) => other.clauses && other.priority > flow.priority && other.match.equals(flow.match));
  return fit.filter((flow) => flow.clauses === null && (word === 0 || !hidden(flow)));
}

/** The naive search: all flows that may be found. Empty: none. */
function acceptable(flows: readonly Flow[], key: Key): Flow[] {
  const hard = highest(plain(flows, key, 0));
  const floor = hard[0]?.priority ?? -1;
  const soft = flows.filter((flow) => flow.clauses && flow.priority > floor && flow.match.fits(key.words));
  for (const priority of [...new Set(soft.map((flow) => flow.priority))].sort((a, b) => b - a)) {
    const members = soft.filter((flow) => flow.priority === priority);
    const clauses = members.flatMap((flow) => flow.clauses ?? []);
    const whole = clauses.filter(({ id, clauses: count }) => {
      const met = new Set(
        clauses.filter((clause) => clause.id === id && clause.clauses === count).map((c) => c.clause),
      );
      return met.size === count && count <= members.length;
    });
    const found = whole.flatMap(({ word }) => highest(plain(flows, key, word)));
    if (found.length > 0) return found;
  }
  return hard;
}

describe('pipeline/classifier: conjunctions', () => {
  for (let seed = first; seed < first + 4; seed++) {
    it(`finds what a search over all flows finds, while flows come and go (seed ${seed})`, () => {
      const random = new LearningPipeline(seed);
      const classifier = new Classifier();
      let flows: Flow[] = [];
      let conjunctive = 0;
      for (let step = 0; step < 800; step++) {
        if (random.chance(60) || flows.length < 30) {
          const flow = flowOf(random.chance(70) ? random.alternative(0) : random.flow());
          if (classifier.exact(flow.match, flow.priority)) continue;
          classifier.add(flow);
          flows.push(flow);
        } else {
          const flow = random.pick(flows);
          classifier.remove(flow);
          flows = flows.filter((f) => f !== flow);
        }
        const key = keyOf(random.frame(), 1 + random.below(4));
        const found = classifier.find(key.words, new Uint32Array(KEY_WORDS));
        const wanted = acceptable(flows, key);
        if (wanted.some((flow) => plain([flow], key, 0).length === 0)) conjunctive++;
        expect(key.words[CONJ_WORD]).to.equal(0);
        expect(found === null ? wanted.length === 0 : wanted.includes(found), `seed ${seed}, step ${step}`).to.equal(
          true,
        );
      }
      expect(conjunctive, 'no conjunction was ever met').to.be.greaterThan(0);
    });
  }

  it('marks enough: any packet that agrees in the marked bits has the same outcome', () => {
    const random = new LearningPipeline(first);
    const classifier = new Classifier();
    for (let i = 0; i < 120; i++) {
      const flow = flowOf(random.alternative(0));
      if (!classifier.exact(flow.match, flow.priority)) classifier.add(flow);
    }
    for (let i = 0; i < 800; i++) {
      const key = keyOf(random.frame(), 1 + random.below(4));
      const seen = new Uint32Array(KEY_WORDS);
      const found = classifier.find(key.words, seen);
      const other = new Key();
      other.copy(keyOf(random.frame(), 1 + random.below(4)));
      for (let w = 0; w < KEY_WORDS; w++) other.words[w] = (other.words[w] & ~seen[w]) | (key.words[w] & seen[w]);
      expect(classifier.find(other.words, new Uint32Array(KEY_WORDS))).to.equal(found);
    }
  });

  it('costs what dimensions cost together, and not what they would multiplied', () => {
    const classifier = new Classifier();
    const SIZE = 1000;
    const address = (net: number, i: number) => `10.${net}.${i >> 8}.${i & 255}`;
    for (let i = 0; i < SIZE; i++) {
      classifier.add(flowOf(`priority=9,ip,nw_src=${address(1, i)},actions=conjunction(7,1/3)`));
      classifier.add(flowOf(`priority=9,ip,nw_dst=${address(2, i)},actions=conjunction(7,2/3)`));
      classifier.add(flowOf(`priority=9,udp,tp_dst=${i + 1},actions=conjunction(7,3/3)`));
    }
    classifier.add(flowOf('priority=5,conj_id=7,ip,actions=2'));
    classifier.add(flowOf('priority=1,ip,actions=drop'));
    // A thousand million combinations in three thousand flows …
    expect(classifier.count).to.equal(3 * SIZE + 2);
    const frame = (i: number, port: number) => udp4({ src: address(1, i), dst: address(2, SIZE - 1 - i), dport: port });
    for (const [i, port, priority] of [
      [0, 1, 5],
      [SIZE - 1, SIZE, 5],
      [500, SIZE + 1, 1],
      [3, 700, 5],
    ]) {
      classifier.visits = 0;
      const key = keyOf(frame(i, port), 1);
      expect(classifier.find(key.words, new Uint32Array(KEY_WORDS))?.priority).to.equal(priority);
      // … and a lookup asks five subtables (three dimensions, conj_id, the rest), and once more where all are met.
      expect(classifier.visits).to.be.at.most(10);
    }
  });
});

describe('pipeline: conjunctions', () => {
  const FLOWS = `
    priority=9,ip,nw_src=10.0.0.1,actions=conjunction(7,1/2)
    priority=9,ip,nw_src=10.0.0.2,actions=conjunction(7,1/2)
    priority=9,udp,tp_dst=53,actions=conjunction(7,2/2)
    priority=3,conj_id=7,ip,actions=2
    priority=1,actions=3`;
  const from = (src: string, dport: number) => udp4({ src, dport });

  it('send what meets all dimensions on, also from the cache', () => {
    const bench = new BenchSwitch(FLOWS);
    for (let round = 0; round < 2; round++) {
      expect(bench.send(1, from('10.0.0.1', 53))).to.deep.equal([2]);
      expect(bench.send(1, from('10.0.0.2', 53))).to.deep.equal([2]);
      expect(bench.send(1, from('10.0.0.3', 53))).to.deep.equal([3]);
      expect(bench.send(1, from('10.0.0.1', 54))).to.deep.equal([3]);
    }
    // Alternatives count nothing: the flow behind them does.
    expect(bench.packets(9)).to.equal(0);
    expect(bench.packets(3)).to.equal(4);
  });

  it('change with their flows: cached programs know', () => {
    const bench = new BenchSwitch(FLOWS);
    const send = () => bench.send(1, from('10.0.0.1', 53));
    expect(send()).to.deep.equal([2]);
    bench.sw.flows.load('modify udp,tp_dst=53,actions=conjunction(8,2/2)');
    expect(send()).to.deep.equal([3]);
    bench.sw.flows.load('modify udp,tp_dst=53,actions=conjunction(7,2/2)');
    expect(send()).to.deep.equal([2]);
    bench.sw.flows.load('add priority=4,conj_id=7,actions=IN_PORT');
    expect(send()).to.deep.equal([1]);
    bench.sw.flows.load('delete conj_id=7');
    expect(send()).to.deep.equal([3]);
    bench.sw.flows.load('modify ip,nw_src=10.0.0.1,actions=LOCAL');
    expect(send()).to.deep.equal(['LOCAL']);
  });

  it('stand alone: what stands beside them is refused', () => {
    const bench = new BenchSwitch('');
    const { instructions, ...flow } = parseFlow('actions=conjunction(1,1/2)');
    const refusal = (more: object) => {
      try {
        bench.sw.flows.apply({ ...flow, instructions: { ...instructions, ...more } });
        return 'none';
      } catch (error) {
        return error instanceof OpenFlowError ? error.error : error;
      }
    };
    expect(refusal({})).to.equal('none');
    expect(refusal({ goto: 3 })).to.equal('NXBAC_BAD_CONJUNCTION');
    expect(refusal({ metadata: { value: 1n, mask: 1n } })).to.equal('NXBAC_BAD_CONJUNCTION');
    expect(refusal({ apply: [...(instructions.apply ?? []), { type: 'output', port: 1, maxLen: 0 }] })).to.equal(
      'NXBAC_BAD_CONJUNCTION',
    );
    expect(refusal({ apply: [...(instructions.apply ?? []), { type: 'note', data: new Uint8Array(6) }] })).to.equal(
      'none',
    );
  });
});
