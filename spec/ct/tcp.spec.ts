import { expect } from 'chai';
import { tcp4 } from '../support/frames.js';
import { commit, Tracking } from './tracking.js';

const there = { src: '10.0.0.1', dst: '10.0.0.2', sport: 1000, dport: 80 };
const back = { src: '10.0.0.2', dst: '10.0.0.1', sport: 80, dport: 1000 };

describe('ct/tcp: the life of a connection', () => {
  it('SYN, SYN+ACK, ACK, FIN, ACK, FIN, ACK dumps its states and timeouts', () => {
    const t = new Tracking();
    const seen: string[] = [];
    const step = (frame: Uint8Array): void => {
      t.send(frame, commit());
      const line = t.only();
      seen.push(`${/state=(\w+)/.exec(line)?.[1]} ${/timeout=(\d+)/.exec(line)?.[1]}`);
    };
    step(tcp4({ ...there, flags: 'syn', seq: 100 }));
    step(tcp4({ ...back, flags: 'syn|ack', seq: 200, ack: 101 }));
    step(tcp4({ ...there, flags: 'ack', seq: 101, ack: 201 }));
    step(tcp4({ ...there, flags: 'fin|ack', seq: 101, ack: 201 }));
    step(tcp4({ ...back, flags: 'ack', seq: 201, ack: 102 }));
    step(tcp4({ ...back, flags: 'fin|ack', seq: 201, ack: 102 }));
    step(tcp4({ ...there, flags: 'ack', seq: 102, ack: 202 }));
    expect(seen).to.deep.equal([
      'SYN_SENT 30',
      'ESTABLISHED 30',
      'ESTABLISHED 86400',
      'CLOSING 900',
      'TIME_WAIT 900',
      'TIME_WAIT 45',
      'TIME_WAIT 30',
    ]);
  });
});
