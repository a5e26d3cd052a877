# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The 34-joint layout of the packed motion data: indices, tree, mirror, parts."""

import numpy as np
from numpy.typing import NDArray

JOINT_NAMES = (
    'pelvis', 'l_hip', 'r_hip', 'spine1', 'l_knee', 'r_knee', 'spine2', 'l_ankle', 'r_ankle',
    'spine3', 'l_foot', 'r_foot', 'neck', 'l_collar', 'r_collar', 'head', 'l_shoulder',
    'r_shoulder', 'l_elbow', 'r_elbow', 'l_wrist', 'r_wrist', 'l_hand', 'r_hand', 'head_top',
    'nose', 'l_eye', 'r_eye', 'l_ear', 'r_ear', 'l_heel', 'r_heel', 'l_toe', 'r_toe',
)
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 12, 12, 13, 14, 16, 17, 18, 19, 20, 21,
           15, 15, 25, 25, 26, 27, 7, 8, 10, 11)
COCO17_JOINTS: NDArray[np.intp] = np.array(
    [25, 26, 27, 28, 29, 16, 17, 18, 19, 20, 21, 1, 2, 4, 5, 7, 8])
# heel, ball, toe tip of the left and of the right foot
FOOT_JOINTS: NDArray[np.intp] = np.array([[30, 10, 32], [31, 11, 33]])
MIRROR: NDArray[np.intp] = np.array(
    [JOINT_NAMES.index({'l_': 'r_', 'r_': 'l_'}.get(name[:2], name[:2]) + name[2:])
     for name in JOINT_NAMES])
COCO17_MIRROR: NDArray[np.intp] = np.array(
    [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
COUNT = len(JOINT_NAMES)
