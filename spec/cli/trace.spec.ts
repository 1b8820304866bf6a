/** `ctswitch trace` without a running switch: from what other tools printed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { captureHeader, captureRecord } from '../../lib/pcap-file/index.js';
import { udp4 } from '../support/frames.js';
import { ctswitch, endAll } from './program.js';

const FLOWS = `NXST_FLOW reply (xid=0x4):
 cookie=0x5, duration=12.3s, table=0, n_packets=1, n_bytes=54, idle_age=3, priority=10,ct_state=-trk,ip actions=ct(table=1,zone=5)
 cookie=0x0, duration=2s, table=1, n_packets=0, n_bytes=0, priority=10,ct_state=+est+trk,ip actions=group:7,foo_bar(3,4),output:2
 cookie=0x0, duration=2s, table=1, n_packets=0, n_bytes=0, priority=9,ct_state=+new+trk,ip actions=meter:4,ct(commit,zone=5),output:3
`;
const CONNECTIONS =
  'udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1000),zone=5\n';
const PACKET = 'in_port=1,udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=1000,tp_dst=80';

describe('ctswitch trace', function () {
  this.timeout(20_000);
  const folder = mkdtempSync(join(tmpdir(), 'trace-'));
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const flows = file('flows', FLOWS);
  after(() => rmSync(folder, { recursive: true }));
  afterEach(endAll);

  it('from dumps alone: new is assumed, and what is missing is said', async () => {
    const { status, out, err } = await ctswitch(['trace', '--flows', flows, PACKET], '');
    expect(status).to.equal(0);
    expect(out).to.include('no connection table: empty, new assumed').and.to.include('Verdict: output: sent to 3');
    expect(err)
      .to.match(/unknown action "foo_bar"/)
      .and.to.match(/no --ports/);
    expect(err)
      .to.match(/group 7 is not in the dumps/)
      .and.to.match(/meter 4 is not in the dumps/);
  });

  it('a name of a port that nothing tells is a mistake that says what would', async () => {
    const named = file('named', 'in_port="vm-1",actions=output:2\n');
    const { status, err } = await ctswitch(['trace', '--flows', named, PACKET], '');
    expect(status).to.equal(2);
    expect(err).to.match(/named:1:9: .*is no port number or name; --ports FILE tells the numbers of names/);
  });

  it('with the connections of a dump, and with a state that is supposed', async () => {
    const connections = file('ct', CONNECTIONS);
    const known = await ctswitch(['trace', '--flows', flows, '--conntrack', connections, PACKET], '');
    expect(known.out).to.include('belongs to a stored connection').and.to.include('Verdict: output: sent to 2');
    expect(known.out).to.include('foo_bar(3,4)\n     -> an action that is not known here');
    const supposed = await ctswitch(['trace', '--flows', flows, '--ct-next', 'trk,est', PACKET], '');
    expect(supposed.out).to.include('supposed by --ct-next').and.to.include('Verdict: output: sent to 2');
  });

  it('several packets in a row, a frame, a frame of a capture; JSON lines', async () => {
    const frames = [udp4({ sport: 1 }), udp4({ sport: 2 })];
    const bytes = [captureHeader(), ...frames.map((frame) => captureRecord(0, frame))];
    const capture = file('frames.pcap', Buffer.concat(bytes));
    const args = ['trace', '--flows', flows, '--json', toHex(udp4({ sport: 2 })), `${capture}:2`, `${capture}`];
    const { status, out } = await ctswitch(args, '');
    expect(status).to.equal(0);
    const traces = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(traces.map(({ schema, outcome }) => [schema, outcome.ports])).to.deep.equal([
      ['ctswitch/trace@1', [3]],
      ['ctswitch/trace@1', [3]],
      ['ctswitch/trace@1', [3]],
      ['ctswitch/trace@1', [3]],
    ]);
    expect(traces[1].passes[1].conntrack.reason).to.match(/stored connection/);
  });

  it('mistakes end with status 2 and say where', async () => {
    const wrong = async (...args: string[]) => ctswitch(['trace', ...args], '');
    const misspelt = await wrong('--flows', flows, 'in_port=1,tpc');
    expect(misspelt.status).to.equal(2);
    expect(misspelt.err).to.match(/1:11: unknown field "tpc" \(did you mean "tcp"\?\)\n {2}in_port=1,tpc\n {12}\^/);
    expect((await wrong('--flows', flows)).status).to.equal(2);
    expect((await wrong('--flows', `${folder}/none`, PACKET)).err).to.match(/none: there is no such file/);
    expect((await wrong('--flows', flows, '--ct-next', 'blue', PACKET)).err).to.match(/--ct-next blue/);
    expect((await wrong('--flows', flows, '--ports', flows, PACKET)).err).to.match(/no ports/);
    expect((await wrong('--flows', flows, '--conntrack', flows, PACKET)).err).to.match(/flows:1:1.*protocol/);
    expect((await wrong('--flows', flows, `${folder}/none.pcap`)).status).to.equal(2);
    const cut = file('cut.pcap', 'not a capture at all');
    expect((await wrong('--flows', flows, cut)).err).to.match(/neither pcap nor pcapng/);
  });
});
