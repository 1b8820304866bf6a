/** Parts of the command line by themselves: throttle, log, marks under mistakes, frames as text, signals. */
import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { ManualClock } from '../../lib/bytes/index.js';
import { tellEvents } from '../../lib/cli/events.js';
import { caret } from '../../lib/cli/flow-file.js';
import { makeLog } from '../../lib/cli/log.js';
import { Output } from '../../lib/cli/output.js';
import { BURST, REFILL_MS, TELL_MS, Throttle } from '../../lib/cli/throttle.js';
import { memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { formatFrame } from '../../lib/text/index.js';
import { arp, icmp6, tcp4, udp4 } from '../support/frames.js';

describe('throttle', () => {
  it('lets a burst through, then one at a time, and tells what it kept back', () => {
    const clock = new ManualClock();
    const said: string[] = [];
    const throttle = new Throttle(clock, (text) => said.push(text));
    const allowed = (count: number) =>
      Array.from({ length: count }, () => throttle.allows('packet-ins')).filter(Boolean).length;
    expect(allowed(100)).to.equal(BURST);
    clock.advance(REFILL_MS);
    expect(allowed(100)).to.equal(1);
    expect(said).to.deep.equal([]);
    clock.advance(TELL_MS);
    expect(said).to.deep.equal([`… and ${200 - BURST - 1} more packet-ins`]);
    clock.advance(100 * REFILL_MS);
    expect(said).to.have.length(1);
    expect(allowed(100)).to.equal(BURST);
  });

  it('lets a burst of each kind through, whatever there was of others', () => {
    const throttle = new Throttle(new ManualClock(), () => {});
    for (let i = 0; i < 100; i++) throttle.allows('connections');
    expect(throttle.allows('connections')).to.equal(false);
    for (let i = 0; i < BURST; i++) expect(throttle.allows('packet-ins')).to.equal(true);
    expect(throttle.allows('packet-ins')).to.equal(false);
  });

  it('counts by what it is', () => {
    const clock = new ManualClock();
    const said: string[] = [];
    const throttle = new Throttle(clock, (text) => said.push(text));
    for (let i = 0; i < BURST + 2; i++) throttle.allows('packet-ins');
    for (let i = 0; i < BURST + 1; i++) throttle.allows('removed flows');
    clock.advance(TELL_MS);
    expect(said).to.deep.equal(['… and 2 more packet-ins', '… and 1 more removed flows']);
  });
});

describe('events', () => {
  it('tell each change of a port in a line, however many there are', async () => {
    const said: string[] = [];
    class Heard extends Output {
      override say(text: string): void {
        said.push(text);
      }
    }
    const clock = new ManualClock();
    const sw = new Switch({ clock, seed: 1 });
    const port = sw.addPort(1, memory({ name: 'm' }));
    const silence = tellEvents({ sw, output: new Heard(false, () => {}), all: false, logged: false });
    for (let i = 0; i < 20; i++) port.link(i % 2 === 1);
    clock.advance(TELL_MS);
    silence();
    await sw.close();
    expect(said).to.have.length(20);
    expect(said.slice(0, 2)).to.deep.equal(['port 1 (m) is down', 'port 1 (m) is up']);
  });
});

describe('log', () => {
  function written(json: boolean, verbosity: number): string {
    let text = '';
    const log = makeLog({
      json,
      verbosity,
      colours: false,
      write: (part) => {
        text += part;
      },
    });
    log.debug('one');
    log.info('two');
    log.warn('three');
    log.error('four');
    return text;
  }

  it('writes warnings and errors, and more where more is asked for', () => {
    const messages = (verbosity: number) =>
      written(true, verbosity)
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages(0)).to.deep.equal(['three', 'four']);
    expect(messages(1)).to.deep.equal(['two', 'three', 'four']);
    expect(messages(5)).to.deep.equal(['one', 'two', 'three', 'four']);
  });

  it('is readable without --json', () => {
    expect(written(false, 0)).to.match(/^\[\d\d:\d\d:\d\d\] WARN: three\n\[\d\d:\d\d:\d\d\] ERROR: four\n$/);
  });
});

describe('caret', () => {
  it('stands under the column', () => {
    expect(caret('ip,nw_sr=1', 4)).to.equal('  ip,nw_sr=1\n     ^');
    expect(caret('x', 1)).to.equal('  x\n  ^');
    expect(caret('\tip', 2)).to.equal('   ip\n   ^');
  });

  it('shows the part of a long line around it', () => {
    const [part, mark] = caret(`${'a'.repeat(500)}X${'b'.repeat(500)}`, 501).split('\n');
    expect(part[mark.indexOf('^')]).to.equal('X');
    expect(part.length).to.be.lessThan(110);
  });
});

describe('formatFrame', () => {
  it("is a match in ovs-ofctl's words", () => {
    const ends = 'dl_src=50:54:00:00:00:01,dl_dst=50:54:00:00:00:02';
    expect(formatFrame(tcp4({ flags: 'syn' }), 3)).to.equal(
      `tcp,in_port=3,${ends},nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=1000,tp_dst=80,tcp_flags=syn`,
    );
    expect(formatFrame(arp(), 1)).to.match(/^arp,in_port=1,.*arp_spa=10\.0\.0\.1,arp_tpa=10\.0\.0\.2,arp_op=1$/);
    expect(formatFrame(icmp6(), 1)).to.match(/^icmp6,in_port=1,.*icmp_type=128,icmp_code=0$/);
    expect(formatFrame(udp4({ vlan: [5] }), 1)).to.match(/^udp,in_port=1,dl_vlan=5,/);
  });

  it('takes any bytes', () => {
    const frame = udp4();
    for (let end = 0; end <= frame.length; end++) expect(formatFrame(frame.slice(0, end), 1)).to.contain('in_port=1');
    for (let at = 0; at < frame.length; at++) {
      const broken = frame.slice();
      broken[at] ^= 0xff;
      expect(formatFrame(broken, 1)).to.contain('in_port=1');
    }
  });
});

describe('lifetime', () => {
  it('a first signal asks for the end, a second one does not wait for it', async () => {
    const url = new URL('../../lib/cli/lifetime.js', import.meta.url).href;
    const source = `import { Lifetime } from '${url}';
      const life = new Lifetime();
      console.log('begun');
      life.ended.then((status) => console.log('asked', status));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source]);
    let out = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
    });
    const said = async (what: string) => {
      while (!out.includes(what)) await new Promise((resolve) => child.stdout.once('data', resolve));
    };
    const ended = new Promise((resolve) => child.on('exit', (status) => resolve(status)));
    await said('begun');
    child.kill('SIGTERM');
    await said('asked 0');
    child.kill('SIGINT');
    expect(await ended).to.equal(130);
  });
});
