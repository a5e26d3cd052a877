# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""People as vision_msgs/Detection3DArray, which planners and trackers of objects take."""

from typing import Any

import numpy as np
from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion, Vector3
from std_msgs.msg import Header

from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.ros.conversions import root_covariance
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.output import OutputContext, message_package
from mocap23_ros.ros.pose_array import root_poses
from mocap23_ros.ros.settings import Settings


class DetectionOutput:
    """The topic ``detections``. Raises InputError where vision_msgs is not installed."""

    def __init__(self, context: OutputContext) -> None:
        self._messages = message_package('vision_msgs', 'publish_detections')
        self._publisher = context.create(self._messages.Detection3DArray, 'detections')

    def publish(self, result: FrameResult, header: Header, settings: Settings) -> None:
        """Publish the people of a frame whose root is known."""
        self._publisher.publish(self._messages.Detection3DArray(header=header, detections=[
            self._detection(estimate, pose, header)
            for estimate, pose in root_poses(result.estimates)]))

    def clear(self, header: Header) -> None:
        """Publish nobody."""
        self._publisher.publish(self._messages.Detection3DArray(header=header))

    def _detection(self, estimate: SkeletonEstimate, pose: Pose, header: Header) -> Any:
        """The root with its covariance, and the box around the joints, along the world's axes."""
        detection = self._messages.Detection3D(header=header, id=str(estimate.person_id))
        seen = np.asarray(np.isfinite(estimate.joints).all(axis=1))
        result = self._messages.ObjectHypothesisWithPose(pose=PoseWithCovariance(
            pose=pose, covariance=root_covariance(estimate)))
        result.hypothesis.class_id = 'person'
        if seen.any():
            result.hypothesis.score = float(estimate.confidence[seen].mean())
            low = estimate.joints[seen].min(axis=0).astype(float)
            high = estimate.joints[seen].max(axis=0).astype(float)
            x, y, z = ((low + high) / 2.0).tolist()
            detection.bbox.center = Pose(
                position=Point(x=x, y=y, z=z), orientation=Quaternion(w=1.0))
            x, y, z = (high - low).tolist()
            detection.bbox.size = Vector3(x=x, y=y, z=z)
        detection.results = [result]
        return detection
