/** A switch's state out of what tools printed, with any version's heading. */
import { expect } from 'chai';
import { ManualClock, toHex } from '../../lib/bytes/index.js';
import { Switch } from '../../lib/switch.js';
import { dumpedFlows, dumpedPorts, linesOf, loadGroups, namedPorts } from '../../lib/trace/index.js';

const NONE = new Map<string, number>();
const DUMP = `NXST_FLOW reply (xid=0x4):
 cookie=0x5, duration=12.3s, table=0, n_packets=1, n_bytes=54, idle_age=3, priority=10,ip actions=ct(table=1,zone=5)
OFPST_FLOW reply (OF1.3) (xid=0x2):
 cookie=0x0, duration=2s, table=1, n_packets=0, n_bytes=0, send_flow_rem priority=9,tcp,in_port=p1 actions=foo(3,4),output:2,write_metadata:0x5
OFPST_FLOW reply (OF1.5):

table_id=254, duration=2s, n_packets=0, n_bytes=0, priority=2,recirc_id=0,actions=drop
`;

describe('trace: dumps', () => {
  it('flows with every heading; an action that is not known is kept as a text, and said', () => {
    const remarks: string[] = [];
    const flows = dumpedFlows(DUMP, 'flows.txt', new Map([['p1', 1]]), (text) => remarks.push(text));
    expect(flows.map(({ tableId, priority, cookie }) => [tableId, priority, cookie])).to.deep.equal([
      [0, 10, 5n],
      [1, 9, 0n],
    ]);
    const { apply = [], metadata } = flows[1].instructions;
    expect(apply.map(({ type }) => type)).to.deep.equal(['unknown', 'output']);
    expect(apply[0]).to.include({ text: 'foo(3,4)' });
    expect(metadata?.value).to.equal(5n);
    expect(remarks).to.have.length(1);
    expect(remarks[0]).to.match(/^flows\.txt:4:\d+: unknown action "foo"/);
    expect(namedPorts(flows)).to.deep.equal([1, 2]);
  });

  it('groups of any version; one that the switch refuses is left out, and said', () => {
    const remarks: string[] = [];
    const sw = new Switch({ clock: new ManualClock() });
    const dump = `OFPST_GROUP_DESC reply (OF1.5) (xid=0x2):
 group_id=2,type=select,selection_method=dp_hash,bucket=bucket_id:1,weight:100,actions=output:"p1",bucket=bucket_id:2,weight:0,actions=group:1
 group_id=1,type=indirect,bucket=bucket_id:0,actions=output:3
 group_id=3,type=select,selection_method=hash,fields(ip_src,ip_dst),bucket=weight:0,actions=output:1`;
    loadGroups(sw, dump, 'groups.txt', new Map([['p1', 1]]), (text) => remarks.push(text));
    expect(sw.groups.list().map(({ groupId }) => groupId)).to.have.members([1, 2]);
    expect(remarks[0]).to.equal('groups.txt: left out, since OpenFlow 1.5 has it: selection_method, bucket_id, fields');
    expect(remarks[1]).to.match(/^groups\.txt: group 3 is left out: .*OFPGMFC_INVALID_GROUP/);
    expect(remarks).to.have.length(2);
  });

  it('what is no flow says where', () => {
    expect(() => dumpedFlows('\n\nhello', 'f', NONE, () => {})).to.throw(/f:3:1/);
    expect(() => dumpedFlows('table=0,tpc actions=drop', 'f', NONE, () => {})).to.throw(/f:1:9.*tpc/);
  });

  it('ports of show and of dump-ports-desc', () => {
    const [first, local] = dumpedPorts(
      `OFPT_FEATURES_REPLY (xid=0x2): dpid:0000000000000001
 1(p1): addr:aa:55:aa:55:00:01
     config:     PORT_DOWN
     state:      LINK_DOWN
     speed: 0 Mbps now, 0 Mbps max
 LOCAL(br0): addr:aa:55:aa:55:00:00
     config:     0
     state:      0
OFPT_GET_CONFIG_REPLY (xid=0x4): frags=normal miss_send_len=0`,
      'show.txt',
    );
    expect(first).to.include({ number: 1, name: 'p1', up: false, down: true });
    expect(toHex(local.mac as Uint8Array)).to.equal('aa55aa550000');
    expect(local).to.include({ number: 0xfffffffe, name: 'br0', up: true, down: false });
    expect(() => dumpedPorts('hello', 'show.txt')).to.throw(/show\.txt.*no ports/);
  });

  it('empty lines, comments and headings are no lines', () => {
    expect([...linesOf('NXST_FLOW reply (xid=0x4):\n\n# a\n x # y\r\n')]).to.deep.equal([['x', 4]]);
  });
});
