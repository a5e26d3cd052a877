# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The motion filter removes what jumps between windows and keeps what moves within them."""

import numpy as np
import pytest

from mocap23_ros.lifting.lifted_frame import LiftedFrame
from mocap23_ros.pipeline.joint_filter import JointFilter

RATE = 30.0
SD = 0.1  # metres per coordinate


def sample(stamp, joints, ids=(1,)):
    people, count = joints.shape[:2]
    covariance = np.tile(SD**2 * np.eye(3), (people, count, 1, 1))
    return LiftedFrame(stamp, np.array(ids), joints, covariance,
                        np.ones((people, count), np.float32), np.ones((people, 2), np.float32),
                        np.full(people, 1.7, np.float32), np.full(people, 0.1, np.float32))


def path(frames):
    """One joint that swings with up to 2 m/s: [F,1,1,3]."""
    t = np.arange(frames) / RATE
    return np.stack([np.sin(2 * t), t, 1 + 0.5 * np.sin(4 * t)], axis=-1)[:, None, None]


def run(truth, jumps, joint_filter=None, stamps=None):
    """Windows whose whole content is off by jumps [F,...] each; returns the output [F,P,J,3]."""
    joint_filter = joint_filter or JointFilter()
    stamps = np.arange(len(truth)) / RATE if stamps is None else stamps
    out = []
    for i, stamp in enumerate(stamps):
        before = truth[max(i - 1, 0)] + jumps[i]  # where the same window was a frame ago
        out.append(joint_filter.apply(sample(stamp, truth[i] + jumps[i]), before).joints)
    return np.array(out)


def test_exact_windows_pass_unchanged_whatever_moves(monkeypatch):
    truth = path(60)
    truth[20:] += np.cumsum(np.full((40, 1, 1, 3), 0.05), axis=0)  # a sudden 1.5 m/s more
    with monkeypatch.context() as patch:
        patch.setattr('mocap23_ros.pipeline.joint_filter.VELOCITY', 1.0)
        out = run(truth, np.zeros_like(truth))
    np.testing.assert_allclose(out, truth, atol=1e-9)
    # With the running velocity a change is followed within a few frames.
    out = run(truth, np.zeros_like(truth))
    assert np.linalg.norm(out - truth, axis=-1).max() < 0.08
    assert np.linalg.norm(out[40:] - truth[40:], axis=-1).max() < 0.02


def test_jumps_between_windows_are_smoothed_and_the_mean_kept():
    rng = np.random.default_rng(0)
    truth = path(300)
    jumps = rng.normal(0, 0.03, truth.shape)
    out = run(truth, jumps)

    def roughness(x):
        return np.linalg.norm(np.diff(x, n=3, axis=0), axis=-1).mean()

    assert roughness(out) < 0.4 * roughness(truth + jumps)
    assert np.linalg.norm(out - truth, axis=-1).mean() < np.linalg.norm(jumps, axis=-1).mean()
    assert np.abs((out - truth).mean(axis=0)).max() < 0.015


def test_a_window_far_outside_the_covariance_is_taken_at_once():
    truth = path(20)
    jumps = np.zeros_like(truth)
    jumps[10:] = (3.0, 0, 0)  # the person stands elsewhere than was thought
    np.testing.assert_allclose(run(truth, jumps)[10:], truth[10:] + 3 * np.eye(3)[0], atol=0.05)


@pytest.mark.parametrize('rate', [10.0, 60.0])
def test_the_strength_depends_on_time_not_on_frames(rate):
    """A step of the windows fades with the same half-life at every rate."""
    def fade(hertz):
        frames = int(0.1 * hertz) + 1
        truth = np.ones((frames, 1, 1, 3))
        jumps = np.zeros_like(truth)
        jumps[1:] = 0.001
        out = run(truth, jumps, stamps=np.arange(frames) / hertz)
        return 1 - (out[-1] - truth[-1]) / 0.001

    np.testing.assert_allclose(fade(rate), fade(30.0), rtol=0.05)


def test_joints_without_an_estimate_start_again_and_people_come_and_go():
    joint_filter = JointFilter()
    truth = np.concatenate([path(10)] * 2, axis=2)
    truth[4, :, 1] = np.nan
    out = run(truth, np.zeros_like(truth), joint_filter)
    assert np.isnan(out[4, 0, 1]).all() and np.isfinite(out[5:]).all()
    assert np.isfinite(out[:, :, 0]).all()
    # A person who was away for longer is taken where they are now.
    late = sample(5.0, truth[0] + 1)
    np.testing.assert_array_equal(joint_filter.apply(late, truth[9]).joints, late.joints)
    assert joint_filter.previous_stamps(np.array([1, 2])).tolist() == [5.0, -np.inf]
    joint_filter.forget([1])
    again = sample(5.1, truth[0] + 2)
    np.testing.assert_array_equal(joint_filter.apply(again, truth[0]).joints, again.joints)
