# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Which packages of ros_standins/ are put on the path: those whose real package is absent."""

import os
import shutil

from command import run_quietly

_ASK_PRESENT = """
import importlib.util, sys
for name in sys.argv[1:]:
    specification = importlib.util.find_spec(name)
    if specification is not None and specification.origin is not None:
        print('present:' + name)
"""


def present_modules(names, python, environment):
    """Return those names that a Python imports as real packages (no bare folders)."""
    printed = run_quietly([python, '-c', _ASK_PRESENT, *names], environment=environment,
                          directory='/', failure='the virtual environment does not start')
    return {line[8:] for line in printed.splitlines() if line.startswith('present:')}


def interface_packages(source):
    """Return the folders of message packages among the stand-ins, to be built."""
    return sorted(path.parent for path in source.glob('*/package.xml')
                  if (path.parent / 'CMakeLists.txt').exists())


def python_packages(source):
    """Return {module name: folder} of the stand-ins in plain Python."""
    return {path.parent.name: path.parent for path in sorted(source.glob('*/__init__.py'))}


def link_python_packages(wanted, folder):
    """Make a folder that holds links to the wanted packages and nothing else."""
    temporary = folder.with_name(folder.name + '.new')
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for name, source in wanted.items():
        os.symlink(source, temporary / name)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(temporary, folder)
