# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Columns of keypoint files that change persons."""

import numpy as np
from recording_examples import observed

from mocap23_ros.plausibility.column_order import column_doubt

STAMPS = np.arange(90) / 30.0


def test_steady_columns_are_right():
    keypoints = observed(STAMPS, noise=8.0)['keypoints']
    assert column_doubt(keypoints, STAMPS) == ''
    gone = keypoints.copy()
    gone[20:40, 1] = np.nan, np.nan, 0
    gone[::3, 0, 5:12] = np.nan, np.nan, 0
    assert column_doubt(gone, STAMPS) == ''
    # Ten seconds pass between frames: people may be anywhere.
    assert column_doubt(keypoints[::-1][np.arange(90) * 37 % 90], 10.0 * np.arange(90)) == ''


def test_exchanged_columns_are_named():
    keypoints = observed(STAMPS, noise=2.0)['keypoints']
    exchanged = np.random.default_rng(3).random(len(STAMPS)) < 0.3
    both = keypoints.copy()
    both[exchanged] = keypoints[exchanged][:, ::-1]
    assert 'track people first' in column_doubt(both, STAMPS)
    # The same with a column alone: the most confident person of each frame.
    assert 'track people first' in column_doubt(both[:, :1], STAMPS)
