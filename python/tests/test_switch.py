"""ctswitch.py against the real program: flows, frames, connections, traces, waiting, events, and what goes wrong."""

import os
import shutil
import subprocess
import sys
import threading

import pytest

from ctswitch import Died, NotFound, Refused, Switch, TimedOut, _active, call, find_program

UDP = 'udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=5000,tp_dst=53'
BACK = 'udp,nw_src=10.0.0.2,nw_dst=10.0.0.1,tp_src=53,tp_dst=5000'

FIREWALL = """
  table=0,udp,actions=ct(table=1)
  table=1,in_port=1,ct_state=+trk+new,udp,actions=ct(commit),2    # the inside may begin
  table=1,ct_state=+trk+est,in_port=1,udp,actions=2
  table=1,ct_state=+trk+est,in_port=2,udp,actions=1
"""


def test_a_stateful_firewall(ctswitch):
    ctswitch.flows.add(FIREWALL)
    ctswitch.inject(2, BACK)
    assert ctswitch.taken() == []
    frame = ctswitch.inject(1, UDP)
    assert ctswitch.taken(2) == [frame]
    ctswitch.wait('ct udp dport=53')
    answer = ctswitch.inject(2, BACK)
    (got,) = ctswitch.taken()
    assert (got, got.port) == (answer, 1)
    assert got.packet.startswith('udp,dl_src=') and 'nw_src=10.0.0.2' in got.packet
    (connection,) = ctswitch.conntrack('udp', zone=0)
    assert connection['orig']['dport'] == 53 and connection['replied'] is True
    ctswitch.flush_conntrack()
    assert ctswitch.conntrack() == []
    ctswitch.inject(2, BACK)
    assert ctswitch.taken() == []


def test_flows_come_change_and_go(ctswitch):
    ctswitch.flows.add('table=3,udp,actions=2', 'table=3,tcp,cookie=7,actions=drop')
    ctswitch.flows.modify('table=3,udp,actions=4')
    assert [each['actions'] for each in ctswitch.flows.list('table=3,udp')] == ['output:p4']
    assert ctswitch.flows.dump('cookie=7/-1')[0].endswith('tcp actions=drop')
    ctswitch.flows.delete('table=3,tcp')
    assert len(ctswitch.flows) == 1
    ctswitch.flows.delete()
    assert list(ctswitch.flows) == []


def test_a_mistake_names_its_place_and_changes_nothing(ctswitch):
    with pytest.raises(Refused, match=r'^line 2:9: unknown keyword "tpc"'):
        ctswitch.flows.add('table=2,actions=drop\ntable=2,tpc,actions=drop')
    with pytest.raises(Refused, match='no port 9'):
        ctswitch.inject(9, UDP)
    with pytest.raises(Refused, match='is not a valid command'):
        ctswitch.ctl('nonsense')
    with pytest.raises(Refused, match='at most 1048576'):
        ctswitch.flows.add('#' * (1 << 20))
    assert len(ctswitch.flows) == 0


def test_groups_and_meters(ctswitch):
    ctswitch.meters.add('meter=3,kbps,band=type=drop,rate=1000')
    ctswitch.groups.add('group_id=7,type=all,bucket=actions=output:2,bucket=actions=output:3')
    ctswitch.flows.add('actions=group:7')
    frame = ctswitch.inject(1, UDP)
    assert [(each.port, each) for each in ctswitch.taken()] == [(2, frame), (3, frame)]
    assert 'group_id=7' in ctswitch.groups.dump()[0]
    assert any('meter=3' in line for line in ctswitch.meters.dump())


def test_bytes_go_in_as_they_are(ctswitch):
    ctswitch.flows.add('actions=2')
    frame = bytes(range(64))
    assert ctswitch.inject('p1', frame) == frame
    assert ctswitch.inject('p1', memoryview(frame)) == frame
    assert ctswitch.taken('p2') == [frame, frame]


def test_a_trace_tells_and_changes_nothing(ctswitch):
    ctswitch.flows.add(FIREWALL)
    trace = ctswitch.trace(f'in_port=1,{UDP}')
    assert (trace.verdict, trace.ports) == ('output', [2])
    assert ctswitch.trace(BACK, in_port=2, ct_next=['trk,est']).ports == [1]
    frame = ctswitch.inject(1, UDP)
    assert ctswitch.trace(frame, in_port=1).ports == [2]
    assert ctswitch.trace(UDP, in_port=1, actions='output:3').ports == [3]
    assert 'Verdict: output' in ctswitch.trace_text(UDP, in_port=1)
    assert len(ctswitch.taken()) == 1


def test_timeouts_of_a_zone(ctswitch):
    ctswitch.set_timeouts(5, udp_first=2)
    ctswitch.flows.add('udp,actions=ct(commit,zone=5)')
    ctswitch.inject(1, UDP)
    (connection,) = ctswitch.conntrack(zone=5)
    assert connection['timeout_s'] <= 2
    with pytest.raises(Refused, match='one of tcp_syn_sent'):
        ctswitch.set_timeouts(5, udp=1)


def test_waiting(ctswitch):
    with pytest.raises(TimedOut, match='timed out after 0.05 s: flow table=9'):
        ctswitch.wait('flow table=9', timeout=0.05)
    with pytest.raises(Refused, match='is no condition'):
        ctswitch.wait('weather')
    with pytest.raises(TimedOut, match='never'):

        def never():
            return False

        ctswitch.wait(never, timeout=0.05)
    threading.Timer(0.1, ctswitch.flows.add, ['table=9,actions=drop']).start()
    ctswitch.wait('flow table=9')
    assert ctswitch.wait(lambda: ctswitch.flows.dump('table=9'))
    ctswitch.link('p2', False)
    ctswitch.wait('port p2 down')


def test_events(ctswitch):
    ctswitch.flows.add('in_port=1,actions=controller', 'in_port=2,send_flow_rem,cookie=0x5,actions=drop')
    frame = ctswitch.inject(1, UDP)
    event = ctswitch.wait_event('packet-in', in_port=1)
    assert (event['reason'], bytes.fromhex(event['frame'])) == ('action', frame)
    ctswitch.flows.delete('in_port=2')
    assert ctswitch.wait_event('flow-removed', cookie='0x5')['reason'] == 'delete'
    ctswitch.link(3, False)
    assert ctswitch.wait_event('port')['port']['state'] == 'down'
    with pytest.raises(TimedOut, match="no event packet-in, in_port=1 within 0.05 s"):
        ctswitch.wait_event('packet-in', timeout=0.05, in_port=1)
    assert ctswitch.events == []


@pytest.mark.ctswitch(ports={1: 'memory:inside', 'LOCAL': 'memory:own'}, conntrack_events=True, name='br7', dpid=0x2A)
def test_a_marked_switch(ctswitch):
    assert ctswitch.ready['datapath_id'] == '000000000000002a'
    assert [(each['number'], each['name']) for each in ctswitch.ports()] == [(1, 'inside'), ('LOCAL', 'own')]
    ctswitch.flows.add('udp,actions=ct(commit),LOCAL')
    frame = ctswitch.inject('inside', UDP)
    assert [(each.port, each) for each in ctswitch.taken()] == [('LOCAL', frame)]
    assert ctswitch.wait_event('conntrack')['event'] == 'new'
    ctswitch.add_port(5, 'memory:late')
    ctswitch.wait('port late up')
    ctswitch.delete_port('late')
    assert len(ctswitch.ports()) == 2


def test_several_switches_and_a_controller_between_them(ctswitch_factory):
    one = ctswitch_factory(ports=1, listen=['ptcp:0'], fail_mode=None)
    two = ctswitch_factory(ports=1, name='s2', controllers=one.listening)
    assert one.listening[0].startswith('tcp:127.0.0.1:')
    two.set_controllers()
    assert two.ctl('controller/show') == ''
    assert one.process.pid != two.process.pid
    assert call(two.ctl_path, 'ofproto/list') == 's2\n'


@pytest.mark.parametrize(
    ('waiting', 'dialled'),
    [
        ('ptcp:6654:0.0.0.0', 'tcp:127.0.0.1:6654'),
        ('pssl:6654:[::]', 'ssl:[::1]:6654'),
        ('punix:/run/s1.mgmt', 'unix:/run/s1.mgmt'),
    ],
)
def test_where_it_listens_is_told_as_a_client_writes_it(waiting, dialled):
    assert _active(waiting) == dialled


def test_a_switch_that_ends_is_told_of():
    with pytest.raises(Died, match='status'):
        with Switch() as sw:
            sw.process.kill()
            sw.process.wait()
    sw = Switch()
    sw.ctl('exit')
    with pytest.raises(Died, match='status 0'):
        sw.wait_event('packet-in')
    with pytest.raises(Died, match='status 0'):
        sw.flows.list()
    sw.stop()
    assert not os.path.exists(sw.ctl_path)


def test_a_switch_that_cannot_start_says_why():
    with pytest.raises(Died, match='status 2.*tin'):
        Switch({1: 'tin:can'})
    with pytest.raises(Refused, match='line 1:1'):
        Switch(flows='nonsense,actions=drop')


def test_where_the_program_is(monkeypatch, tmp_path):
    monkeypatch.setenv('CTSWITCH', 'nice -n 5 ctswitch.js')
    assert find_program()[:3] == ['nice', '-n', '5']
    assert find_program(['sh', '-c'])[0] == 'sh'
    with pytest.raises(NotFound, match='no/where is no program'):
        find_program('no/where')
    with pytest.raises(NotFound, match='x.js: there is no such file'):
        find_program('x.js')
    monkeypatch.delenv('CTSWITCH')
    program = tmp_path / 'ctswitch'
    program.write_text('#!/bin/sh\n')
    program.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
    assert find_program() == [str(program)]
    package = tmp_path / 'dist' / 'bin'
    package.mkdir(parents=True)
    (package / 'ctswitch.js').write_text('')
    program.unlink()
    monkeypatch.setattr('ctswitch._here', lambda: str(tmp_path / 'python'))
    assert find_program() == [shutil.which('node'), str(package / 'ctswitch.js')]
    with pytest.raises(NotFound, match='neither program= nor'):
        (package / 'ctswitch.js').unlink()
        find_program()


def test_the_module_needs_neither_pytest_nor_mininet():
    code = "import sys; sys.modules['mininet'] = None; import ctswitch"
    code += "; assert 'pytest' not in sys.modules and not hasattr(ctswitch, 'CTSwitch')"
    folder = os.path.join(os.path.dirname(__file__), '..')
    subprocess.run([sys.executable, '-c', code], check=True, cwd=folder)
