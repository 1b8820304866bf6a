import { expect } from 'chai';
import { fromHex, ManualClock, silent, toHex } from '../../lib/bytes/index.js';
import { memory } from '../../lib/ports/memory.js';
import type { PortHost } from '../../lib/ports/port.js';

function host(received: string[], said: string[] = []): PortHost {
  return {
    clock: new ManualClock(),
    log: silent,
    receive: (bytes, start, end) => {
      received.push(toHex(bytes, start, end));
      bytes.fill(0);
    },
    link: (up) => said.push(up ? 'up' : 'down'),
    lost: (direction, kind, count) => said.push(`${direction} ${kind} ${count}`),
  };
}

describe('ports/memory', () => {
  it('gives the switch a copy of what is injected, before inject returns', () => {
    const received: string[] = [];
    const port = memory();
    const frame = fromHex('aabbcc');
    port.inject(frame);
    expect(received).to.deep.equal([]);
    port.start(host(received));
    port.inject(frame);
    expect(received).to.deep.equal(['aabbcc']);
    expect(toHex(frame)).to.equal('aabbcc');
  });

  it('keeps copies of what is sent until they are taken', () => {
    const port = memory();
    port.start(host([]));
    const bytes = fromHex('00aabb00');
    port.send(bytes, 1, 3);
    bytes.fill(0xff);
    expect(port.taken().map((frame) => toHex(frame))).to.deep.equal(['aabb']);
    expect(port.taken()).to.deep.equal([]);
  });

  it('loses and counts what its queue has no room for', () => {
    const said: string[] = [];
    const port = memory({ queue_frames: 2 });
    port.start(host([], said));
    for (let i = 0; i < 5; i++) port.send(Uint8Array.of(i), 0, 1);
    expect(port.taken().map((frame) => frame[0])).to.deep.equal([0, 1]);
    expect(port.overflowed).to.equal(3);
    expect(said).to.deep.equal(['tx dropped 1', 'tx dropped 1', 'tx dropped 1']);
  });

  it('is silent while its link is down, and after close', () => {
    const [received, said]: string[][] = [[], []];
    const port = memory({ name: 'p1' });
    port.start(host(received, said));
    port.link(false);
    port.link(false);
    port.inject(Uint8Array.of(1));
    port.send(Uint8Array.of(1), 0, 1);
    port.link(true);
    port.inject(Uint8Array.of(2));
    port.close();
    port.close();
    port.inject(Uint8Array.of(3));
    port.send(Uint8Array.of(3), 0, 1);
    expect(said).to.deep.equal(['down', 'tx dropped 1', 'up']);
    expect([received, port.taken()]).to.deep.equal([['02'], []]);
  });
});
