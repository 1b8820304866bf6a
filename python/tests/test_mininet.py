"""Mininet's networks of ctswitch: `mn --custom`, and the class in a program. Run it where interfaces may be made;
unshare --net --pid --fork --mount-proc sh -c 'mount -t sysfs sysfs /sys; ip link set lo up; pytest-3 test_mininet.py'
meets nothing of the machine's."""

import os
import re
import shutil
import subprocess

import pytest

pytest.importorskip('mininet', reason="Mininet is not installed (Debian: mininet)")

from mininet.net import Mininet
from mininet.node import Controller
from mininet.topo import SingleSwitchTopo

from ctswitch import CTSwitch

HERE = os.path.dirname(os.path.abspath(__file__))
MODULE = os.path.normpath(os.path.join(HERE, '..', 'ctswitch.py'))


@pytest.fixture
def network():
    """Makes networks, and takes them down behind the test."""
    made = []

    def make(**options):
        net = Mininet(topo=SingleSwitchTopo(2), switch=CTSwitch, autoSetMacs=True, **options)
        made.append(net)
        net.start()
        return net

    yield make
    for net in made:
        net.stop()


# What is typed at Mininet's prompt. Its own `iperf` waits for ever for a report that iperf 2.1 doesn't make, with any
# switch and with none (mininet/mininet#1060), so the hosts' is used, as people do there.
TYPED = """pingall
h2 iperf -s &
h1 iperf -t 1 -c h2
dpctl dump-ports
"""


def test_mn_pingall_and_iperf():
    command = ['mn', '--custom', MODULE, '--switch', 'ctswitch', '--controller', 'none', '--topo', 'linear,2']
    done = subprocess.run(command, input=TYPED, capture_output=True, text=True, timeout=30, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert 'Results: 0% dropped (2/2 received)' in said
    assert re.search(r'[1-9][\d.]* [GM]bits/sec', said), said
    assert re.search(r'port +"s2-eth2": rx pkts=\d{3,}', said), said
    print(said)


def test_a_controller_drives_it(network):
    if shutil.which('osken-manager') is None:
        pytest.skip('os-ken is not installed (Debian: python3-os-ken)')
    application = os.path.normpath(os.path.join(HERE, '..', '..', 'examples', 'os-ken', 'learning_switch.py'))
    arguments = f'--ofp-tcp-listen-port %d {application}'
    net = network(controller=Controller('c0', command='osken-manager', cargs=arguments), waitConnected=True)
    s1 = net['s1']
    assert s1.connected() and 'open' in s1.ct.ctl('controller/show')
    assert net.pingAll() == 0
    assert 'actions=' in s1.dpctl('dump-flows')


def test_what_the_manual_shows():
    with open(os.path.join(HERE, '..', '..', 'docs', 'python.md'), encoding='utf-8') as page:
        (shown,) = re.findall(r'^```python\n(from mininet.*?)^```$', page.read(), re.MULTILINE | re.DOTALL)
    names = {}
    exec(compile(shown, 'docs/python.md', 'exec'), names)
    assert not names['net']['s1'].ct.alive


def test_a_stateful_firewall(network):
    net = network(controller=None)
    h1, h2, s1 = net['h1'], net['h2'], net['s1']
    s1.ct.flows.add(
        """
        priority=9,arp,actions=NORMAL
        priority=9,ip,ct_state=-trk,actions=ct(table=1)
        table=1,ip,in_port=1,ct_state=+trk+new,actions=ct(commit),2
        table=1,ip,ct_state=+trk+est,actions=NORMAL
        """
    )
    assert ' 0% packet loss' in h1.cmd('ping -c 1 -W 2 10.0.0.2')
    assert '100% packet loss' in h2.cmd('ping -c 1 -W 1 10.0.0.1')
    (connection,) = s1.ct.conntrack('icmp', 'src=10.0.0.1')
    assert connection['replied']


def test_interfaces_and_links_come_and_go(network):
    net = network(controller=None)
    s1 = net['s1']
    net.configLinkStatus('s1', 'h2', 'down')
    s1.ct.wait('port s1-eth2 down')
    net.configLinkStatus('s1', 'h2', 'up')
    s1.ct.wait('port s1-eth2 up')
    link = net.addLink(net.addHost('h3', ip='10.0.0.3/8'), s1)
    s1.attach(link.intf2)
    link.intf1.config(ip='10.0.0.3/8')
    assert net.ping([net['h1'], net['h3']]) == 0
    s1.detach(link.intf2)
    s1.ct.wait('no port s1-eth3')


def test_a_namespace_of_its_own():
    net = Mininet(controller=None)
    h1, h2 = net.addHost('h1'), net.addHost('h2')
    s1 = net.addSwitch('s1', cls=CTSwitch, inNamespace=True)
    for host in (h1, h2):
        net.addLink(host, s1)
    try:
        net.start()
        assert net.pingAll() == 0
    finally:
        net.stop()
