# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Landmarks of MediaPipe's pose models, written as JSON by their users.

MediaPipe has no file format. This reads a list with an entry for each frame: 33 landmarks ``{"x",
"y", "visibility"}`` of one person, a list of such lists, or null for nobody. An entry may also be
an object that holds one of these as ``landmarks``, ``poseLandmarks`` or ``pose_landmarks``; its
time is ``timestamp_ms``, ``timestampMs``, ``timestamp`` (seconds) or ``frame``. x and y are
fractions of the image. World landmarks are metres from the hips and cannot be used.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.recordings.imports.coco_results import only_one
from mocap23_ros.recordings.imports.found_people import (
    UNKNOWN_CONFIDENCE,
    FoundPeople,
    FoundPerson,
    check_number,
)
from mocap23_ros.skeletons.formats import BLAZEPOSE33

_KEYS = ('landmarks', 'poseLandmarks', 'pose_landmarks')
_TIMES = {'timestamp_ms': 1e-3, 'timestampMs': 1e-3, 'timestamp': 1.0}
_FAR_OUT = 10.0  # images from the image's corner
_AT_ORIGIN = 0.02


def recognises(document: Any) -> bool:
    """Whether this is a list of frames with landmarks."""
    if not isinstance(document, list):
        return False
    for frame in document:
        if isinstance(frame, dict) and any(key in frame for key in _KEYS):
            return True
        people = _people(frame)
        if people:
            return _is_landmark(people[0][0])
    return False


def read(documents: Iterable[tuple[str, Any]]) -> FoundPeople:
    """People of all frames, in fractions of the image; InputError."""
    name, document = only_one(documents)
    found = FoundPeople(BLAZEPOSE33, fractions=True)
    for row, frame in enumerate(document):
        where = f'{name}, frame {row}'
        number = row
        if isinstance(frame, dict):
            number = check_number(frame.get('frame', row), where)
            for key, unit in _TIMES.items():
                if isinstance(frame.get(key), int | float):
                    found.stamps[number] = unit * frame[key]
                    break
        people = _people(frame)
        if people is None:
            raise InputError(f'{where} holds no list of landmarks')
        found.add_new(number, [FoundPerson(_landmarks(person, where), None) for person in people],
                      where)
    if found.stamps and len(found.stamps) != len(found.frames):
        raise InputError(f'{name}: only {len(found.stamps)} of {len(found.frames)} frames have a '
                         'time stamp')
    _check_origin(found, name)
    return found


def _check_origin(found: FoundPeople, name: str) -> None:
    """Refuse world landmarks, whose origin is between the hips; InputError."""
    hips = list(BLAZEPOSE33.pair('hip'))
    middle = [person.keypoints[hips, :2].mean(axis=0)
              for people in found.frames.values() for person in people]
    if middle and np.abs(np.median(middle, axis=0)).max() < _AT_ORIGIN:
        raise InputError(f'{name} holds world landmarks, which do not say where in the image '
                         'somebody is; write pose_landmarks')


def _people(frame: Any) -> list[list[Any]] | None:
    """The lists of landmarks of a frame, None for something else."""
    if isinstance(frame, dict):
        keys = [key for key in _KEYS if key in frame]
        frame = frame[keys[0]] if keys else ()
    if frame is None or frame == []:
        return []
    if not isinstance(frame, list):
        return None
    people = frame if isinstance(frame[0], list) else [frame]
    return people if all(isinstance(person, list) and person for person in people) else None


def _is_landmark(value: Any) -> bool:
    return isinstance(value, dict) and 'x' in value and 'y' in value


def _landmarks(person: list[Any], where: str) -> NDArray[np.float32]:
    if len(person) != len(BLAZEPOSE33):
        raise InputError(f'{where} has {len(person)} landmarks; pose models have '
                         f'{len(BLAZEPOSE33)}')
    rows = []
    for landmark in person:
        values = [landmark.get(key) for key in ('x', 'y')] if _is_landmark(landmark) else [None]
        values.append(landmark.get('visibility', landmark.get('presence', UNKNOWN_CONFIDENCE))
                      if isinstance(landmark, dict) else None)
        if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
            raise InputError(f'{where} has a landmark whose x, y or visibility is not a number')
        rows.append(values)
    with np.errstate(over='ignore'):  # infinite: not found
        landmarks: NDArray[np.float32] = np.array(rows, np.float64).astype(np.float32)
    known = landmarks[np.isfinite(landmarks).all(axis=1), :2]
    if len(known) and np.median(np.abs(known)) > _FAR_OUT:
        raise InputError(f'{where} has landmarks in pixels; MediaPipe gives fractions of the image '
                         '(0..1): write them as they are')
    return landmarks
