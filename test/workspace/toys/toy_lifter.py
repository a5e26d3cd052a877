# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A lifter: everybody stands three metres before the camera, in one point."""

import numpy as np

from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19


class ToyLifter:
    """No state, no network."""

    input_format, output_format = COCO17, OUTPUT19
    window_length, rate = 3, 15.0

    def lift(self, windows):
        """Joints [P,T,19,3]."""
        people, length, joints = windows.people, windows.length, len(OUTPUT19)
        pose = windows.world_T_camera[:, None]
        p_world = np.broadcast_to(pose[..., :3, 3] + 3 * pose[..., :3, 2],
                                  (people, length, joints, 3)).astype(np.float32)
        covariance = np.broadcast_to(np.eye(3, dtype=np.float32) / 100, (*p_world.shape, 3))
        known = np.ones((people, length, joints), np.float32)
        stature = np.full(people, 1.7, np.float32)
        return LiftedMotion(windows.stamps, p_world, covariance, known, known[..., :2], stature,
                            stature / 20)

    def restart(self, person_ids):
        """Nothing is kept."""

    def forget(self, person_ids=None):
        """Nothing is kept."""

    def close(self):
        """Nothing to free."""
