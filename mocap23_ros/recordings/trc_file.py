# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Joints as a TRC file, the table of markers that OpenSim and Pose2Sim read."""

from pathlib import Path

import numpy as np

from mocap23_ros.atomic_files import saving
from mocap23_ros.recordings.point_tracks import PointTracks

# OpenSim has y up: x stays, the world's z becomes y.
FILE_R_WORLD = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


def save_trc(path: Path, tracks: PointTracks) -> None:
    """Write all people into one file: metres, y up, empty cells where there is no estimate.

    Raises InputError where the file cannot be written.
    """
    labels = tracks.labels()
    points = (tracks.points @ FILE_R_WORLD.T).reshape(len(tracks.times), -1)
    head = (f'PathFileType\t4\t(X/Y/Z)\t{path.name}\n'
            'DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame'
            '\tOrigNumFrames\n'
            f'{tracks.rate:.6f}\t{tracks.rate:.6f}\t{len(points)}\t{len(labels)}\tm\t'
            f'{tracks.rate:.6f}\t1\t{len(points)}\n'
            'Frame#\tTime\t' + '\t\t\t'.join(labels) + '\t\t\n'
            '\t\t' + '\t'.join(f'X{k}\tY{k}\tZ{k}' for k in range(1, len(labels) + 1)) + '\n\n')
    with saving(path) as temporary, temporary.open('w', encoding='utf-8') as stream:
        stream.write(head)
        for number, (time, row) in enumerate(zip(tracks.times - tracks.times[0], points,
                                                 strict=True), 1):
            cells = ('' if np.isnan(value) else f'{value:.6f}' for value in row.tolist())
            stream.write(f'{number}\t{time:.6f}\t' + '\t'.join(cells) + '\n')
