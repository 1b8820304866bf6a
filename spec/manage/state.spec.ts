/**
 * What programs drive a running switch with: tables loaded and told, connections, frames in and out, in text and in
 * JSON.
 */
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import type { ManagementClient } from '../../lib/manage/index.js';
import { host } from '../../lib/ports/host.js';
import { memory } from '../../lib/ports/memory.js';
import { udp4 } from '../support/frames.js';
import { Managed } from './managed.js';

describe('manage: state', () => {
  let managed: Managed;
  let client: ManagementClient;
  beforeEach(async () => {
    managed = new Managed();
    client = await managed.open();
  });
  afterEach(async () => managed.close());

  async function refused(method: string, ...params: string[]): Promise<string> {
    try {
      return `taken: ${await client.call(method, ...params)}`;
    } catch (error) {
      return (error as Error).message;
    }
  }
  async function json(method: string, ...params: string[]): Promise<Record<string, unknown>[]> {
    const lines = (await client.call(method, '--json', ...params)).split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('flows are loaded together or not at all, and told as data', async () => {
    await client.call('flows/load', 'table=0,udp,actions=output:p2\ntable=1,cookie=0x5,actions=drop');
    expect(await json('flows', 'table=1')).to.deep.include.members([
      {
        table_id: 1,
        priority: 32768,
        cookie: '0x5',
        duration_ms: 0,
        packets: 0,
        bytes: 0,
        idle_timeout_s: 0,
        hard_timeout_s: 0,
        flags: [],
        match: '',
        actions: 'drop',
      },
    ]);
    expect((await json('flows'))[0]).to.include({ match: 'udp', actions: 'output:p2' });
    const mistake = await refused('flows/load', 'table=2,actions=drop\ntable=2,tpc,actions=drop');
    expect(mistake).to.match(/^line 2:9: .*"tpc"/);
    expect(await refused('flows/load', 'table=2,actions=drop\nactions=group:77')).to.match(/^line 2:1: .*group/);
    expect(await json('flows')).to.have.length(2);
    await client.call('flows/load', 'delete cookie=5/-1');
    expect(await json('flows')).to.have.length(1);
    await client.call('flows/load', 'delete');
    expect(await client.call('flows')).to.equal('');
  });

  it('groups and meters', async () => {
    await client.call('groups/load', 'group_id=7,type=all,bucket=actions=output:2');
    expect(await client.call('groups')).to.match(/^\s*group_id=7,type=all,.*output:2\n$/);
    await client.call('meters/load', 'meter=3,kbps,band=type=drop,rate=1000');
    expect(await client.call('meters')).to.match(/meter=3.*kbps/s);
    expect(await refused('groups/load', 'group_id=7,type=odd')).to.match(/line 1.*odd/);
    expect(await refused('meters/load', 'meter=none')).to.match(/line 1/);
  });

  it('frames go in, as hexadecimal or in words, and are taken out once', async () => {
    managed.sw.flows.load('in_port=1,actions=2,3\nin_port=4,actions=LOCAL');
    const frame = toHex(udp4());
    expect(await client.call('port/inject', '1', frame)).to.equal(`${frame}\n`);
    expect(await client.call('port/taken')).to.equal(`p2 ${frame}\np3 ${frame}\n`);
    expect(await client.call('port/taken')).to.equal('');
    const words = await client.call('port/inject', 'p1', 'udp,nw_src=10.0.0.1,', 'tp_dst=53');
    const [two, ...more] = await json('port/taken', 'p2');
    expect(two).to.include({ port: 2, frame: words.trim() });
    expect(two.packet).to.match(/^udp,dl_src=.*nw_src=10\.0\.0\.1.*tp_dst=53/);
    expect(more).to.deep.equal([]);
    expect(await json('port/taken')).to.have.length(1);
  });

  it('many frames are told in order, in pieces', async () => {
    managed.sw.flows.load('actions=2');
    const sent = Array.from({ length: 1000 }, (_, i) => udp4({ sport: i + 1 }));
    for (const frame of sent) managed.ports[0].inject(frame);
    expect((await json('port/taken', '2')).map(({ frame }) => frame)).to.deep.equal(sent.map((frame) => toHex(frame)));
  });

  it('what is no frame, no port, or no memory port is refused', async () => {
    managed.sw.addPort(9, host({ name: 'h9', mac: '00:00:00:00:00:09', ipv4: '10.0.0.9' }));
    expect(await refused('port/inject', '77', 'aa')).to.equal('there is no port 77');
    expect(await refused('port/taken', 'h9')).to.equal('port h9 is host: only memory ports keep what was sent');
    managed.sw.flows.load('in_port=9,actions=2');
    const frame = toHex(udp4());
    expect(await client.call('port/inject', 'h9', frame)).to.equal(`${frame}\n`);
    expect(await client.call('port/taken')).to.equal(`p2 ${frame}\n`);
    managed.sw.setLink(9, false);
    expect(await refused('port/inject', 'h9', 'aa')).to.equal('the link of port h9 is down');
    managed.sw.addPort(8, Object.assign(memory({ name: 'eth8' }), { kind: 'pcap' }));
    expect(await refused('port/inject', 'eth8', 'aa')).to.match(/eth8 is pcap: frames come in there by themselves/);
    expect(await refused('port/inject', '1', 'udp,nw_scr=1.2.3.4')).to.match(/^line 1:5: .*nw_scr/);
    expect(await refused('port/inject', '1', 'aabbc')).to.match(/aabbc/);
    expect(await refused('port/inject', '1')).to.match(/at least 2 arguments/);
  });

  it('connections and ports, as data', async () => {
    managed.sw.flows.load('udp,actions=ct(commit,zone=5,exec(load:7->NXM_NX_CT_MARK[]))');
    managed.ports[0].inject(udp4({ dport: 53 }));
    const [connection] = await json('conntrack', 'zone=5', 'udp');
    expect(connection).to.include({ zone: 5, mark: 7, replied: false });
    expect(connection.orig).to.include({ proto: 17, dport: 53 });
    expect(await json('conntrack', 'zone=6')).to.deep.equal([]);
    expect(await client.call('conntrack', 'dport=53')).to.match(/^udp,orig=.*zone=5,mark=7\n$/);
    const ports = await json('port/list');
    expect(ports[0]).to.include({ number: 1, name: 'p1', kind: 'memory', link: 'up', rx_packets: 1, tx_packets: 0 });
    expect(await refused('port/list', 'all')).to.equal('"all": port/list takes --json');
  });
});
