# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The packed CMU motion capture (mocap.cs.cmu.edu), and where the data folder is."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from mocap23_ros.datasets.motion_clips import MotionClips, load_packed
from mocap23_ros.datasets.splits import CMU_SPLIT, HELD_OUT
from mocap23_ros.errors import InputError

ACKNOWLEDGEMENT = ('The data used in this project was obtained from mocap.cs.cmu.edu. '
                   'The database was created with funding from NSF EIA-0196217.')


def data_root(path: Path | str | None = None) -> Path:
    """Return the folder with the motion data.

    The argument, else the environment variable MOCAP23_DATA, else ``shared/data`` beside the
    repository. Raises InputError where that is not a folder.
    """
    chosen = path or os.environ.get('MOCAP23_DATA')
    root = Path(chosen) if chosen else Path(__file__).resolve().parents[3] / 'shared' / 'data'
    if not root.is_dir():
        raise InputError(f'{root}: no such motion data folder; pass --data DIR or set '
                         f'MOCAP23_DATA')
    return root


def load_cmu(split: str | None = None, path: Path | str | None = None) -> MotionClips:
    """Load the CMU clips; ``split`` keeps train, validation or calibration subjects."""
    clips = load_packed(data_root(path) / 'cmu' / 'cmu_train.npz')
    clips = replace(clips, data_set=np.full(len(clips), 'CMU'),
                    acknowledgements=(ACKNOWLEDGEMENT,))
    if split is None:
        return clips
    if split == 'train':
        return clips.select(~np.isin(clips.subject, list(HELD_OUT)))
    if split not in CMU_SPLIT:
        raise InputError(f'no split {split}; choose train, {", ".join(CMU_SPLIT)}')
    return clips.select(np.isin(clips.subject, CMU_SPLIT[split]))
