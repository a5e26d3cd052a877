# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Small corrections of camera poses from points that several cameras see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.sparse import coo_matrix, csr_matrix
from scipy.spatial.transform import Rotation

from mocap23_ros.demo.robust_triangulation import triangulate_robust
from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.poses import invert_transform

_ROTATION_SD, _TRANSLATION_SD = np.deg2rad(0.5), 0.015  # of the given poses; m
# So large a scale makes robust triangulation plain least squares: every view has its say.
PLAIN_PX = 1000.0


@dataclass(frozen=True)
class TiePoints:
    """Points seen by several cameras.

    p_pixel: float64 [C,N,2] px in the raw images, NaN where a camera does not see the point.
    sigma_px: float64 [N] standard deviation of these observations.
    p_world: float64 [N,3] metres where known, else NaN; sigma_world: [N,3] metres.
    """

    p_pixel: NDArray[np.float64]
    sigma_px: NDArray[np.float64]
    p_world: NDArray[np.float64]
    sigma_world: NDArray[np.float64]


@dataclass(frozen=True)
class BundleAdjustment:
    """Corrected poses and how well the points fit.

    residual_before, residual_after: float64 [C,N] px, NaN unseen; "before" with the points
    triangulated from the uncorrected cameras, so that both are at their best.
    rotation_deg, translation_mm: float64 [C] size of the correction of each camera.
    """

    world_T_camera: NDArray[np.float64]
    p_world: NDArray[np.float64]
    residual_before: NDArray[np.float64]
    residual_after: NDArray[np.float64]
    rotation_deg: NDArray[np.float64]
    translation_mm: NDArray[np.float64]


def adjust_bundle(cameras: Sequence[SampleCamera], ties: TiePoints) -> BundleAdjustment:
    """Correct the pose of every camera by a small rotation and translation.

    The given poses are the prior, which also ties the whole to the given world. Intrinsics are
    left alone. Cost: soft L1 of the standardised
    residuals, scipy.optimize.least_squares. Raises InputError where no point has two views.
    """
    world_T_camera = np.stack([camera.world_T_camera for camera in cameras])
    focal = np.array([camera.model.focal_length for camera in cameras])
    seen = np.isfinite(ties.p_pixel).all(-1)
    used = seen.sum(0) >= 2
    if not used.any():
        raise InputError('bundle adjustment needs points that two cameras or more see')
    normalised = np.stack([camera.model.undistort(p) for camera, p in
                           zip(cameras, ties.p_pixel, strict=True)])
    normalised = np.where((seen & used)[..., None], normalised, np.nan)
    start = triangulate_robust(normalised, (seen & used).astype(float), focal, world_T_camera,
                               PLAIN_PX)
    camera_index, point_index = np.nonzero(seen & used)
    known = np.isfinite(ties.p_world) & np.isfinite(ties.sigma_world) & used[:, None]
    known_point, known_axis = np.nonzero(known)
    camera_count, point_count = seen.shape
    observed = normalised[camera_index, point_index]
    weight = (focal[camera_index] / ties.sigma_px[point_index])[:, None]
    prior_sd = np.tile([_ROTATION_SD] * 3 + [_TRANSLATION_SD] * 3, camera_count)
    camera_T_world = invert_transform(world_T_camera)

    def unpack(x: NDArray) -> tuple[NDArray, NDArray]:
        turn, shift = np.split(x[:6 * camera_count].reshape(camera_count, 6), 2, axis=1)
        moved = camera_T_world.copy()
        R = Rotation.from_rotvec(turn).as_matrix()
        moved[:, :3, :3] = R @ camera_T_world[:, :3, :3]
        # Rotation about the camera's own centre, then a shift of that centre in the world.
        centre = world_T_camera[:, :3, 3] + shift
        moved[:, :3, 3] = -np.einsum('cij,cj->ci', moved[:, :3, :3], centre)
        return moved, x[6 * camera_count:].reshape(point_count, 3)

    def residuals(x: NDArray) -> NDArray:
        moved, points = unpack(x)
        T = moved[camera_index]
        p_camera = np.einsum('nij,nj->ni', T[:, :3, :3], points[point_index]) + T[:, :3, 3]
        error = (p_camera[:, :2] / np.maximum(p_camera[:, 2:], 0.1) - observed) * weight
        known_error = ((points - ties.p_world) / ties.sigma_world)[known_point, known_axis]
        return np.concatenate([error.ravel(), known_error, x[:6 * camera_count] / prior_sd])

    x0 = np.concatenate([np.zeros(6 * camera_count), np.nan_to_num(start.p_world).ravel()])
    sparsity = _sparsity(camera_index, point_index, known_point, known_axis, camera_count,
                         point_count)
    solution = least_squares(residuals, x0, jac_sparsity=sparsity, loss='soft_l1', f_scale=2.0,
                             x_scale='jac', method='trf', max_nfev=200)
    moved, points = unpack(solution.x)
    adjusted = invert_transform(moved)
    after = triangulate_robust(normalised, (seen & used).astype(float), focal, adjusted, PLAIN_PX)
    turn, shift = np.split(solution.x[:6 * camera_count].reshape(camera_count, 6), 2, axis=1)
    points = np.where(used[:, None], points, np.nan)
    return BundleAdjustment(
        adjusted, points, start.residual_px, after.residual_px,
        np.rad2deg(np.linalg.norm(turn, axis=1)), 1000 * np.linalg.norm(shift, axis=1))


def _sparsity(camera_index: NDArray, point_index: NDArray, known_point: NDArray,
              known_axis: NDArray, camera_count: int, point_count: int) -> csr_matrix:
    rows, columns = [], []
    first_point = 6 * camera_count
    for k, (camera, point) in enumerate(zip(camera_index, point_index, strict=True)):
        for axis in range(2):
            rows += [2 * k + axis] * 9
            columns += [6 * camera + i for i in range(6)]
            columns += [first_point + 3 * point + i for i in range(3)]
    row = 2 * len(camera_index)
    for point, axis in zip(known_point, known_axis, strict=True):
        rows.append(row)
        columns.append(first_point + 3 * point + axis)
        row += 1
    for i in range(first_point):
        rows.append(row)
        columns.append(i)
        row += 1
    shape = (row, first_point + 3 * point_count)
    return coo_matrix((np.ones(len(rows)), (rows, columns)), shape).tocsr()
