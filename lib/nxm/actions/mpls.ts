/** push_mpls and pop_mpls: OpenFlow 1.3.5 §5.12, §7.2.4.5, §7.2.4.6. */
import type { Reader } from '../../bytes/index.js';
import { action, nicira, standard, type TextArgument } from '../action.js';
import { ETH_TYPE } from '../prerequisite.js';
import { parseNumber } from '../value-text.js';
import { knownType } from './known-type.js';

export interface PushMpls {
  readonly type: 'push_mpls';
  readonly ethType: number;
}

export interface PopMpls {
  readonly type: 'pop_mpls';
  /** What is behind the label. */
  readonly ethType: number;
}

function isMpls(ethType: number): boolean {
  return ethType === ETH_TYPE.MPLS || ethType === ETH_TYPE.MPLS_MULTICAST;
}

function read(r: Reader, name: string): number {
  const ethType = r.u16(`${name} EtherType`);
  r.skip(2);
  return ethType;
}

function parse(arg: TextArgument): number {
  const ethType = parseNumber(arg.text);
  if (ethType === null || ethType > 0xffffn) throw arg.error(`"${arg.text}" is no EtherType`);
  return Number(ethType);
}

const hex = (ethType: number) => `0x${ethType.toString(16).padStart(4, '0')}`;

export const pushMpls = action<PushMpls>({
  type: 'push_mpls',
  ids: [standard(19), nicira(23)],
  read(r) {
    const ethType = read(r, 'push_mpls');
    if (!isMpls(ethType)) throw r.error('OFPBAC_BAD_ARGUMENT', `push_mpls can't push EtherType ${hex(ethType)}`, 4);
    return { type: 'push_mpls', ethType };
  },
  write(a, w) {
    w.u16(a.ethType).zeros(2);
  },
  texts: {
    push_mpls(arg) {
      const ethType = parse(arg);
      if (!isMpls(ethType)) throw arg.error(`push_mpls takes 0x8847 or 0x8848, not "${arg.text}"`);
      return { type: 'push_mpls', ethType };
    },
  },
  format: (a) => `push_mpls:${hex(a.ethType)}`,
  check(a, flow) {
    knownType(flow, a.ethType);
  },
  translate(a, m) {
    m.tags.pushMpls(a.ethType);
  },
});

export const popMpls = action<PopMpls>({
  type: 'pop_mpls',
  ids: [standard(20), nicira(24)],
  read: (r) => ({ type: 'pop_mpls', ethType: read(r, 'pop_mpls') }),
  write(a, w) {
    w.u16(a.ethType).zeros(2);
  },
  texts: { pop_mpls: (arg) => ({ type: 'pop_mpls', ethType: parse(arg) }) },
  format: (a) => `pop_mpls:${hex(a.ethType)}`,
  check(a, flow) {
    flow.require('mpls', 'pop_mpls');
    knownType(flow, a.ethType);
  },
  translate(a, m) {
    m.tags.popMpls(a.ethType);
  },
});
