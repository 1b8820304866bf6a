/** `--ct-timeouts`, `--ct-zone`, `--ct-rule`: texts to configuration, and each mistake with what would be right. */
import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';
import { connectionJson, connectionText } from '../../lib/cli/connection-events.js';
import { conntrackConfiguration, ruleOption, timeoutsOption, zoneOption } from '../../lib/cli/conntrack-options.js';
import type { CtEvent } from '../../lib/ct/index.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { udp4 } from '../support/frames.js';

describe('cli/conntrack-options', () => {
  it('reads what the documentation shows', () => {
    const options = {
      ctTimeouts: [timeoutsOption('short:udp_first=5,udp_single=6')],
      ctZone: [zoneOption('7=short')],
      ctRule: [ruleOption('proto=udp,dport=53,timeouts=short'), ruleOption('dst=239.0.0.0/8,notrack')],
    };
    expect(conntrackConfiguration(options)).to.deep.equal({
      timeouts: { short: { udp_first: 5, udp_single: 6 } },
      zones: { 7: 'short' },
      rules: [
        { proto: 'udp', dport: 53, timeouts: 'short' },
        { dst: '239.0.0.0/8', track: false },
      ],
    });
    expect(ruleOption('mark=0x1/0xff,zone=3,timeouts=short')).to.deep.equal({
      mark: 1,
      markMask: 0xff,
      zone: 3,
      timeouts: 'short',
    });
    expect(conntrackConfiguration({})).to.equal(undefined);
    void new Switch({ conntrack: conntrackConfiguration(options) }).close();
  });

  const wrong: [(text: string) => unknown, string, RegExp][] = [
    [timeoutsOption, 'short', /NAME:TIMEOUT=SECONDS/],
    [timeoutsOption, 'short:udp_frist=5', /no "udp_frist" \(did you mean "udp_first"\?\)/],
    [timeoutsOption, 'short:udp_first=soon', /udp_first is a number, not "soon"/],
    [zoneOption, '65536=short', /ZONE from 0 to 65535/],
    [ruleOption, 'dprot=53,notrack', /no "dprot" \(did you mean "dport"\?\)/],
    [ruleOption, 'notrack=yes', /notrack has no value/],
    [ruleOption, 'dport,notrack', /dport has no value/],
    [ruleOption, 'mark=x,timeouts=short', /mark is a number, not "x"/],
  ];
  for (const [read, text, why] of wrong) it(`refuses ${text}`, () => expect(() => read(text)).to.throw(why));
});

describe('Switch: the stream of connections', () => {
  const told: CtEvent[] = [];

  it('tells all who listen, until they stop; one that throws is taken off, and packets go on', async () => {
    const sw = new Switch({ clock: new ManualClock() });
    sw.flows.load('table=0,udp,actions=ct(commit,exec(set_field:1->ct_mark))');
    const { tracker } = sw;
    const port = sw.addPort(1, memory());
    const lines: string[] = [];
    const off = sw.onConntrack((event) => lines.push(connectionText(event)));
    sw.onConntrack(() => {
      throw new Error('mine');
    });
    const other = sw.onConntrack((event) => told.push(event));
    port.inject(udp4());
    other();
    port.inject(udp4({ sport: 7 }));
    off();
    port.inject(udp4({ sport: 8 }));
    expect(told).to.have.length(1);
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(/^connection new: udp,orig=\(src=10\.0\.0\.1,.*mark=1$/);
    expect(connectionJson(told[0])).to.have.nested.property('connection.orig.sport', 1000);
    expect(connectionJson(told[0])).to.include({ event: 'new' });
    expect(tracker.count).to.equal(3);
    expect((tracker as unknown as { listener: unknown }).listener).to.equal(null);
    const pages: number[] = [];
    for await (const page of sw.conntrackPages()) pages.push(page.length);
    expect(pages).to.deep.equal([3]);
    await sw.close();
  });
});
