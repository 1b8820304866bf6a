/**
 * Connection tracking with real programs on real interfaces: curl over NAT, active and passive FTP, TFTP, pings beyond
 * the MTU, in both families; and what outside opens is stopped.
 */
import { expect } from 'chai';
import { requires } from '../support/needs.js';
import { Lab, mac, type Running } from './lab.js';
import { FILE, servers } from './servers.js';

/** Inside is h1, outside h2; inside is known outside as `outside`. */
interface Family {
  readonly name: string;
  readonly word: string;
  readonly inside: string;
  readonly server: string;
  readonly outside: string;
  readonly url: string;
  readonly tcp: string;
  readonly udp: string;
}

const FAMILIES: readonly Family[] = [
  {
    ...{ name: 'IPv4', word: 'ip', tcp: 'tcp', udp: 'udp', url: '10.0.0.2' },
    ...{ inside: '10.0.0.1', server: '10.0.0.2', outside: '10.0.0.100' },
  },
  {
    ...{ name: 'IPv6', word: 'ipv6', tcp: 'tcp6', udp: 'udp6', url: '[fd00::2]' },
    ...{ inside: 'fd00::1', server: 'fd00::2', outside: 'fd00::100' },
  },
];

/** A NAT gateway that lets inside open and outside answer, or open what was announced. */
const gateway = ({ word, tcp, udp, outside }: Family): string[] => {
  const nat = `nat(src=${outside})`;
  return [
    `table=0,priority=10,${word},in_port=1,actions=ct(table=1,nat)`,
    `table=0,priority=10,${word},in_port=2,actions=ct(table=2,nat)`,
    `table=1,priority=30,ct_state=+new,${tcp},tp_dst=21,actions=ct(commit,alg=ftp,${nat}),2`,
    `table=1,priority=30,ct_state=+new,${udp},tp_dst=69,actions=ct(commit,alg=tftp,${nat}),2`,
    `table=1,priority=25,ct_state=+new+rel,${word},actions=ct(commit,nat),2`,
    `table=1,priority=20,ct_state=+new,${word},actions=ct(commit,${nat}),2`,
    `table=1,priority=10,ct_state=+est,${word},actions=2`,
    `table=2,priority=20,ct_state=+new+rel,${word},actions=ct(commit,nat),1`,
    `table=2,priority=10,ct_state=+est,${word},actions=1`,
    `table=2,priority=10,ct_state=+rel-new,${word},actions=1`,
  ];
};

for (const [kind, needs] of [
  ['pcap', 'koffi'],
  ['pcap+lib', 'pcap'],
] as const) {
  describe(`live: connection tracking on ${kind} ports`, function () {
    this.timeout(60_000);
    let lab: Lab;
    const served = new Map<string, Running>();

    before(async function () {
      requires(this, 'netns', needs, 'ovs-ofctl', 'curl', 'ping');
      lab = new Lab(2, kind);
      for (const [n, other] of [
        [1, 2],
        [2, 1],
      ]) {
        lab.do(`h${n}`, 'sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0');
        lab.do(`h${n}`, `ip addr add fd00::${n}/64 dev eth0 nodad`);
        lab.do(`h${n}`, `ip neigh replace fd00::${other} lladdr ${mac(other)} dev eth0`);
        lab.do(`h${n}`, `ip neigh replace 10.0.0.${other} lladdr ${mac(other)} dev eth0`);
      }
      for (const outside of ['10.0.0.100', 'fd00::100']) {
        lab.do('h2', `ip neigh replace ${outside} lladdr ${mac(1)} dev eth0`);
      }
      await lab.switch();
      for (const family of FAMILIES) {
        for (const flow of gateway(family)) lab.ofctl('add-flow', flow);
        const running = lab.script('h2', servers(family.server));
        for (const what of ['http', 'ftp', 'tftp']) await running.until(new RegExp(`"listening":"${what}"`));
        served.set(family.name, running);
      }
    });
    after(() => lab?.close());

    for (const family of FAMILIES) {
      const { name, url, server, outside, inside } = family;
      /** Fetches the file with curl: is it all there? */
      const curl = (...args: string[]): boolean => lab.do('h1', 'curl -sS -g --max-time 10', ...args) === FILE;
      /** What the server told of a request. */
      const asked = (what: string) => (served.get(name) as Running).line(what, (line) => line.asked === what);

      it(`${name}: curl over NAT: all bytes, from the address outside`, async () => {
        expect(curl(`http://${url}/`)).to.equal(true);
        expect((await asked('http')).by).to.equal(outside);
      });

      it(`${name}: FTP, passive: EPSV${name === 'IPv4' ? ' and PASV' : ''}`, async () => {
        expect(curl(`ftp://${url}/file`)).to.equal(true);
        if (name === 'IPv4') expect(curl('--disable-epsv', `ftp://${url}/file`)).to.equal(true);
        expect((await asked('data')).by).to.equal(outside);
      });

      it(`${name}: FTP, active: EPRT${name === 'IPv4' ? ' and PORT' : ''}, with the address that the server knows`, async () => {
        expect(curl('--ftp-port', '-', `ftp://${url}/file`)).to.equal(true);
        expect((await asked('EPRT')).text).to.match(new RegExp(`^\\|[12]\\|${outside}\\|\\d+\\|$`));
        if (name !== 'IPv4') return;
        expect(curl('--disable-eprt', '--ftp-port', '-', `ftp://${url}/file`)).to.equal(true);
        expect((await asked('PORT')).text).to.match(/^10,0,0,100,\d+,\d+$/);
      });

      it(`${name}: TFTP, answered from another port`, async () => {
        expect(curl(`tftp://${url}/file`)).to.equal(true);
        expect((await asked('tftp')).by).to.equal(outside);
      });

      it(`${name}: pings of 4,000 bytes, in pieces`, () => {
        expect(lab.do('h1', `ping -c 3 -i 0.05 -W 2 -s 4000 ${server}`)).to.include(' 3 received');
      });

      it(`${name}: nothing that outside opens gets in`, () => {
        for (const to of [inside, outside]) {
          expect(() => lab.do('h2', `ping -c 1 -W 0.3 ${to}`), to).to.throw();
        }
      });
    }
  });
}
