# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a stream shows of its own errors across the rays: joints miss the keypoints they came from.

A network states its uncertainty from the errors that detectors usually make. The errors of this
detector, and the moves of joints by smoothing, bones and planted feet, show in the image: the
published joint lies beside its keypoint. Errors along the ray do not show.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.rays import ray_covariance
from mocap23_ros.lifting.person_memory import PersonMemory
from mocap23_ros.skeletons.coco17 import COCO_JOINTS, HIPS, SHOULDERS
from mocap23_ros.skeletons.formats import COCO17

_MEMORY = 0.25  # seconds in which an image loses two thirds of its weight
_LARGEST = 0.25  # metres: keypoints farther off lie elsewhere, and the network does not follow
_SHARE = 0.9  # of the distances, as standard deviation; fits the calibration subject's streams
_COUNT = len(COCO17)


@dataclass(frozen=True)
class _Misses:
    stamp: float
    square: NDArray[np.float64]  # [17] m^2 along each axis across the ray, weighted sum
    images: float  # weight of all images in it


_NEW = _Misses(-np.inf, np.zeros(_COUNT), 0.0)


class MissedKeypoints(PersonMemory[_Misses]):
    """Remembers by person id how far published joints were from their keypoints."""

    def covariance(self, stamp: float, person_ids: NDArray, joints: NDArray, keypoints: NDArray,
                   world_T_camera: NDArray) -> NDArray[np.float64]:
        """Covariance [P,19,3,3] (m^2, world axes) to be added to that of joints.

        joints: [P,19,3] metres, OUTPUT19; keypoints: [P,17,3] normalised, undistorted, confidence
        0 = not seen, which adds nothing; world_T_camera: [4,4]; all at ``stamp`` (s). Joints that
        are NaN get nothing.
        """
        square = self._mean_squares(stamp, person_ids, joints[:, COCO_JOINTS], keypoints,
                                    world_T_camera)
        between = [square[:, pair].mean(axis=1, keepdims=True) for pair in (HIPS, SHOULDERS)]
        added = _SHARE**2 * np.concatenate([square, *between], axis=1)
        ray = np.nan_to_num(joints - world_T_camera[:3, 3])
        ray = ray / np.maximum(np.linalg.norm(ray, axis=-1, keepdims=True), 1e-9)
        return ray_covariance(ray, 0.0, added)

    def _mean_squares(self, stamp: float, person_ids: NDArray, joints: NDArray, keypoints: NDArray,
                      world_T_camera: NDArray) -> NDArray[np.float64]:
        """Over the last images, [P,17]."""
        p_camera = (joints - world_T_camera[:3, 3]) @ world_T_camera[:3, :3]
        depth = p_camera[..., 2]
        with np.errstate(all='ignore'):
            off = (p_camera[..., :2] / depth[..., None] - keypoints[..., :2]) * depth[..., None]
        length = np.linalg.norm(off, axis=-1)
        seen = (keypoints[..., 2] > 0) & np.isfinite(length) & (depth > 0)
        square = np.where(seen, np.minimum(length, _LARGEST) ** 2 / 2, 0.0)
        means = np.zeros_like(square)
        for row, person_id in enumerate(person_ids):
            last = self._people.get(int(person_id), _NEW)
            fade = np.exp((last.stamp - stamp) / _MEMORY)
            state = _Misses(stamp, fade * last.square + square[row], fade * last.images + 1)
            self._people[int(person_id)] = state
            means[row] = state.square / state.images
        return means
