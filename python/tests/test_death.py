"""A Python program that dies takes its switch, or network, with it: by an error, by kill -9, with a forked child."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

FOLDER = os.path.normpath(os.path.join(os.path.dirname(__file__), '..'))

# What the program prints: the switch's process and socket, and the child's, if it has one.
BEGIN = """
import os, sys, time
from ctswitch import Network, Switch
sw = Network('linear,2') if 'network' in sys.argv else Switch(ports=1)
child = 0
if 'fork' in sys.argv:
    child = os.fork()
    if child == 0:
        os.close(1)
        time.sleep(60)
print(sw.process.pid, sw.ctl_path, child, flush=True)
"""


def begun(then, *args):
    command = [sys.executable, '-c', BEGIN + then, *args]
    program = subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    pid, path, child = program.stdout.readline().split()
    return program, int(pid), path, int(child)


def ended(pid, path, patience_s=10):
    """Did the switch end and clean up by itself?"""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            # Nobody may be there to reap it.
            with contextlib.suppress(FileNotFoundError), open(f'/proc/{pid}/stat', encoding='utf-8') as file:
                if file.read().rsplit(')', 1)[1].split()[0] == 'Z':
                    return not os.path.exists(path)
        except ProcessLookupError:
            return not os.path.exists(path)
        time.sleep(0.02)
    return False


def test_a_program_that_fails():
    program, pid, path, _ = begun('raise RuntimeError')
    program.communicate()
    assert ended(pid, path)


@pytest.mark.parametrize('what', ['switch', 'network'])
def test_a_program_that_is_killed(what):
    program, pid, path, _ = begun('time.sleep(60)', what)
    os.kill(pid, 0)
    program.kill()
    program.communicate()
    assert ended(pid, path)


def test_a_forked_child_does_not_keep_it():
    program, pid, path, child = begun('time.sleep(60)', 'fork')
    try:
        program.kill()
        program.communicate()
        os.kill(child, 0)
        assert ended(pid, path)
    finally:
        os.kill(child, signal.SIGKILL)


def test_pytest_killed_in_a_test(tmp_path):
    (tmp_path / 'test_hangs.py').write_text(
        'import time\ndef test_hangs(ctswitch):\n'
        '    print(ctswitch.process.pid, ctswitch.ctl_path, flush=True)\n    time.sleep(60)\n'
    )
    command = [sys.executable, '-m', 'pytest', '-p', 'ctswitch', '-p', 'no:cacheprovider', '-sq', str(tmp_path)]
    env = {**os.environ, 'PYTHONPATH': FOLDER}
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    pid, path = program.stdout.readline().split()
    program.kill()
    program.communicate()
    assert ended(int(pid), path)
