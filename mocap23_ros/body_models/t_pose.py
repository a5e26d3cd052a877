# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The fitted body against the rest pose that animation files use.

That rest pose stands with the arms stretched out sideways; its axes are x to the body's left, y up,
z forward. The kinematic tree's rest has the arms hanging and x forward, y left, z up.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.kinematic_tree import SEGMENTS

_BODY = np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])
_RAISE = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # turns a hanging left arm to the left


def _rest(segment: str) -> NDArray[np.float64]:
    if 'arm' not in segment:
        return _BODY
    return _BODY @ (_RAISE if segment.startswith('left') else _RAISE.T)


REST_R_SEGMENT: NDArray[np.float64] = np.stack([_rest(segment) for segment in SEGMENTS])
"""[11,3,3]: a segment's axes in the T-pose, as matrices that map segment axes to rest axes."""
REST_R_SEGMENT.setflags(write=False)


def turned_from_rest(world_R_segment: NDArray) -> NDArray[np.float64]:
    """World rotations [...,11,3,3] of the segments as turns away from the T-pose.

    world_R_segment: [...,11,3,3] of kinematic_tree.SEGMENTS. A body in the T-pose whose rest axes
    coincide with the world's has identities.
    """
    return np.asarray(world_R_segment @ np.swapaxes(REST_R_SEGMENT, -1, -2))
