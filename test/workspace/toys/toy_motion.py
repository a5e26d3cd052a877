# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A data set of motion: one array of joints, metres and z up, at 30 Hz."""

import numpy as np

from mocap23_ros.datasets.licensed.motion_packing import SourceMotion, pack_motions


def load_toys(root):
    """The motion in root/toys.npy."""
    motion = SourceMotion('toy', 'nobody', np.load(root / 'toys.npy'), 30.0, None)
    return pack_motions([motion], 'Toys', root)
