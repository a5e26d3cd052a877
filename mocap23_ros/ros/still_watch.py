# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Notices a camera that was knocked or carried off while TF says that it stands still."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import turn_between
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.plausibility.still_scene import StillScene
from mocap23_ros.ros.problems import ProblemLog
from mocap23_ros.tracking.track import Track, bounding_boxes

_KEY = 'camera moved'
_TURN, _WAY = np.radians(0.1), 0.02  # radians, metres, of a pose that is the same
_SETTLED = 1.0  # seconds that a pose must be the same: TF may lag behind what just stopped


class StillWatch:
    """Belongs to the worker's thread. Only images tell: keypoints alone do not show the scene."""

    def __init__(self, problems: ProblemLog) -> None:
        self._problems = problems
        self._scene = StillScene()
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._scene.forget()
        self._pose: NDArray[np.float64] | None = None
        self._camera: CameraModel | None = None
        self._since = -np.inf
        self._problems.clear(_KEY)

    def is_due(self, stamp: float) -> bool:
        """Whether the image of this stamp [s] is wanted."""
        return (self._pose is not None and stamp - self._since >= _SETTLED
                and self._scene.is_due(stamp))

    def feed(self, stamp: float, image: NDArray[np.uint8] | None, tracks: Sequence[Track],
             camera: CameraModel, world_T_camera: NDArray[np.float64]) -> None:
        """Take in the given pose [4,4], and the small image if there is one; judge and report.

        Begins anew where another pose or camera is given.
        """
        pose = self._pose
        if (pose is None or camera != self._camera or stamp < self._since
                or turn_between(pose, world_T_camera) > _TURN
                or np.linalg.norm(pose[:3, 3] - world_T_camera[:3, 3]) > _WAY):
            self.reset()
            self._pose, self._camera, self._since = world_T_camera.copy(), camera, stamp
            return
        if image is None or not self.is_due(stamp):
            return
        self._scene.look(stamp, image, bounding_boxes(tracks), camera)
        if self._scene.motion is None:
            self._problems.clear(_KEY)
        else:
            self._problems.report(_KEY, self._scene.motion.message)

    def uncertainty(self, told: CameraPoseUncertainty) -> CameraPoseUncertainty:
        """The uncertainty of a pose that may be off by as much as the image turned."""
        motion = self._scene.motion
        degrees = max(self._scene.turn, motion.turn if motion else 0.0)
        if not degrees:
            return told
        off = np.zeros((6, 6))
        off[3:, 3:] = np.radians(degrees) ** 2 * np.eye(3)
        return replace(told, pose_covariance=told.of_pose() + off)
