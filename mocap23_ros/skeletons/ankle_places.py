# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Moves ankles, which detectors have further up the shank than motion capture, and back.

Lifters know how high a planted ankle is. One that is 3 cm higher, as in shoes, puts a person 5 cm
too far before a camera 1.8 m up and 3 m away.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.coco17 import ANKLES, KNEES
from mocap23_ros.skeletons.formats import COCO17, COCO21
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


def share_in(skeleton: SkeletonFormat, share: float) -> float:
    """The share for keypoints of a format: 0 of those whose ankles are not COCO's."""
    return share if skeleton in (COCO17, COCO21) else 0.0


def lowered(keypoints: NDArray, share: float) -> NDArray:
    """A copy of keypoints [...,J,3] (x, y, confidence), the first 17 COCO's, for lifters.

    share: of the shank, by which the detector has ankles too high. Where a knee is not seen its
    ankle stays.
    """
    result = keypoints.copy()
    shank = keypoints[..., ANKLES, :2] - keypoints[..., KNEES, :2]
    result[..., ANKLES, :2] += share * np.nan_to_num(shank)
    return result


def raised(joints: NDArray, share: float) -> NDArray:
    """A copy of lifted joints [...,J,3] with the ankles where the detector has them."""
    result = joints.copy()
    result[..., ANKLES, :] -= share / (1 + share) * (joints[..., ANKLES, :] - joints[..., KNEES, :])
    return result
