/** Flow files, commands in front of flows, names of ports and tables, and the texts that only some commands take. */
import { expect } from 'chai';
import { TextError } from '../../lib/bytes/index.js';
import { OFPP, textNames } from '../../lib/nxm/index.js';
import { formatFlowLine, formatFlowMod, formatMatch, parseFlow, parseFlows, parseMatch } from '../../lib/text/index.js';

function error(run: () => unknown): TextError {
  try {
    run();
  } catch (e) {
    if (e instanceof TextError) return e;
    throw e;
  }
  throw new Error('no mistake was found');
}

describe('text: flow files', () => {
  it('has a flow a line, with comments, blank lines and CRLF', () => {
    const flows = parseFlows('# first\n\ntable=1,actions=1\r\n   \n  table=2, actions=2 # second\n#\nactions=drop');
    expect(flows.map(({ tableId }) => tableId)).to.deep.equal([1, 2, 0]);
  });

  it('says file, line and column of a mistake', () => {
    const text = 'table=0,actions=1\n# fine\ntable=1,ip,nw_src=10.0.0.256,actions=2\n';
    const e = error(() => parseFlows(text, { file: 'flows.txt' }));
    expect(e.message).to.equal('flows.txt:3:19: "10.0.0.256" is no IPv4 address');
  });

  it('counts columns inside nested actions', () => {
    const e = error(() => parseFlows('\ntable=0,ip,actions=1,ct(commit,exec(set_field:x->ct_mark))'));
    expect([e.line, e.column]).to.deep.equal([2, 47]);
    expect(e.why).to.equal('"x" is no number for ct_mark');
  });

  it('takes commands in front, and the beginnings of their names', () => {
    const text = ['add actions=1', 'delete ip', 'del table=3', 'delete_strict priority=5,tcp', 'modify actions=2'];
    const flows = parseFlows([...text, 'modify_strict,actions=3', 'in_port=1,actions=4', 'mod actions=5'].join('\n'));
    expect(flows.map(({ command }) => command)).to.deep.equal([
      ...['add', 'delete', 'delete', 'delete_strict', 'modify', 'modify_strict', 'add', 'modify'],
    ]);
    expect(flows[1].tableId).to.equal(0xff);
    expect(flows[2].tableId).to.equal(3);
    expect(flows[4].tableId).to.equal(0);
  });

  it('places mistakes behind a command', () => {
    const e = error(() => parseFlow('delete foo=1', { command: 'any' }));
    expect([e.column, e.why]).to.deep.equal([8, 'unknown keyword "foo"']);
  });
});

describe('text: what commands take', () => {
  it('deletes filter by cookie, port and group', () => {
    const flow = parseFlow('table=2,cookie=0x15/0xf,out_port=LOCAL,out_group=7,ip', { command: 'delete' });
    expect(flow).to.include({ cookie: 5n, cookieMask: 15n, outPort: OFPP.LOCAL, outGroup: 7, tableId: 2 });
    expect(formatFlowMod(flow)).to.equal('DEL table:2 ip cookie:0x5/0xf out_port:LOCAL actions=drop');
    expect(parseFlow('out_group=any', { command: 'delete' }).outGroup).to.equal(0xffffffff);
  });

  it('a modify keeps its cookie to itself, but matches on one', () => {
    expect(parseFlow('cookie=5,actions=1', { command: 'modify' })).to.include({ cookie: 0n, cookieMask: 0n });
    const matched = parseFlow('cookie=5/-1,actions=1', { command: 'modify_strict' });
    expect(matched).to.include({ cookie: 5n, cookieMask: 0xffffffffffffffffn });
  });

  for (const [text, command, why] of [
    ['actions=1', 'delete', 'delete takes no actions'],
    ['priority=5', 'delete', 'priority is not for delete'],
    ['cookie=5', 'delete', 'to match on a cookie, write a mask: cookie=5/-1'],
    ['out_port=nowhere', 'delete_strict', '"nowhere" is no port'],
    ['out_group=x', 'delete', '"x" is no group'],
    ['idle_timeout=5', 'delete', 'idle_timeout is not for delete'],
    ['out_port=1,actions=1', 'modify', 'out_port is not for modify'],
    ['', 'modify', 'a flow needs actions=…'],
  ] as const) {
    it(`${command} ${text}: ${why}`, () => expect(error(() => parseFlow(text, { command })).why).to.equal(why));
  }

  it('writes lines that are read back', () => {
    for (const line of [
      'delete table=2,cookie=0x5/0xf,out_port=3,out_group=7,ip',
      'delete_strict priority=9,tcp,nw_src=10.0.0.0/8',
      'modify table=3,cookie=0x1/0x1,idle_timeout=5,hard_timeout=6,send_flow_rem,priority=7,ip,actions=output:1',
      'table=3,cookie=0x1,priority=7,ip,actions=drop',
    ]) {
      expect(formatFlowLine(parseFlow(line, { command: 'any' }))).to.equal(line);
    }
  });
});

describe('text: names', () => {
  const ports = new Map([
    ['inside', 1],
    ['eth-0', 2],
  ]);
  const tables = new Map([['nat', 7]]);
  const names = textNames(
    new Map([...ports].map(([name, port]) => [port, name])),
    new Map([...tables].map(([name, table]) => [table, name])),
  );

  it('are read for ports and tables, plain and quoted', () => {
    const line = 'table=nat,in_port=inside,actions=inside,output:"eth-0",resubmit(inside,nat),goto_table:nat';
    const flow = parseFlow(line, { ports, tables });
    expect(formatFlowMod(flow)).to.equal('ADD table:7 in_port=1 actions=output:1,output:2,resubmit(1,7),goto_table:7');
    expect(formatFlowMod(flow, names)).to.equal(
      'ADD table:nat in_port=inside actions=output:inside,output:"eth-0",resubmit(inside,nat),goto_table:nat',
    );
  });

  it('print reserved ports by their own names', () => {
    expect(formatMatch(parseMatch('in_port=LOCAL'), names)).to.equal('in_port=LOCAL');
  });
});

describe('text: matches alone', () => {
  it('are read and printed', () => {
    expect(formatMatch(parseMatch('tcp,tp_dst=80,nw_src=10.0.0.0/8'))).to.equal('tcp,nw_src=10.0.0.0/8,tp_dst=80');
    expect(formatMatch(parseMatch(''))).to.equal('');
    expect(formatMatch(parseMatch('ip'), undefined, 7)).to.equal('priority=7,ip');
  });

  it('refuse what belongs to flows', () => {
    const e = error(() => parseMatch('ip,table=1'));
    expect([e.column, e.why]).to.deep.equal([4, 'unknown field "table"']);
  });

  it('let the last of two words about one header win, as ovs-ofctl does', () => {
    expect(formatMatch(parseMatch('udp,nw_proto=6,tp_src=1,tp_src=2/2'))).to.equal('tcp,tp_src=0x2/0x2');
  });
});
