# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""TRC files, the tables of markers of OpenSim and Pose2Sim."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import saving
from mocap23_ros.bounded_files import read_bounded
from mocap23_ros.errors import InputError
from mocap23_ros.recordings.bvh_file import FILE_R_WORLD
from mocap23_ros.recordings.marker_tracks import MarkerTracks, hide_lost
from mocap23_ros.recordings.point_tracks import PointTracks


def save_trc(path: Path, tracks: PointTracks) -> None:
    """Write all people into one file: metres, y up, empty cells where there is no estimate.

    OpenSim has y up, as BVH files have; files of others say nothing about their axes.

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


_LARGEST_FILE = 512 * 1024**2  # bytes
_HEAD = 5  # lines


def load_trc(path: Path) -> MarkerTracks:
    """Read a TRC file of any program; cells that are empty, nan, absent or all zero are not seen.

    Raises InputError, naming the file and the line, for other files.
    """
    try:
        data = read_bounded(path, _LARGEST_FILE, 'cut it into parts')
        lines = data.decode('utf-8-sig').splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f'{path} cannot be read: {error}') from None
    if len(lines) <= _HEAD or not lines[0].startswith('PathFileType'):
        raise InputError(f'{path} is not a TRC file: it must begin with PathFileType and five '
                         'lines of head')
    head = dict(zip(lines[1].split('\t'), lines[2].split('\t'), strict=False))
    names = tuple(name.strip() for name in lines[3].split('\t')[2:] if name.strip())
    if not names or len(set(names)) < len(names):
        raise InputError(f'{path} names no markers, or one twice, in line 4')
    rows = [(number, line) for number, line in enumerate(lines[_HEAD:], _HEAD + 1)
            if line.strip()]
    if not rows:
        raise InputError(f'{path} has no frames')
    table = np.full((len(rows), 1 + 3 * len(names)), np.nan)
    for row, (number, line) in enumerate(rows):
        _fill(table[row], line, f'{path}, line {number}')
    times = table[:, 0]
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputError(f'{path} has times that are absent or do not increase')
    points = table[:, 1:].reshape(len(rows), len(names), 3)
    hide_lost(points)
    return MarkerTracks(points, times, names, head.get('Units', ''))


def _fill(row: NDArray[np.float64], line: str, where: str) -> None:
    cells = line.split('\t')[1:]
    while len(cells) > len(row) and not cells[-1].strip():
        cells.pop()
    if len(cells) > len(row):
        raise InputError(f'{where} has {len(cells) - 1} coordinates; the names want '
                         f'{len(row) - 1}')
    try:
        row[:len(cells)] = [float(cell) if cell.strip() else np.nan for cell in cells]
    except ValueError:
        raise InputError(f'{where} has a cell that is not a number') from None
