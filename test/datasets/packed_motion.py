# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Packed motion files for tests: generated motion under the subject numbers of the real data."""

from pathlib import Path

import numpy as np

from mocap23_ros.atomic_files import write_npz
from mocap23_ros.datasets.mocap34 import JOINT_NAMES
from mocap23_ros.datasets.procedural import procedural_motion


def write_packed(folder: Path, minutes: float = 1.5) -> None:
    """Write cmu/, hdm05/ and more/ below a data folder."""
    clips = procedural_motion(minutes, seed=8)
    for place, subjects in (('cmu/cmu', ('13', '49', '08', '02', '14')),
                            ('hdm05/hdm05', ('bd', 'tr')), ('more/uiprmd', ('uiprmd01',))):
        write_npz(folder / f'{place}_train.npz', {
            'pos': clips.frames, 'scale': np.array(clips.scale), 'fps': np.array(clips.fps),
            'start': clips.start, 'length': clips.length, 'stature': clips.stature,
            'flat': clips.flat, 'name': clips.name, 'description': clips.description,
            'subject': np.array([subjects[k % len(subjects)] for k in range(len(clips))]),
            'joint_names': np.array(JOINT_NAMES)})
