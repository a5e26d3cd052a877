# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The set-up: what it asks for, what it makes over a ROS installation, and that it can go on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MESSAGE = 'geometry_msgs/TransformStamped[] transforms\n'


def run_set_up(repository: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(repository / 'scripts' / 'set_up.py'), '--for', 'run'],
        cwd='/', env=environment, text=True, capture_output=True, check=False, timeout=300)


@pytest.fixture
def small_repository(root: Path, tmp_path: Path) -> Path:
    """The real set-up code and one message; no Python packages to download."""
    repository = tmp_path / 'repository'
    shutil.copytree(root / 'scripts', repository / 'scripts',
                    ignore=shutil.ignore_patterns('__pycache__'))
    (repository / 'requirements').mkdir()
    for path in (root / 'requirements').glob('*.txt'):
        (repository / 'requirements' / path.name).write_text('', encoding='utf-8')
    # tf2_msgs is small: as mocap23_msgs it builds in seconds.
    source = root / 'ros_standins' / 'tf2_msgs'
    for name in ('package.xml', 'CMakeLists.txt', 'msg/TFMessage.msg'):
        target = repository / 'mocap23_msgs' / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (source / name).read_text(encoding='utf-8')
        target.write_text(text.replace('tf2_msgs', 'mocap23_msgs'), encoding='utf-8')
    # In place of the command line: it says what it was called with.
    weights = repository / 'mocap23_ros' / 'detection' / 'packaged_weights.py'
    weights.parent.mkdir(parents=True)
    weights.touch()
    (repository / 'mocap23_ros' / '__main__.py').write_text(
        "import sys\nopen('called', 'a').write(' '.join(sys.argv[1:]) + '\\n')\n", encoding='utf-8')
    # Three stand-ins: absent, present on this machine, and a message package that is present.
    for name in ('absent_from_every_machine', 'rclpy'):
        package = repository / 'ros_standins' / name
        package.mkdir(parents=True)
        (package / '__init__.py').write_text('IS_STAND_IN = True\n', encoding='utf-8')
    present = repository / 'ros_standins' / 'std_msgs'
    present.mkdir()
    shutil.copy(source / 'package.xml', present)
    shutil.copy(source / 'CMakeLists.txt', present)
    return repository


@pytest.fixture
def sourced(bare_environment: dict[str, str]) -> dict[str, str]:
    """Variables as after sourcing a ROS 2 installation: the one that these tests run with."""
    rclpy = pytest.importorskip('rclpy')
    if shutil.which('colcon') is None or shutil.which('cmake') is None:
        pytest.skip('colcon and cmake are needed')
    kept = ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH', 'LD_LIBRARY_PATH', 'PATH',
            '_ROS_WHEELS_BOOTSTRAP_COMPLETE')
    environment = dict(bare_environment,
                       **{name: os.environ[name] for name in kept if name in os.environ})
    environment.setdefault('CMAKE_PREFIX_PATH', environment.get('AMENT_PREFIX_PATH', ''))
    environment['PYTHONPATH'] = str(Path(rclpy.__file__).parents[1])
    environment['ROS_DISTRO'] = 'somedistro'
    return environment


def test_missing_tools_are_named_in_one_line(
        small_repository: Path, bare_environment: dict[str, str], tmp_path: Path) -> None:
    empty = tmp_path / 'empty'
    empty.mkdir()
    done = run_set_up(small_repository, dict(bare_environment, PATH=str(empty)))
    assert done.returncode == 1
    assert done.stdout == ''
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert 'apt-get install cmake g++ make' in lines[0]
    assert not (small_repository / '.venv').exists()


def test_a_folder_of_somebody_else_is_left_alone(
        small_repository: Path, bare_environment: dict[str, str]) -> None:
    theirs = small_repository / '.venv' / 'theirs'
    theirs.parent.mkdir()
    theirs.touch()
    done = run_set_up(small_repository, bare_environment)
    assert done.returncode == 1
    assert 'was not made by this set-up' in done.stderr.splitlines()[-1]
    assert theirs.exists()


@pytest.mark.timeout(400)
def test_over_a_ros_installation(small_repository: Path, sourced: dict[str, str]) -> None:
    message = small_repository / 'mocap23_msgs' / 'msg' / 'TFMessage.msg'
    folder = small_repository / '.venv-somedistro'

    # A step that fails leaves one line at the end and nothing that looks finished.
    message.write_text('no_such_type[] transforms\n', encoding='utf-8')
    failed = run_set_up(small_repository, sourced)
    assert failed.returncode == 1
    assert 'could not build the message packages' in failed.stderr.splitlines()[-1]
    assert not (folder / 'stamps' / 'interfaces').exists()
    assert not (folder / 'env.sh').exists()

    # The next call goes on from there.
    message.write_text(MESSAGE, encoding='utf-8')
    made = run_set_up(small_repository, sourced)
    assert made.returncode == 0, made.stderr
    assert 'virtual environment' not in made.stderr  # it was there already
    assert made.stdout.strip() == str(folder / 'env.sh')

    # ROS comes from the installation; a stand-in is used only where the real package is absent.
    code = ('import rclpy, absent_from_every_machine as absent; '
            'from mocap23_msgs.msg import TFMessage; '
            'print(hasattr(rclpy, "IS_STAND_IN"), absent.IS_STAND_IN, TFMessage().transforms)')
    used = subprocess.run(['sh', '-c', f". {folder}/env.sh; python -c '{code}'"], cwd='/',
                          env=sourced, text=True, capture_output=True, check=False)
    assert used.stdout.split() == ['False', 'True', '[]'], used.stderr
    assert not list((folder / 'interfaces' / 'share').glob('std_msgs'))
    assert not list(folder.glob('lib/python*/site-packages/rclpy'))

    # The weights of the detector are fetched, once.
    assert (small_repository / 'called').read_text().split('\n') == ['fetch-weights blazepose', '']

    # Shells in the environment find the command.
    assert (folder / 'bin' / 'mocap23').readlink() == small_repository / 'mocap23'

    # A third call does nothing: it runs without any tool on the PATH.
    again = run_set_up(small_repository, dict(sourced, PATH='/nonexistent'))
    assert (again.returncode, again.stderr) == (0, '')


def test_second_set_up_needs_no_network(made_environment: Path, root: Path,
                                        bare_environment: dict[str, str]) -> None:
    if made_environment.name != '.venv':
        pytest.skip('the set-up for a sourced ROS installation depends on its variables')
    base = Path(sys.executable).resolve()
    stamps = sorted((made_environment / 'stamps').iterdir())
    before = [path.stat().st_mtime_ns for path in stamps]
    dead = 'http://127.0.0.1:9'
    done = subprocess.run(
        [str(base), str(root / 'scripts' / 'set_up.py'), '--for', 'run'],
        env=dict(bare_environment, http_proxy=dead, https_proxy=dead, PIP_NO_INDEX='1'),
        text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, '')
    assert [path.stat().st_mtime_ns for path in stamps] == before


def test_wrapper_runs_from_any_directory(
        made_environment: Path, root: Path, tmp_path: Path) -> None:
    link = tmp_path / 'link'
    link.symlink_to(root / 'mocap23')
    for program in (root / 'mocap23', link):
        done = subprocess.run([str(program), '--help'], cwd=tmp_path, text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert 'lift' in done.stdout
    bad = subprocess.run([str(root / 'mocap23'), 'no-such-command'], cwd=tmp_path, text=True,
                         capture_output=True, check=False)
    assert bad.returncode == 2
    assert 'Traceback' not in bad.stderr
