"""What docs/python.md shows works as it stands there."""

import os
import re
import subprocess
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))

with open(os.path.join(ROOT, 'docs', 'python.md'), encoding='utf-8') as page:
    SHOWN = re.findall(r'^```\w+\n(.*?)^```$', page.read(), re.MULTILINE | re.DOTALL)


def test_the_first_example():
    exec(compile(SHOWN[0], 'docs/python.md', 'exec'), {})


def test_the_network():
    (shown,) = [text for text in SHOWN if text.startswith('from ctswitch import Network')]
    exec(compile(shown, 'docs/python.md', 'exec'), {})


def test_a_project_with_the_package(tmp_path):
    (tmp_path / 'node_modules').mkdir()
    (tmp_path / 'node_modules' / 'ctswitch').symlink_to(ROOT)
    files = [text for text in SHOWN if re.match(r'# \S+\.(ini|py)\n', text)]
    assert len(files) == 3
    for text in files:
        (tmp_path / text.split('\n')[0][2:]).write_text(text)
    # Where nothing says where the program is, it is the package's; nobody is the controller that one of them needs.
    env = {key: value for key, value in os.environ.items() if key != 'CTSWITCH' and not key.startswith('PYTEST')}
    command = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-k', 'not my_controller']
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert '3 passed, 1 deselected' in done.stdout, done.stdout + done.stderr
