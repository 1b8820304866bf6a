/** Connections out of a dump: what is printed can be stored again. */
import { expect } from 'chai';
import { ManualClock, Random } from '../../lib/bytes/index.js';
import { formatConnection, parseConnection, parseConnections, restoreConnection, Tracker } from '../../lib/ct/index.js';
import { icmp4, icmp6, tcp4, tcp6, udp4 } from '../support/frames.js';
import { commit, label, nat, Tracking } from './tracking.js';

function restored(lines: readonly string[], options: { statistics?: boolean; more?: boolean }): string[] {
  const tracker = new Tracker({ random: new Random(1) });
  const now = new ManualClock().now();
  for (const connection of parseConnections(lines.join('\n'))) {
    expect(restoreConnection(tracker.connections, connection, now)).to.equal(true);
  }
  return [...tracker.dump(now)].map((connection) => formatConnection(connection, options)).sort();
}

describe('ct: a dump read back', () => {
  const t = new Tracking();
  t.track(udp4(), commit({ markValue: 7, markMask: 0xff, labelValue: label('ab'), labelMask: label('ff') }));
  t.track(tcp4({ flags: 'syn' }), commit({ zone: 5, nat: nat('src', '192.0.2.1', [2000, 2009]) }));
  t.track(tcp6({ flags: 'syn', sport: 5 }), commit({ zone: 6, nat: nat('dst', '2001:db8::9') }));
  t.track(tcp4({ flags: 'syn', sport: 77, dport: 21 }), commit({ helper: 'ftp' }));
  t.track(icmp4({ id: 9 }), commit({ nat: nat('src', '192.0.2.1') }));
  t.track(icmp6({ id: 8 }), commit());

  for (const options of [{}, { statistics: true }]) {
    it(`prints as before ${JSON.stringify(options)}`, () => {
      const lines = t.dump(options).sort();
      expect(lines).to.have.length(6);

      expect(restored(lines, options)).to.deep.equal(lines);
    });
  }

  it('with -m all but the flags of windows, which are open', () => {
    const lines = t.dump({ more: true }).sort();
    const plain = (text: string) => text.replaceAll(/flags_(orig|reply)=[A-Z_|0]+/g, 'flags_$1=');
    expect(restored(lines, { more: true }).map(plain)).to.deep.equal(lines.map(plain));
  });

  it('keeps what belongs together: a reply is translated back', () => {
    const copy = new Tracking();
    copy.tracker.tcpSequenceChecks = false;
    for (const c of parseConnections(t.dump().join('\n'))) restoreConnection(copy.tracker.connections, c, copy.now_ms);
    const [line] = copy.dump({}).filter((text) => text.includes('zone=5'));
    const port = Number(/reply=\(.*dport=(\d+)/.exec(line)?.[1]);
    const answer = tcp4({ src: '10.0.0.2', dst: '192.0.2.1', sport: 80, dport: port, flags: 'syn|ack' });
    expect(copy.send(answer, { zone: 5, nat: nat() })).to.equal('est|rpl|trk|dnat');
  });

  it('says where a line is wrong', () => {
    for (const [text, why] of [
      ['foo,orig=(src=1.1.1.1,dst=2.2.2.2,sport=1,dport=2)', /line 1:1: .*protocol/],
      ['udp,zone=5', /has orig=/],
      ['udp,orig=(src=1.1.1.1,dst=x,sport=1,dport=2),reply=()', /line 1:5: orig has no pair/],
      ['udp,orig=(src=1.1.1.1,dst=2.2.2.2,sport=99999,dport=2),reply=()', /sport is 0 to 65535/],
      ['udp,orig=(src=1.1.1.1,dst=2.2.2.2),reply=(src=2.2.2.2,dst=1.1.1.1),mark=x', /mark is a number/],
      ['tcp,orig=(src=1.1.1.1,dst=2.2.2.2),reply=(src=2.2.2.2,dst=1.1.1.1),protoinfo=(state=UP)', /"UP" is no state/],
    ] as const) {
      expect(() => parseConnection(text), text).to.throw(why);
    }
    expect(() => parseConnections('\nudp,zone=x', 'ct.txt')).to.throw(/ct\.txt:2:5/);
    // What a line could do to the reader: it ends.
    expect(() => parseConnection(`udp,${'('.repeat(50_000)}`)).to.throw();
  });
});
