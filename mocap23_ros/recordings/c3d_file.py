# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Joints as a C3D file, the exchange format of motion capture, written by ezc3d."""

from pathlib import Path

import numpy as np

from mocap23_ros.atomic_files import saving
from mocap23_ros.errors import InputError
from mocap23_ros.recordings.point_tracks import PointTracks

_MOST_FRAMES = 65_535  # what the header can count


def save_c3d(path: Path, tracks: PointTracks) -> None:
    """Write all people into one file: millimetres, z up; no estimate is residual -1.

    Raises InputError where ezc3d is absent, the motion too long or the file cannot be written.
    """
    try:
        import ezc3d
    except ImportError:
        raise InputError('C3D files are written with ezc3d, which is not installed: pip install '
                         'ezc3d') from None
    frames = len(tracks.times)
    if frames > _MOST_FRAMES:
        raise InputError(f'{frames} frames are more than C3D holds ({_MOST_FRAMES}); cut the '
                         'recording into parts')
    labels = tracks.labels()
    points = np.full((4, len(labels), frames), np.nan)
    points[:3] = 1000 * tracks.points.reshape(frames, -1, 3).transpose(2, 1, 0)
    points[3] = 1.0
    file = ezc3d.c3d()
    parameters = file['parameters']['POINT']
    parameters['RATE']['value'] = [tracks.rate]
    parameters['UNITS']['value'] = ['mm']
    parameters['LABELS']['value'] = labels
    file['data']['points'] = points
    file['data']['meta_points']['residuals'] = np.where(
        np.isnan(points[:1]), -1.0, 0.0)
    file.add_parameter('POINT', 'X_SCREEN', ['+X'])
    file.add_parameter('POINT', 'Y_SCREEN', ['+Z'])
    with saving(path, keep_suffix=True) as temporary:
        file.write(str(temporary))
