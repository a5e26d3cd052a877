# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Notices transforms that throw the camera to and fro, as two nodes do that publish one frame."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.poses import turn_between
from mocap23_ros.ros.problems import ProblemLog, Severity

_KEY = 'camera pose leaps'
_ACCELERATION, _ANGULAR = 30.0, 50.0  # m/s^2, rad/s^2, beyond what any carrier of a camera does
_LEAST, _LEAST_TURN = 0.05, np.radians(2.0)  # m, rad; what is less is noise
_LONGEST_STEP = 0.5  # s; over more, anything may have happened
_MANY, _WITHIN = 6, 5.0  # times, seconds; localisation that corrects itself once makes two


class PoseLeaps:
    """Belongs to the worker's thread."""

    def __init__(self, problems: ProblemLog) -> None:
        self._problems = problems
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._poses: deque[tuple[float, NDArray[np.float64]]] = deque(maxlen=3)
        self._leaps: deque[tuple[float, float, float]] = deque(maxlen=_MANY)

    def feed(self, stamp: float, world_T_camera: NDArray[np.float64]) -> None:
        """Take in the pose [4,4] of the camera at an image; report many leaps in short time."""
        self._poses.append((stamp, world_T_camera.copy()))
        if len(self._poses) == 3:
            self._look()
        if len(self._leaps) < _MANY or stamp - self._leaps[0][0] > _WITHIN:
            self._problems.clear(_KEY)
            return
        place, turn = (max(leap[i] for leap in self._leaps) for i in (1, 2))
        self._problems.report(_KEY, (
            f'the transforms throw the camera to and fro, by {place:.2f} m and '
            f'{np.degrees(turn):.0f} degrees from image to image: two nodes publish one of the '
            'frames between world_frame and camera (ros2 run tf2_tools view_frames, ros2 topic '
            'info -v /tf), two cameras send on one topic, or localisation is lost'), Severity.ERROR)

    def _look(self) -> None:
        (first, a), (second, b), (third, c) = self._poses
        steps = second - first, third - second
        if not 0 < min(steps) <= max(steps) < _LONGEST_STEP:
            return
        before, after = b[:3, 3] - a[:3, 3], c[:3, 3] - b[:3, 3]
        turns = turn_between(a, b), turn_between(b, c)
        square = min(steps) * 0.5 * sum(steps)
        jerk = float(np.linalg.norm(after / steps[1] - before / steps[0]) * min(steps))
        twist = abs(turns[1] / steps[1] - turns[0] / steps[0]) * min(steps)
        twist = max(twist, turns[0] + turns[1] - turn_between(a, c))
        if jerk > max(_LEAST, _ACCELERATION * square) or twist > max(
                _LEAST_TURN, _ANGULAR * square):
            self._leaps.append((third, float(np.linalg.norm(after)), turns[1]))
