# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The single-frame root estimate on a standing figure whose position is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocap23_ros.lifting.initial_root import initial_root

# A standing COCO figure of 1.70 m: (left, up) in metres.
FIGURE = np.array([[0, 1.58], [.03, 1.61], [-.03, 1.61], [.07, 1.60], [-.07, 1.60], [.18, 1.35],
                   [-.18, 1.35], [.22, 1.06], [-.22, 1.06], [.24, .79], [-.24, .79], [.09, .87],
                   [-.09, .87], [.10, .48], [-.10, .48], [.11, .077], [-.11, .077]])


def rays_to_figure(distance, azimuth=0.3, height=1.4, scale=1.0, lift=0.0):
    """Camera centre, rays and root of the figure at a horizontal distance."""
    ahead = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    left = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    centre = np.array([1.0, -2.0, height])
    floor = centre * (1, 1, 0) + distance * ahead
    joints = floor + scale * (FIGURE[:, :1] * left + FIGURE[:, 1:] * np.array([0, 0, 1.0]))
    joints[:, 2] += lift
    return centre, joints - centre, joints[11:13].mean(axis=0)


@given(distance=st.floats(1.5, 12), azimuth=st.floats(-3.1, 3.1), height=st.floats(0.5, 2.5))
@settings(max_examples=60, deadline=None)
def test_standing_adult_is_found_within_the_claimed_uncertainty(distance, azimuth, height):
    centre, rays, truth = rays_to_figure(distance, azimuth, height)
    root, sd = initial_root(centre, rays, np.ones(17), 1000.0, np.nan)
    assert np.linalg.norm(root - truth) < 2 * sd
    assert np.linalg.norm(root - truth) < 0.05 + 0.04 * distance


def test_batched_call_equals_single_calls():
    cases = [rays_to_figure(d) for d in (2.0, 4.0, 8.0)]
    centres, rays = np.array([c[0] for c in cases]), np.array([c[1] for c in cases])
    root, sd = initial_root(centres, rays, np.ones((3, 17)), np.full(3, 900.0), np.full(3, 1.7))
    for i, (centre, ray, _) in enumerate(cases):
        one_root, one_sd = initial_root(centre, ray, np.ones(17), 900.0, 1.7)
        np.testing.assert_allclose(root[i], one_root)
        np.testing.assert_allclose(sd[i], one_sd)


def test_child_is_placed_by_its_feet_although_its_size_says_further():
    centre, rays, truth = rays_to_figure(4.0, scale=0.65)
    root, _ = initial_root(centre, rays, np.ones(17), 1000.0, np.nan)
    assert np.linalg.norm(root - truth) < 0.4


def test_feet_in_the_air_do_not_throw_the_person_to_the_horizon():
    centre, rays, truth = rays_to_figure(4.0, lift=0.5)  # floor hits at 6.2 m
    root, _ = initial_root(centre, rays, np.ones(17), 1000.0, np.nan)
    assert np.linalg.norm(root - truth) < 0.45


def test_hidden_legs_leave_size_and_upright_posture():
    centre, rays, truth = rays_to_figure(3.0)
    confidence = np.where(np.arange(17) < 11, 1.0, 0.0)
    rays[11:] = np.nan
    root, sd = initial_root(centre, rays, confidence, 1000.0, np.nan)
    assert np.linalg.norm(root - truth) < 0.35
    assert sd > initial_root(*rays_to_figure(3.0)[:2], np.ones(17), 1000.0, np.nan)[1]


def test_known_stature_narrows_the_estimate():
    centre, rays, _ = rays_to_figure(8.0, height=0.6)
    _, unknown_sd = initial_root(centre, rays, np.ones(17), 1000.0, np.nan)
    _, known_sd = initial_root(centre, rays, np.ones(17), 1000.0, 1.70)
    assert known_sd < unknown_sd


@pytest.mark.parametrize('case', ['nobody', 'two points', 'below floor', 'straight up', 'inf'])
def test_hopeless_input_gives_nan_and_no_warning(case, recwarn):
    centre, rays, _ = rays_to_figure(4.0)
    confidence = np.ones(17)
    if case == 'nobody':
        rays, confidence = rays * np.nan, np.zeros(17)
    elif case == 'two points':
        confidence[2:] = 0
    elif case == 'below floor':
        centre[2] = -0.2
    elif case == 'straight up':
        rays[:] = (0, 0, 1)
    elif case == 'inf':
        rays[:] = np.inf
    root, sd = initial_root(centre, rays, confidence, 1000.0, np.nan)
    assert np.isnan(root).all() and np.isnan(sd)
    assert not recwarn.list
