# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Adds doubt about the arms of people of whom only hips and legs are seen, as behind a shelf.

Networks have hardly learned from such people: they raise arms that hang, and are sure of it.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import ELBOWS, SHOULDERS, WRISTS
from mocap23_ros.windows.keypoint_windows import KeypointWindows

_SEEN = 0.1  # share of a joint's samples, from which it counts as seen
_REACH = ((ELBOWS, 0.25), (WRISTS, 0.45))  # metres along each axis, about where an arm may hang


def arm_doubt(windows: KeypointWindows) -> NDArray[np.float64]:
    """Variances [P,17], m^2 along each axis, to be added to elbows and wrists of hidden arms.

    windows: of COCO-17. An arm is hidden where nothing of it, and no shoulder, is seen.
    """
    unseen = windows.seen_share < _SEEN
    body_hidden = unseen[:, SHOULDERS].all(axis=1)
    doubt = np.zeros(unseen.shape)
    for side in range(2):
        hidden = body_hidden & unseen[:, ELBOWS[side]] & unseen[:, WRISTS[side]]
        for pair, reach in _REACH:
            doubt[:, pair[side]] = np.where(hidden, reach ** 2, 0.0)
    return doubt
