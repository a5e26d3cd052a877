# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Watches for a camera pose that is slightly off, and corrects it where that is asked for."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.calibration.pose_bias import PoseBias, mended
from mocap23_ros.calibration.pose_bias_filter import PoseBiasFilter
from mocap23_ros.geometry.pose_covariance import of_pitch_roll_height
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.plausibility.people_samples import PeopleSamples
from mocap23_ros.ros.problems import ProblemLog, Severity

_KEY = 'camera pose bias'
_INTERVAL = 2.0  # seconds between updates
_LASTING = 60.0  # seconds that a bias must be there before it is named
_EASE = 0.8  # of the bounds, for a bias that is named already
# Largest change of the pose in one update; slower than anybody moves.
_STEP = np.array([np.radians(0.1), np.radians(0.1), 0.005])


class PoseWatch:
    """Estimates the bias of the camera pose from people. For the worker's thread alone.

    figure: the bias as it seems, for diagnostics; '' while too little was seen.
    """

    def __init__(self, problems: ProblemLog) -> None:
        self._problems = problems
        self._filter = PoseBiasFilter()
        self.reset()

    def reset(self) -> None:
        """Forget what was seen, and the correction."""
        self._filter.clear()
        self._updated = -np.inf
        self._since = np.inf
        self._named: NDArray[np.bool_] = np.zeros(3, bool)
        self._mending: NDArray[np.float64] = np.zeros(3)
        self._bias: PoseBias | None = None
        self.figure = ''
        self._problems.clear(_KEY)

    def set_stature(self, person_id: int, stature: float) -> None:
        """A person's body height [m] is known; NaN: it is not."""
        self._filter.set_stature(person_id, stature)

    @property
    def statures(self) -> dict[int, float]:
        """Known body heights [m] by person id."""
        return self._filter.statures

    def is_due(self, stamp: float) -> bool:
        """Whether it is time for ``update``."""
        return stamp - self._updated >= _INTERVAL

    def update(self, stamp: float, seen: PeopleSamples, focal_length: float, refine: bool) -> None:
        """Take in the people of the last seconds under the given pose; judge and report.

        refine: whether the pose is corrected, over the updates that follow.
        """
        self._updated = stamp
        self._filter.update(seen.stamps, seen.person_ids, seen.points, seen.floor_T_camera,
                            focal_length)
        self._bias = bias = self._filter.bias()
        if bias is None:
            return
        self.figure = bias.text()
        self._judge(stamp, bias, refine)
        target = bias.given_the_rest(self._named) if refine else np.zeros(3)
        self._mending = self._mending + np.clip(target - self._mending, -_STEP, _STEP)

    def _judge(self, stamp: float, bias: PoseBias, refine: bool) -> None:
        named = np.where(self._named, bias.significant(_EASE), bias.significant())
        if not named.any():
            self._since, self._named = np.inf, np.zeros(3, bool)
            self._problems.clear(_KEY)
            return
        self._since = min(self._since, stamp)
        if stamp - self._since < _LASTING:
            return
        self._named = named
        mend = ('it is mended (refine_camera_pose)' if refine else
                'mocap23 calibrate finds it anew, refine_camera_pose mends it while the node runs')
        self._problems.report(
            _KEY, f'the camera pose seems off by {bias.message(named)}, as the people seen stand '
            f'and walk; {mend}', Severity.WARN)

    def mended(self, floor_T_camera: NDArray[np.float64]) -> NDArray[np.float64]:
        """The pose [4,4] that is to be used, the floor at z = 0."""
        if not self._mending.any():
            return floor_T_camera
        return mended(floor_T_camera, self._mending)

    def uncertainty(self, told: CameraPoseUncertainty,
                    floor_T_camera: NDArray[np.float64]) -> CameraPoseUncertainty:
        """The uncertainty of the pose [4,4] that is to be used; told: that of the given pose.

        The uncertainty of the estimated bias comes on top; that of heading and place stays.
        """
        if self._bias is None or not self._mending.any():
            return told
        unit = np.array([1, 1, self._bias.told_height])
        return replace(told, pose_covariance=told.of_pose() + of_pitch_roll_height(
            self._bias.covariance * np.outer(unit, unit), floor_T_camera))
