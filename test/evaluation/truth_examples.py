# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A truth at 120 Hz of two people who walk, and the same in another clock and world."""

import numpy as np
from scipy.spatial.transform import Rotation
from synthetic_people import walking_person

from mocap23_ros.skeletons.formats import COCO17

RATE = 120.0
NAMES = COCO17.joint_names


def people(stamps):
    """Joints [F,2,17,3] of two people who walk and now and then lift an arm, which no gait does."""
    joints = np.stack([walking_person(stamps, (4.0, -0.6), heading=1.4),
                       walking_person(stamps, (5.0, 0.8), heading=-1.7)], axis=1)
    lift = 0.5 * np.exp(-((stamps - 1.1) / 0.25) ** 2) + 0.4 * np.exp(-((stamps - 2.6) / 0.4) ** 2)
    joints[:, :, 9, 2] += lift[:, None]
    joints[:, 0, 10, 2] += 0.3 * np.exp(-((stamps - 1.9) / 0.3) ** 2)
    return joints


STAMPS = np.arange(int(4 * RATE)) / RATE
TRUTH = people(STAMPS)


def moved(joints, offset):
    """The motion in another clock and another world."""
    turn = Rotation.from_euler('ZYX', (70, 2, -1), degrees=True).as_matrix()
    return {'joints': joints @ turn.T + (1.0, -2.0, 0.3), 'stamps': STAMPS - offset}, turn
