#!/usr/bin/env python3
# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Write requirements/locked-*.txt: what users install, with the checksum of every file.

    python3 scripts/freeze_hashes.py python3.10 python3.11 python3.12

Run by a developer after freeze_constraints.py, whose versions are taken; nothing is installed. The
files are those for Linux on x86-64 and 64-bit ARM; pip refuses any other.
"""

import sys

from pip_resolution import REQUIREMENTS, bare_environment, resolved

# What is written: requirement file, constraints.
OUTPUTS = {
    'locked-ros.txt': ('ros.txt', 'constraints.txt'),
    'locked-run.txt': ('run.txt', 'constraints.txt'),
    'locked-run-ros-installation.txt': ('run.txt', 'constraints-ros-installation.txt'),
}
# ROS 2 has wheels for x86-64 alone.
X86_ONLY = ('locked-ros.txt',)
ARM_TAGS = ('manylinux_2_28_aarch64', 'manylinux_2_27_aarch64', 'manylinux_2_17_aarch64',
            'manylinux2014_aarch64')
HEADER = """\
# What requirements/{source} installs, with checksums, for CPython 3.10 to 3.12 on Linux{machines}.
# Written by scripts/freeze_hashes.py; do not edit by hand.
"""


def files_of(python, arguments):
    """Return {package: (version, sha256, whether any machine takes the file)} from a dry run."""
    files = {}
    for name, package in resolved(python, arguments).items():
        source = package['download_info']
        is_common = source['url'].endswith(('-any.whl', '.tar.gz', '.zip'))
        files[name] = (package['metadata']['version'], source['archive_info']['hashes']['sha256'],
                       is_common)
    return files


def resolve(interpreter, source, constraints, with_arm):
    """Return 'major.minor' and {package: (version, {checksums})} for an interpreter."""
    with bare_environment(interpreter) as (python, numbers, folder):
        version = '.'.join(str(number) for number in numbers)
        files = files_of(python, ['-r', REQUIREMENTS / source, '-c', REQUIREMENTS / constraints])
        others = {}
        pins = [f'{name}=={file[0]}' for name, file in files.items() if not file[2]]
        if with_arm and pins:
            tags = [part for tag in ARM_TAGS for part in ('--platform', tag)]
            others = files_of(python, [
                *pins, '--no-deps', '--only-binary=:all:', *tags, '--python-version', version,
                '--target', folder / 'target'])
    return version, {
        name: (file[0], {file[1]} | {other[1] for other in (others.get(name),) if other})
        for name, file in files.items()}


def merge(by_python):
    """Return the lines: one requirement for the Pythons that agree on its version."""
    lines = []
    for name in sorted(set().union(*by_python.values())):
        by_version = {}
        for python, packages in by_python.items():
            if name in packages:
                version, checksums = packages[name]
                pythons, all_checksums = by_version.setdefault(version, ([], set()))
                pythons.append(python)
                all_checksums |= checksums
        for version, (pythons, checksums) in by_version.items():
            marker = '' if len(pythons) == len(by_python) else '; ' + ' or '.join(
                f"python_version == '{python}'" for python in sorted(pythons))
            lines.append(' \\\n    '.join([
                f'{name}=={version}{marker}',
                *(f'--hash=sha256:{checksum}' for checksum in sorted(checksums))]))
    return lines


def main():
    """Resolve for every interpreter named on the command line and write the files."""
    if len(sys.argv) < 2:
        print('usage: freeze_hashes.py PYTHON [PYTHON ...]', file=sys.stderr)
        return 2
    for name, (source, constraints) in OUTPUTS.items():
        with_arm = name not in X86_ONLY
        by_python = dict(resolve(interpreter, source, constraints, with_arm)
                         for interpreter in sys.argv[1:])
        lines = merge(by_python)
        text = HEADER.format(source=source, machines='' if with_arm else ' on x86-64')
        (REQUIREMENTS / name).write_text(text + '\n'.join(lines) + '\n', encoding='utf-8')
        print(f'{name}: {len(lines)} pins for {len(by_python)} Pythons')
    return 0


if __name__ == '__main__':
    sys.exit(main())
