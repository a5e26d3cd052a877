# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What must be on the machine before anything can be set up, and which packages bring it."""

import json
import platform
import shutil
import subprocess

from command import SetUpError

_ASK_PYTHON = """
import importlib.util, json, os, sysconfig
paths = sysconfig.get_paths()
print(json.dumps({
    'headers': os.path.exists(os.path.join(paths['include'], 'Python.h')),
    'venv': all(importlib.util.find_spec(name) for name in ('venv', 'ensurepip')),
}))
"""


def _first(names):
    return next((name for name in names if shutil.which(name)), None)


def missing_tools(python, ros_installation):
    """Return [(what is missing, Debian or Ubuntu package)] for building message packages."""
    missing = []
    if not shutil.which('cmake'):
        missing.append(('cmake', 'cmake'))
    if not _first(['c++', 'g++', 'clang++']):
        missing.append(('a C++ compiler', 'g++'))
    if not _first(['make', 'gmake']):
        missing.append(('make', 'make'))
    has = json.loads(subprocess.run([python.path, '-c', _ASK_PYTHON], check=True, text=True,
                                    capture_output=True).stdout.splitlines()[-1])
    name = 'python3' if python.path == '/usr/bin/python3' else f'python{python.version_text}'
    if not has['headers']:
        missing.append(('the Python headers', f'{name}-dev'))
    if not has['venv']:
        missing.append(('the Python venv module', f'{name}-venv'))
    if ros_installation and not shutil.which('colcon'):
        missing.append(('colcon', 'python3-colcon-common-extensions'))
    return missing


def check_build_tools(python, ros_installation):
    """Raise SetUpError with one line where the machine lacks something."""
    missing = missing_tools(python, ros_installation)
    if missing:
        what = ', '.join(name for name, _ in missing)
        packages = ' '.join(package for _, package in missing)
        raise SetUpError(f'missing: {what}; install with: sudo apt-get install {packages}')
    machine = platform.machine()
    if not ros_installation and machine not in ('x86_64', 'AMD64'):
        raise SetUpError(f'ROS 2 wheels exist for x86-64 only and this is {machine}; source a '
                         'ROS 2 installation (source /opt/ros/<distro>/setup.bash) and try again')
