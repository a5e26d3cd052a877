# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics: values worked out by hand, and what each one must not see."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.metrics import (
    REPORT_KEYS,
    by_distance,
    evaluate_motion,
    motion_errors,
    summarise,
)

seeds = st.integers(0, 2 ** 31 - 1)


def motion(seed=0, frames=130, noise=0.05):
    """A wandering person and an imperfect estimate of it."""
    rng = np.random.default_rng(seed)
    body = rng.normal(size=(17, 3)) * (0.2, 0.2, 0.5)
    path = np.cumsum(rng.normal(size=(frames, 1, 3)) * (0.03, 0.03, 0.002), axis=0)
    true = body + path + 0.01 * rng.normal(size=(frames, 17, 3))
    return true + noise * rng.normal(size=true.shape), true


def moved(points, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    rotation = Rotation.random(random_state=int(rng.integers(1 << 30))).as_matrix()
    return scale * points @ rotation.T + rng.normal(size=3)


def test_a_perfect_estimate_has_no_error():
    _, true = motion()
    result = evaluate_motion(true, true, 30)
    for key in ('mpjpe_mm', 'pa_mpjpe_mm', 'w_mpjpe_mm', 'wa_mpjpe_mm', 'w_rigid_mpjpe_mm',
                'abs_mpjpe_mm', 'root_mm', 'accel_ms2'):
        assert result[key] == pytest.approx(0, abs=1e-6), key
    assert result['frames'] == 130 and result['recall'] == 1.0
    assert set(REPORT_KEYS) <= set(result)


def test_a_constant_offset_is_absolute_error_only():
    _, true = motion()
    result = evaluate_motion(true + (0.3, 0.0, 0.4), true, 30)
    assert result['abs_mpjpe_mm'] == pytest.approx(500)
    assert result['root_mm'] == pytest.approx(500)
    for key in ('mpjpe_mm', 'pa_mpjpe_mm', 'w_mpjpe_mm', 'wa_mpjpe_mm', 'w_rigid_mpjpe_mm',
                't_root_mm', 'accel_ms2'):
        assert result[key] == pytest.approx(0, abs=1e-6), key


def test_mpjpe_by_hand():
    true = np.zeros((1, 17, 3))
    true[0, :, 0] = np.arange(17)
    pred = true.copy()
    pred[0, 0] += (0.0, 0.03, 0.04)     # one joint 50 mm off, the hips exact
    pred[0, 5] += (0.12, 0.0, 0.05)     # one 130 mm off
    result = evaluate_motion(pred, true, 30)
    assert result['mpjpe_mm'] == pytest.approx((50 + 130) / 17)
    # Moving one hip by 34 mm moves the pelvis by 17 mm: 16 joints 17 mm off, that hip 17 mm.
    pred = true.copy()
    pred[0, 11, 2] += 0.034
    assert evaluate_motion(pred, true, 30)['mpjpe_mm'] == pytest.approx(17)
    assert evaluate_motion(pred, true, 30)['abs_mpjpe_mm'] == pytest.approx(2)


def test_scale_is_seen_by_w_rigid_only():
    _, true = motion()
    pred = 1.1 * true
    result = evaluate_motion(pred, true, 30)
    assert result['w_mpjpe_mm'] == pytest.approx(0, abs=1e-6)
    assert result['wa_mpjpe_mm'] == pytest.approx(0, abs=1e-6)
    assert result['w_rigid_mpjpe_mm'] > 10


def test_w_aligns_at_the_start_of_each_hundred_frames():
    _, true = motion(frames=230)
    pred = true.copy()
    pred[50:] += (0.2, 0, 0)      # a jump inside the first chunk; later chunks align to it
    w = motion_errors(pred, true, 30)['w_mpjpe_mm']
    assert w[:50].max() < 1e-6 and np.allclose(w[50:100], 200) and w[100:].max() < 1e-6
    assert evaluate_motion(pred, true, 30)['w_mpjpe_mm'] == pytest.approx(200 * 50 / 230)


@settings(max_examples=25)
@given(seeds, st.floats(0.3, 3.0))
def test_what_each_metric_ignores(seed, scale):
    pred, true = motion(seed, frames=20)
    base = evaluate_motion(pred, true, 30)
    # One similarity of the whole prediction: invisible to PA, W and WA.
    other = evaluate_motion(moved(pred, seed, scale), true, 30)
    for key in ('pa_mpjpe_mm', 'w_mpjpe_mm', 'wa_mpjpe_mm'):
        assert other[key] == pytest.approx(base[key], rel=1e-6), key
    # A rigid motion: also to W-rigid.
    other = evaluate_motion(moved(pred, seed), true, 30)
    assert other['w_rigid_mpjpe_mm'] == pytest.approx(base['w_rigid_mpjpe_mm'], rel=1e-6)
    assert other['t_root_mm'] == pytest.approx(base['t_root_mm'], rel=1e-6)
    # Both moved alike: nothing that is measured may change.
    other = evaluate_motion(moved(pred, seed), moved(true, seed), 30)
    for key in REPORT_KEYS:
        if base[key] is not None:
            assert other[key] == pytest.approx(base[key], rel=1e-6), key


@settings(max_examples=15)
@given(seeds)
def test_time_reversal_and_order_of_errors(seed):
    pred, true = motion(seed, frames=60)
    forward, backward = evaluate_motion(pred, true, 30), evaluate_motion(pred[::-1], true[::-1], 30)
    for key in ('mpjpe_mm', 'pa_mpjpe_mm', 'wa_mpjpe_mm', 'abs_mpjpe_mm', 'accel_ms2',
                'jitter_10ms3', 'foot_skate_mm'):
        if forward[key] is not None:
            assert forward[key] == pytest.approx(backward[key]), key
    squared = motion_errors(pred, true, 30)
    # Least squares: more freedom cannot raise the squared error.
    assert np.mean(squared['wa_mpjpe_mm'] ** 2) <= np.mean(squared['abs_mpjpe_mm'] ** 2) + 1e-6
    assert np.mean(squared['wa_mpjpe_mm'] ** 2) <= np.mean(squared['w_mpjpe_mm'] ** 2) + 1e-6


def test_a_mirrored_estimate_is_not_aligned_away():
    _, true = motion()
    assert evaluate_motion(true * (-1, 1, 1), true, 30)['pa_mpjpe_mm'] > 50


def test_acceleration_and_jitter_by_hand():
    time = np.arange(40) / 30
    true = np.zeros((40, 17, 3))
    pred = true.copy()
    pred[:, 0, 0] = 0.5 * 3.0 * time ** 2       # one joint accelerates at 3 m/s^2
    assert evaluate_motion(pred, true, 30)['accel_ms2'] == pytest.approx(3.0 / 17)
    pred[:, 0, 0] = 60.0 * time ** 3 / 6         # and with a jerk of 60 m/s^3
    result = evaluate_motion(pred, true, 30)
    assert result['jitter_10ms3'] == pytest.approx(6.0 / 17)
    assert result['jitter_truth_10ms3'] == 0


@pytest.mark.parametrize('fps', [30, 60])
def test_foot_skate_by_hand(fps):
    true = np.zeros((30, 17, 3))
    true[:, 16, 0] = np.arange(30) * 1.0 / fps          # right ankle swings at 1 m/s
    pred = true.copy()
    pred[:, 15, 1] = np.arange(30) * 0.06 / fps         # left one stands, but slides at 6 cm/s
    assert evaluate_motion(pred, true, fps)['foot_skate_mm'] == pytest.approx(2.0)
    walking = true + np.arange(30)[:, None, None] * 0.5 / fps
    assert evaluate_motion(walking, walking, fps)['foot_skate_mm'] is None


def test_depth_and_lateral_root_error():
    true = np.zeros((3, 17, 3))
    true[..., 0] = 4.0
    pred = true + (0.2, 0.05, 0.0)
    result = evaluate_motion(pred, true, 30, camera_position=np.zeros(3))
    assert result['root_depth_bias_mm'] == pytest.approx(200)
    assert result['root_lateral_mm'] == pytest.approx(50)
    nearer = evaluate_motion(true - (0.2, 0, 0), true, 30, camera_position=np.zeros((3, 3)))
    assert nearer['root_depth_bias_mm'] == pytest.approx(-200)
    assert nearer['root_depth_mm'] == pytest.approx(200)


def test_contact_f1_and_stature():
    joints = np.zeros((4, 17, 3))
    said = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], float)
    is_so = np.array([[1, 0], [0, 0], [1, 1], [1, np.nan]], float)
    result = evaluate_motion(joints, joints, 30, contact=said, true_contact=is_so,
                             stature=np.full(4, 1.87), true_stature=1.7)
    assert result['contact_f1'] == pytest.approx(2 * 3 / (2 * 3 + 1 + 1))
    assert result['stature_error_percent'] == pytest.approx(10)


def test_honest_covariance_is_covered():
    rng = np.random.default_rng(5)
    a = rng.normal(size=(3, 3))
    covariance = 1e-3 * (a @ a.T + 0.1 * np.eye(3))
    true = np.zeros((600, 17, 3)) + (5, 0, 1)
    pred = true + rng.multivariate_normal(np.zeros(3), covariance, size=(600, 17))
    stated = np.broadcast_to(covariance, (600, 17, 3, 3))
    result = evaluate_motion(pred, true, 30, stated, camera_position=np.zeros(3))
    assert result['coverage_95'] == pytest.approx(0.95, abs=0.01)
    assert result['coverage_68'] == pytest.approx(0.68, abs=0.02)
    assert result['nees'] == pytest.approx(1, abs=0.05)
    # The mean of two independent hips with this covariance has half their variance.
    assert result['root_depth_nees'] == pytest.approx(0.5, abs=0.1)
    cocky = evaluate_motion(pred, true, 30, stated / 9)
    assert cocky['coverage_95'] < 0.7 and cocky['nees'] == pytest.approx(9, rel=0.05)


def test_unknown_stays_unknown():
    pred, true = motion()
    nothing = evaluate_motion(np.full_like(pred, np.nan), true, 30)
    assert nothing['frames'] == 0 and nothing['recall'] == 0
    assert all(nothing[key] is None for key in REPORT_KEYS if key != 'frames')
    assert evaluate_motion(pred, true, 30)['coverage_95'] is None
    assert evaluate_motion(pred[:1], true[:1], 30)['accel_ms2'] is None
    partly = pred.copy()
    partly[10:20] = np.nan
    partly[30, 4] = np.nan
    result = evaluate_motion(partly, true, 30)
    assert result['frames'] == 120
    kept = np.isfinite(partly).all(axis=-1)
    assert result['abs_mpjpe_mm'] == pytest.approx(
        1e3 * np.linalg.norm(pred - true, axis=-1)[kept].mean())
    assert result['pa_mpjpe_mm'] == pytest.approx(
        evaluate_motion(pred, true, 30)['pa_mpjpe_mm'], rel=0.05)


def test_singular_covariance_is_not_counted():
    pred, true = motion()
    covariance = np.zeros((130, 17, 3, 3))
    assert evaluate_motion(pred, true, 30, covariance)['coverage_95'] is None


def test_sequences_weigh_by_frames_and_bins_split_them():
    near, far = np.zeros((10, 17, 3)) + (2, 0, 0), np.zeros((30, 17, 3)) + (8, 0, 0)
    parts = [motion_errors(near + (0, 0, .1), near, 30, camera_position=np.zeros(3)),
             motion_errors(far + (0, 0, .2), far, 30, camera_position=np.zeros(3))]
    assert summarise(parts)['abs_mpjpe_mm'] == pytest.approx((10 * 100 + 30 * 200) / 40)
    bins = by_distance(parts)
    assert bins['0-3 m']['abs_mpjpe_mm'] == pytest.approx(100)
    assert bins['7-10 m']['abs_mpjpe_mm'] == pytest.approx(200)
    assert bins['7-10 m']['frames'] == 30


def test_extra_joints_are_left_out_and_bad_shapes_named():
    pred, true = motion()
    nineteen = np.concatenate([pred, np.full((130, 2, 3), 9.0)], axis=1)
    assert evaluate_motion(nineteen, true, 30) == evaluate_motion(pred, true, 30)
    for bad, message in ((pred[:5], '5 frames'), (pred[:, :10], '17 COCO'),
                         (pred[..., :2], 'frames, joints, 3')):
        with pytest.raises(InputError, match=message):
            evaluate_motion(bad, true, 30)
    with pytest.raises(InputError, match='positive'):
        evaluate_motion(pred, true, 0)


def test_limit_ratio():
    true = np.zeros((4, 17, 3))
    limit = np.array([0.1, 0.1, 0.2, np.nan])
    result = evaluate_motion(true + (0.2, 0, 0), true, 30, limit=limit)
    assert result['limit_ratio'] == pytest.approx((2 + 2 + 1) / 3)
