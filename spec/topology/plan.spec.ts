/** Shapes and files as plans: Mininet's names and port numbers, and mistakes with their places. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { TextError } from '../../lib/bytes/index.js';
import { type Plan, PlanError, parseTopology, portName, shapePlan, TOPOLOGY_SCHEMA } from '../../lib/topology/index.js';
import { requires } from '../support/needs.js';

/** "s1-eth2:s2-eth2" a link. */
const linksOf = ({ links }: Plan) =>
  links.map(({ ends }) => ends.map((end) => (end.port === 0 ? end.node : portName(end))).join(':'));
const namesOf = (nodes: readonly { name: string }[]) => nodes.map(({ name }) => name).join(' ');

describe('topology: shapes', () => {
  // As Mininet 2.3 builds them: `mn --topo … -c`, commands `net` and `links`.
  const mininet: [string, string, string, string[]][] = [
    ['single,3', 's1', 'h1 h2 h3', ['h1:s1-eth1', 'h2:s1-eth2', 'h3:s1-eth3']],
    [
      'linear,3',
      's1 s2 s3',
      'h1 h2 h3',
      ['h1:s1-eth1', 'h2:s2-eth1', 's2-eth2:s1-eth2', 'h3:s3-eth1', 's3-eth2:s2-eth3'],
    ],
    [
      'linear,2,2',
      's1 s2',
      'h1s1 h2s1 h1s2 h2s2',
      ['h1s1:s1-eth1', 'h2s1:s1-eth2', 'h1s2:s2-eth1', 'h2s2:s2-eth2', 's2-eth3:s1-eth3'],
    ],
    [
      'tree,2,2',
      's1 s2 s3',
      'h1 h2 h3 h4',
      ['s2-eth1:h1', 's2-eth2:h2', 's1-eth1:s2-eth3', 's3-eth1:h3', 's3-eth2:h4', 's1-eth2:s3-eth3'],
    ],
  ];
  for (const [text, switches, hosts, links] of mininet) {
    it(`${text}: names and ports are Mininet's`, () => {
      const plan = shapePlan(text);
      expect(namesOf(plan.switches)).to.equal(switches);
      expect(namesOf(plan.hosts)).to.equal(hosts);
      expect(linksOf(plan)).to.deep.equal(links);
    });
  }

  it('ring,4: a row whose ends are joined', () => {
    expect(linksOf(shapePlan('ring,4')).at(-1)).to.equal('s1-eth3:s4-eth3');
  });

  it('fat-tree,4: 20 switches and 16 hosts, each core port in its pod', () => {
    const plan = shapePlan('fat-tree,4');
    expect([plan.switches.length, plan.hosts.length, plan.links.length]).to.deep.equal([20, 16, 48]);
    const ports = new Map<string, number>();
    for (const { ends } of plan.links) for (const { node } of ends) ports.set(node, (ports.get(node) ?? 0) + 1);
    for (const { name } of plan.switches) expect(ports.get(name), name).to.equal(4);
    const links = linksOf(plan);
    // The first pod: aggregation s5 and s6, edge s7 and s8. Core s1 leads to each pod's first aggregation switch.
    expect(links).to.include.members(['h1:s7-eth1', 'h2:s7-eth2', 's5-eth1:s7-eth3', 's6-eth1:s7-eth4']);
    expect(links.filter((link) => link.startsWith('s1-'))).to.deep.equal([
      's1-eth1:s5-eth3',
      's1-eth2:s9-eth3',
      's1-eth3:s13-eth3',
      's1-eth4:s17-eth3',
    ]);
  });

  it('gives datapath ids and addresses as mn --mac does', () => {
    const { switches, hosts } = shapePlan('linear,300');
    expect(switches[299].dpid).to.equal(300n);
    expect(hosts[0]).to.include({ mac: '00:00:00:00:00:01', ipv4: '10.0.0.1/8' });
    expect(hosts[299]).to.include({ mac: '00:00:00:00:01:2c', ipv4: '10.0.1.44/8' });
  });

  it('numbers addresses by names where a switch has several hosts', () => {
    const addresses = shapePlan('linear,2,2').hosts.map(({ name, ipv4 }) => `${name} ${ipv4}`);
    expect(addresses).to.deep.equal(['h1s1 10.0.0.1/8', 'h2s1 10.0.0.3/8', 'h1s2 10.0.0.2/8', 'h2s2 10.0.0.4/8']);
  });

  const bad: [string, RegExp][] = [
    ['liner,3', /"liner" is no shape \(did you mean "linear"\?\)/],
    ['blob,3', /"blob" is no shape: there are single,HOSTS, linear,/],
    ['linear,0', /"0" is no number from 1 to 4096: linear,SWITCHES/],
    ['linear,', /"" is no number/],
    ['linear,-3', /"-3" is no number/],
    ['ring,2', /at least 3/],
    ['fat-tree,3', /even number/],
    ['tree,1,2,3', /too many numbers: tree,DEPTH/],
    ['tree,12,3', /at most 4096 switches/],
    ['linear,9999', /no number from 1 to 4096/],
  ];
  for (const [text, why] of bad) it(`refuses ${text}`, () => expect(() => shapePlan(text)).to.throw(PlanError, why));
});

describe('topology: files', () => {
  before(function () {
    requires(this, 'yaml');
  });

  it('are read: names, settings, ports, cables', async () => {
    const plan = await parseTopology(`
switches:
  s1: {dpid: "0x00:0a", flows: "actions=NORMAL"}
  edge:
hosts: {h1: {ip: 192.0.2.1/24, ip6: "2001:db8:1::1/64", mac: "02:00:00:00:00:01", gateway: 192.0.2.254, tcp: [80]}, h2: }
links:
- [h1, "s1:5"]
- {between: [s1, edge], delay: 5ms, loss: 1%, bw: 10mbit}
- {between: [h2, edge], delay: 2, loss: 50, bw: 1}
`);
    expect(plan.switches).to.deep.equal([
      { name: 's1', dpid: 10n, flows: 'actions=NORMAL' },
      { name: 'edge', dpid: 2n },
    ]);
    expect(plan.hosts[0]).to.deep.include({ ipv4: '192.0.2.1/24', ipv6: '2001:db8:1::1/64', tcp: [80] });
    expect(plan.hosts[1]).to.include({ ipv4: '10.0.0.2/8' });
    expect(linksOf(plan)).to.deep.equal(['h1:s1-eth5', 's1-eth1:edge-eth1', 'h2:edge-eth2']);
    expect(plan.links[1]).to.include({ delay_ms: 5, loss: 0.01, rate_bps: 1e7 });
    expect(plan.links[2]).to.include({ delay_ms: 2, loss: 0.5, rate_bps: 1e6 });
  });

  const bad: [string, string][] = [
    ['', 'x:1:1: a topology file is a mapping'],
    ['hosts: [h1]', 'x:1:1: a topology file needs "switches"'],
    ['switchs: [s1]', 'x:1:1: unknown key "switchs" in a topology file (did you mean "switches"?)'],
    ['switches: [s1]\nhosts: {h1: {ipp: 1.2.3.4}}', 'x:2:14: unknown key "ipp" in h1 (did you mean "ip"?)'],
    ['switches: [s1, s1]', 'x:1:16: s1 is there already'],
    ['switches: [s1]\nhosts: [h1]\nlinks: [[h1, s2]]', 'x:3:14: there is no switch or host "s2" (did you mean "s1"?)'],
    ['switches: [s1]\nhosts: [h1]', 'x:2:9: h1 has no link'],
    ['switches: [s1]\nhosts: [h1]\nlinks:\n- [h1, s1]\n- [h1, s1]', 'x:5:3: h1 has a link already: a host has one'],
    ['switches: [s1]\nhosts: [h1, h2]\nlinks:\n- [h1, h2]', 'x:4:3: h1 and h2 are hosts'],
    ['switches: [s1, s2]\nlinks:\n- ["s1:4", s2]\n- ["s1:4", s2]', 'x:4:3: port 4 of s1 is taken'],
    ['switches: [s1]\nlinks:\n- [s1, s1]', "x:3:3: s1 can't be joined to itself"],
    ['switches: [s1, s2]\nlinks:\n- [s1, s2, s1]', 'x:3:3: a link has two ends, not 3'],
    ['switches: [s1, s2]\nlinks:\n- {between: [s1, s2], delai: 4}', 'x:3:23: unknown key "delai" in'],
    ['switches: [s1, s2]\nlinks:\n- {between: [s1, s2], loss: 101%}', 'x:3:29: "101%" is out of bounds for loss'],
    ['switches: [s1, s2]\nlinks:\n- {between: [s1, s2], bw: 0}', 'x:3:27: "0" is out of bounds for bw'],
    ['switches: {s1: {dpid: 0}}', 'x:1:23: a datapath id has 1 to 16'],
    ['switches: [s1, x1]', 'x:1:16: x1 would have the datapath id of s1, 1: give it a dpid'],
    ['switches: [s1]\nhosts: {h1: {mac: nonsense}}', 'x:2:19: "nonsense" is no MAC address'],
    ['switches: [s1]\nhosts: {h1: {ip: 10.0.0.1/33}}', 'x:2:13: h1: '],
    ['switches: [s1]\nhosts:\n  h1:\n    mac: 01:00:00:00:00:01', 'x:4:5: h1: "01:00:00:00:00:01" is no host'],
    ['switches: [a_name_of_much]', 'x:1:12: the name a_name_of_much is too long'],
    ['switches: ["1s"]', 'x:1:12:'],
    [
      'switches:\n  s1:\n    flows: |\n      actions=NORMAL\n      in_prot=1,actions=drop',
      'x:5:7: unknown keyword "in_prot"',
    ],
    ['switches: {s1: {flows: "in_port=s1-eth9,actions=drop"}}', 'x:1:9:'],
    ['switches: [s1\nhosts: 4', 'x:2:1:'],
  ];
  for (const [text, why] of bad) {
    it(`refuses ${JSON.stringify(text)}`, async () => {
      const error = await parseTopology(text, 'x').catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(TextError);
      expect((error as Error).message).to.include(why);
    });
  }

  it('publishes the schema that it holds files to', () => {
    const published: unknown = JSON.parse(readFileSync('schemas/topology.schema.json', 'utf8'));
    expect(published).to.deep.equal(TOPOLOGY_SCHEMA);
    const { exports, files } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(files).to.include('schemas');
    expect(exports).to.have.property('./topology.schema.json', './schemas/topology.schema.json');
  });
});
