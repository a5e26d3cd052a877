# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the core makes of one frame, for outputs and recordings."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.tracking.track import Track

if TYPE_CHECKING:
    from builtin_interfaces.msg import Time
    from std_msgs.msg import Header


@dataclass
class FrameResult:
    """What became of one frame.

    header: of the newest image. estimates: in the world frame, for the image of ``stamp``, which
    is older where the lifter lags; None while there is none so old. arrived: when, on the steady
    clock [s]. stages: seconds spent. camera, world_T_camera: of the newest image, None until they
    are known. frozen_for: seconds for which the image has been the same. scene: a small image,
    where StillWatch or TimeWatch wants it.
    """

    header: 'Header'
    stamp: 'Time | None'
    image_size: tuple[int, int]
    tracks: list[Track]
    arrived: float
    estimates: list[SkeletonEstimate] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    camera: CameraModel | None = None
    world_T_camera: NDArray[np.float64] | None = None
    frozen_for: float = 0.0
    scene: NDArray[np.uint8] | None = None
