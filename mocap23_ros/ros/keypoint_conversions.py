# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the core's 2D keypoints into messages."""

from array import array
from collections.abc import Sequence

import numpy as np
from std_msgs.msg import Header

from mocap23_msgs.msg import Keypoints2D, Keypoints2DArray
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.tracking.track import Track


def keypoints_to_message(
    tracks: Sequence[Track],
    keypoint_format: SkeletonFormat,
    header: Header,
    image_size: tuple[int, int],
) -> Keypoints2DArray:
    """Return the keypoints of the people seen in this image; header is the image's own."""
    message = Keypoints2DArray(
        header=header, format=keypoint_format.name,
        image_width=int(image_size[0]), image_height=int(image_size[1]))
    message.people = [
        Keypoints2D(
            id=int(track.person_id),
            keypoints=array('f', np.ascontiguousarray(track.keypoints, np.float32).tobytes()),
            bounding_box=np.asarray(track.bounding_box, np.float32).copy(),
            score=float(np.mean(track.keypoints[:, 2])),
        )
        for track in tracks if np.isfinite(track.keypoints[:, :2]).any()
    ]
    return message
