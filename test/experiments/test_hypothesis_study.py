# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Which windows are ambiguous, and how hypotheses are weighed."""

import numpy as np
import pytest
from training_helpers import torch  # noqa: F401 - skips the tests where it is absent

from mocap23_ros.experiments.ambiguous_windows import image_of, kinds_of
from mocap23_ros.experiments.hypothesis_study import DRAWS, errors, log_weights
from mocap23_ros.skeletons.coco17 import ANKLES, ELBOWS, HIPS, KNEES, SHOULDERS, WRISTS
from mocap23_ros.training.stream_windows import StreamWindows

SAMPLES = 3
PLAIN, DEEP, SIDE, HIDDEN, EXCHANGED = range(5)


@pytest.fixture
def windows():
    """Somebody upright at 4 m, his left to the camera's right: one window of each kind."""
    body = np.zeros((17, 3))
    body[:, 2] = 1.6
    for pair, half, height in ((SHOULDERS, 0.2, 1.4), (ELBOWS, 0.25, 1.2), (WRISTS, 0.25, 1.0),
                               (HIPS, 0.15, 0.9), (KNEES, 0.15, 0.5), (ANKLES, 0.15, 0.1)):
        body[pair, 1], body[pair, 2] = (-half, half), height
    joints = np.tile(body, (5, SAMPLES, 1, 1))
    joints[DEEP, :, WRISTS[0]] = joints[DEEP, :, ELBOWS[0]] - [0.26, 0, 0]
    joints[SIDE, ..., 0] = joints[SIDE, ..., 1]
    joints[SIDE, ..., 1] = 0
    joints[..., 0] += 4
    camera = np.zeros((5, SAMPLES, 8), np.float32)
    camera[..., 2] = 1.2
    observation = np.ones((5, SAMPLES, 17, 3), np.float32)
    observation[..., :2] = image_of(joints, camera)[0]
    observation[HIDDEN][:, [*KNEES, *ANKLES]] = 0
    order = np.arange(17)
    order[[*KNEES, *ANKLES]] = order[[*KNEES[::-1], *ANKLES[::-1]]]
    observation[EXCHANGED] = observation[EXCHANGED][:, order]
    return StreamWindows({'camera': camera, 'observation': observation},
                         joints.astype(np.float32), joints)


def test_every_window_is_of_its_kind_alone(windows):
    found = kinds_of(windows)
    for index, kind in enumerate(('plain', 'depth', 'side view', 'hidden', 'exchanged')):
        assert found[kind].tolist() == [row == index for row in range(5)], kind


def test_what_misses_keypoints_or_leaves_the_motion_before_weighs_less(windows):
    aside = windows.joints + [0, 0.03, 0]
    # Along the rays nothing shows in the image.
    camera = windows.full['camera'][:, :, None, :3]
    farther = camera + (windows.joints - camera) * 1.02
    right, beside, behind = log_weights(np.stack([windows.joints, aside, farther]), windows)
    others = np.array([PLAIN, DEEP, SIDE, HIDDEN])
    np.testing.assert_allclose(right[others], 0, atol=1e-3)
    assert (beside < behind)[others].all() and (behind < right).all()
    assert right[EXCHANGED] < -5


def test_the_best_of_many_is_no_worse_and_a_mirrored_body_is_not_taken(windows):
    drawn = np.random.default_rng(3).normal(0, 0.02, (DRAWS + 2, *windows.joints.shape))
    joints = windows.joints + drawn
    joints[-1, ..., 0] += 0.5
    found = errors(joints, windows)
    for figure in ('MPJPE', 'Abs'):
        best = found[f'best of {DRAWS}/{figure}']
        assert (best <= found[f'best of 4/{figure}']).all()
        assert (found[f'best of 4/{figure}'] < found[f'one draw/{figure}']).all()
        assert (found[f'{DRAWS}, mean/{figure}'] < best).all()
    np.testing.assert_allclose(found['both weighed/Abs'], found['published/Abs'], rtol=0.05)
