/**
 * Every field and every action has a good flow that ovs-ofctl has seen too, and a mistake: in fixtures/text or
 * fixtures/actions.
 */
import { expect } from 'chai';
import { ACTION_KINDS, type Action, FIELDS, fieldNamed, flattened, type Instructions } from '../../lib/nxm/index.js';
import { parseFlow } from '../../lib/text/index.js';
import { ours as oursIn, recorded } from '../nxm/recorded-actions.js';
import { expectations, recordedFlows } from './vectors.js';

/** Not in Open vSwitch: no recorded flow can have them. */
const NOT_IN_OVS = ['in_phy_port', 'pbb_isid', 'pbb_uca', 'ipv6_exthdr'];
/** Without a number on the wire in OpenFlow 1.3: no good flow can have them. */
const NO_NUMBER = ['tun_ttl', 'tun_tos', 'skb_priority'];
/** 64 alike: geneve-options.spec.ts has their vectors. */
const GENEVE = /^tun_metadata\d+$/;
/** What no text can name: these have vectors of bytes alone. */
const NO_TEXT = ['unknown', 'set_tunnel', 'write_metadata'];
/** Actions that stand in another one's text. */
const TEXT_OF: Readonly<Record<string, string>> = { output_reg: 'output', output_trunc: 'output' };

/** Names of fields that a line mentions. */
function mentioned(line: string): string[] {
  const words = line.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? [];
  return words.flatMap((word) => fieldNamed(word)?.name ?? []);
}

function actionTypes(i: Instructions): string[] {
  const nested = (actions: readonly Action[]): string[] =>
    [...flattened(actions)].flatMap((action) => [action.type, ...(action.type === 'ct' ? nested(action.exec) : [])]);
  return [...nested(i.apply ?? []), ...nested(i.write ?? [])];
}

const bad = [...expectations('bad-flows.txt'), ...expectations('differences.txt'), ...oursIn('refused.txt')];
const badLines = bad.filter(([, expected]) => !expected.startsWith('ours: ')).map(([line]) => line);
/** Lines that only this project reads, or reads otherwise. */
const ours = bad.filter(([, expected]) => expected.startsWith('ours: ')).map(([line]) => line);
const different = new Set([...expectations('differences.txt').map(([line]) => line), ...oursIn('refused.txt').keys()]);
const inActions = recorded.flows.map(({ flow, ...rest }) => ({ ...rest, line: flow }));
const good = [...recordedFlows(), ...inActions].filter(
  ({ line, error }) => error === undefined && !different.has(line),
);

describe('text: every field has vectors', () => {
  const inGood = new Set([...good.map(({ line }) => line), ...ours].flatMap(mentioned));
  const inBad = new Set(badLines.flatMap(mentioned));
  for (const { name } of FIELDS) {
    if (GENEVE.test(name)) continue;
    it(name, () => {
      expect(inBad.has(name), `${name} has no mistake in fixtures/text/bad-flows.txt`).to.equal(true);
      if (NO_NUMBER.includes(name) || NOT_IN_OVS.includes(name)) return;
      expect(inGood.has(name), `${name} has no flow in fixtures/text/flows.txt`).to.equal(true);
    });
  }
});

describe('text: every action has vectors', () => {
  const lines = [...good.map(({ line }) => line), ...ours];
  const inGood = new Set(lines.flatMap((line) => actionTypes(parseFlow(line).instructions)));
  for (const kind of ACTION_KINDS) {
    if (NO_TEXT.includes(kind.type)) continue;
    it(kind.type, () => {
      expect(inGood.has(kind.type), `${kind.type} has no flow in fixtures/text/flows.txt`).to.equal(true);
      const names = kind.type in TEXT_OF ? [TEXT_OF[kind.type]] : Object.keys(kind.texts);
      const mistaken = badLines.some((line) => names.some((name) => new RegExp(`\\b${name}\\b`).test(line)));
      expect(mistaken, `${kind.type} has no mistake in fixtures/text/bad-flows.txt`).to.equal(true);
    });
  }
});
