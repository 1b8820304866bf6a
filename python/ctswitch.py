"""ctswitch from Python: an OpenFlow 1.3 switch with connection tracking, for tests, CI and Mininet.

    with Switch(ports=3) as sw:
        sw.flows.add('in_port=1,udp,actions=ct(commit),2')
        frame = sw.inject(1, 'udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=5000,tp_dst=53')
        assert sw.taken(2) == [frame]

One file, Python 3.8 or newer, the standard library alone: use it where it stands in the npm package, or copy it. It
starts the program `ctswitch run`, which needs Node, and speaks to it over its management socket (the protocol of
ovs-appctl). The switch ends when this process does, whatever it dies of: it watches a pipe whose other end is held here.

    with Network('ring,3', controllers=['tcp:127.0.0.1:6653']) as net:
        net.wait('controller')
        assert net.ping('h1', 'h3') and net['s1'].flows.list()

    pytest_plugins = ['ctswitch']   in conftest.py   fixtures `ctswitch`, `ctswitch_factory` and `ctswitch_network`
    mn --custom python/ctswitch.py --switch ctswitch            Mininet's switches

docs/python.md has more.
"""

import collections
import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import weakref

__version__ = '0.1.0'

# How long the program may take to say that it is ready, s.
START_S = 30.0
# How long an answer on the management socket may take, s.
ANSWER_S = 30.0
# How long the program may take to clean up before it is killed, s.
STOP_S = 5.0
# Events and log lines that are kept; older ones are dropped, events are counted in `events_lost`.
MAX_EVENTS = 10_000
MAX_LOG_LINES = 200
# The longest request that the management socket takes, bytes.
MAX_REQUEST = 1 << 20
# How often `wait` looks at a function's answer, s.
LOOK_S = 0.02


class CtswitchError(Exception):
    """What can go wrong here."""


class NotFound(CtswitchError):
    """The program isn't there."""


class Refused(CtswitchError):
    """The switch refuses a command; the text says why, with line and column of what it was given."""


class TimedOut(CtswitchError):
    """Something was awaited in vain."""


class Died(CtswitchError):
    """The program ended, or never became ready; the text has its last lines."""


class Frame(bytes):
    """A frame that left a port: its bytes, the port's number, and in `packet` what it is, in ovs-ofctl's words."""

    port = None
    packet = ''

    def __repr__(self):
        return f'<Frame at port {self.port}: {self.packet or self.hex()}>'


class Trace(dict):
    """What would become of a packet (schema ctswitch/trace@1)."""

    @property
    def verdict(self):
        """'output', 'controller', 'held' or 'drop'."""
        return self['outcome']['verdict']

    @property
    def ports(self):
        """Numbers of the ports it would leave by, each as often as it is sent there."""
        return self['outcome']['ports']


def _here():
    # Mininet runs this file by exec(), which knows no __file__.
    return os.path.dirname(os.path.abspath(_here.__code__.co_filename))


def find_program(program=None):
    """The command that starts ctswitch, as a list: the argument (a text or a list), $CTSWITCH, `ctswitch` in PATH, or
    the package that this file stands in. Raises NotFound."""
    given = program or os.environ.get('CTSWITCH')
    if given:
        words = shlex.split(given) if isinstance(given, str) else [str(word) for word in given]
        return _with_node(words)
    found = shutil.which('ctswitch')
    if found:
        return [found]
    beside = os.path.normpath(os.path.join(_here(), '..', 'dist', 'bin', 'ctswitch.js'))
    if os.path.exists(beside):
        return _with_node([beside])
    raise NotFound(f'neither program= nor $CTSWITCH, no ctswitch in PATH, and no {beside}; npm install ctswitch')


def _with_node(words):
    path = words[0]
    if not path.endswith('.js'):
        if shutil.which(path) is None:
            raise NotFound(f'{path} is no program')
        return words
    if not os.path.exists(path):
        raise NotFound(f'{path}: there is no such file')
    node = shutil.which('node') or shutil.which('nodejs')
    if node is None:
        raise NotFound('Node is not in PATH; ctswitch needs version 20.19 or newer')
    return [node, *words]


def _socket_folder():
    """A folder of this user's alone; a short one, as sockets' names are."""
    folder = os.path.join(tempfile.gettempdir(), f'ctswitch-py-{os.getuid()}')
    os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise CtswitchError(f'{folder} is not a folder of this user alone')
    return folder


def call(path, method, *params, timeout=ANSWER_S):
    """Runs one command on a management socket, ours or any daemon's that ovs-appctl knows, and returns the answer's
    text. Raises Refused, TimedOut, or OSError where nobody listens."""
    request = json.dumps({'id': 0, 'method': method, 'params': [str(each) for each in params]}).encode()
    if len(request) > MAX_REQUEST:
        raise Refused(f'{method}: {len(request)} bytes at once, and a request has at most {MAX_REQUEST}')
    until = time.monotonic() + timeout
    answer = bytearray()
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.settimeout(timeout)
            connection.connect(path)
            connection.sendall(request)
            # An object ends where its brace closes; inside texts, braces mean nothing, so whole answers are tried.
            while True:
                connection.settimeout(max(0.001, until - time.monotonic()))
                piece = connection.recv(1 << 20)
                if not piece:
                    raise ConnectionResetError(f'{path}: closed before the answer to {method} was whole')
                answer += piece
                if not answer.endswith(b'}'):
                    continue
                try:
                    found = json.loads(answer)
                    break
                except ValueError:
                    continue
        except socket.timeout:
            raise TimedOut(f'no answer to {method} within {timeout} s') from None
    if found.get('error') is not None:
        text = found['error'].rstrip()
        raise (TimedOut if text.startswith('timed out') else Refused)(text)
    return found.get('result') or ''


class Flows:
    """A switch's flows, in ovs-ofctl's syntax."""

    def __init__(self, switch):
        self._switch = switch

    def add(self, *texts):
        """Makes the changes of texts like flow files: a flow a line, '#' begins a comment, a line may begin with
        `delete`, `modify` and the like. All are made or none. Raises Refused."""
        self._switch.ctl('flows/load', '\n'.join(texts))

    def load(self, path):
        """The same out of a file."""
        with open(path, encoding='utf-8') as file:
            self.add(file.read())

    def modify(self, flow, strict=False):
        """Changes the actions of flows."""
        self.add(f"modify{'_strict' if strict else ''} {flow}")

    def delete(self, match='', strict=False):
        """Deletes the flows that a match names; all of them without one."""
        self.add(f"delete{'_strict' if strict else ''} {match}")

    def dump(self, match=''):
        """Lines as ovs-ofctl dump-flows prints them."""
        return self._switch.ctl('flows', *([match] if match else [])).splitlines()

    def list(self, match=''):
        """Dicts (schema ctswitch/flow@1): table_id, priority, cookie, packets, bytes, match, actions and so on."""
        return _json_lines(self._switch.ctl('flows', '--json', *([match] if match else [])))

    def __iter__(self):
        return iter(self.list())

    def __len__(self):
        return len(self.list())


class Table:
    """Groups or meters, in ovs-ofctl's syntax."""

    def __init__(self, switch, name):
        self._switch, self._name = switch, name

    def add(self, *texts):
        """Adds what texts name, a line each. Raises Refused."""
        self._switch.ctl(f'{self._name}/load', '\n'.join(texts))

    def dump(self):
        """Lines as ovs-ofctl prints them."""
        return self._switch.ctl(self._name).splitlines()


def _json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line]


# Switches of this process. A forked child must not hold their pipes: it would keep them alive behind our death.
_running = weakref.WeakSet()


def _forget_pipes():
    for switch in list(_running):
        with contextlib.suppress(OSError):
            switch.process.stdin.close()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_forget_pipes)


class _Process:
    """A running `ctswitch run`: its life, what it says, and its management socket."""

    def __init__(self, args, program, prefix, start_timeout):
        self.events_lost = 0
        self._events = collections.deque(maxlen=MAX_EVENTS)
        self._log = collections.deque(maxlen=MAX_LOG_LINES)
        self._heard = threading.Condition()
        self._owner = os.getpid()
        self._stopped = False
        self.program = find_program(program)
        self.ctl_path = os.path.join(_socket_folder(), f'{os.getpid()}.{os.urandom(4).hex()}.ctl')
        self.command = [*prefix, *self.program, 'run', '--json', '--until-eof', '--ctl', self.ctl_path, *map(str, args)]
        pipes = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE}
        # In a session of its own: Ctrl-C is for us, who end it then.
        self.process = subprocess.Popen(self.command, start_new_session=True, **pipes)
        _running.add(self)
        lines = ((self.process.stdout, self._take_event), (self.process.stderr, self._take_log))
        self._readers = [_reading(stream, take) for stream, take in lines]
        try:
            # What it opened: the first line, ctswitch/ready@1.
            self.ready = self.wait_event('ready', timeout=start_timeout)
        except BaseException:
            self._end()
            raise

    # Its life.

    def __enter__(self):
        return self

    def __exit__(self, kind, _error, _trace):
        died = not self._stopped and self.process.poll() is not None
        self._end()
        if died and kind is None:
            raise self._death()

    def stop(self):
        """Ends the switch; more than once is no mistake."""
        self._end()

    @property
    def alive(self):
        return self.process.poll() is None

    @property
    def log(self):
        """The last lines of its log, JSON each."""
        return list(self._log)

    def _end(self):
        if self._stopped or os.getpid() != self._owner:
            return
        self._stopped = True
        _running.discard(self)
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        for harder in (None, self.process.terminate, self.process.kill):
            if harder:
                harder()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
                break
        for reader in self._readers:
            reader.join(STOP_S)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.ctl_path)

    def _death(self):
        for reader in self._readers:
            reader.join(STOP_S)
        last = '\n'.join(list(self._log)[-20:])
        status = self.process.wait(STOP_S)
        return Died(f'ctswitch ended with status {status}: {shlex.join(self.command)}\n{last}'.rstrip())

    # What it says.

    def _take_log(self, line):
        self._log.append(line.decode(errors='replace').rstrip())

    def _take_event(self, line):
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            with self._heard:
                if event['schema'] == 'ctswitch/lost@1':
                    self.events_lost += event['lines']
                self.events_lost += len(self._events) == MAX_EVENTS
                self._events.append(event)
                self._heard.notify_all()

    @property
    def events(self):
        """What happened and wasn't taken by `wait_event` yet, oldest first: dicts with `schema`
        'ctswitch/packet-in@1', 'ctswitch/port@1', 'ctswitch/flow-removed@1', 'ctswitch/controller@1',
        'ctswitch/fail-mode@1', 'ctswitch/conntrack@1'."""
        with self._heard:
            return list(self._events)

    def clear_events(self):
        """Forgets them."""
        with self._heard:
            self._events.clear()

    def wait_event(self, kind, timeout=10.0, **fields):
        """Takes the first event of a kind ('packet-in') that has these fields; waits for it. Raises TimedOut,
        Died."""
        until = time.monotonic() + timeout
        with self._heard:
            while True:
                for event in self._events:
                    if event['schema'].split('/')[-1].split('@')[0] != kind:
                        continue
                    if all(event.get(key) == value for key, value in fields.items()):
                        self._events.remove(event)
                        return event
                left = until - time.monotonic()
                if not self._readers[0].is_alive():
                    break
                if left <= 0:
                    what = ''.join(f', {key}={value!r}' for key, value in fields.items())
                    raise TimedOut(f'no event {kind}{what} within {timeout} s')
                self._heard.wait(min(left, 0.2))
        raise self._death()

    def ctl(self, method, *params, timeout=ANSWER_S):
        """Any command of the management socket ('list-commands' shows them); its answer's text. Raises Refused,
        Died."""
        try:
            return call(self.ctl_path, method, *params, timeout=timeout)
        except OSError as error:
            if os.getpid() == self._owner:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(1)
                    raise self._death() from error
            raise Died(f'{self.ctl_path}: {error}') from error


def _wait(place, process, condition, timeout):
    """Waits for a function, or for a condition of `place`."""
    if not callable(condition):
        place.ctl('wait', *condition.split(), '--timeout', timeout, timeout=timeout + ANSWER_S)
        return True
    until = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        if not process.alive:
            raise process._death()
        if time.monotonic() >= until:
            raise TimedOut(f'timed out after {timeout} s: {getattr(condition, "__name__", condition)}')
        time.sleep(LOOK_S)


class _Commands:
    """What can be done with a switch, by its own management socket or by its network's. Subclasses have `ctl`, `name`,
    and the process that the switch runs in."""

    def __init__(self, process):
        self._process = process
        self.flows = Flows(self)
        self.groups = Table(self, 'groups')
        self.meters = Table(self, 'meters')

    def inject(self, port, packet):
        """A frame comes in at a memory port, or at one of a network's with a host or a switch behind it: bytes, or a
        packet in ovs-ofctl's words. Returns the frame, when the switch is done with it."""
        given = bytes(packet).hex() if isinstance(packet, (bytes, bytearray, memoryview)) else packet
        return bytes.fromhex(self.ctl('port/inject', port, given))

    def taken(self, port=None):
        """Frames that left a memory port, or all of those, since the last time: a list of Frame."""
        frames = []
        for each in _json_lines(self.ctl('port/taken', '--json', *([] if port is None else [port]))):
            frame = Frame.fromhex(each['frame'])
            frame.port, frame.packet = each['port'], each['packet']
            frames.append(frame)
        return frames

    def conntrack(self, *words, zone=None):
        """Tracked connections as dicts: those whose dump has all of these words ('udp', 'dport=53',
        'state=ESTABLISHED')."""
        return _json_lines(self.ctl('conntrack', '--json', *words, *([] if zone is None else [f'zone={zone}'])))

    def flush_conntrack(self, zone=None):
        """Ends connections, all or a zone's."""
        self.ctl('dpctl/flush-conntrack', *([] if zone is None else [f'zone={zone}']))

    def set_timeouts(self, zone, **seconds):
        """How long connections of a zone last: udp_first=1, tcp_established=5 and so on, in seconds, for those made
        from now on."""
        self.ctl('zone/timeout', zone, *(f'{name}={value}' for name, value in seconds.items()))

    def trace(self, packet, *, in_port=None, actions=None, ct_next=()):
        """What would become of a packet, as a Trace; nothing changes. `packet`: in ovs-ofctl's words, or a frame
        (with in_port). `actions`: it is a packet-out. `ct_next`: states that ct is to find, one after the other
        ('trk,est')."""
        return Trace(json.loads(self._trace(packet, in_port, actions, ct_next, ['--json'])))

    def trace_text(self, packet, *, in_port=None, actions=None, ct_next=()):
        """The same for people, in the manner of ofproto/trace."""
        return self._trace(packet, in_port, actions, ct_next, [])

    def _trace(self, packet, in_port, actions, ct_next, options):
        words = [word for state in ct_next for word in ('--ct-next', state)]
        frame = isinstance(packet, (bytes, bytearray, memoryview))
        beside = '' if in_port is None else f'in_port={in_port}'
        given = [beside, bytes(packet).hex()] if frame else [','.join(filter(None, [beside, packet]))]
        method = 'ofproto/trace' if actions is None else 'ofproto/trace-packet-out'
        return self.ctl(method, *options, *words, self.name, *given, *([] if actions is None else [actions]))

    def wait(self, condition, timeout=10.0):
        """Waits until a function returns something true (which is returned), or until a condition of the switch
        holds, e.g. 'controller', 'flow table=1,udp packets=3', 'ct udp dport=53', 'port p2 down', each with 'no'
        before it. Raises TimedOut."""
        return _wait(self, self._process, condition, timeout)

    def ports(self):
        """Ports as dicts: number, name, kind, mac, link, rx_packets, tx_packets and so on."""
        return _json_lines(self.ctl('port/list', '--json'))

    def add_port(self, number, spec='memory'):
        """Adds a port, as `ctswitch run --port` has it."""
        self.ctl('port/add', number, spec)

    def delete_port(self, port):
        """Takes a port away."""
        self.ctl('port/del', port)

    def link(self, port, up):
        """Plugs a port's cable in, or pulls it."""
        self.ctl('link', port, 'up' if up else 'down')

    def set_controllers(self, *addresses):
        """Dials these, and hangs up on others."""
        self.ctl('controller/set', *(addresses or ['none']))

    @property
    def listening(self):
        """Where it waits for controllers and ovs-ofctl, as a client writes it: ['tcp:127.0.0.1:41234']."""
        return [_active(address) for address in self._opened['listening']]


class Switch(_Commands, _Process):
    """A running switch. Begins when it is made, or entered by `with`; ends with `stop`, `with`, or this process.

    ports: how many memory ports, numbered from 1 and called p1, p2…; or {number or 'LOCAL': SPEC} with what
        `ctswitch run --port` knows: 'memory:NAME', 'tap:NAME', 'pcap:IFACE', 'host:NAME,MAC,IP', 'vxlan:…'.
    flows: to begin with, in ovs-ofctl's syntax.
    controllers: addresses to dial, 'tcp:127.0.0.1:6653'.
    listen: addresses to wait at; 'ptcp:0' picks a port, which `listening` tells.
    fail_mode: 'secure' (what no flow matches is dropped) or 'standalone'; None: as `ctswitch run` decides.
    conntrack_events: connections are among the events, too.
    args: further arguments for `ctswitch run`; prefix: words before the command (['ip', 'netns', 'exec', 'blue']).
    """

    def __init__(
        self,
        ports=4,
        *,
        flows='',
        name='s1',
        dpid=None,
        controllers=(),
        listen=(),
        fail_mode='secure',
        seed=None,
        conntrack_events=False,
        program=None,
        args=(),
        prefix=(),
        start_timeout=START_S,
    ):
        self.name = name
        _Commands.__init__(self, self)
        specs = {n: f'memory:p{n}' for n in range(1, ports + 1)} if isinstance(ports, int) else dict(ports)
        words = ['--name', name, *_repeated('--port', (f'{number}={spec}' for number, spec in specs.items()))]
        dpid = f'{dpid:x}' if isinstance(dpid, int) else dpid
        words += [] if dpid is None else ['--dpid', dpid]
        words += _common(controllers, listen, fail_mode, seed, conntrack_events)
        _Process.__init__(self, [*words, *args], program, prefix, start_timeout)
        _begin_with(self, [self], flows)

    @property
    def _opened(self):
        return self.ready


class NetworkSwitch(_Commands):
    """A switch of a network, by its name: flows, conntrack, inject, trace and so on as `Switch` has them."""

    def __init__(self, network, opened):
        self.name = opened['name']
        self.datapath_id = opened['datapath_id']
        self._opened = opened
        _Commands.__init__(self, network)

    def __repr__(self):
        return f'<NetworkSwitch {self.name}>'

    def ctl(self, method, *params, timeout=ANSWER_S):
        """A command of the management socket about this switch; its answer's text. Raises Refused, Died."""
        return self._process.ctl(self.name, method, *params, timeout=timeout)

    def wait_event(self, kind, timeout=10.0, **fields):
        """Takes the first event of a kind that this switch told and that has these fields; waits for it."""
        return self._process.wait_event(kind, timeout, switch=self.name, **fields)


class Network(_Process):
    """Switches, virtual hosts and the links between them, in one process; begins and ends as a Switch does.

    topo: 'linear,3', 'ring,3', 'tree,2,3', 'fat-tree,4', 'single,3', or a YAML file (docs/topologies.md).
    flows: for every switch, to begin with, in ovs-ofctl's syntax.
    controllers: addresses that every switch dials. listen: ['ptcp:0'] gives each an address of its own.
    fail_mode: 'secure', 'standalone' (every switch forwards by itself), or None: secure with a controller.
    The others are Switch's.

    net['s1'] is a switch, net.hosts['h1'] a dict with name, mac and addresses, net.links a list of dicts."""

    def __init__(
        self,
        topo='linear,2',
        *,
        flows='',
        controllers=(),
        listen=(),
        fail_mode=None,
        seed=None,
        conntrack_events=False,
        program=None,
        args=(),
        prefix=(),
        start_timeout=START_S,
    ):
        words = ['--topo', str(topo), *_common(controllers, listen, fail_mode, seed, conntrack_events)]
        _Process.__init__(self, [*words, *args], program, prefix, start_timeout)
        self.switches = {each['name']: NetworkSwitch(self, each) for each in self.ready['switches']}
        self.hosts = {each['name']: each for each in self.ready['hosts']}
        self.links = self.ready['links']
        _begin_with(self, self.switches.values(), flows)

    def __getitem__(self, name):
        return self.switches[name]

    def __iter__(self):
        return iter(self.switches.values())

    def __len__(self):
        return len(self.switches)

    def ping(self, source, target, count=1):
        """A host pings another one, or an address; how many of the pings were answered. Raises Refused for what is no
        host."""
        return self._answered(ANSWER_S + 2 * count, source, 'ping', target, count)[0]

    def pingall(self):
        """Every host pings every other one: how many pings were answered, and how many were sent."""
        return self._answered(ANSWER_S + len(self.hosts), 'pingall')

    def _answered(self, timeout, *words):
        try:
            said = self.ctl(*words, timeout=timeout)
        except Refused as refused:
            said = str(refused)
        found = re.search(r'(\d+)(?: of |/)(\d+) pings answered', said)
        if found is None:
            raise Refused(said)
        return int(found[1]), int(found[2])

    def link(self, one, other, up):
        """Plugs the cables between two switches, or a switch and a host, in, or pulls them."""
        self.ctl('link', one, other, 'up' if up else 'down')

    def wait(self, condition, timeout=10.0):
        """Waits until a function returns something true (which is returned), or until a condition holds at every
        switch, e.g. 'controller'. Raises TimedOut, which names those where it doesn't."""
        return _wait(self, self, condition, timeout)


def _common(controllers, listen, fail_mode, seed, conntrack_events):
    """Arguments that a switch and a network have in common."""
    words = [*_repeated('--controller', controllers), *_repeated('--listen', listen)]
    words += [] if seed is None else ['--seed', str(seed)]
    words += [] if fail_mode is None else ['--fail-mode', fail_mode]
    return words + (['--conntrack-events'] if conntrack_events else [])


def _begin_with(process, switches, flows):
    """The first flows; what refuses them ends the process."""
    try:
        for switch in switches if flows else ():
            switch.flows.add(flows)
    except BaseException:
        process._end()
        raise


def _repeated(option, values):
    return [word for value in values for word in (option, value)]


def _active(address):
    """'ptcp:6654:127.0.0.1' → 'tcp:127.0.0.1:6654', pssl: to ssl: likewise, 'punix:PATH' → 'unix:PATH'."""
    kind, _, rest = address.partition(':')
    if kind == 'punix':
        return f'{kind[1:]}:{rest}'
    port, _, host = rest.partition(':')
    host = {'0.0.0.0': '127.0.0.1', '[::]': '[::1]', '': '127.0.0.1'}.get(host, host)
    return f'{kind[1:]}:{host}:{port}'


def _reading(stream, take):
    """Hands each line of a stream on, in a thread, until it ends."""

    def read():
        with stream:
            for line in stream:
                take(line)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


# pytest: `pytest -p ctswitch`, or `pytest_plugins = ['ctswitch']` in conftest.py.

if 'pytest' in sys.modules:
    import pytest

    def pytest_configure(config):
        config.addinivalue_line('markers', 'ctswitch(ports=4, **options): how the fixture `ctswitch` starts it')

    def _starting(kind):
        with contextlib.ExitStack() as all_of_them:
            yield lambda *args, **options: all_of_them.enter_context(kind(*args, **options))

    @pytest.fixture(name='ctswitch_factory')
    def _ctswitch_factory():
        """Starts switches, as `Switch` does; they end with the test, which fails if one of them died."""
        yield from _starting(Switch)

    @pytest.fixture(name='ctswitch_network')
    def _ctswitch_network():
        """Starts networks, as `Network` does; they end with the test, which fails if one of them died."""
        yield from _starting(Network)

    @pytest.fixture(name='ctswitch')
    def _ctswitch(request, ctswitch_factory):
        """A switch with four memory ports, or what @pytest.mark.ctswitch(…) says."""
        mark = request.node.get_closest_marker('ctswitch')
        return ctswitch_factory(*mark.args, **mark.kwargs) if mark else ctswitch_factory()


# Mininet: `mn --custom ctswitch.py --switch ctswitch[,failMode=standalone]`, or Mininet(switch=CTSwitch).

try:
    import mininet.node as _mininet
except ImportError:
    _mininet = None

if _mininet:

    class CTSwitch(_mininet.Switch):
        """A switch of Mininet's on live interfaces; needs koffi or npm's pcap, and the rights that Mininet needs.

        failMode: 'secure' or 'standalone'; without it, standalone where there is no controller. flows: to begin with.
        program: see find_program. `opts` are further arguments for `ctswitch run`. `ct` is its Switch, once started."""

        def __init__(self, name, failMode=None, flows='', program=None, **params):
            _mininet.Switch.__init__(self, name, **params)
            self.failMode, self.flows, self.program = failMode, flows, program
            self.ct = None

        @classmethod
        def setup(cls):
            find_program()

        def start(self, controllers):
            """Starts the switch on the interfaces it has."""
            live = {self.ports[intf]: f'pcap:{intf}' for intf in self.intfList() if self.ports[intf] and not intf.IP()}
            self.ct = Switch(
                live,
                name=self.name,
                dpid=self.dpid,
                flows=self.flows,
                controllers=[f'tcp:{each.IP()}:{each.port}' for each in controllers],
                listen=[f'ptcp:{self.listenPort or 0}'],
                fail_mode=self.failMode,
                program=self.program,
                args=shlex.split(self.opts),
                prefix=['mnexec', '-a', str(self.pid)] if self.inNamespace else [],
            )

        def stop(self, deleteIntfs=True):
            """Ends it."""
            if self.ct:
                self.ct.stop()
            _mininet.Switch.stop(self, deleteIntfs)

        def attach(self, intf):
            """Adds an interface as a port."""
            self.ct.add_port(self.ports[self.nameToIntf[str(intf)]], f'pcap:{intf}')

        def detach(self, intf):
            """Takes it away."""
            self.ct.delete_port(intf)

        def connected(self):
            """Is a controller there, or none needed?"""
            found = self.ct.ctl('controller/show').splitlines()
            return not found or any(line.split()[1] == 'open' for line in found)

        def dpctl(self, *args):
            """A command of ovs-ofctl's: dpctl('dump-flows')."""
            command, *rest = args
            ofctl = [*self.ct.program, 'ofctl', command, self.ct.listening[0], *rest]
            return self.cmd(shlex.join(ofctl))

    switches = {'ctswitch': CTSwitch}
