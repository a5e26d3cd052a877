# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Joints as mocap4r2_msgs/Markers, which tools for marker-based motion capture take."""


import numpy as np
from geometry_msgs.msg import Point
from std_msgs.msg import Header

from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.output import OutputContext, message_package
from mocap23_ros.ros.settings import Settings
from mocap23_ros.tracking.track import TrackState

_LARGEST = 2 ** 32  # frame_number is a uint32


class MocapMarkerOutput:
    """The topic ``mocap_markers``. Raises InputError where mocap4r2_msgs is not installed."""

    def __init__(self, context: OutputContext) -> None:
        self._messages = message_package('mocap4r2_msgs', 'publish_mocap_markers')
        self._joint_names = context.output_format.joint_names
        self._publisher = context.create(self._messages.Markers, 'mocap_markers')
        self._frames = 0

    def publish(self, result: FrameResult, header: Header, settings: Settings) -> None:
        """Publish the known joints of everybody who is followed, named as their TF frames."""
        self._frames = (self._frames + 1) % _LARGEST
        markers = [
            self._messages.Marker(
                id_type=self._messages.Marker.USE_NAME,
                marker_name=f'person_{estimate.person_id}/{name}', translation=Point(x=x, y=y, z=z))
            for estimate in result.estimates if estimate.state is not TrackState.LOST
            for name, (x, y, z) in zip(
                self._joint_names, estimate.joints.astype(float).tolist(), strict=True)
            if np.isfinite((x, y, z)).all()]
        self._publisher.publish(self._messages.Markers(
            header=header, frame_number=self._frames, markers=markers))

    def clear(self, header: Header) -> None:
        """Publish nobody."""
        self._publisher.publish(self._messages.Markers(header=header, frame_number=self._frames))
