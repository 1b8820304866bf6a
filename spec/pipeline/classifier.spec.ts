import { expect } from 'chai';
import type { Match } from '../../lib/nxm/index.js';
import { extract } from '../../lib/packet/extract.js';
import { KEY_WORDS, Key } from '../../lib/packet/key.js';
import { Packet } from '../../lib/packet/packet.js';
import { Classifier } from '../../lib/pipeline/classifier.js';
import { Flow } from '../../lib/pipeline/flow.js';
import { parseFlow } from '../../lib/text/index.js';
import { RandomPipeline } from './random-pipeline.js';

const first = Number(process.env.SEED ?? 1);

function flowOf(match: Match, priority: number): Flow {
  return new Flow(0, priority, match, {}, 0n, 0, 0, 0, 0);
}

/** The naive classifier: the first of the highest priority that fits. */
function linear(flows: readonly Flow[], key: Uint32Array): Flow | null {
  let best: Flow | null = null;
  for (const flow of flows) if (flow.match.fits(key) && (!best || flow.priority > best.priority)) best = flow;
  return best;
}

function keyOf(frame: Uint8Array, port: number): Key {
  const key = new Key();
  extract(new Packet().attach(frame), key, port);
  return key;
}

describe('pipeline/classifier', () => {
  for (let seed = first; seed < first + 5; seed++) {
    it(`finds what a linear search finds, while flows come and go (seed ${seed})`, () => {
      const random = new RandomPipeline(seed);
      const classifier = new Classifier();
      let flows: Flow[] = [];
      for (let step = 0; step < 600; step++) {
        if (random.chance(60) || flows.length < 20) {
          const { match, priority } = parseFlow(`${random.flow()}`);
          if (!classifier.exact(match, priority)) {
            const flow = flowOf(match, priority % 40);
            if (classifier.exact(match, flow.priority)) continue;
            classifier.add(flow);
            flows.push(flow);
          }
        } else {
          const flow = random.pick(flows);
          classifier.remove(flow);
          flows = flows.filter((f) => f !== flow);
        }
        const key = keyOf(random.frame(), 1 + random.below(4));
        const seen = new Uint32Array(KEY_WORDS);
        const found = classifier.find(key.words, seen);
        const wanted = linear(flows, key.words);
        expect(found?.priority, `seed ${seed}, step ${step}`).to.equal(wanted?.priority);
        expect(classifier.count).to.equal(flows.length);
      }
    });
  }

  it('marks enough: any packet that agrees in the marked bits has the same outcome', () => {
    const random = new RandomPipeline(first);
    const classifier = new Classifier();
    for (let i = 0; i < 60; i++) classifier.add(flowOf(parseFlow(random.flow()).match, i));
    for (let i = 0; i < 400; i++) {
      const key = keyOf(random.frame(), 1 + random.below(4));
      const seen = new Uint32Array(KEY_WORDS);
      const found = classifier.find(key.words, seen);
      const other = new Key();
      other.copy(keyOf(random.frame(), 1 + random.below(4)));
      for (let w = 0; w < KEY_WORDS; w++) other.words[w] = (other.words[w] & ~seen[w]) | (key.words[w] & seen[w]);
      expect(classifier.find(other.words, new Uint32Array(KEY_WORDS))).to.equal(found);
    }
  });

  it('keeps flows apart that differ only in priority, and finds the highest', () => {
    const classifier = new Classifier();
    const { match } = parseFlow('tcp,tp_dst=80,actions=drop');
    const flows = [5, 9, 1, 7].map((priority) => flowOf(match, priority));
    for (const flow of flows) classifier.add(flow);
    const key = new Key();
    match.expand(key, new Key());
    const find = () => classifier.find(key.words, new Uint32Array(KEY_WORDS))?.priority;
    expect(find()).to.equal(9);
    classifier.remove(flows[1]);
    expect(find()).to.equal(7);
    expect(classifier.exact(match, 1)).to.equal(flows[2]);
    expect(classifier.exact(match, 2)).to.equal(null);
  });
});
