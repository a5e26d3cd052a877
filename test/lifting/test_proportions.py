# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Proportions that are measured along a track."""

import numpy as np
from synthetic_people import walking_person

from mocap23_ros.lifting.bone_lengths import bone_lengths
from mocap23_ros.lifting.proportions import (
    RememberedProportions,
    log_proportions,
    proportion_features,
)
from mocap23_ros.skeletons.body_proportions import LENGTHS
from mocap23_ros.skeletons.conversion import convert_joints
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19

STAMPS = np.arange(200) / 20
# Somebody broad.
JOINTS = convert_joints(walking_person(STAMPS) * (1, 1.3, 1), COCO17, OUTPUT19)[None]
TRUE = log_proportions(bone_lengths(JOINTS))


def test_proportions_do_not_depend_on_size():
    np.testing.assert_allclose(log_proportions(bone_lengths(0.6 * JOINTS)), TRUE, atol=1e-9)
    np.testing.assert_allclose(TRUE.mean(), 0, atol=1e-9)
    assert np.abs(TRUE).max() > 0.05


def test_a_track_comes_to_know_a_body():
    rng = np.random.default_rng(0)
    covariance = np.broadcast_to(0.02**2 * np.eye(3), (1, 1, 19, 3, 3))
    memory, ids = RememberedProportions(), np.array([7])
    assert not memory.features(ids).any()
    known = []
    for frame in range(0, 200, 2):
        seen = JOINTS[:, frame, None] + rng.normal(0, 0.015, (1, 1, 19, 3))
        memory.update(ids, seen, covariance, np.array([1.7]))
        known.append(memory.features(ids)[0, len(LENGTHS):])
    assert (np.diff(known, axis=0) >= 0).all() and (known[-1] > 1.5 * known[0]).all()
    told = memory.features(ids)[0, :len(LENGTHS)] / known[-1] / 10
    assert np.abs(told - TRUE[0]).max() < 0.05
    assert not memory.features(np.array([8])).any()
    memory.forget([7])
    assert not memory.features(ids).any()


def test_what_is_known_badly_says_little():
    features = proportion_features(np.full((1, 7), 0.1), np.full((1, 7), np.inf))
    assert not features.any()
    exact = proportion_features(np.full((1, 7), 0.1), np.zeros((1, 7)))
    np.testing.assert_allclose(exact, [[1.0] * 14])
