# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""People as REP 155 has them: the topics below /humans/bodies and the TF frames of bodies."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.publisher import Publisher
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.human_joints import JOINT_NAMES, joint_angles
from mocap23_ros.ros.output import OutputContext, message_package
from mocap23_ros.ros.qos_events import PublisherEventCallbacks
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.stamps import nanoseconds
from mocap23_ros.ros.topics import BODIES, output_qos
from mocap23_ros.ros.transforms import transform_from_matrix
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import OPENPOSE18, OUTPUT19
from mocap23_ros.tracking.track import Track, TrackState


@dataclass(frozen=True)
class _Body:
    """The publishers of one body, while it is followed."""

    roi: Publisher
    skeleton: Publisher
    joints: Publisher


class HumansOutput:
    """Raises InputError where hri_msgs is not installed.

    Topics come and go with the people. Plain publishers, since there are some only while the node
    is active; without events, which the executor's thread would wait for.
    """

    def __init__(self, context: OutputContext) -> None:
        self._messages = message_package('hri_msgs', 'publish_humans')
        self._context = context
        # Ids of REP 155 begin with a letter and hold no slash.
        prefix = re.sub(r'\W', '_', context.frame_prefix, flags=re.ASCII)
        if prefix and not prefix[0].isalpha():
            prefix = f'id_{prefix}'
        self._beginning = f'{prefix}mocap'
        self._tracked = context.create(self._messages.IdsList, f'{BODIES}/tracked')
        self._slots = [getattr(self._messages.Skeleton2D, name.upper())
                       for name in OPENPOSE18.joint_names]
        self._bodies: dict[int, _Body] = {}
        self._last_stamp = 0

    def publish(self, result: FrameResult, header: Header, settings: Settings) -> None:
        """Publish who is followed and has a root; what is of the image where he is seen in it."""
        people = [estimate for estimate in result.estimates
                  if estimate.state is not TrackState.LOST
                  and np.isfinite(estimate.world_T_root).all()]
        self._keep({estimate.person_id for estimate in people})
        self._tracked.publish(self._messages.IdsList(
            header=header, ids=[self._id(estimate.person_id) for estimate in people]))
        stamp = nanoseconds(header.stamp)
        if settings.publish_tf and people and stamp > self._last_stamp:
            self._last_stamp = stamp
            self._context.send_transforms([
                TransformStamped(
                    header=header, child_frame_id=f'body_{self._id(estimate.person_id)}',
                    transform=transform_from_matrix(estimate.world_T_root))
                for estimate in people])
        for track in result.tracks:
            body = self._bodies.get(track.person_id)
            if body is not None and np.isfinite(track.keypoints[:, :2]).any():
                self._publish_2d(body, track, result)
        self._publish_joints(people, header)

    def clear(self, header: Header) -> None:
        """Publish nobody."""
        self._keep(set())
        self._last_stamp = 0
        self._tracked.publish(self._messages.IdsList(header=header))

    def _id(self, person_id: int) -> str:
        return f'{self._beginning}{person_id}'

    def _keep(self, person_ids: set[int]) -> None:
        """Make and destroy publishers, so that these people have theirs."""
        node = self._context.node
        for person_id in self._bodies.keys() - person_ids:
            body = self._bodies.pop(person_id)
            for publisher in (body.roi, body.skeleton, body.joints):
                node.destroy_publisher(publisher)
        for person_id in person_ids - self._bodies.keys():
            self._bodies[person_id] = _Body(*(
                node.create_publisher(
                    message_type, f'{BODIES}/{self._id(person_id)}/{topic}', output_qos(),
                    event_callbacks=PublisherEventCallbacks(use_default_callbacks=False))
                for message_type, topic in (
                    (self._messages.NormalizedRegionOfInterest2D, 'roi'),
                    (self._messages.Skeleton2D, 'skeleton2d'), (JointState, 'joint_states'))))

    def _publish_2d(self, body: _Body, track: Track, result: FrameResult) -> None:
        """The box and the keypoints, as shares of the image; what is not in it has confidence 0."""
        width, height = result.image_size
        box = np.clip(np.asarray(track.bounding_box, float) / (width, height, width, height), 0, 1)
        seen = track.keypoints[np.isfinite(track.keypoints).all(axis=1), 2]
        xmin, ymin, xmax, ymax = box.tolist()
        body.roi.publish(self._messages.NormalizedRegionOfInterest2D(
            header=result.header, xmin=xmin, ymin=ymin, xmax=xmax, ymax=ymax,
            c=float(seen.mean().clip(0, 1)) if len(seen) else 0.0))
        points = convert_keypoints(track.keypoints, self._context.keypoint_format, OPENPOSE18)
        points = points.astype(float) / (width, height, 1.0)
        inside = np.asarray(((points >= 0.0) & (points <= 1.0)).all(axis=1))  # NaN is not
        skeleton = [self._messages.NormalizedPointOfInterest2D() for _ in self._slots]
        for slot, (x, y, c), is_inside in zip(
                self._slots, points.tolist(), inside.tolist(), strict=True):
            if is_inside:
                skeleton[slot].x, skeleton[slot].y, skeleton[slot].c = x, y, c
        body.skeleton.publish(self._messages.Skeleton2D(header=result.header, skeleton=skeleton))

    def _publish_joints(self, people: Sequence[SkeletonEstimate], header: Header) -> None:
        """The angles that are known, where somebody listens."""
        wanted = [estimate for estimate in people
                  if self._bodies[estimate.person_id].joints.get_subscription_count()]
        if not wanted:
            return
        angles = joint_angles(
            np.stack([estimate.joints[:len(OUTPUT19)] for estimate in wanted]).astype(float),
            np.stack([estimate.world_T_root[:3, :3] for estimate in wanted]))
        for estimate, numbers in zip(wanted, angles, strict=True):
            there = np.isfinite(numbers)
            body_id = self._id(estimate.person_id)
            self._bodies[estimate.person_id].joints.publish(JointState(
                header=header, position=numbers[there],
                name=[f'{name}_{body_id}'
                      for name, is_there in zip(JOINT_NAMES, there, strict=True) if is_there]))
