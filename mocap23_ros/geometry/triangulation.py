# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Points from several views: the SVD reference and closed forms without SVD or inverse.

Everywhere: ``points`` [...,V,2] are normalised image coordinates and ``camera_T_world``
[...,V,4,4] the views, their leading axes broadcast. A view whose point is NaN or whose weight is
0 does not count. Weights are 1 / sigma^2 of the normalised coordinates; the perspective factor
1 / depth^2 is put on them here. The closed forms keep float32 where all input is float32.
"""

import numpy as np
from numpy.typing import NDArray

MINIMUM_DEPTH = 0.05  # metres; keeps the weight of a point at or behind a camera finite


def triangulate_dlt(points: NDArray, camera_T_world: NDArray, weight: NDArray | None = None
                    ) -> NDArray[np.float64]:
    """Homogeneous linear triangulation (DLT) by SVD, float64: the reference. Returns [...,3].

    weight: [...,V], on the squares of the equations; without the perspective factor, as usual.
    NaN where fewer than two views count.
    """
    points = np.asarray(points, np.float64)
    camera_T_world = np.asarray(camera_T_world, np.float64)
    trust, points = _usable(points, weight)
    root = np.sqrt(trust)[..., None]
    third = camera_T_world[..., 2, :]
    rows = np.concatenate([(points[..., :1] * third - camera_T_world[..., 0, :]) * root,
                           (points[..., 1:] * third - camera_T_world[..., 1, :]) * root], axis=-2)
    solution = np.linalg.svd(rows, full_matrices=False)[2][..., -1, :]
    with np.errstate(all='ignore'):
        p_world = solution[..., :3] / solution[..., 3:]
    p_world[np.broadcast_to((trust > 0).sum(axis=-1) < 2, p_world.shape[:-1])] = np.nan
    return p_world


def triangulate_closed_form(points: NDArray, camera_T_world: NDArray, p_start: NDArray,
                            weight: NDArray | None = None, rounds: int = 2, damping: float = 0.0
                            ) -> tuple[NDArray, NDArray]:
    """Weighted linear triangulation with three unknowns by the cofactors of the normal matrix.

    p_start: [...,3] near the answer (metres): the equations are centred there, which is what
    makes float32 enough, and its depths are the first perspective weights. damping: pull towards
    p_start, 1/m^2. Returns p_world [...,3] and its covariance [...,3,3] m^2 (meaningful where
    weights are 1 / sigma^2). NaN where fewer than two views count.
    """
    trust, points = _usable(points, weight)
    x, y = _planes(points)
    view = _views_first(camera_T_world, points.ndim - 2)
    r = [[view[..., i, k] for k in range(4)] for i in range(3)]  # planes [V,...]
    trust = np.moveaxis(trust, -1, 0)
    a = [r[0][k] - x * r[2][k] for k in range(3)]
    b = [r[1][k] - y * r[2][k] for k in range(3)]
    p = [p_start[..., k] for k in range(3)]
    with np.errstate(all='ignore'):  # points that too few views see run to infinity
        for _ in range(rounds):
            depth = r[2][0] * p[0] + r[2][1] * p[1] + r[2][2] * p[2] + r[2][3]
            a_rest = x * depth - (r[0][0] * p[0] + r[0][1] * p[1] + r[0][2] * p[2] + r[0][3])
            b_rest = y * depth - (r[1][0] * p[0] + r[1][1] * p[1] + r[1][2] * p[2] + r[1][3])
            depth = np.maximum(depth, MINIMUM_DEPTH)
            w = trust / (depth * depth)
            wa, wb = [w * a_k for a_k in a], [w * b_k for b_k in b]
            n00, n11, n22 = ((wa[k] * a[k] + wb[k] * b[k]).sum(axis=0) + damping for k in range(3))
            n01 = (wa[0] * a[1] + wb[0] * b[1]).sum(axis=0)
            n02 = (wa[0] * a[2] + wb[0] * b[2]).sum(axis=0)
            n12 = (wa[1] * a[2] + wb[1] * b[2]).sum(axis=0)
            g = [(wa[k] * a_rest + wb[k] * b_rest).sum(axis=0) for k in range(3)]
            if damping:
                g = [g[k] + damping * (p_start[..., k] - p[k]) for k in range(3)]
            c00, c01, c02 = n11 * n22 - n12 * n12, n02 * n12 - n01 * n22, n01 * n12 - n02 * n11
            c11, c12, c22 = n00 * n22 - n02 * n02, n01 * n02 - n00 * n12, n00 * n11 - n01 * n01
            inverse = 1 / (n00 * c00 + n01 * c01 + n02 * c02)
            p = [p[0] + (c00 * g[0] + c01 * g[1] + c02 * g[2]) * inverse,
                 p[1] + (c01 * g[0] + c11 * g[1] + c12 * g[2]) * inverse,
                 p[2] + (c02 * g[0] + c12 * g[1] + c22 * g[2]) * inverse]
    p_world = np.stack(p, axis=-1)
    with np.errstate(all='ignore'):
        covariance = np.stack([c00, c01, c02, c01, c11, c12, c02, c12, c22], axis=-1)
        covariance = (covariance * inverse[..., None]).reshape(p_world.shape + (3,))
    too_few = np.broadcast_to((trust > 0).sum(axis=0) < 2, p_world.shape[:-1])
    p_world[too_few] = np.nan
    covariance[too_few] = np.nan
    return p_world, covariance


def triangulate_on_ray(points: NDArray, camera_T_world: NDArray, centre: NDArray,
                       direction: NDArray, start: NDArray | float, weight: NDArray | None = None,
                       rounds: int = 2) -> tuple[NDArray, NDArray]:
    """Where on a known ray the other views see the point: one unknown, the ray kept exactly.

    centre, direction: [...,3] of the real view's ray in the world; the answer is
    ``centre + s * direction``. start: [...] first guess of s > 0, for the perspective weights.
    Returns s [...] in lengths of ``direction`` (depth in metres for camera_rays) and its
    variance, without the ray's own uncertainty. NaN where no view counts.
    """
    trust, points = _usable(points, weight)
    x, y = _planes(points)
    view = _views_first(camera_T_world, points.ndim - 2)
    trust = np.moveaxis(trust, -1, 0)
    c, d = [centre[..., k] for k in range(3)], [direction[..., k] for k in range(3)]
    # The point in each view's frame is p + s q.
    q = [view[..., i, 0] * d[0] + view[..., i, 1] * d[1] + view[..., i, 2] * d[2]
         for i in range(3)]
    p = [view[..., i, 0] * c[0] + view[..., i, 1] * c[1] + view[..., i, 2] * c[2]
         + view[..., i, 3] for i in range(3)]
    along_x, along_y = q[0] - x * q[2], q[1] - y * q[2]
    rest_x, rest_y = x * p[2] - p[0], y * p[2] - p[1]
    product = trust * (along_x * rest_x + along_y * rest_y)
    square = trust * (along_x * along_x + along_y * along_y)
    s = np.asarray(start, square.dtype)
    with np.errstate(all='ignore'):
        for _ in range(rounds):
            depth = np.maximum(p[2] + s * q[2], MINIMUM_DEPTH)
            perspective = 1 / (depth * depth)
            information = (perspective * square).sum(axis=0)
            s = (perspective * product).sum(axis=0) / information
        variance = 1 / information
    return np.where(information > 0, s, np.nan), np.where(information > 0, variance, np.nan)


def _usable(points: NDArray, weight: NDArray | None) -> tuple[NDArray, NDArray]:
    """Weights [...,V] with zeros for points that are NaN, and points with zeros for NaN."""
    finite = np.isfinite(points).all(axis=-1)
    trust = np.where(finite, points.dtype.type(1) if weight is None else weight, 0)
    trust = trust.astype(points.dtype if weight is None else np.result_type(points, weight))
    return trust, np.where(finite[..., None], points, points.dtype.type(0))


def _views_first(camera_T_world: NDArray, leading: int) -> NDArray:
    """[...,V,4,4] to [V,...,4,4] with ``leading`` axes between."""
    missing = leading - (camera_T_world.ndim - 3)
    view = np.moveaxis(camera_T_world, -3, 0)
    return view.reshape(view.shape[:1] + (1,) * missing + view.shape[1:])


def _planes(points: NDArray) -> tuple[NDArray, NDArray]:
    """x and y planes [V,...]: contiguous planes are many times faster than a trailing xy."""
    planes = np.ascontiguousarray(np.moveaxis(points, (-1, -2), (0, 1)))
    return planes[0], planes[1]
