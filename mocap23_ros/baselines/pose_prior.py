# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A mixture of Gaussians over body poses, fitted to motion clips."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.vq import kmeans2

from mocap23_ros.datasets.mocap34 import COCO17_JOINTS
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.skeletons.coco17 import HIPS, SHOULDERS
from mocap23_ros.skeletons.formats import COCO17


def heading_of(joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Direction that bodies [...,17,3] face, radians about z, from hips and shoulders."""
    (left_hip, right_hip), (left_shoulder, right_shoulder) = HIPS, SHOULDERS
    left = ((joints[..., left_hip, :2] - joints[..., right_hip, :2])
            + (joints[..., left_shoulder, :2] - joints[..., right_shoulder, :2]))
    return np.arctan2(-left[..., 0], left[..., 1])


def turn(points: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn points [...,J,3] about z by angle [...]."""
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    x, y = points[..., 0], points[..., 1]
    turned_x, turned_y = cos * x - sin * y, sin * x + cos * y
    return np.stack([turned_x, turned_y, np.broadcast_to(points[..., 2], turned_x.shape)], axis=-1)


@dataclass(frozen=True)
class PosePrior:
    """K Gaussians over root-centred poses of unit stature that face +x, as 51-vectors.

    mean: [K,51]; whitening: [K,51,51] with |whitening @ (x - mean)|^2 the squared Mahalanobis
    distance; log_weight: [K] log of share / sqrt(det); exemplars: [E,17,3] typical poses.
    """

    mean: NDArray[np.float64]
    whitening: NDArray[np.float64]
    log_weight: NDArray[np.float64]
    exemplars: NDArray[np.float64]

    def component(self, poses: NDArray[np.float64]) -> NDArray[np.intp]:
        """Most probable component of poses [N,51]."""
        difference = poses[:, None] - self.mean
        white = np.einsum('kij,nkj->nki', self.whitening, difference)
        return np.argmax(self.log_weight - 0.5 * (white ** 2).sum(axis=-1), axis=1)


def normalised_poses(joints: NDArray[np.float64], stature: ArrayLike
                     ) -> NDArray[np.float64]:
    """Bring joints [N,17,3] to root-centred poses of unit stature that face +x."""
    root = joints[:, HIPS].mean(axis=1, keepdims=True)
    size = np.reshape(stature, (-1, 1, 1))
    return turn((joints - root) / size, -heading_of(joints))


def fit_pose_prior(clips: MotionClips, components: int = 8, exemplars: int = 250,
                   samples: int = 12000) -> PosePrior:
    """Fit the mixture to poses of clips and of their mirror images.

    Hard-assignment EM: k-means, one shrunk covariance per cluster. Deterministic.
    """
    rng = np.random.default_rng(0)
    share = clips.length / clips.length.sum()
    clip = rng.choice(len(clips), samples // 2, p=share)
    frame = clips.start[clip] + (rng.random(len(clip)) * clips.length[clip]).astype(np.int64)
    joints = clips.frames[frame][:, COCO17_JOINTS] * clips.scale
    poses = normalised_poses(joints.astype(np.float64), clips.stature[clip])
    poses = np.concatenate([poses, poses[:, list(COCO17.mirror)] * (1, -1, 1)])
    flat = poses.reshape(len(poses), -1)
    _, label = _clusters(flat, components, '++', 10)
    common = np.cov(flat.T)
    means, whitening, log_weight = [], [], []
    for k in range(components):
        own = flat[label == k]
        if len(own) < 60:
            continue
        covariance = 0.9 * np.cov(own.T) + 0.1 * common + 1.5e-4 * np.eye(flat.shape[1])
        means.append(own.mean(axis=0))
        whitening.append(np.linalg.inv(np.linalg.cholesky(covariance)))
        log_weight.append(np.log(len(own) / len(flat)) - 0.5 * np.linalg.slogdet(covariance)[1])
    centres, _ = _clusters(flat, exemplars, 'points', 6)
    return PosePrior(np.array(means), np.array(whitening), np.array(log_weight),
                     _nearest(flat, centres).reshape(-1, 17, 3))


def _clusters(points: NDArray[np.float64], count: int, start: str, iterations: int
              ) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    with warnings.catch_warnings():
        # Empty clusters, which few or uniform clips bring about, are harmless here.
        warnings.filterwarnings('ignore', message='One of the clusters is empty')
        return kmeans2(points, count, iter=iterations, minit=start, seed=0)


def _nearest(points: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each centre the nearest real point (a mean of poses is not a pose)."""
    distance = (centres ** 2).sum(1)[:, None] - 2 * centres @ points.T + (points ** 2).sum(1)
    return points[distance.argmin(axis=1)]
