# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""B1: fit a moving skeleton to the keypoints by optimisation, without a learned network.

Least squares over all joints of a stretch of frames and one stature: reprojection, bone lengths, a
mixture-of-Gaussians pose prior, accelerations, floor and planted feet; Gauss-Newton with robust
weights from an exemplar search. In the spirit of SMPLify, on joints instead of a body mesh.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import solveh_banded

from mocap23_ros.baselines.exemplar_search import search
from mocap23_ros.baselines.pose_prior import PosePrior, heading_of, normalised_poses, turn
from mocap23_ros.geometry.rays import world_rays
from mocap23_ros.skeletons.body_proportions import (
    ANKLE_HEIGHT,
    BONE_FRACTIONS,
    BONE_PAIRS,
    MEAN_STATURE,
    STATURE_RANGE,
)
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS

# Standard deviations of the terms.
_PIXEL, _PIXEL_SHARE = 1.5, 0.008  # px at least, and of the person's height in the image
_BONE = 0.03  # relative
_ACCELERATION = 5.0  # m/s^2
_FLOOR, _PLANTED = 0.02, 0.015  # m
_STATURE = (MEAN_STATURE, 0.09)  # mean and sd, m, where none is given
_PRIOR_WEIGHT = 0.35  # of the pose prior
_ITERATIONS = 14


class Equations:
    """Collects weighted residual rows of a sparse linear least-squares problem."""

    def __init__(self, unknowns: int) -> None:
        self._unknowns = unknowns
        self.blocks: list[tuple[sparse.csr_matrix, NDArray[np.float64]]] = []

    def add(self, columns: NDArray[np.intp], values: NDArray[np.float64],
            residual: NDArray[np.float64], weight: NDArray[np.float64] | float) -> None:
        """Rows [N] with entries values [N,C] at columns [N,C]; weight = 1 / sd."""
        w = np.broadcast_to(weight, residual.shape)
        rows = np.repeat(np.arange(len(residual)), columns.shape[1])
        matrix = sparse.csr_matrix(((values * w[:, None]).ravel(), (rows, columns.ravel())),
                                   (len(residual), self._unknowns))
        self.blocks.append((matrix, residual * w))

    def step(self, damping: float) -> NDArray[np.float64]:
        """Solve for the Gauss-Newton step.

        Frames meet their two neighbours at most, so the normal matrix is banded but for the last
        unknown, the stature, which is eliminated.
        """
        jacobian = sparse.vstack([matrix for matrix, _ in self.blocks]).tocsr()
        residual = np.concatenate([r for _, r in self.blocks])
        right = -(jacobian.T @ residual)
        normal = (jacobian.T @ jacobian).tocoo()
        last = self._unknowns - 1
        inner = (normal.row < last) & (normal.col <= normal.row)
        row, col = normal.row[inner], normal.col[inner]
        band = np.zeros((int((row - col).max()) + 1, last))
        band[row - col, col] = normal.data[inner]
        band[0] += damping
        border = np.zeros(last)
        edge = (normal.col == last) & (normal.row < last)
        border[normal.row[edge]] = normal.data[edge]
        corner = normal.data[(normal.row == last) & (normal.col == last)].sum() + damping
        solved = solveh_banded(band, np.stack([right[:-1], border], axis=1), lower=True,
                               check_finite=False)
        stature = (right[-1] - border @ solved[:, 0]) / (corner - border @ solved[:, 1])
        return np.append(solved[:, 0] - stature * solved[:, 1], stature)


def optimise_motion(stamps: NDArray[np.float64], keypoints: NDArray[np.float64],
                    world_T_camera: NDArray[np.float64], focal_length: float, prior: PosePrior,
                    stature: float = np.nan) -> tuple[NDArray[np.float64], float]:
    """Fit the motion of one person.

    stamps: [T] s, evenly spaced; keypoints: [T,17,3] normalised x, y (NaN or confidence 0 =
    unseen); world_T_camera: [T,4,4], z up, floor z = 0; stature: m if known.
    Returns joints [T,17,3] in the world (NaN throughout if hardly anything was seen) and the
    stature in metres.
    """
    seen = np.isfinite(keypoints).all(axis=-1) & (keypoints[..., 2] > 0.05)
    xy = np.where(seen[..., None], keypoints[..., :2], 0.0)
    confidence = np.where(seen, keypoints[..., 2], 0.0)
    mean, sd = (stature, 0.01 * stature) if np.isfinite(stature) else _STATURE
    centre = world_T_camera[:, :3, 3]
    rays = world_rays(xy, world_T_camera)
    joints, usable = search(rays, confidence, centre, prior.exemplars, mean)
    if usable.sum() < 2:
        return np.full((len(stamps), 17, 3), np.nan), mean
    size = np.array([np.ptp(xy[t, seen[t]], axis=0).max() if seen[t].any() else np.nan
                     for t in range(len(xy))]) * focal_length
    pixel = np.maximum(_PIXEL, _PIXEL_SHARE * np.nanmedian(size))
    height = mean
    dt = float(np.median(np.diff(stamps)))
    for iteration in range(_ITERATIONS):
        # Robustness grows: first every keypoint pulls, at the end those far off are ignored.
        gate = max(4.0, 40.0 * 0.7 ** iteration)
        equations = motion_equations(joints, height, xy, confidence, world_T_camera, focal_length,
                                     prior, (mean, sd), pixel, gate, dt)
        change = equations.step(1e-6)
        move = change[:-1].reshape(joints.shape)
        largest = float(np.linalg.norm(move, axis=-1).max())
        factor = min(1.0, 0.5 / max(largest, 1e-9))
        joints, height = joints + factor * move, float(np.clip(height + factor * change[-1],
                                                               *STATURE_RANGE))
        if largest < 1e-3:
            break
    return joints, height


def motion_equations(joints: NDArray[np.float64], stature: float, xy: NDArray[np.float64],
                     confidence: NDArray[np.float64], world_T_camera: NDArray[np.float64],
                     focal_length: float, prior: PosePrior,
                     stature_prior: tuple[float, float], pixel: float, gate: float, dt: float
                     ) -> Equations:
    """All residuals at joints [T,17,3] and a stature, linearised; see ``optimise_motion``.

    xy: [T,17,2] normalised, confidence: [T,17]; stature_prior: mean and sd, m; pixel: sd of
    keypoints, px; gate: sd beyond which a keypoint is ignored; dt: s between samples.
    """
    frames = len(joints)
    unknowns = joints.size + 1
    equations = Equations(unknowns)
    column = np.arange(joints.size).reshape(joints.shape)

    # Reprojection, with Geman-McClure weights.
    rotation = world_T_camera[:, :3, :3]
    p = (joints - world_T_camera[:, None, :3, 3]) @ rotation
    z = np.maximum(p[..., 2], 0.2)
    error = (p[..., :2] / z[..., None] - xy) * focal_length / pixel
    robust = 1 / (1 + (error ** 2).sum(axis=-1) / gate ** 2)
    weight = robust * np.sqrt(confidence)
    for axis in range(2):
        d_camera = np.zeros((*p.shape[:2], 3))
        d_camera[..., axis] = 1 / z
        d_camera[..., 2] = -p[..., axis] / z ** 2
        d_world = (d_camera @ np.swapaxes(rotation, 1, 2)) * focal_length / pixel
        keep = confidence > 0
        equations.add(column[keep], d_world[keep], error[..., axis][keep], weight[keep])

    # Bone lengths in proportion to the stature.
    for (a, b), fraction in zip(BONE_PAIRS, BONE_FRACTIONS, strict=True):
        bone = joints[:, a] - joints[:, b]
        length = np.maximum(np.linalg.norm(bone, axis=-1), 1e-6)
        unit = bone / length[:, None]
        columns = np.concatenate([column[:, a], column[:, b],
                                  np.full((frames, 1), unknowns - 1)], axis=1)
        values = np.concatenate([unit, -unit, np.full((frames, 1), -fraction)], axis=1)
        equations.add(columns, values, length - fraction * stature,
                      1 / (_BONE * fraction * stature))

    # Pose prior; root, heading and the component are held during a step.
    heading = heading_of(joints)
    poses = normalised_poses(joints, stature).reshape(frames, -1)
    component = prior.component(poses)
    white = prior.whitening[component]
    residual = np.einsum('tij,tj->ti', white, poses - prior.mean[component])
    # d pose_j / d joint_k = R(-heading) (delta_jk - [k is a hip] / 2) / stature
    axes = turn(np.broadcast_to(np.eye(3), (frames, 3, 3)), -heading)   # rows: image of x, y, z
    grid = white.reshape(frames, 51, 17, 3) @ np.swapaxes(axes, 1, 2)[:, None] / stature
    hips = grid.sum(axis=2) / 2
    for hip in HIPS:
        grid[:, :, hip] -= hips
    by_stature = -np.einsum('tij,tj->ti', white, poses) / stature
    columns = np.full((frames, 51, 52), unknowns - 1)
    columns[..., :51] = column.reshape(frames, 1, 51)
    values = np.concatenate([grid.reshape(frames, 51, 51), by_stature[..., None]], axis=2)
    equations.add(columns.reshape(-1, 52), values.reshape(-1, 52), residual.ravel(),
                  _PRIOR_WEIGHT)

    # Accelerations, relative to the stature: otherwise a small person nearby would be smoother.
    if frames > 2:
        second = (joints[2:] - 2 * joints[1:-1] + joints[:-2]).ravel() / stature
        columns = np.stack([column[2:].ravel(), column[1:-1].ravel(), column[:-2].ravel(),
                            np.full(second.shape, unknowns - 1)], axis=1)
        values = np.broadcast_to((1.0, -2.0, 1.0, 0.0), columns.shape) / stature
        values[:, 3] = -second / stature
        equations.add(columns, values, second, MEAN_STATURE / (_ACCELERATION * dt ** 2))

    # No ankle below the floor; low slow ones stand on it and stay.
    least = ANKLE_HEIGHT * stature
    speed = np.linalg.norm(np.gradient(joints[:, ANKLES], dt, axis=0), axis=-1) \
        if frames > 1 else np.zeros((1, 2))
    for number, ankle in enumerate(ANKLES):
        above = joints[:, ankle, 2] - least
        stands = (above < 0.12) & (speed[:, number] < 0.6)
        pull = np.where(stands | (above < 0), 1 / (1 + (np.maximum(above, 0) / 0.08) ** 2), 0.0)
        equations.add(column[:, ankle, 2:], np.ones((frames, 1)), above, pull / _FLOOR)
        both = stands[1:] & stands[:-1]
        for axis in range(2):
            columns = np.stack([column[1:, ankle, axis], column[:-1, ankle, axis]], axis=1)
            slip = joints[1:, ankle, axis] - joints[:-1, ankle, axis]
            soft = 1 / (1 + (slip / (0.3 * dt)) ** 2)
            equations.add(columns, np.broadcast_to((1.0, -1.0), columns.shape), slip,
                          both * soft / _PLANTED)
    equations.add(np.array([[unknowns - 1]]), np.ones((1, 1)),
                  np.array([stature - stature_prior[0]]),
                  np.sqrt(max(1.0, frames / 12)) / stature_prior[1])
    return equations
