# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 export-motion``: lifted motion in the formats of other programs."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.motion_exports import EXPORT_FORMATS
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.writable_places import check_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('motion', type=Path, metavar='MOTION.npz',
                        help='what mocap23 lift wrote')
    parser.add_argument('--out', type=Path, nargs='+', required=True, metavar='FILE',
                        help='; '.join(f'*{suffix}: {entry.description}'
                                       for suffix, entry in EXPORT_FORMATS.items()))
    parser.add_argument('--person', type=int, metavar='ID', help='only this person')


def run(arguments: argparse.Namespace) -> int:
    """Write every file; raises InputError for what cannot be read or written."""
    for path in arguments.out:
        if path.suffix.lower() not in EXPORT_FORMATS:
            raise InputError(f'--out {path}: the format follows from the suffix; known are '
                             f'{", ".join(EXPORT_FORMATS)}')
        check_writable(path)
    motion = RecordedMotion.load(arguments.motion)
    if arguments.person is not None:
        chosen = motion.person_ids == arguments.person
        if not chosen.any():
            raise InputError(f'{arguments.motion} has no person {arguments.person}; it has '
                             f'{", ".join(map(str, motion.person_ids.tolist()))}')
        motion = motion.people(chosen)
    if not np.isfinite(motion.joints).any():
        raise InputError(f'{arguments.motion} holds no estimate of anybody')
    fitted = None
    for path in arguments.out:
        entry = EXPORT_FORMATS[path.suffix.lower()]
        if entry.body and fitted is None:
            fitted = replace(motion, body=motion.with_body().body)
        entry.save(path, fitted if entry.body and fitted is not None else motion)
    return 0
