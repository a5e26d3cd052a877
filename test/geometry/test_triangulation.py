# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The closed forms against the SVD, and their accuracy and calibration under noise."""

import numpy as np
import pytest

from mocap23_ros.geometry.poses import invert_transform, transform_points
from mocap23_ros.geometry.triangulation import (
    triangulate_closed_form,
    triangulate_dlt,
    triangulate_on_ray,
)
from mocap23_ros.geometry.virtual_cameras import look_at, virtual_cameras

FOCAL = 1000.0  # pixels


def make_scene(distance, frames=40, joints=17, seed=0):
    """p_world [T,J,3], camera_T_world [V,4,4] (real view first), exact points [T,J,V,2]."""
    rng = np.random.default_rng(seed)
    person = np.array([distance, 0.4, 0.9])
    p_world = person + rng.uniform(-1, 1, (frames, joints, 3)) * [0.5, 0.5, 0.85]
    real = look_at([0, 0, 1.5], [distance, 0, 0.9])
    cameras = np.concatenate([real[None], virtual_cameras(person, real[:3, 3])])
    camera_T_world = invert_transform(cameras)
    p_camera = np.stack([transform_points(view, p_world) for view in camera_T_world], axis=-2)
    return p_world, camera_T_world, p_camera[..., :2] / p_camera[..., 2:], cameras


def real_rays(points, cameras):
    """Centre and direction of the real view's rays."""
    homogeneous = np.concatenate([points[..., 0, :], np.ones(points.shape[:-2] + (1,))], axis=-1)
    return cameras[0, :3, 3], homogeneous @ cameras[0, :3, :3].T


def errors(estimate, truth):
    return np.linalg.norm(estimate - truth, axis=-1)


@pytest.mark.parametrize('distance', [1.5, 3, 5, 8, 20])
def test_without_noise_all_forms_give_the_point(distance):
    p_world, views, points, cameras = make_scene(distance)
    start = np.broadcast_to([distance, 0.4, 0.9], p_world.shape)
    assert errors(triangulate_dlt(points, views), p_world).max() < 1e-9
    assert errors(triangulate_closed_form(points, views, start)[0], p_world).max() < 1e-9
    centre, direction = real_rays(points, cameras)
    s, _ = triangulate_on_ray(points[..., 1:, :], views[1:], centre, direction, distance)
    assert errors(centre + s[..., None] * direction, p_world).max() < 1e-9


@pytest.mark.parametrize('distance', [3, 5, 8])
def test_float32_closed_form_is_within_hundredths_of_a_millimetre_of_float64_svd(distance):
    p_world, views, points, cameras = make_scene(distance, seed=distance)
    reference = triangulate_dlt(points, views)
    start = np.broadcast_to(np.float32([distance, 0.4, 0.9]), p_world.shape)
    estimate, covariance = triangulate_closed_form(
        points.astype(np.float32), views.astype(np.float32), start)
    assert estimate.dtype == np.float32 and covariance.dtype == np.float32
    assert errors(estimate, reference).max() < 0.01e-3
    centre, direction = real_rays(points, cameras)
    s, variance = triangulate_on_ray(
        points[..., 1:, :].astype(np.float32), views[1:].astype(np.float32),
        centre.astype(np.float32), direction.astype(np.float32), np.float32(distance))
    assert s.dtype == np.float32 and variance.dtype == np.float32
    assert errors(centre + s[..., None] * direction, reference).max() < 0.02e-3


@pytest.mark.parametrize('distance', [3, 5, 8])
def test_weights_beat_the_unweighted_svd_when_virtual_views_are_noisier(distance):
    p_world, views, points, cameras = make_scene(distance, frames=200, seed=1)
    sigma = np.array([1, 10, 10, 10]) / FOCAL
    noisy = points + np.random.default_rng(2).normal(size=points.shape) * sigma[:, None]
    start = np.broadcast_to([distance, 0.4, 0.9], p_world.shape)
    plain = errors(triangulate_dlt(noisy, views), p_world).mean()
    three, covariance = triangulate_closed_form(noisy, views, start, 1 / sigma**2)
    centre, direction = real_rays(noisy, cameras)
    s, variance = triangulate_on_ray(noisy[..., 1:, :], views[1:], centre, direction, distance,
                                     1 / sigma[1:]**2)
    one = centre + s[..., None] * direction
    assert errors(three, p_world).mean() < 0.85 * plain
    assert errors(one, p_world).mean() == pytest.approx(errors(three, p_world).mean(), rel=0.03)
    # The covariance is honest: squared errors in units of it average to the degrees of freedom.
    difference = three - p_world
    nees = np.einsum('tji,tjik,tjk->tj', difference, np.linalg.inv(covariance), difference)
    assert nees.mean() == pytest.approx(3, rel=0.1)
    depth = (transform_points(views[0], p_world))[..., 2]
    assert ((s - depth)**2 / variance).mean() == pytest.approx(1, rel=0.1)


def test_weighted_closed_form_reaches_the_weighted_svd():
    p_world, views, points, _ = make_scene(4.0)
    noisy = points + np.random.default_rng(3).normal(size=points.shape) * 0.004
    depth = np.stack([transform_points(view, p_world)[..., 2] for view in views], axis=-1)
    weight = np.random.default_rng(4).uniform(0.2, 1, depth.shape)
    # With the true depths as weights DLT minimises nearly the same squares.
    reference = triangulate_dlt(noisy, views, weight / depth**2)
    start = np.broadcast_to([4.0, 0.4, 0.9], p_world.shape)
    estimate, _ = triangulate_closed_form(noisy, views, start, weight, rounds=3)
    assert errors(estimate, reference).max() < 1e-3


def test_missing_views_do_not_count():
    p_world, views, points, cameras = make_scene(4.0, frames=3)
    points[0, 0, 1] = np.nan  # one view less
    points[0, 1, 1:] = np.nan  # one view left
    weight = np.ones(points.shape[:-1])
    weight[0, 2, 2:] = 0
    points[0, 2, 3] = [50, 60]  # nonsense, but of no weight
    start = np.broadcast_to([4.0, 0.4, 0.9], p_world.shape)
    centre, direction = real_rays(points, cameras)
    points[1, 1, 1:] = np.nan
    s, variance = triangulate_on_ray(points[..., 1:, :], views[1:], centre, direction, 4.0,
                                     weight[..., 1:])
    for estimate in (triangulate_dlt(points, views, weight),
                     triangulate_closed_form(points, views, start, weight)[0],
                     centre + s[..., None] * direction):
        known = np.isfinite(estimate).all(axis=-1)
        assert not known[0, 1] and not known[1, 1] and known.sum() == known.size - 2
        assert errors(estimate[known], p_world[known]).max() < 1e-9
    assert np.isnan(variance[0, 1])


def test_views_that_move_and_batches_of_people():
    scenes = [make_scene(distance, frames=6, seed=distance) for distance in (3, 5)]
    p_world, points = (np.stack([s[i] for s in scenes]) for i in (0, 2))
    views = np.stack([s[1] for s in scenes])[:, None, None]  # [P,1,1,V,4,4]
    start = p_world + 0.2
    assert errors(triangulate_closed_form(points, views, start)[0], p_world).max() < 1e-6
    assert errors(triangulate_dlt(points, views), p_world).max() < 1e-9


def test_damping_holds_an_unobserved_direction_at_the_start():
    p_world, views, points, _ = make_scene(4.0, frames=2)
    start = p_world + 0.1
    held, _ = triangulate_closed_form(points, views, start, damping=1e9)
    assert errors(held, start).max() < 1e-6
    free, _ = triangulate_closed_form(points, views, start, rounds=3, damping=1e-6)
    assert errors(free, p_world).max() < 1e-5
