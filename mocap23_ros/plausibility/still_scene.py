# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tells from images alone whether a camera that should stand still does.

Points of the scene around people are recognised in an older image and show how the camera turned.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.plausibility.scene_points import (
    FEWEST,
    ScenePoints,
    agreeing_rays,
    scene_points,
    with_depth,
)

INTERVAL = 0.5  # seconds between images that are compared
_OFF, _BACK = 0.5, 0.25  # degrees, from which a camera has moved, and below which it is back
_SAME, _TIMES = 0.3, 3  # degrees; comparisons that agree on one motion: the camera was knocked
_RESTLESS, _OF = 6, 8  # comparisons that show motions of any kind: it is carried about
_GROWN = 0.05  # logarithm of a zoom; what is less may be a turn's perspective
_LOST = 60  # comparisons that show nothing, before another image is looked at instead


@dataclass(frozen=True)
class SceneMotion:
    """How a camera moved, or its lens zoomed, since an image that is still remembered.

    right, down: degrees by which the camera turned, as seen in its image. roll: degrees, clockwise.
    zoom: how many times larger things are. turn: degrees by which rays of the image are off, the
    median. is_lasting: it came once and stayed; else the camera goes on moving. seconds: since the
    image.
    """

    right: float
    down: float
    roll: float
    zoom: float
    turn: float
    is_lasting: bool
    seconds: float

    @property
    def message(self) -> str:
        """What is seen, its likely cause and remedy."""
        if not self.is_lasting:
            return (f'{STANDS_STILL} its image moves, by up to {self.turn:.1f} degrees within '
                    f'{self.seconds:.0f} s: it is carried or shakes. People come out where the '
                    'given pose puts them: fasten the camera, or give the pose of every image (TF)')
        seen = f'{STANDS_STILL} its image shows that within {self.seconds:.0f} s'
        if abs(np.log(self.zoom)) > _GROWN:
            return (f'{seen} everything became {self.zoom:.2f} times as large: the lens zooms and '
                    'K does not, or the camera moved; calibrate it as it is now')
        angles = ((self.right, 'to the right', 'to the left'), (self.down, 'down', 'up'),
                  (self.roll, 'clockwise', 'anticlockwise'))
        ways = [f'{abs(angle):.1f} degrees {way if angle > 0 else other}'
                for angle, way, other in angles if abs(angle) >= _BACK]
        return (f'{seen} it turned {" and ".join(ways) or f"{self.turn:.1f} degrees"}: it was '
                'knocked, or its mount gives way. Put it back, or measure its pose anew '
                '(mocap23 calibrate) and tell it')


STANDS_STILL = 'the camera is told to stand still, but'  # in every message about it


class StillScene:
    """Remembers an image of a camera that stands still, and compares new ones with it.

    Costs some milliseconds of a core, a few times a second. ``motion``: None where the camera
    stands as it stood, or where nothing can be told. ``turn``: degrees, of the newest comparison
    alone, 0 where it shows none.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget the image: the camera may stand elsewhere now."""
        self.motion: SceneMotion | None = None
        self.turn = 0.0
        self._begin()
        self._looked = -np.inf

    def _begin(self) -> None:
        self._points: ScenePoints | None = None
        self._since, self._unknown = 0.0, 0
        self._recent: deque[SceneMotion] = deque(maxlen=_OF)

    def is_due(self, stamp: float) -> bool:
        """Whether an image of this stamp [s] would be looked at."""
        return not 0 <= stamp - self._looked < INTERVAL - 1e-3

    def look(self, stamp: float, image: NDArray[np.uint8], boxes: NDArray, camera: CameraModel
             ) -> None:
        """Compare a small image of ``shrunk``; boxes [P,4]: people in raw pixels of ``camera``."""
        if stamp < self._looked:
            self._begin()
        self._looked = stamp
        points = scene_points(image, boxes, camera)
        if self._points is None:
            if len(points) >= FEWEST:
                self._points, self._since = points, stamp
            return
        rays = agreeing_rays(self._points, points)
        motion = None if rays is None else _motion(*rays, stamp - self._since)
        if motion is None:
            self.turn = 0.0
            self._unknown += 1
            if self._unknown > _LOST:
                self._begin()
            return
        self._unknown = 0
        self._recent.append(motion)
        self.turn = motion.turn if motion.turn > _OFF else 0.0
        self._judge(motion)

    def _judge(self, newest: SceneMotion) -> None:
        last = list(self._recent)[-_TIMES:]
        off = [motion.turn > _OFF for motion in self._recent]
        if newest.turn < _BACK:
            self.motion = None
        elif len(last) == _TIMES and all(off[-_TIMES:]) and all(
                _alike(newest, motion) for motion in last):
            self.motion = newest
        elif sum(off) >= _RESTLESS:
            most = max(self._recent, key=lambda motion: motion.turn)
            self.motion = SceneMotion(most.right, most.down, most.roll, most.zoom, most.turn,
                                      False, newest.seconds)


def _motion(before: NDArray, now: NDArray, seconds: float) -> SceneMotion:
    """The motion of the camera from points [N,2] of depth 1 that moved."""
    apart = [np.linalg.norm(points - points.mean(axis=0), axis=1).mean()
             for points in (before, now)]
    zoom = float(apart[1] / apart[0])
    rays = [with_depth(points) for points in (before, now)]
    angles = np.degrees(np.arccos(np.clip((rays[0] * rays[1]).sum(axis=1), -1, 1)))
    turn, _ = Rotation.align_vectors(rays[0], rays[1])  # now_T_before of the camera's axes
    down, right, roll = np.degrees(turn.as_rotvec()) * (-1, 1, 1)
    return SceneMotion(float(right), float(down), float(roll), zoom, float(np.median(angles)),
                       True, seconds)


def _alike(a: SceneMotion, b: SceneMotion) -> bool:
    """Whether two comparisons show the same motion."""
    return (max(abs(a.right - b.right), abs(a.down - b.down)) < _SAME
            and abs(a.roll - b.roll) < 2 * _SAME and abs(np.log(a.zoom / b.zoom)) < 0.02)
