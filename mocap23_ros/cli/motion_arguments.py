# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``--motion``, ``--smpl-model`` and ``--data`` of the commands that take motion to train on."""

import argparse
from pathlib import Path

from mocap23_ros.datasets.licensed.data_sets import LICENSED_SETS
from mocap23_ros.datasets.training_motion import TrainingMotion


def add_motion_arguments(parser: argparse.ArgumentParser, *more_names: str) -> None:
    """Declare them; more_names: further names of --motion."""
    parser.add_argument('--motion', *more_names, dest='motion', nargs='+', default=['both'],
                        metavar='SOURCE',
                        help='one or several of: cmu (recorded), procedural (made by rules), both '
                             '(these two; default), uiprmd, biomechzoo, and data sets of yours as '
                             f'NAME=FOLDER: {", ".join(LICENSED_SETS)} (docs/DATA.md)')
    add_smpl_model(parser)
    parser.add_argument('--data', type=Path,
                        help='folder of the packed motion (default: MOCAP23_DATA)')


def add_smpl_model(parser: argparse.ArgumentParser) -> None:
    """Declare --smpl-model for data sets."""
    parser.add_argument('--smpl-model', type=Path, metavar='FILE.npz|FOLDER',
                        help='your own SMPL, SMPL-H or SMPL-X model, or the folder of several, for '
                             'data sets that are such parameters (docs/DATA.md)')


def find_motion(arguments: argparse.Namespace) -> TrainingMotion:
    """What the arguments name, not read yet; InputError for what is unknown or absent."""
    return TrainingMotion.find(arguments.motion, arguments.data, arguments.smpl_model)
