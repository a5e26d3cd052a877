# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Results of Sports2D: a table of pixels for each person, NAME_px_person00.trc.

It names the joints of Halpe's body without eyes and ears, has no confidence, and calls pixels
metres: only the name of the file and the numbers tell them from NAME_m_person00.trc.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.imports.found_people import (
    UNKNOWN_CONFIDENCE,
    FoundPeople,
    FoundPerson,
    FrameNames,
)
from mocap23_ros.recordings.trc_file import load_trc
from mocap23_ros.skeletons.formats import HALPE26

_JOINTS = {'Hip': 'pelvis', 'Neck': 'neck', 'Head': 'head', 'Nose': 'nose',
           **{f'{letter}{own}': f'{side}_{joint}'
              for letter, side in (('L', 'left'), ('R', 'right'))
              for own, joint in (
                  ('Eye', 'eye'), ('Ear', 'ear'), ('Shoulder', 'shoulder'), ('Elbow', 'elbow'),
                  ('Wrist', 'wrist'), ('Hip', 'hip'), ('Knee', 'knee'), ('Ankle', 'ankle'),
                  ('BigToe', 'big_toe'), ('SmallToe', 'small_toe'), ('Heel', 'heel'))}}
_FEWEST = 8  # joints
_PIXELS = 20.0  # larger numbers are not metres


def pixel_tables(files: Sequence[Path]) -> list[Path]:
    """The files that hold pixels; InputError where none does."""
    tables = [path for path in files if '_px' in path.stem] or list(files)
    stems = {path.stem.rsplit('_person', 1)[0] for path in tables}
    if len(stems) > 1:
        names = ', '.join(sorted(stems))[:200]
        raise InputError(f'{tables[0].parent} holds several recordings ({names}); give '
                         'the files of one in a folder of their own')
    return tables


def read(files: Sequence[Path]) -> FoundPeople:
    """People of all tables, one each; InputError."""
    found = FoundPeople(HALPE26)
    names = FrameNames()
    for path in pixel_tables(files):
        tracks = load_trc(path)
        columns = {_JOINTS[name]: index for index, name in enumerate(tracks.names)
                   if name in _JOINTS}
        if len(columns) < _FEWEST:
            raise InputError(f'{path} has no joints of Sports2D, but '
                             f'{", ".join(tracks.names)[:200]}')
        points = tracks.points
        if np.nan_to_num(points[..., 2]).any() or np.nanmax(np.abs(points), initial=0) < _PIXELS:
            raise InputError(f'{path} holds metres; lifting needs pixels: give '
                             'NAME_px_personNN.trc')
        person = names.number(path.stem)
        for row, time in enumerate(tracks.times.tolist()):
            keypoints = np.zeros((len(HALPE26), 3), np.float32)
            for joint, column in columns.items():
                keypoints[HALPE26.index(joint)] = (*points[row, column, :2], UNKNOWN_CONFIDENCE)
            found.add(row, [FoundPerson(keypoints, person)])
            if abs(found.stamps.setdefault(row, time) - time) > 1e-4:
                raise InputError(f'{path} has other times than the tables of other people')
    return found
