"""Networks from Python: every switch by its name, hosts, links, controllers, and what goes wrong."""

import pytest

from ctswitch import Died, Network, Refused, TimedOut

UDP = 'udp,nw_src=10.0.0.1,nw_dst=10.0.0.3,tp_src=5000,tp_dst=53'


@pytest.fixture(name='net')
def _net(ctswitch_network):
    return ctswitch_network('linear,3')


def test_what_there_is(net):
    assert [switch.name for switch in net] == ['s1', 's2', 's3'] and len(net) == 3
    assert net['s2'].datapath_id == '0000000000000002'
    assert net.hosts['h3']['addresses'][0] == '10.0.0.3'
    assert ['s2-eth2', 's1-eth2'] in [link['ends'] for link in net.links]
    with pytest.raises(KeyError):
        net['s9']


def test_hosts_reach_each_other_where_links_are_up(net):
    assert net.ping('h1', 'h3', count=2) == 2
    assert net.pingall() == (6, 6)
    net.link('s1', 's2', up=False)
    net['s1'].wait('port s1-eth2 down')
    assert net.wait_event('port', switch='s2')['port']['name'] == 's2-eth2'
    assert net.ping('h1', 'h3') == 0
    assert net.pingall() == (2, 6)
    net.link('s2', 's1', up=True)
    net.wait(lambda: net.ping('h1', 'h3'))
    with pytest.raises(Refused, match='"h9" is no host and no address'):
        net.ping('h1', 'h9')
    with pytest.raises(Refused, match='no link joins s1 and s3'):
        net.link('s1', 's3', up=False)
    assert 'connected' in net.ctl('h1', 'tcp', 'h3:80')


def test_each_switch_has_flows_connections_and_traces_of_its_own(net):
    s1, s2, s3 = net
    s2.flows.add('in_port=2,udp,actions=ct(commit,zone=7),3')
    frame = s1.inject('s1-eth1', UDP + ',dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:03')
    assert len(frame) >= 42
    s2.wait('ct udp dport=53')
    assert [(c['zone'], c['orig']['src']) for c in s2.conntrack('udp')] == [(7, '10.0.0.1')]
    assert s1.conntrack() == s3.conntrack() == []
    assert (len(s1.flows), len(s2.flows)) == (0, 1)
    assert s2.trace(UDP, in_port=2).ports == [3]
    assert 'bridge("s2")' in s2.trace_text(UDP, in_port=2)
    s2.flush_conntrack()
    assert s2.conntrack() == []
    with pytest.raises(Refused, match=r'^line 1:1: unknown keyword "nonsense"'):
        s3.flows.add('nonsense,actions=drop')
    s3.groups.add('group_id=1,type=all,bucket=actions=output:1')
    assert len(s3.groups.dump()) == 1 and s2.groups.dump() == []
    s3.add_port(9, 'memory:tap')
    s3.flows.add('in_port=tap,actions=tap,in_port', 'priority=9,in_port=1,actions=tap')
    frame = s3.inject(1, UDP)
    assert s3.taken('tap') == [frame]


def test_controllers_and_events(ctswitch_network, ctswitch_factory):
    net = ctswitch_network('single,2', listen=['ptcp:0'], flows='in_port=1,actions=controller')
    assert net['s1'].listening[0].startswith('tcp:127.0.0.1:')
    with pytest.raises(TimedOut, match='timed out after 0.05 s: controller'):
        net.wait('controller', timeout=0.05)
    frame = net['s1'].inject(1, UDP)
    assert bytes.fromhex(net['s1'].wait_event('packet-in', in_port=1)['frame']) == frame
    # A switch that dials this one is a peer that it hears of.
    ctswitch_factory(ports=1, controllers=net['s1'].listening)
    net['s1'].wait_event('controller', event='connected')


def test_a_network_in_a_file(ctswitch_network, tmp_path):
    file = tmp_path / 'net.yaml'
    file.write_text('switches: [core]\nhosts: [a, b]\nlinks:\n- [a, core]\n- {between: [b, core], delay: 1ms}\n')
    net = ctswitch_network(file, conntrack_events=True)
    net['core'].flows.add('ip,actions=ct(commit),NORMAL')
    assert net.ping('a', 'b') == 1
    assert net.wait_event('conntrack', event='new')['switch'] == 'core'


def test_a_network_that_cannot_start_or_ends_says_why(tmp_path):
    with pytest.raises(Died, match='(?s)status 2.*"liner" is no shape'):
        Network('liner,3')
    file = tmp_path / 'bad.yaml'
    file.write_text('switches: [s1]\nhosts: [h1]\nlinks:\n- [h1, s2]\n')
    with pytest.raises(Died, match=r'bad\.yaml:4:8: there is no switch or host "s2"'):
        Network(file)
    with pytest.raises(Refused, match='line 1:1'):
        Network('linear,2', flows='nonsense,actions=drop')
    with pytest.raises(Died, match='status'):
        with Network('linear,2') as net:
            net.process.kill()
            net.process.wait()
