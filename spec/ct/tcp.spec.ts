/**
 * TCP through the tracker, as text. A line is a segment and what it comes to:
 *
 *   > flags seq[+length] [ack=N] [win=N] [scale=N] = ct_state, states of creator/peer, timeout
 *
 * `>` runs in the original direction, `<` against it; `wait N` lets N seconds pass, `unchecked` turns sequence checks
 * off. Every segment is committed. A state that isn't told isn't compared.
 */
import { expect } from 'chai';
import { formatState } from '../../lib/ct/index.js';
import { tcp4, tcp6 } from '../support/frames.js';
import { commit, Tracking } from './tracking.js';

const OPEN = ['> syn 100 win=1000', '< syn|ack 500 ack=101 win=1000', '> ack 101 ack=501 win=1000'];
const CLOSE = ['> fin|ack 101 ack=501', '< ack 501 ack=102', '< fin|ack 501 ack=102', '> ack 102 ack=502'];

const scenarios: Record<string, Record<string, string[]>> = {
  'the life of a connection': {
    'SYN, SYN+ACK, ACK, FIN, ACK, FIN, ACK': [
      '> syn 100 = new|trk, SYN_SENT/CLOSED, 30',
      '< syn|ack 500 ack=101 = est|rpl|trk, ESTABLISHED/SYN_SENT, 30',
      '> ack 101 ack=501 = est|trk, ESTABLISHED/ESTABLISHED, 86400',
      '> fin|ack 101 ack=501 = est|trk, CLOSING/ESTABLISHED, 900',
      '< ack 501 ack=102 = est|rpl|trk, FIN_WAIT_2/ESTABLISHED, 900',
      '< fin|ack 501 ack=102 = est|rpl|trk, FIN_WAIT_2/CLOSING, 45',
      '> ack 102 ack=502 = est|trk, FIN_WAIT_2/FIN_WAIT_2, 30',
    ],
    'closed by the peer first': [
      ...OPEN,
      '< fin|ack 501 ack=101 = est|rpl|trk, ESTABLISHED/CLOSING, 900',
      '> fin|ack 101 ack=502 = est|trk, CLOSING/FIN_WAIT_2, 45',
      '< ack 502 ack=102 = est|rpl|trk, FIN_WAIT_2/FIN_WAIT_2, 30',
    ],
    'closed by both at once': [
      ...OPEN,
      '> fin|ack 101 ack=501 = est|trk, CLOSING/ESTABLISHED, 900',
      '< fin|ack 501 ack=101 = est|rpl|trk, FIN_WAIT_2/CLOSING, 45',
      '> ack 102 ack=502 = est|trk, FIN_WAIT_2/FIN_WAIT_2, 30',
    ],
    'opened by both at once': [
      '> syn 100 = new|trk, SYN_SENT/CLOSED, 30',
      '< syn 500 = new|trk, SYN_SENT/SYN_SENT, 30',
    ],
    'refused by the server': ['> syn 100 = new|trk', '< rst|ack 0 ack=101 = est|rpl|trk, TIME_WAIT/TIME_WAIT, 30'],
    'reset in the middle': [...OPEN, '> rst 101 = est|trk, TIME_WAIT/TIME_WAIT, 30'],
    'data both ways': [
      ...OPEN,
      '> psh|ack 101+100 ack=501 = est|trk, ESTABLISHED/ESTABLISHED, 86400',
      '< psh|ack 501+200 ack=201 = est|rpl|trk',
      '> ack 201 ack=701 = est|trk',
    ],
    'a stored SYN again restarts its timeout': [
      '> syn 100 = new|trk, SYN_SENT/CLOSED, 30',
      'wait 10',
      '> syn 100 = new|trk, SYN_SENT/CLOSED, 30',
    ],
    'sequence numbers that wrap': [
      '> syn 4294967290 = new|trk',
      '< syn|ack 4294967295 ack=4294967291 = est|rpl|trk',
      '> psh|ack 4294967291+100 ack=0 = est|trk, ESTABLISHED/ESTABLISHED',
      '< psh|ack 0+100 ack=95 = est|rpl|trk',
      '> ack 95 ack=100 = est|trk',
    ],
  },

  'flags that no segment has, in either state': {
    'SYN with RST': ['> syn|rst 100 = inv|trk', ...OPEN, '> syn|rst 101 = inv|trk'],
    'SYN with FIN': ['> syn|fin 100 = inv|trk', ...OPEN, '> syn|fin 101 = inv|trk'],
    'none of SYN, ACK and RST': ['> 0 100 = inv|trk', '> psh 100 = inv|trk', ...OPEN, '> 0 101 = inv|trk'],
    'FIN without ACK': ['> fin 100 = inv|trk', ...OPEN, '> rst|fin 101 = inv|trk'],
    'PSH without ACK': ['> syn|psh 100 = inv|trk', ...OPEN, '> rst|psh 101 = inv|trk'],
    'URG without ACK': ['> syn|urg 100 = inv|trk', ...OPEN, '> rst|urg 101 = inv|trk'],
    'ECE and CWR are allowed': ['> syn|ece|cwr 100 = new|trk'],
  },

  'what may begin': {
    SYN: ['> syn 1 = new|trk, SYN_SENT/CLOSED, 30'],
    ACK: ['> ack 1 = new|trk, SYN_SENT/CLOSED, 30'],
    data: ['> psh|ack 1+10 = new|trk, SYN_SENT/CLOSED, 30'],
    'FIN+ACK': ['> fin|ack 1 = new|trk, SYN_SENT/CLOSED, 30'],
    RST: ['> rst 1 = new|trk, SYN_SENT/CLOSED, 30'],
    'but not SYN+ACK': ['> syn|ack 1 ack=1 = inv|trk'],
  },

  'beginning again': {
    'a bare SYN ends a connection that both have closed, and is new': [
      ...OPEN,
      ...CLOSE,
      '> syn 9000 = new|trk, SYN_SENT/CLOSED, 30',
    ],
    'from the other side the new one runs the other way': [
      ...OPEN,
      ...CLOSE,
      '< syn 9000 = new|trk, SYN_SENT/CLOSED, 30',
      '< ack 9001 = est|trk',
    ],
    'after a RST too': [...OPEN, '> rst 101', '> syn 9000 = new|trk, SYN_SENT/CLOSED, 30'],
    'not while one side is still closing': [...OPEN, ...CLOSE.slice(0, 3), '> syn 9000 = est|trk, FIN_WAIT_2/CLOSING'],
    'SYN+ACK does not': [...OPEN, ...CLOSE, '> syn|ack 102 ack=502 = est|trk, FIN_WAIT_2/FIN_WAIT_2'],
    'a SYN on an established connection goes through the window check': [
      ...OPEN,
      '> syn 101 = est|trk, ESTABLISHED/ESTABLISHED',
      '> syn 90000 = inv|trk, ESTABLISHED/ESTABLISHED',
    ],
  },

  'the window': {
    'a segment may fill it, and not go beyond': [
      ...OPEN,
      '> psh|ack 101+1000 ack=501 = est|trk',
      ...['> psh|ack 1101+1 ack=501 = inv|trk'],
    ],
    'the other side opens it': [
      ...OPEN,
      '< ack 501 ack=101 win=2000 = est|rpl|trk',
      '> psh|ack 101+2000 ack=501 = est|trk',
      '> psh|ack 2101+1 ack=501 = inv|trk',
    ],
    'one window back is a retransmission, more is not': [
      ...OPEN,
      '> psh|ack 101+1000 ack=501 = est|trk',
      '> psh|ack 101+1 ack=501 = est|trk',
      '> psh|ack 100+1 ack=501 = inv|trk',
    ],
    'an empty segment counts as lying at the edge': [...OPEN, '> ack 9999999 ack=501 = est|trk'],
    'an acknowledgement up to 67035 ahead': [
      ...OPEN,
      '> psh|ack 101+1 ack=67536 = est|trk',
      '> psh|ack 102+1 ack=67537 = inv|trk',
    ],
    'an acknowledgement up to 67035 behind': [
      '> syn 100000',
      '< syn|ack 500000 ack=100001',
      '> psh|ack 100001+1 ack=432966 = est|trk',
      '> psh|ack 100002+1 ack=432965 = inv|trk',
    ],
    'scaled, an acknowledgement may lie that much farther behind': [
      '> syn 100000 win=8000 scale=2',
      '< syn|ack 500000 ack=100001 win=8000 scale=0',
      '> psh|ack 100001+1 ack=231861 = est|trk',
      '> psh|ack 100002+1 ack=231860 = inv|trk',
    ],
    'a RST within one of the edge': [
      ...OPEN,
      '> psh|ack 101+100 ack=501 = est|trk',
      '> rst 203 = inv|trk, ESTABLISHED/ESTABLISHED',
      '> rst 199 = inv|trk, ESTABLISHED/ESTABLISHED',
      '> rst 202 = est|trk, TIME_WAIT/TIME_WAIT',
    ],
    'inv changes nothing, the timeout neither': [
      ...OPEN,
      'wait 100',
      '> fin|ack 90000+1 ack=501 = inv|trk, ESTABLISHED/ESTABLISHED, 86300',
      '> fin|ack 101 ack=501 = est|trk, CLOSING/ESTABLISHED, 900',
    ],
    "a refused first segment of the peer doesn't open its side": [
      '> ack 100 win=10 = new|trk, SYN_SENT/CLOSED',
      '> psh|ack 100+50 ack=5000 win=65535 = est|trk, SYN_SENT/CLOSED',
      '< psh|ack 10+5 ack=200000 = inv|trk, SYN_SENT/CLOSED',
      '< psh|ack 10+5 ack=150 = est|rpl|trk, ESTABLISHED/SYN_SENT',
    ],
    'without checks everything passes': [
      'unchecked',
      ...OPEN,
      '> psh|ack 90000+1 ack=501 = est|trk',
      '> rst 7 = est|trk, TIME_WAIT/TIME_WAIT, 30',
    ],
  },

  'window scaling': {
    'both sides have it: windows are shifted, those of SYNs are not': [
      '> syn 100 win=1000 scale=1',
      '< syn|ack 500 ack=101 win=1000 scale=3',
      '> ack 101 ack=501 win=1000',
      '< ack 501 ack=101 win=1000 = est|rpl|trk',
      '> psh|ack 101+1000 ack=501 win=1000 = est|trk',
      '> psh|ack 1101+1000 ack=501 win=1000 = est|trk',
      '< psh|ack 501+1000 ack=2101 win=1000 = est|rpl|trk',
      '< psh|ack 1501+1000 ack=2101 win=1000 = est|rpl|trk',
      '< psh|ack 2501+1 ack=2101 win=1000 = inv|trk',
    ],
    'one side has it: nothing is shifted, its SYN counts in units of its scale': [
      '> syn 100 win=1000 scale=7',
      '< syn|ack 500 ack=101 win=1000',
      '> ack 101 ack=501 win=1000',
      '< psh|ack 501+1000 ack=101 win=1000 = est|rpl|trk',
      '< psh|ack 1501+25 ack=101 win=1000 = inv|trk',
      '< psh|ack 1501+24 ack=101 win=1000 = est|rpl|trk',
    ],
    'a connection picked up in the middle counts with 14 both ways': [
      '> psh|ack 100+10 ack=500 win=10 = new|trk',
      '< psh|ack 500+10 ack=110 win=10 = est|rpl|trk, ESTABLISHED/SYN_SENT',
      '> psh|ack 110+1000 ack=510 win=10 = est|trk, ESTABLISHED/ESTABLISHED, 86400',
      '< psh|ack 510+1000 ack=1110 win=10 = est|rpl|trk',
    ],
  },

  'loosely, near a window': {
    'the peer is silent: data passes, no timer moves': [
      '> ack 100 win=10 = new|trk, SYN_SENT/CLOSED, 30',
      'wait 10',
      '> psh|ack 100+50 = est|trk, SYN_SENT/CLOSED, 20',
    ],
    'beyond 67035 it does not': [
      '> ack 100 win=10 = new|trk',
      '> psh|ack 67070+66 = est|trk, SYN_SENT/CLOSED',
      '> psh|ack 134172+100 = inv|trk, SYN_SENT/CLOSED',
    ],
    'a straggler after the close, no timer moves': [
      ...OPEN,
      ...CLOSE,
      'wait 10',
      '> psh|ack 3000+1 ack=502 = est|trk, FIN_WAIT_2/FIN_WAIT_2, 20',
      '< fin|ack 60000+1 ack=102 = est|rpl|trk, FIN_WAIT_2/FIN_WAIT_2, 20',
      '> psh|ack 90000+1 ack=502 = inv|trk',
    ],
    'a RST that is only near ends it, without touching a timer': [
      ...OPEN,
      '> fin|ack 101 ack=501',
      '< ack 501 ack=102 = est|rpl|trk, FIN_WAIT_2/ESTABLISHED, 900',
      'wait 10',
      '> rst 110 = est|trk, TIME_WAIT/TIME_WAIT, 890',
    ],
  },
};

const SEGMENT = /^([<>]) (\S+) (\d+)(?:\+(\d+))?(?: ack=(\d+))?(?: win=(\d+))?(?: scale=(\d+))?$/;

function play(lines: string[], build: typeof tcp4 | typeof tcp6, addresses: [string, string]): void {
  const t = new Tracking();
  for (const line of lines) {
    const wait = /^wait (\d+)$/.exec(line);
    if (wait) t.wait(Number(wait[1]));
    else if (line === 'unchecked') t.tracker.tcpSequenceChecks = false;
    else step(t, line, build, addresses);
  }
}

function step(t: Tracking, line: string, build: typeof tcp4 | typeof tcp6, [a, b]: [string, string]): void {
  const [text, outcome = ''] = line.split(' = ');
  const parts = SEGMENT.exec(text);
  if (parts === null) throw new Error(`not a segment: ${text}`);
  const [, way, flags, seq, length = '0', ack, window = '1000', scale] = parts;
  const forth = way === '>';
  const frame = build({
    src: forth ? a : b,
    dst: forth ? b : a,
    sport: forth ? 1000 : 80,
    dport: forth ? 80 : 1000,
    flags: flags === '0' ? '' : flags,
    seq: Number(seq),
    ack: Number(ack ?? 0),
    window: Number(window),
    payload: new Uint8Array(Number(length)),
    ...(scale === undefined ? {} : { wscale: Number(scale) }),
  });
  const state = formatState(t.track(frame, commit()).state);
  const [expected, sides, timeout] = outcome.split(', ');
  if (expected) expect(state, line).to.equal(expected);
  if (!sides) return;
  const [connection] = [...t.tracker.dump(t.now_ms)];
  expect(`${connection.tcp?.orig.state}/${connection.tcp?.reply.state}`, line).to.equal(sides);
  if (timeout) expect(connection.timeout_s, line).to.equal(Number(timeout));
}

describe('ct/tcp', () => {
  for (const [group, list] of Object.entries(scenarios)) {
    describe(group, () => {
      for (const [name, lines] of Object.entries(list)) {
        it(name, () => {
          play(lines, tcp4, ['10.0.0.1', '10.0.0.2']);
          play(lines, tcp6, ['2001:db8::1', '2001:db8::2']);
        });
      }
    });
  }

  it('SYN, SYN+ACK, ACK, FIN, ACK, FIN, ACK dumps SYN_SENT, ESTABLISHED twice, CLOSING, TIME_WAIT three times', () => {
    const t = new Tracking();
    const dumped = [...OPEN, ...CLOSE].map((line) => {
      step(t, line, tcp4, ['10.0.0.1', '10.0.0.2']);
      return /state=(\w+)/.exec(t.only())?.[1];
    });
    expect(dumped).to.deep.equal([
      'SYN_SENT',
      'ESTABLISHED',
      'ESTABLISHED',
      'CLOSING',
      'TIME_WAIT',
      'TIME_WAIT',
      'TIME_WAIT',
    ]);
  });

  it('a SYN after both had closed ends the old connection even without commit', () => {
    const t = new Tracking();
    for (const line of [...OPEN, ...CLOSE]) step(t, line, tcp4, ['10.0.0.1', '10.0.0.2']);
    const syn = tcp4({ src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80, flags: 'syn', seq: 7 });
    expect(t.send(syn)).to.equal('new|trk');
    expect(t.dump()).to.deep.equal([]);
  });
});
