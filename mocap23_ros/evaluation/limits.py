# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The least error that one calibrated camera above a known floor allows.

Gaussian posterior of 17 joints, linearised at a standing person of 1.70 m at a distance. Given are
2D keypoints, the calibration's uncertainty, contact with the floor, and priors on the stature and
on each joint's depth in the pose. A bound of the order of magnitude, not a theorem: its priors
(30 mm pose depth, 15 mm ankle height, 5.5 % stature) are assumptions.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mocap23_ros.skeletons.body_proportions import STATURE_SD
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS

# Right, up, away from the camera; COCO order; a person of 1.70 m facing the camera.
_BODY: NDArray[np.float64] = np.array([
    [0, 1.58, -.10], [.03, 1.61, -.08], [-.03, 1.61, -.08], [.07, 1.60, 0], [-.07, 1.60, 0],
    [.18, 1.40, 0], [-.18, 1.40, 0], [.24, 1.13, .02], [-.24, 1.13, .02], [.26, .88, -.05],
    [-.26, .88, -.05], [.10, .92, 0], [-.10, .92, 0], [.11, .50, -.03], [-.11, .50, -.03],
    [.12, .09, .02], [-.12, .09, .02]])
_JOINTS = len(_BODY)
_STATES = 3 + 1 + _JOINTS + 2     # root, log-scale, depth residuals, pitch, height
_ANKLE_HEIGHT, _POSE_DEPTH = 0.015, 0.03  # m; standard deviations, the latter of each joint
_LOOK = 0.9                       # m, height that the camera aims at
_LEAST = 1e-6                     # stands for an exactly known pitch or height
_MEAN_CHI3 = 2 * np.sqrt(2 / np.pi)


@dataclass(frozen=True)
class LimitPriors:
    """Standard deviations of the believed camera pose: pitch, and height in metres."""

    pitch_deg: float = 0.0
    height: float = 0.0


@dataclass(frozen=True)
class InformationLimit:
    """depth_sd: m, of the pelvis along the floor; abs_mpjpe: m, expected joint error."""

    depth_sd: NDArray[np.float64]
    abs_mpjpe: NDArray[np.float64]


def _sphere_directions() -> NDArray[np.float64]:
    k = np.arange(240) + 0.5
    z = 1 - 2 * k / 240
    turn = np.pi * (1 + np.sqrt(5)) * k
    return np.stack([np.sqrt(1 - z * z) * np.cos(turn), np.sqrt(1 - z * z) * np.sin(turn), z], 1)


_DIRECTIONS = _sphere_directions()


def expected_norm(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """E|e| of e ~ N(0, covariance [...,3,3]).

    |e| = r sqrt(u^T S u) with r ~ chi_3 and u uniform on the sphere: a mean over 240 directions.
    """
    squared = np.einsum('ni,...ij,nj->...n', _DIRECTIONS, covariance, _DIRECTIONS, optimize=True)
    return _MEAN_CHI3 * np.sqrt(np.maximum(squared, 0)).mean(axis=-1)


def _posterior(priors: LimitPriors, d: NDArray[Any], h: NDArray[Any], f: NDArray[Any],
               px: NDArray[Any], contacts: NDArray[Any], stature_sd: NDArray[Any]
               ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    count = len(d)
    axis = np.arctan2(h - _LOOK, d)
    rotation = np.zeros((count, 3, 3))                       # rows: right, down, forward
    rotation[:, 0, 0] = 1
    rotation[:, 1, 1], rotation[:, 1, 2] = -np.cos(axis), -np.sin(axis)
    rotation[:, 2, 1], rotation[:, 2, 2] = -np.sin(axis), np.cos(axis)
    sight = np.broadcast_to(_BODY, (count, _JOINTS, 3)).copy()
    sight[:, :, 2] += d[:, None]
    sight[:, :, 1] -= h[:, None]
    states = np.zeros((count, _JOINTS, 3, _STATES))          # d joint / d state
    states[..., :3] = np.eye(3)
    states[..., 3] = _BODY
    ray = sight / np.linalg.norm(sight, axis=-1, keepdims=True)
    states[:, np.arange(_JOINTS), :, 4 + np.arange(_JOINTS)] = np.moveaxis(ray, 1, 0)
    p = sight @ np.swapaxes(rotation, 1, 2)
    x, y, z = np.moveaxis(p, -1, 0)
    project = np.zeros((count, _JOINTS, 2, 3))
    project[..., 0, 0] = project[..., 1, 1] = 1 / z
    project[..., 0, 2], project[..., 1, 2] = -x / z ** 2, -y / z ** 2
    project *= f[:, None, None, None]
    to_pixel = project @ rotation[:, None]
    rows = to_pixel @ states
    rows[..., 0, -2] += f[:, None] * x * y / z ** 2          # pitch moves every keypoint
    rows[..., 1, -2] += f[:, None] * (1 + (y / z) ** 2)
    rows[..., -1] -= to_pixel[..., 1]                        # so does the camera height
    rows = rows.reshape(count, 2 * _JOINTS, _STATES) / px[:, None, None]
    precision = np.swapaxes(rows, 1, 2) @ rows
    prior = np.zeros((count, _STATES))
    prior[:, 3] = stature_sd ** -2.0
    prior[:, 4:-2] = _POSE_DEPTH ** -2
    prior[:, -2] = max(np.radians(priors.pitch_deg), _LEAST) ** -2.0
    prior[:, -1] = max(priors.height, _LEAST) ** -2.0
    prior[:, 1] += np.where(contacts == 0, 1e-6, 0)
    precision[:, np.arange(_STATES), np.arange(_STATES)] += prior
    for foot, joint in enumerate(ANKLES):
        up = states[:, joint, 1]
        stands = (contacts > foot) / _ANKLE_HEIGHT ** 2
        precision += stands[:, None, None] * up[:, :, None] * up[:, None, :]
    covariance = np.linalg.inv(precision)
    root = (states[:, HIPS[0], 2] + states[:, HIPS[1], 2]) / 2
    depth = np.einsum('ms,mst,mt->m', root, covariance, root)
    joints = states @ covariance[:, None] @ np.swapaxes(states, -1, -2)
    return np.sqrt(np.maximum(depth, 0)), expected_norm(joints).mean(axis=1)


def information_limit(distance: ArrayLike, camera_height: ArrayLike, focal_length: ArrayLike,
                      sigma_px: ArrayLike, contacts: ArrayLike = 2,
                      stature_sd: ArrayLike | None = None,
                      priors: LimitPriors = LimitPriors()) -> InformationLimit:
    """Least errors for people at ground distances; the arguments broadcast to one shape.

    distance, camera_height: m; focal_length, sigma_px (keypoint noise): pixels; contacts: feet on
    the floor, 0, 1 or 2; stature_sd: relative, None: of an unknown adult (0.01 where it is known).
    """
    known = STATURE_SD if stature_sd is None else stature_sd
    arrays = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (
        distance, camera_height, focal_length, sigma_px, contacts, known)))
    shape = arrays[0].shape
    flat = [np.ravel(array) for array in arrays]
    flat[0] = np.maximum(flat[0], 0.5)
    flat[3] = np.maximum(flat[3], 0.05)
    depth, error = np.full(flat[0].shape, np.nan), np.full(flat[0].shape, np.nan)
    usable = np.isfinite(flat).all(axis=0)
    for rows in np.array_split(np.flatnonzero(usable), max(1, int(usable.sum()) // 512)):
        if len(rows):
            depth[rows], error[rows] = _posterior(priors, *(v[rows] for v in flat))
    return InformationLimit(depth.reshape(shape), error.reshape(shape))
