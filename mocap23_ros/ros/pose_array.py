# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""People as geometry_msgs/PoseArray, for programs that need no skeletons."""

from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Point, Pose, PoseArray, Quaternion
from std_msgs.msg import Header

from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.ros.conversions import root_numbers
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.output import OutputContext
from mocap23_ros.ros.settings import Settings
from mocap23_ros.tracking.track import TrackState


class PoseOutput:
    """The topic ``poses``: the root of everybody whose root is known, in the world frame."""

    def __init__(self, context: OutputContext) -> None:
        self._publisher = context.create(PoseArray, 'poses')

    def publish(self, result: FrameResult, header: Header, settings: Settings) -> None:
        """Publish the poses of a frame."""
        self._publisher.publish(PoseArray(header=header, poses=[
            pose for _, pose in root_poses(result.estimates)]))

    def clear(self, header: Header) -> None:
        """Publish nobody."""
        self._publisher.publish(PoseArray(header=header))


def root_poses(
    estimates: Sequence[SkeletonEstimate]
) -> list[tuple[SkeletonEstimate, Pose]]:
    """Return the people who are followed and whose root is known, with their roots."""
    if not estimates:
        return []
    return [
        (estimate, Pose(position=Point(x=x, y=y, z=z),
                        orientation=Quaternion(x=qx, y=qy, z=qz, w=qw)))
        for estimate, (x, y, z, qx, qy, qz, qw) in zip(
            estimates, root_numbers(estimates).tolist(), strict=True)
        if np.isfinite(qw) and estimate.state is not TrackState.LOST]
