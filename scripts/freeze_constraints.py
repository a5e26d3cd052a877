#!/usr/bin/env python3
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Write requirements/constraints*.txt: the exact versions of every package, for every Python.

    python3 scripts/freeze_constraints.py python3.10 python3.11 python3.12

Run by a developer after a change of requirements/*.txt; nothing is installed, only resolved.
Versions that stand in the files already are kept, so that the same requirements give the same
files on any day; with --upgrade, those that are newest today are taken.
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


def resolve(interpreter, arguments):
    """Return ((major, minor), {package: version}) that pip chooses for an interpreter."""
    with bare_environment(interpreter) as (python, version, _):
        packages = resolved(python, arguments)
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
    interpreters = [word for word in sys.argv[1:] if word != '--upgrade']
    if not interpreters:
        print('usage: freeze_constraints.py [--upgrade] PYTHON [PYTHON ...]', file=sys.stderr)
        return 2
    for name, (files, further, use) in OUTPUTS.items():
        kept = () if '--upgrade' in sys.argv else ('-c', REQUIREMENTS / name)
        by_python = dict(resolve(interpreter, [
            *(part for source in files for part in ('-r', REQUIREMENTS / source)), *further, *kept])
            for interpreter in interpreters)
        lines = merge(by_python)
        text = HEADER.format(use=use) + '\n'.join(lines) + '\n'
        (REQUIREMENTS / name).write_text(text, encoding='utf-8')
        print(f'{name}: {len(lines)} pins for {len(by_python)} Pythons')
    return 0


if __name__ == '__main__':
    sys.exit(main())
