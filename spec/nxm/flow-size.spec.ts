/** Flows and groups that no message could carry: measured, and refused wherever they come from. */
import { expect } from 'chai';
import { OpenFlowError, RefusedError } from '../../lib/bytes/index.js';
import { flowBytes } from '../../lib/nxm/index.js';
import { Switch } from '../../lib/switch.js';
import { parseFlow } from '../../lib/text/index.js';
import { encode } from '../../lib/wire/index.js';
import { listening, rowsOf } from '../ofctl/desk.js';
import { BenchSwitch } from '../pipeline/bench-switch.js';
import { udp4 } from '../support/frames.js';

/** `count` outputs of 16 bytes. */
const outputs = (count: number): string => Array(count).fill('1').join(',');
/** As many as statistics have room for, beside a match of 12 bytes (in_port). */
const MOST = 4090;

function refusal(job: () => void): Error {
  try {
    job();
  } catch (error) {
    if (error instanceof OpenFlowError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('flow sizes', () => {
  const switches: Switch[] = [];
  async function started(): Promise<{ sw: Switch; address: string }> {
    const made = await listening();
    switches.push(made.sw);
    return made;
  }
  afterEach(() => Promise.all(switches.splice(0).map((sw) => sw.close())));

  it('are those of the messages', () => {
    for (const text of [
      'actions=drop',
      'in_port=1,actions=2',
      'tcp,nw_src=10.0.0.0/9,tp_dst=80,actions=meter:1,ct(commit,nat(src=10.0.0.1)),goto_table:7',
      'ipv6,ipv6_src=::1,actions=set_field:7->xxreg0,write_actions(output:1),write_metadata:5',
    ]) {
      const change = parseFlow(text);
      const { length } = encode({ type: 'flow_mod', xid: 1, change });
      expect(flowBytes(change.match, change.instructions), text).to.equal(length);
    }
  });

  it('the longest flow can be asked for; one action more is refused, with its place, and nothing is made', async () => {
    const { sw, address } = await started();
    sw.flows.load(`in_port=1,actions=${outputs(MOST)}`);
    const [flow] = await rowsOf(address, 'dump-flows');
    expect(String(flow.actions).split(',')).to.have.length(MOST);
    const text = `in_port=2,actions=1\n\n  in_port=1,actions=${outputs(MOST + 1)}`;
    const error = refusal(() => sw.flows.load(text, { file: 'f' }));
    expect(error).to.be.instanceOf(RefusedError);
    expect(error.message).to.match(/^f:3:3: a flow of 65528 bytes has no room in statistics \(OFPFMFC_UNKNOWN\)/);
    expect(sw.flows.list()).to.have.length(1);
  });

  it('add and apply are held to it, and a loose modify to less: it meets flows with longer matches', () => {
    const sw = new Switch();
    expect(refusal(() => sw.flows.add(`in_port=1,actions=${outputs(MOST + 1)}`)).message).to.match(/65528 bytes/);
    const modify = (count: number, command: 'modify' | 'modify_strict') =>
      sw.flows.apply(parseFlow(`in_port=1,actions=${outputs(count)}`, { command }));
    modify(MOST, 'modify_strict');
    expect(refusal(() => modify(MOST, 'modify')).message).to.match(/no room in statistics/);
    modify(3900, 'modify');
  });

  it('a group whose description has no room is refused, with its place', async () => {
    const { sw, address } = await started();
    const bucket = (count: number): string => `bucket=actions=${outputs(count)}`;
    sw.groups.load(`group_id=1,type=all,${bucket(2046)},${bucket(2046)}`);
    expect(await rowsOf(address, 'dump-groups')).to.have.length(1);
    const text = `group_id=2,type=all\ngroup_id=3,type=all,${bucket(2047)},${bucket(2047)}`;
    expect(refusal(() => sw.groups.load(text, 'g')).message).to.match(
      /^g:2:1: buckets of 65560 bytes have no room in a description \(OFPGMFC_OUT_OF_BUCKETS\)/,
    );
  });

  it('a flow that would be learned so long is not, and counts as refused', () => {
    const loads = (count: number): string => Array(count).fill('load:0->NXM_NX_REG0[]').join(',');
    const learn = (count: number): string => `learn(table=1,${loads(count)})`;
    const bench = new BenchSwitch(`in_port=1,actions=${learn(2800)}\nin_port=2,actions=${learn(2600)}`);
    bench.send(1, udp4());
    expect(bench.sw.flows.list()).to.have.length(2);
    bench.send(2, udp4());
    expect(bench.sw.flows.list()).to.have.length(3);
  });
});
