/**
 * What is refused of ct in text, each with its place and reason (ovs-actions(7), ct and nat; ovs-fields(7),
 * prerequisites of ct_*).
 */
import { expect } from 'chai';
import { ManualClock, OpenFlowError, RefusedError, TextError } from '../../lib/bytes/index.js';
import { Switch } from '../../lib/switch.js';

/** Refused by the text's reader (a place and a reason), or by the switch (an error of OpenFlow). */
const REFUSED: readonly (readonly [flow: string, why: RegExp])[] = [
  ['ip,actions=ct(force)', /^line 1:15: force needs commit$/],
  ['ip,actions=ct(exec(set_field:1->ct_mark))', /^line 1:15: exec needs commit$/],
  ['ip,actions=ct(nat(src=1.2.3.4))', /^line 1:15: nat with arguments needs commit$/],
  ['ip,actions=ct(commit,exec(set_field:1->reg0))', /only ct_mark and ct_label can be set, not reg0$/],
  ['ip,actions=ct(commit,exec(output:1))', /only ct_mark and ct_label can be set, not output$/],
  ['ip,actions=ct(zone=NXM_NX_REG0[0..7])', /a zone has 16 bits, "NXM_NX_REG0\[0..7\]" has 8$/],
  ['ip,actions=ct(zone=NXM_NX_REG0[])', /a zone has 16 bits/],
  ['ip,actions=set_field:1->ct_mark', /ct_mark can only be set inside ct\(commit,exec\(…\)\)$/],
  ['ip,actions=load:1->NXM_NX_CT_LABEL[]', /ct_label can only be set inside/],
  ['tcp,actions=ct(commit,alg=sip)', /unknown helper "sip": there are ftp and tftp$/],
  ['ip,actions=ct(table=255)', /"255" is no table of 0 to 254$/],
  ['ip,actions=ct(commit,nat(src=10.0.0.1,hash,random))', /hash or random, not both$/],
  ['ip,actions=ct(commit,nat(random))', /flags of nat need src or dst$/],
  ['ip,actions=ct(commit,nat(src,dst))', /src or dst, not both$/],
  ['ip,actions=ct(commit,nat(src=10.0.0.9-10.0.0.1))', /the last address of a nat range is below the first$/],
  ['tcp,actions=ct(commit,nat(src=:80))', /nat with ports needs an address$/],
  ['ip,actions=nat', /nat can only stand inside ct\(…\)$/],
  ['ip,ct_state=+trk,ct_nw_src=1.2.3.4,actions=1', /^line 1:18: ct_nw_src needs ip, and a ct_state/],
  ['ipv6,ct_state=+est,ct_nw_src=1.2.3.4,actions=1', /^line 1:20: ct_nw_src needs ip, and a ct_state/],
  ['ip,ct_state=+est,ct_ipv6_dst=fd00::1,actions=1', /^line 1:18: ct_ipv6_dst needs ipv6, and a ct_state/],
  ['ip,ct_nw_src=1.2.3.4,actions=1', /ct_nw_src needs/],
  ['actions=ct', /needs a flow that matches ip \(OFPBAC_MATCH_INCONSISTENT\)/],
  ['arp,actions=ct', /OFPBAC_MATCH_INCONSISTENT/],
  [
    'ip,ct_state=+inv+trk,actions=ct(commit)',
    /ct\(commit\) in a flow that matches ct_state=\+inv \(OFPBAC_MATCH_INCON/,
  ],
  ['ip,actions=ct(commit,alg=ftp)', /alg=ftp needs a flow that matches tcp \(OFPBAC_MATCH_INCONSISTENT\)/],
  ['tcp,actions=ct(commit,alg=tftp)', /alg=tftp needs a flow that matches udp \(OFPBAC_MATCH_INCONSISTENT\)/],
  ['ip,actions=ct(commit,nat(src=fd00::1))', /nat of IPv6 addresses needs a flow that matches ipv6/],
  ['ipv6,actions=ct(commit,nat(src=10.0.0.1))', /nat of IPv4 addresses needs a flow that matches ipv4/],
  ['ip,actions=ct(zone=OXM_OF_TCP_SRC[])', /tcp_src needs a flow that matches tcp \(OFPBAC_MATCH_INCONSISTENT\)/],
  ['ip,actions=resubmit(,1,ct)', /resubmit with ct needs a flow that matches ct \(OFPBAC_MATCH_INCONSISTENT\)/],
];

/** Beside them, and taken; as it prints. */
const TAKEN: readonly (readonly [flow: string, printed: string])[] = [
  ['ip,actions=ct(commit,zone=NXM_NX_CT_ZONE[])', 'ct(commit,zone=NXM_NX_CT_ZONE[])'],
  ['ip,actions=ct(zone=NXM_NX_CT_MARK[0..15])', 'ct(zone=NXM_NX_CT_MARK[0..15])'],
  ['ip,actions=ct(table=254)', 'ct(table=254)'],
  ['tcp,actions=ct(commit,nat(src=0.0.0.0))', 'ct(commit,nat(src))'],
  ['ip,ct_state=+trk-inv,ct_nw_src=1.2.3.4,actions=1', 'output:1'],
  ['ipv6,ct_state=+est,ct_ipv6_dst=fd00::1,ct_tp_src=5,actions=1', 'output:1'],
  ['ip,ct_state=+est,actions=resubmit(,1,ct)', 'resubmit(,1,ct)'],
];

describe('text: ct refused, and taken', () => {
  const fresh = () => new Switch({ clock: new ManualClock() });
  for (const [flow, why] of REFUSED) {
    it(`refuses ${flow}`, () => {
      const sw = fresh();
      let error: unknown;
      try {
        sw.flows.add(flow);
      } catch (thrown) {
        error = thrown;
      }
      expect([TextError, OpenFlowError, RefusedError].some((kind) => error instanceof kind)).to.equal(true);
      expect((error as Error).message).to.match(why);
      expect(sw.flows.list()).to.deep.equal([]);
    });
  }
  for (const [flow, printed] of TAKEN) {
    it(`takes ${flow}`, () => {
      const sw = fresh();
      sw.flows.add(flow);
      expect(sw.flows.dump()[0].split('actions=')[1]).to.equal(printed);
    });
  }
});
