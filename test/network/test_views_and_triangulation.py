# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Views, motion code and closed-form triangulation undo each other."""

import numpy as np
import pytest
from training_helpers import JOINTS, scene, torch, views_of

from mocap23_ros.network.motion_code import MotionCode
from mocap23_ros.network.noise_schedule import (
    add_noise,
    ddim_step,
    draw_world_noise,
    signal_power,
    time_grid,
    view_noise,
)
from mocap23_ros.network.triangulation import (
    split_planes,
    stack_planes,
    triangulate_on_ray,
    triangulate_three_unknowns,
)
from mocap23_ros.network.views import RigJitter, project
from mocap23_ros.skeletons.formats import COCO17


def test_views_are_orthonormal_and_look_at_the_person():
    camera, anchor, _ = scene()
    views = views_of(camera, anchor, jitter=RigJitter())
    identity = views.axes @ views.axes.transpose(-1, -2)
    torch.testing.assert_close(identity, torch.eye(3).expand_as(identity), atol=1e-5, rtol=0)
    # The anchor is in front of every camera and near the middle of the virtual images.
    assert (views.anchor_depth > 1).all()
    assert (views.anchor_point[:, 1:].abs() < 0.1).all()


@pytest.mark.parametrize('distance', [1.5, 4.0, 12.0])
def test_triangulation_recovers_projected_joints(distance):
    camera, anchor, joints = scene(distance=distance)
    views = views_of(camera, anchor, jitter=RigJitter())
    u, v, _ = project(views, split_planes(joints))
    weight = torch.ones(3, 3, 6, JOINTS)
    on_ray, _ = triangulate_on_ray(views, u, v, weight, prior=0.0)
    torch.testing.assert_close(stack_planes(on_ray), joints, atol=1e-4, rtol=0)
    start = split_planes(joints + 0.2)
    free = triangulate_three_unknowns(views, u, v, torch.ones(3, 4, 6, JOINTS), start)
    torch.testing.assert_close(stack_planes(free), joints, atol=1e-4, rtol=0)


def test_motion_code_is_exactly_invertible():
    camera, anchor, joints = scene()
    views = views_of(camera, anchor)
    u, v, _ = project(views, split_planes(joints))
    for decouple in (True, False):
        code = MotionCode(COCO17, 4, decouple)
        code.fit_statistics(code.raw(u, v, views))
        u_back, v_back = code.decode(code.encode(u, v, views), views)
        torch.testing.assert_close(u_back, u, atol=2e-5, rtol=0)
        torch.testing.assert_close(v_back, v, atol=2e-5, rtol=0)


def test_local_pose_does_not_depend_on_movement_and_scale():
    camera, anchor, joints = scene()
    views = views_of(camera, anchor)
    code = MotionCode(COCO17, 4)
    u, v, _ = project(views, split_planes(joints))
    raw, moved = code.raw(u, v, views), code.raw(1.7 * u + 0.3, 1.7 * v - 0.1, views)
    local = slice(0, 2 * JOINTS)
    torch.testing.assert_close(raw[..., local], moved[..., local], atol=1e-3, rtol=0)
    torch.testing.assert_close(raw[..., -1] + np.log(1.7), moved[..., -1], atol=1e-3, rtol=0)


def test_world_noise_is_unit_and_shared_by_opposite_views():
    camera, anchor, _ = scene(batch=200)
    views = views_of(camera, anchor)
    noise = view_noise(draw_world_noise(200, 6, JOINTS, torch.Generator().manual_seed(3)), views)
    assert noise.shape == (200, 4, 6, 2 * JOINTS + 3)
    assert abs(float(noise.std()) - 1) < 0.02
    # The views from left and right of the person see mirrored noise of the same world.
    left, right = noise[:, 1, :, :JOINTS], noise[:, 2, :, :JOINTS]
    correlation = float((left * right).mean())
    assert correlation < -0.8


def test_ddim_with_the_true_code_ends_at_it():
    clean, noise = torch.randn(2, 4, 6, 37), torch.randn(2, 4, 6, 37)
    t = torch.full((2,), 0.75)
    x = add_noise(clean, noise, t)
    later = ddim_step(x, clean, t, torch.full((2,), 0.25))
    torch.testing.assert_close(later, add_noise(clean, noise, torch.full((2,), 0.25)),
                               atol=1e-4, rtol=1e-4)
    assert time_grid(2) == [1.0, 0.5]
    power = signal_power(torch.linspace(0, 1, 20))
    assert (power[1:] < power[:-1]).all() and float(power[0]) == pytest.approx(1)
