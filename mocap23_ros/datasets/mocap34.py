# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""MOCAP34 as the packed motion data writes it (``l_hip`` for ``left_hip``), and parts of it."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.formats import COCO17, MOCAP34

JOINT_NAMES = tuple(name.replace('left_', 'l_').replace('right_', 'r_')
                    for name in MOCAP34.joint_names)
PARENTS = MOCAP34.parents
MIRROR: NDArray[np.intp] = np.array(MOCAP34.mirror)
COUNT = len(MOCAP34)
COCO17_JOINTS: NDArray[np.intp] = np.array([MOCAP34.index(name) for name in COCO17.joint_names])
# heel, ball, toe tip of the left and of the right foot
FOOT_JOINTS: NDArray[np.intp] = np.array(
    [[MOCAP34.index(f'{side}_{part}') for part in ('heel', 'foot', 'toe')]
     for side in ('left', 'right')])
