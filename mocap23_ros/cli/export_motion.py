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
from mocap23_ros.recordings.smpl_motion_file import check_smpl_names, check_smpl_places, save_smpl
from mocap23_ros.writable_places import check_writable

_SMPL = '.npz'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('motion', type=Path, metavar='MOTION.npz',
                        help='what mocap23 lift wrote')
    parser.add_argument('--out', type=Path, nargs='+', required=True, metavar='FILE',
                        help='; '.join(f'*{suffix}: {entry.description}'
                                       for suffix, entry in EXPORT_FORMATS.items())
                        + f'; *{_SMPL}, with --smpl-model: parameters of each person, in '
                        f'*_smpl{_SMPL} as lift writes them')
    parser.add_argument('--smpl-model', type=Path, metavar='MODEL.npz',
                        help='your own SMPL, SMPL-H or SMPL-X model')
    parser.add_argument('--person', type=int, metavar='ID', help='only this person')


def run(arguments: argparse.Namespace) -> int:
    """Write every file; raises InputError for what cannot be read or written."""
    smpl = [path for path in arguments.out if path.suffix.lower() == _SMPL]
    if bool(smpl) != (arguments.smpl_model is not None):
        raise InputError(f'SMPL parameters need both --out NAME{_SMPL} and --smpl-model MODEL.npz')
    for path in arguments.out:
        if path.suffix.lower() not in (*EXPORT_FORMATS, _SMPL):
            raise InputError(f'--out {path}: the format follows from the suffix; known are '
                             f'{", ".join((*EXPORT_FORMATS, _SMPL))}')
        check_writable(path)
    model = None
    if smpl:
        from mocap23_ros.body_models.smpl_file import load_smpl_model
        check_smpl_names(smpl, [arguments.motion, arguments.smpl_model])
        model = load_smpl_model(arguments.smpl_model)
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
        if model is not None and path in smpl:
            fitted = fitted or replace(motion, body=motion.with_body().body)
            check_smpl_places(path, motion.person_ids.tolist(), len(motion.person_ids))
            save_smpl(path, fitted, model)
            continue
        entry = EXPORT_FORMATS[path.suffix.lower()]
        if entry.body and fitted is None:
            fitted = replace(motion, body=motion.with_body().body)
        entry.save(path, fitted if entry.body and fitted is not None else motion)
    return 0
