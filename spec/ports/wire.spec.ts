/** One direction of a cable: order, what is cut, bounds. */
import { expect } from 'chai';
import { ManualClock, Random } from '../../lib/bytes/index.js';
import { Handover, MAX_HANDED_AT_ONCE, MAX_ON_WIRE, Wire, type WireSettings } from '../../lib/ports/wire.js';

function make(settings: WireSettings = {}, deliver?: (n: number, wire: Wire) => void) {
  const clock = new ManualClock();
  const got: number[] = [];
  const lengths = new Set<number>();
  let lost = 0;
  const wire: Wire = new Wire(
    new Handover(clock),
    new Random(1),
    settings,
    (bytes, start, end) => {
      expect(
        bytes.subarray(start + 2, end).every((byte) => byte === 0),
        'the frame as it was, to its end',
      ).to.equal(true);
      lengths.add(end - start);
      const n = (bytes[start] << 8) | bytes[start + 1];
      got.push(n);
      deliver?.(n, wire);
    },
    (count) => {
      lost += count;
    },
  );
  const send = (n: number, length = 60) => {
    const frame = new Uint8Array(length);
    frame[0] = n >> 8;
    frame[1] = n;
    wire.carry(frame, 0, frame.length);
    frame.fill(0xff);
  };
  return { clock, wire, got, send, lengths, lost: () => lost };
}

describe('ports/wire', () => {
  it('hands on at once, in order, and never inside another frame', () => {
    let inside = 0;
    const { got, send, lengths } = make({}, (n) => {
      expect(++inside).to.equal(1);
      if (n < 5) send(n + 1);
      expect(got.at(-1), 'what is sent meanwhile waits').to.equal(n);
      inside--;
    });
    send(1);
    expect(got).to.deep.equal([1, 2, 3, 4, 5]);
    expect([...lengths]).to.deep.equal([60]);
  });

  it('loses what waits when the cable is pulled', () => {
    const { got, send, lost } = make({}, (n, wire) => {
      if (n !== 1) return;
      send(2);
      wire.cut();
      send(3);
    });
    send(1);
    expect(got).to.deep.equal([1, 3]);
    expect(lost()).to.equal(1);
  });

  it('lets a frame go round for a while, then waits a millisecond', () => {
    const { clock, got, send } = make({}, (n) => send(n));
    send(7);
    expect(got.length).to.equal(MAX_HANDED_AT_ONCE);
    clock.advance(1);
    expect(got.length).to.equal(2 * MAX_HANDED_AT_ONCE);
  });

  it('keeps order and distance under a rate: 1000 bytes at 8 Mbit/s take a millisecond', () => {
    const { clock, got, send } = make({ rate_bps: 8e6, delay_ms: 10 });
    for (let n = 1; n <= 3; n++) send(n, 1000);
    clock.advance(10.5);
    expect(got).to.deep.equal([]);
    clock.advance(0.6);
    expect(got).to.deep.equal([1]);
    clock.advance(1);
    expect(got).to.deep.equal([1, 2]);
    clock.advance(1);
    expect(got).to.deep.equal([1, 2, 3]);
  });

  it('has room for so many frames; what is more is lost', () => {
    const { clock, got, send, lost } = make({ delay_ms: 1 });
    for (let n = 0; n < MAX_ON_WIRE + 5; n++) send(n);
    clock.advance(1);
    clock.advance(1);
    expect(lost()).to.equal(5);
    expect(got).to.deep.equal(Array.from({ length: MAX_ON_WIRE }, (_, n) => n));
  });
});
