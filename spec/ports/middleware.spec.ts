import { expect } from 'chai';
import { ManualClock, Random, toHex } from '../../lib/bytes/index.js';
import { CaptureReader, captureHeader, captureRecord } from '../../lib/pcap-file/index.js';
import { faulty, host, MAX_DELAYED, memory, recorded } from '../../lib/ports/index.js';
import { Bridge, settle } from './bridge.js';

function outside() {
  const bridge = new Bridge(new ManualClock(0, 1000));
  const inner = memory();
  return { bridge, inner, other: bridge.add(memory()) };
}

/** A broadcast frame full of one byte. */
function frame(byte: number): Uint8Array {
  return new Uint8Array(14).fill(0xff, 0, 6).fill(byte, 6);
}

describe('ports/recorded', () => {
  it('writes every frame of both directions, and is the port otherwise', () => {
    const { bridge, inner, other } = outside();
    const parts: Uint8Array[] = [captureHeader()];
    const directions: string[] = [];
    const port = recorded(inner, (wall_ms, bytes, start, end, direction) => {
      parts.push(captureRecord(wall_ms, bytes, start, end));
      directions.push(direction);
    });
    bridge.add(port);
    inner.inject(frame(1));
    bridge.clock.advance(5);
    other.inject(frame(3));
    expect(other.taken().map((bytes) => bytes[6])).to.deep.equal([1]);
    expect(inner.taken().map((bytes) => bytes[6])).to.deep.equal([3]);
    const reader = new CaptureReader();
    reader.push(Uint8Array.from(parts.flatMap((part) => [...part])));
    const read: string[] = [];
    for (let record = reader.next(); record !== null; record = reader.next()) {
      read.push(`${record.sec}.${record.nsec / 1e6} ${toHex(record.bytes, record.end - 1, record.end)}`);
    }
    expect(read).to.deep.equal(['1.0 01', '1.5 03']);
    expect(directions).to.deep.equal(['rx', 'tx']);
    expect([port.kind, port.name]).to.deep.equal(['memory', 'memory']);
  });
});

describe('ports/faulty', () => {
  it('loses, repeats and delays as told, the same each time', () => {
    const run = () => {
      const { bridge, inner, other } = outside();
      bridge.add(faulty(inner, { random: new Random(3, 'faults'), loss: 0.2, repeat: 0.3, delay_ms: [10, 20] }));
      for (let i = 0; i < 100; i++) inner.inject(frame(i));
      expect(other.taken()).to.have.length(0);
      bridge.clock.advance(9.9);
      expect(other.taken()).to.have.length(0);
      bridge.clock.advance(10.2);
      const lost = bridge.said.filter((text) => text === 'memory rx dropped 1').length;
      return { order: other.taken().map((bytes) => bytes[6]), lost };
    };
    const { order, lost } = run();
    expect(lost).to.be.within(10, 30);
    expect(new Set(order).size).to.equal(100 - lost);
    expect(order.length - new Set(order).size).to.be.within(10, 40);
    expect(order).not.to.deep.equal([...order].sort((a, b) => a - b));
    expect(run()).to.deep.equal({ order, lost });
  });

  it('holds a bounded number of frames', () => {
    const { bridge, inner } = outside();
    bridge.add(faulty(inner, { random: new Random(1), delay_ms: [10, 10] }));
    for (let i = 0; i < MAX_DELAYED + 3; i++) inner.inject(new Uint8Array(14));
    expect(bridge.said).to.have.length(3);
  });

  it('is survived by TCP', async () => {
    const bridge = new Bridge(new ManualClock());
    const h1 = host({ name: 'h1', mac: '50:54:00:00:00:01', ipv4: '10.0.0.1' });
    bridge.add(faulty(h1, { random: new Random(9), loss: 0.03, repeat: 0.1, delay_ms: [0, 30] }));
    bridge.add(host({ name: 'h2', mac: '50:54:00:00:00:02', ipv4: '10.0.0.2' }));
    const data = new Uint8Array(20_000).map((_, i) => i);
    const result = await settle(bridge.clock, h1.tcp('10.0.0.2', 7, data, 300_000), 300_000);
    expect([result.outcome, Buffer.compare(result.received, data)]).to.deep.equal(['closed', 0]);
  });
});
