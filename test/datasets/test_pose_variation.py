# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Recombined motion: bones and feet stay, poses change, nothing breaks through the floor."""

import numpy as np
import pytest

from mocap23_ros.datasets.clip_resampling import gather_windows
from mocap23_ros.datasets.mocap34 import JOINT_NAMES, PARENTS
from mocap23_ros.datasets.pose_variation import NO_POSE_VARIATION, PoseVariation, vary_poses

LEGS = [j for j, name in enumerate(JOINT_NAMES)
        if any(part in name for part in ('hip', 'knee', 'ankle', 'foot', 'heel', 'toe', 'pelvis'))]
ARM = [JOINT_NAMES.index(name) for name in ('l_elbow', 'l_wrist', 'l_hand')]
RATE = 20.0


@pytest.fixture(scope='module')
def windows(clips):
    rng = np.random.default_rng(4)
    clip = rng.integers(len(clips), size=64)
    first = rng.random(64) * np.maximum(clips.length[clip] - 60, 0)
    joints, contact = gather_windows(clips, clip, first, np.full(64, 1.5), 32)
    return joints, contact, clips.stature[clip]


def bone_lengths(joints):
    return np.linalg.norm(joints - joints[:, :, np.maximum(PARENTS, 0)], axis=-1)


def vary(windows, variation, seed=0):
    joints, contact, stature = windows
    return vary_poses(joints.copy(), contact, stature, RATE, variation,
                      np.random.default_rng(seed))


def test_legs_and_contact_stay_and_upper_bodies_change(windows):
    joints, contact, _ = windows
    varied, same = vary(windows, PoseVariation(upper_body=0.5, arm=0.5, swing=0.5, reverse=0.0))
    np.testing.assert_allclose(varied[:, :, LEGS], joints[:, :, LEGS], atol=1e-5)
    assert np.array_equal(same, contact)
    moved = np.abs(varied - joints).max(axis=(1, 2, 3)) > 0.05
    assert 0.5 < moved.mean() < 1.0


def test_swinging_keeps_every_bone_and_adds_no_jerk(windows):
    joints, _, _ = windows
    varied, _ = vary(windows, PoseVariation(upper_body=0.0, arm=0.0, swing=1.0, reverse=0.0))
    np.testing.assert_allclose(bone_lengths(varied), bone_lengths(joints), atol=1e-4)

    def speed(x):
        return np.linalg.norm(np.diff(x, axis=1), axis=-1) * RATE

    assert speed(varied).max() < speed(joints).max() + 3.0


def test_a_lent_arm_moves_as_it_did_on_its_own_chest(windows):
    """Lender and taker agree on the arm in the frame of the chest; only one arm is lent here."""
    joints, _, stature = windows
    varied, _ = vary(windows, PoseVariation(upper_body=0.0, arm=1.0, swing=0.0, reverse=0.0))
    lengths, original = bone_lengths(varied), bone_lengths(joints)
    # The lender's bones, scaled to the taker's height: some other window's lengths exactly.
    scaled = original[:, None, 0, ARM] * (stature[None, :] / stature[:, None])[..., None]
    distance = np.abs(scaled - lengths[None, :, 0, ARM]).max(axis=-1).min(axis=0)
    assert np.median(distance) < 1e-3


def test_nobody_sinks_below_the_floor(windows):
    joints, _, _ = windows
    for seed in range(5):
        varied, _ = vary(windows, PoseVariation(upper_body=1.0, arm=1.0, swing=1.0), seed)
        lowest = varied[..., 2].min(axis=(1, 2))
        assert (lowest > np.minimum(joints[..., 2].min(axis=(1, 2)), 0) - 0.0301).all()


def test_reversed_windows_run_backwards_with_their_contacts(windows):
    joints, contact, _ = windows
    only = PoseVariation(upper_body=0.0, arm=0.0, swing=0.0, reverse=1.0)
    varied, turned = vary(windows, only)
    np.testing.assert_allclose(varied, joints[:, ::-1], atol=1e-5)
    assert np.array_equal(turned, contact[:, ::-1])


def test_no_variation_is_none(windows):
    varied, contact = vary(windows, NO_POSE_VARIATION)
    assert np.array_equal(varied, windows[0]) and np.array_equal(contact, windows[1])
