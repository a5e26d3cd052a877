# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""From the markers, bones or frames of a motion capture system to joints."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError, errors_of
from mocap23_ros.evaluation.motion_files import MotionArrays
from mocap23_ros.geometry.poses import LARGEST_DISTANCE
from mocap23_ros.recordings.marker_tracks import MarkerTracks
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, SHOULDERS
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.yaml_files import read_yaml

_FOLDER = Path(__file__).parent / 'mappings'
_FEWEST = 8  # joints of a person
_SEPARATORS = ':_./|- '  # between the name of a person and that of a marker
_UP = {'x': ((0, 1, 0), (0, 0, 1), (1, 0, 0)), 'y': ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
       'z': ((1, 0, 0), (0, 1, 0), (0, 0, 1))}
_UPRIGHT = 0.8  # cosine between trunk and vertical of people who mostly stand


@dataclass(frozen=True)
class JointMapping:
    """Markers of each joint, by COCO's names.

    joints: a joint is the mean of those of its markers that the file has. front, back: markers at
    the left and right front of the waist, and at its back, from which the hips' centres are
    computed. up: axis of the file that points upwards, '' = seen from the people. unit: of the
    file where it does not say it, '' = its own.
    """

    name: str
    joints: dict[str, tuple[str, ...]] = field(default_factory=dict)
    front: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    up: str = ''
    unit: str = ''

    def markers(self) -> dict[str, str]:
        """All markers by their names in lower case."""
        names = [*self.front, *self.back, *(m for own in self.joints.values() for m in own)]
        return {name.lower(): name for name in names}

    def people(self, labels: Sequence[str]) -> list[dict[str, int]]:
        """For each person whose joints suffice, the column of each marker."""
        known = self.markers()
        people: dict[str, dict[str, int]] = {}
        for column, label in enumerate(labels):
            short = label.lower()
            found = [m for m in known if short == m or (
                short.endswith(m) and short[-len(m) - 1] in _SEPARATORS)]
            if found:
                marker = max(found, key=len)
                people.setdefault(short[:-len(marker)], {}).setdefault(known[marker], column)
        return [columns for columns in people.values() if self._suffices(columns)]

    def _suffices(self, columns: dict[str, int]) -> bool:
        pelvis = bool(self.front) and all(m in columns for m in self.front) \
            and any(m in columns for m in self.back)
        joints = [joint for joint, own in self.joints.items() if any(m in columns for m in own)]
        hips = pelvis or {'left_hip', 'right_hip'} <= set(joints)
        return hips and len(joints) + 2 * pelvis >= _FEWEST

    def apply(self, tracks: MarkerTracks, up: str = '') -> tuple[MotionArrays, str]:
        """The motion of everybody, z up, metres, and which axis pointed up; InputError.

        up: the axis where the mapping does not say it and the people shall not decide.
        """
        people = self.people(tracks.names)
        if not people:
            raise InputError(f'its markers are not those of the mapping {self.name}: it has '
                             f'{", ".join(tracks.names)[:200]}')
        points = tracks.points * (MarkerTracks(tracks.points, tracks.times, (), self.unit).metres
                                  if self.unit else tracks.metres)
        if (np.abs(points) > LARGEST_DISTANCE).any():
            raise InputError(f'it has points farther than {LARGEST_DISTANCE:g} m from the origin')
        joints = np.full((len(points), len(people), len(COCO17), 3), np.nan)
        for person, columns in enumerate(people):
            for joint, own in self.joints.items():
                chosen = [columns[m] for m in own if m in columns]
                if chosen:
                    joints[:, person, COCO17.index(joint)] = points[:, chosen].mean(axis=1)
            if self.front:
                left, right = (points[:, columns[m]] for m in self.front)
                back = points[:, [columns[m] for m in self.back if m in columns]].mean(axis=1)
                joints[:, person, HIPS] = hip_centres(left, right, back)
        up = self.up or up or _axis_up(joints)
        return {'joints': joints @ np.array(_UP[up], np.float64).T, 'stamps': tracks.times,
                'joint_names': np.array(COCO17.joint_names)}, up


def hip_centres(left: NDArray[np.float64], right: NDArray[np.float64], back: NDArray[np.float64]
                ) -> NDArray[np.float64]:
    """Centres of the left and right hip [F,2,3] by the regression of Harrington et al. (2007).

    left, right: anterior superior iliac spines [F,3]; back: between the posterior ones. Metres.
    """
    front = (left + right) / 2
    width = np.linalg.norm(left - right, axis=-1, keepdims=True)
    depth = np.linalg.norm(front - back, axis=-1, keepdims=True)
    with np.errstate(invalid='ignore', divide='ignore'):
        to_left = (left - right) / width
        forward = front - back
        forward = forward - (forward * to_left).sum(axis=-1, keepdims=True) * to_left
        forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    up = np.cross(forward, to_left)
    middle = front - (0.24 * depth + 0.0099) * forward - (0.30 * width + 0.0109) * up
    aside = (0.33 * width + 0.0073) * to_left
    return np.stack([middle + aside, middle - aside], axis=-2)


def ready_mappings() -> list[JointMapping]:
    """The mappings that come with the program, by name."""
    return [_read(path) for path in sorted(_FOLDER.glob('*.yaml'))]


def find_mapping(wanted: str | None, labels: Sequence[str]) -> JointMapping:
    """The mapping of a name or file; without one the ready one that knows most; InputError."""
    ready = {mapping.name: mapping for mapping in ready_mappings()}
    if wanted in ready:
        return ready[wanted]
    if wanted is not None:
        if not wanted.endswith(('.yaml', '.yml')):
            raise InputError(f'there is no mapping {wanted[:60]!r}; give a .yaml file or one of '
                             f'{", ".join(ready)}')
        return _read(Path(wanted))
    counts = {name: sum(map(len, mapping.people(labels))) for name, mapping in ready.items()}
    best = max(counts, key=lambda name: counts[name])
    if not counts[best]:
        raise InputError(f'the names of its markers are of none of {", ".join(ready)}; give '
                         '--truth-mapping FILE.yaml that says which are the joints; there are '
                         f'{", ".join(labels)[:300]}')
    return ready[best]


def _read(path: Path) -> JointMapping:
    content = read_yaml(path)
    with errors_of(path):
        if not isinstance(content, dict):
            raise InputError('it has no keys')
        unknown = set(content) - {'joints', 'pelvis', 'up', 'unit'}
        if unknown:
            raise InputError(f'unknown key {sorted(unknown)[0][:40]!r}; known are joints, pelvis, '
                             'up and unit')
        joints = {joint: _names(own, joint) for joint, own in
                  _entries(content.get('joints'), 'joints', COCO17.joint_names).items()}
        pelvis = _entries(content.get('pelvis', {}), 'pelvis', ('front', 'back'))
        front, back = (_names(pelvis[key], key) if key in pelvis else () for key in
                       ('front', 'back'))
        if pelvis and not (len(front) == 2 and back):
            raise InputError('pelvis needs front: [left, right] and back: [markers]')
        up = content.get('up') or ''
        if up not in ('', *_UP):
            raise InputError(f'up is {str(up)[:20]!r}; it must be x, y or z')
        return JointMapping(path.stem, joints, front, back, str(up),
                            str(content.get('unit') or ''))


def _entries(value: Any, key: str, known: Sequence[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f'{key} must be a map')
    for name in value:
        if name not in known:
            raise InputError(f'{key}: unknown {name[:40]!r}; known are {", ".join(known)}')
    return value


def _names(value: Any, key: str) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise InputError(f'{key} must be the name of a marker or a list of names')
    return tuple(names)


def _axis_up(joints: NDArray[np.float64]) -> str:
    """The axis from the ankles to the shoulders; InputError where people are not upright."""
    spans = (joints[:, :, SHOULDERS].mean(axis=2) - joints[:, :, ANKLES].mean(axis=2)).reshape(
        -1, 3)
    spans = spans[np.isfinite(spans).all(axis=1)]
    if not len(spans):
        return 'z'
    direction = np.median(spans / np.maximum(np.linalg.norm(spans, axis=1), 1e-9)[:, None], axis=0)
    axis = int(np.argmax(direction))
    if direction[axis] < _UPRIGHT:
        raise InputError('its vertical cannot be told from the people, who do not stand; give up: '
                         'x, y or z in the mapping')
    return 'xyz'[axis]
