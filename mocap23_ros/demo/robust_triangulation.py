# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Triangulates points from several views, some of which may be plainly wrong."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.poses import invert_transform

ITERATIONS = 8
_NO_COST = 1e9


@dataclass(frozen=True)
class RobustPoints:
    """Triangulated points.

    p_world: float64 [...,3] metres, NaN where fewer than two views see the point.
    residual_px: float64 [C,...] distance of each observation from the projection; NaN unseen.
    cost: float64 [...] sum of the robust costs (1 = an observation that is plainly wrong).
    sd: float64 [...] metres; standard deviation along the least certain direction, from the
        views that agree and their own scatter (at least ``noise_px``).
    """

    p_world: NDArray[np.float64]
    residual_px: NDArray[np.float64]
    cost: NDArray[np.float64]
    sd: NDArray[np.float64]


def triangulate_robust(normalised: NDArray, weight: NDArray, focal_length: NDArray,
                       world_T_camera: NDArray, noise_px: float,
                       smallest_start: int = 2) -> RobustPoints:
    """Triangulate N points with the Geman-McClure cost, started from every subset of views.

    normalised: [C,N,2] undistorted coordinates, NaN = unseen; weight: [C,N] 0..1;
    focal_length: [C] px; world_T_camera: [C,4,4]; noise_px: scale of good observations;
    smallest_start: views of the smallest subset that is tried as a start.
    The best start wins, so that one view far off (a swapped or foreign limb) is left out.
    """
    camera_T_world = invert_transform(np.asarray(world_T_camera, np.float64))
    seen = np.isfinite(normalised).all(-1) & (weight > 0)
    p_seen = np.where(seen[..., None], normalised, 0.0)
    weight = np.where(seen, weight, 0.0)
    cameras, count = seen.shape
    best = np.full((count, 3), np.nan)
    best_cost = np.full(count, _NO_COST)
    for size in range(min(smallest_start, cameras), cameras + 1):
        for subset in combinations(range(cameras), size):
            views = list(subset)
            usable = seen[views].all(0)
            if not usable.any():
                continue
            points = _linear(p_seen[views][:, usable], camera_T_world[views])
            points = _refine(points, p_seen[:, usable], weight[:, usable], focal_length,
                             camera_T_world, noise_px)
            error = _residual(points, p_seen[:, usable], focal_length, camera_T_world)[0]
            cost = _cost(error, weight[:, usable], noise_px)
            better = cost < best_cost[usable] - 1e-9
            index = np.flatnonzero(usable)[better]
            best[index], best_cost[index] = points[better], cost[better]
    error, _, jacobian = _residual(best, p_seen, focal_length, camera_T_world)
    squared = (error ** 2).sum(-1)
    factor = weight * _influence(squared, noise_px)
    information = np.einsum('cn,cnij,cnik->njk', factor, jacobian, jacobian)
    scatter = (factor * squared).sum(0) / np.maximum(2 * factor.sum(0) - 3, 0.5)
    variance = np.maximum(scatter, noise_px ** 2)
    with np.errstate(all='ignore'):
        weakest = np.linalg.eigvalsh(np.where(np.isfinite(information), information, 0.0))[:, 0]
        sd = np.sqrt(variance / weakest)
    residual_px = np.where(seen, np.sqrt(squared), np.nan)
    found = best_cost < _NO_COST
    return RobustPoints(best, residual_px, np.where(found, best_cost, np.nan),
                        np.where(found, sd, np.nan))


def _linear(p: NDArray, camera_T_world: NDArray) -> NDArray:
    rotation, translation = camera_T_world[:, :3, :3], camera_T_world[:, :3, 3]
    # (r1 - x r3) X = x t3 - t1, for x and y
    A = rotation[:, None, :2] - p[..., None] * rotation[:, None, 2:]
    b = p * translation[:, None, 2:] - translation[:, None, :2]
    normal = np.einsum('cnij,cnik->njk', A, A) + 1e-9 * np.eye(3)
    return np.linalg.solve(normal, np.einsum('cnij,cni->nj', A, b)[..., None])[..., 0]


def _residual(points: NDArray, p: NDArray, focal_length: NDArray,
              camera_T_world: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Error in px [C,N,2], depth [C,N], and the derivative of the projection [C,N,2,3]."""
    rotation, translation = camera_T_world[:, :3, :3], camera_T_world[:, :3, 3]
    p_camera = np.einsum('cij,nj->cni', rotation, points) + translation[:, None]
    depth = np.maximum(p_camera[..., 2], 0.1)
    projected = p_camera[..., :2] / depth[..., None]
    focal = focal_length[:, None, None]
    jacobian = (rotation[:, None, :2] - projected[..., None] * rotation[:, None, 2:]) * (
        focal / depth[..., None])[..., None]
    return (projected - p) * focal, depth, jacobian


def _influence(squared: NDArray, noise_px: float) -> NDArray:
    return (noise_px ** 2 / (noise_px ** 2 + squared)) ** 2


def _cost(error: NDArray, weight: NDArray, noise_px: float) -> NDArray:
    squared = (error ** 2).sum(-1)
    return (weight * squared / (squared + noise_px ** 2)).sum(0)


def _refine(points: NDArray, p: NDArray, weight: NDArray, focal_length: NDArray,
            camera_T_world: NDArray, noise_px: float) -> NDArray:
    for _ in range(ITERATIONS):
        error, _, jacobian = _residual(points, p, focal_length, camera_T_world)
        factor = weight * _influence((error ** 2).sum(-1), noise_px)
        normal = np.einsum('cn,cnij,cnik->njk', factor, jacobian, jacobian) + 1e-3 * np.eye(3)
        gradient = np.einsum('cn,cnij,cni->nj', factor, jacobian, error)
        step = np.linalg.solve(normal, gradient[..., None])[..., 0]
        length = np.linalg.norm(step, axis=-1, keepdims=True)
        points = points - step * np.minimum(1.0, 0.3 / np.maximum(length, 1e-12))
    return points
