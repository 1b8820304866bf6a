import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { formatMac, ManualClock } from '../lib/bytes/index.js';
import { memory } from '../lib/ports/memory.js';
import { pcap } from '../lib/ports/pcap.js';
import { PortError } from '../lib/ports/port.js';
import { tap } from '../lib/ports/tap.js';
import { Switch, type SwitchEvent, type SwitchOptions } from '../lib/switch.js';
import { requires } from './support/needs.js';

describe('switch', () => {
  it('gives a port without an address one of its own, made of datapath id and number', () => {
    const sw = new Switch({ clock: new ManualClock(), datapathId: 0xabcdn });
    sw.addPort(1, memory());
    sw.addPort(2, memory());
    const [one, two] = sw.ports().map(({ mac }) => formatMac(mac));
    expect(one).to.match(/^02:/);
    expect(one).not.to.equal(two);
  });

  it('numbers ports by itself, the lowest free one first', async () => {
    const sw = new Switch({ clock: new ManualClock() });
    sw.addPort(2, memory());
    for (let i = 0; i < 3; i++) sw.addPort(null, memory());
    expect(sw.ports().map(({ number }) => number)).to.deep.equal([1, 2, 3, 4]);
    await sw.removePort(1);
    sw.addPort(null, memory());
    expect(sw.ports().map(({ number }) => number)).to.deep.equal([1, 2, 3, 4]);
  });

  it('refuses options that no switch can be made with, by name', () => {
    const refused: readonly (readonly [options: SwitchOptions, why: RegExp])[] = [
      [{ limits: { programs: 0 } }, /^limits\.programs is a whole number of 1 to 4294967295, not 0$/],
      [{ limits: { connections: -1 } }, /^limits\.connections is/],
      [{ datapathId: -1n }, /^datapathId is a bigint of 64 bits, not -1$/],
      [{ datapathId: 1n << 64n }, /^datapathId/],
      [{ seed: Number.NaN }, /^seed is/],
      [{ minFrame: -1 }, /^minFrame is/],
      [{ smallestFragment: { ipv6: 1.5 } }, /^smallestFragment\.ipv6 is/],
    ];
    for (const [options, why] of refused) expect(() => new Switch(options)).to.throw(RangeError, why);
  });

  it('refuses a port that a switch has, until it is taken away', async () => {
    const clock = new ManualClock();
    const [one, two] = [new Switch({ clock }), new Switch({ clock })];
    const port = one.addPort(1, memory());
    for (const sw of [one, two]) expect(() => sw.addPort(2, port)).to.throw(RangeError, 'a port of a switch already');
    expect(one.ports()).to.have.length(1);
    await one.removePort(1);
    two.addPort(1, port);
    await two.close();
    one.addPort(1, port);
  });

  it('does not start again once it is closed', async () => {
    const sw = new Switch({ clock: new ManualClock() });
    await sw.close();
    const error = await sw.start({ listen: ['ptcp:0'] }).catch((reason: unknown) => reason);
    expect(error).to.be.an('error').with.property('message', 'the switch is closed');
  });

  it('leaves the port alone that has the number of one which fails after it was taken away', async () => {
    const sw = new Switch({ clock: new ManualClock() });
    let fail = (_: Error): void => {};
    const late = Object.assign(memory({ name: 'late' }), {
      start: () =>
        new Promise<void>((_, reject) => {
          fail = reject;
        }),
    });
    sw.addPort(1, late as never);
    await sw.removePort(1);
    sw.addPort(1, memory({ name: 'other' }));
    fail(new PortError('late', 'no such device'));
    await sw.ready().catch(() => {});
    expect(sw.ports().map(({ name }) => name)).to.deep.equal(['other']);
  });

  it('takes a port that can not be opened away again, and tells why', async function () {
    requires(this, 'linux');
    const sw = new Switch();
    sw.addPort(1, pcap('no-such-if'));
    const error = await sw.ready().catch((e: unknown) => e);
    expect(error).to.be.instanceOf(PortError);
    expect(sw.ports()).to.deep.equal([]);
    await sw.close();
  });

  it("shows a device's own address once it is open, and says so to controllers", async function () {
    requires(this, 'netns', 'koffi');
    const name = `ctm${process.pid}`;
    const sw = new Switch();
    const events: SwitchEvent[] = [];
    sw.on((event) => events.push(event));
    try {
      sw.addPort(1, tap(name));
      await sw.ready();
      const own = readFileSync(`/sys/class/net/${name}/address`, 'utf8').trim();
      expect(formatMac(sw.ports()[0].mac)).to.equal(own);
      const told = events.flatMap((e) => (e.type === 'port' ? [`${e.event} ${formatMac(e.port.mac)}`] : []));
      expect(told.at(-1)).to.equal(`modify ${own}`);
    } finally {
      await sw.close();
    }
  });
});
