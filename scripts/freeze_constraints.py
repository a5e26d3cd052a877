#!/usr/bin/env python3
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Write requirements/constraints*.txt: the exact versions that resolve today, for every Python.

    python3 scripts/freeze_constraints.py python3.10 python3.11 python3.12

Run by a developer after a change of requirements/*.txt; nothing is installed, only resolved.
"""

import sys

from pip_resolution import REQUIREMENTS, bare_environment, resolved

# mediapipe.txt is left out: it pins itself and is installed without its dependencies.
FILES = ('run.txt', 'mediapipe_imports.txt', 'train.txt', 'tensorrt.txt', 'export.txt', 'ray.txt',
         'rerun.txt', 'foxglove.txt', 'docs.txt', 'test.txt')
# What is written: requirement files, further requirements, what the file is for.
OUTPUTS = {
    'constraints.txt': (('ros.txt', *FILES), (), 'where ROS 2 comes from PyPI'),
    # The compiled parts of the binary ROS 2 distributions are built against numpy 1.
    'constraints-ros-installation.txt': (FILES, ('numpy<2',), 'over a ROS 2 installation'),
}
HEADER = """\
# Exact versions of everything that the set-up installs {use}, for CPython 3.10 to 3.12.
# Written by scripts/freeze_constraints.py; do not edit by hand.
"""


def resolve(interpreter, files, further):
    """Return ((major, minor), {package: version}) that pip chooses for an interpreter."""
    with bare_environment(interpreter) as (python, version, _):
        packages = resolved(python, [
            *(part for name in files for part in ('-r', REQUIREMENTS / name)), *further])
    return version, {name: package['metadata']['version'].split('+')[0]  # no local build tags
                     for name, package in packages.items()}


def merge(by_python):
    """Return constraint lines: plain where all Pythons agree, else with a marker for each."""
    lines = []
    for name in sorted(set().union(*by_python.values())):
        versions = {python: packages.get(name) for python, packages in by_python.items()}
        if len(set(versions.values()) - {None}) == 1:
            lines.append(f'{name}=={next(v for v in versions.values() if v)}')
            continue
        for (major, minor), version in sorted(versions.items()):
            if version:
                lines.append(f"{name}=={version}; python_version == '{major}.{minor}'")
    return lines


def main():
    """Resolve for every interpreter named on the command line and write the file."""
    if len(sys.argv) < 2:
        print('usage: freeze_constraints.py PYTHON [PYTHON ...]', file=sys.stderr)
        return 2
    for name, (files, further, use) in OUTPUTS.items():
        by_python = dict(resolve(interpreter, files, further) for interpreter in sys.argv[1:])
        lines = merge(by_python)
        text = HEADER.format(use=use) + '\n'.join(lines) + '\n'
        (REQUIREMENTS / name).write_text(text, encoding='utf-8')
        print(f'{name}: {len(lines)} pins for {len(by_python)} Pythons')
    return 0


if __name__ == '__main__':
    sys.exit(main())
