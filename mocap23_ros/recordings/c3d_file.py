# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""C3D files, the exchange format of motion capture, through ezc3d."""

import multiprocessing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mocap23_ros.atomic_files import saving
from mocap23_ros.errors import InputError, one_line
from mocap23_ros.optional_packages import optional_module
from mocap23_ros.recordings.marker_tracks import MarkerTracks, hide_lost
from mocap23_ros.recordings.point_tracks import PointTracks

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_MOST_FRAMES = 65_535  # what the header can count


def save_c3d(path: Path, tracks: PointTracks) -> None:
    """Write all people into one file: millimetres, z up; no estimate is residual -1.

    Raises InputError where ezc3d is absent, the motion too long or the file cannot be written.
    """
    ezc3d = optional_module('ezc3d', 'ezc3d', 'C3D files are written with')
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


_LARGEST_FILE = 2 * 1024**3  # bytes
_PATIENCE = 300.0  # s, of a large file on a busy machine


def load_c3d(path: Path) -> MarkerTracks:
    """Read the points of a C3D file; those with a residual below 0, or all zero, are not seen.

    Times count from the first frame of the trial. Raises InputError for other files.
    """
    optional_module('ezc3d', 'ezc3d', 'C3D files are read with')
    if not path.is_file():
        raise InputError(f'{path}: no such file')
    if path.stat().st_size > _LARGEST_FILE:
        raise InputError(f'{path} is larger than {_LARGEST_FILE / 1e9:.0f} GB')
    with path.open('rb') as stream:
        if stream.read(2)[1:] != b'\x50':
            raise InputError(f'{path} is no C3D file')
    # In a process of its own: files that are damaged end ezc3d, or never let it end.
    context = multiprocessing.get_context('spawn')
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(path, sender))
    process.start()
    sender.close()
    try:
        answer: MarkerTracks | str = receiver.recv() if receiver.poll(_PATIENCE) else ''
    except EOFError:
        answer = ''
    finally:
        process.kill()
        process.join()
        receiver.close()
    if isinstance(answer, str):
        raise InputError(f'{path} is damaged, or no C3D file that can be read{answer}')
    return answer


def _send(path: Path, sender: 'Connection') -> None:
    try:
        sender.send(_read(path))
    except Exception as error:  # any error of ezc3d
        sender.send(f' ({one_line(error)})')


def _read(path: Path) -> MarkerTracks:
    import ezc3d
    file = ezc3d.c3d(str(path))
    parameters = file['parameters']['POINT']
    names = [str(name) for name in parameters['LABELS']['value']]
    number = 2
    while f'LABELS{number}' in parameters:  # a parameter holds 255
        names += [str(name) for name in parameters[f'LABELS{number}']['value']]
        number += 1
    points = np.array(file['data']['points'][:3], np.float64).transpose(2, 1, 0)
    residuals = np.asarray(file['data']['meta_points']['residuals'])[0].T
    rate = float(parameters['RATE']['value'][0])
    units = [str(unit) for unit in parameters['UNITS']['value']]
    first = int(file['header']['points']['first_frame'])
    names = [name.strip() for name in names[:points.shape[1]]]
    if not len(points) or not names or len(names) < points.shape[1] or not 0 < rate < 1e5:
        raise InputError('it holds no points with names and a rate')
    points[residuals < 0] = np.nan
    hide_lost(points)
    return MarkerTracks(points, (first + np.arange(len(points))) / rate, tuple(names),
                        units[0] if units else '')
