# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The scene of the node for the viewer Rerun, which connects to the node over gRPC."""

import socket
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.ros.frame_result import FrameResult
from mocap23_ros.ros.output import OutputContext
from mocap23_ros.ros.settings import Settings
from mocap23_ros.ros.stamps import nanoseconds
from mocap23_ros.tracking.track import TrackState
from mocap23_ros.viewers.rerun_scene import RerunScene
from mocap23_ros.viewers.scene_shapes import colour_of, floor_grid

MEMORY_LIMIT = '256MiB'  # of what the server keeps for viewers that come later
_NAME = 'people'
_FLOOR = 6.0  # m around the place at which the camera is seen first


class RerunOutput:
    """Raises InputError where rerun-sdk is not installed, or the port is taken."""

    def __init__(self, context: OutputContext) -> None:
        port = context.settings.rerun_port
        self._scene = RerunScene('rerun_port')
        _check_port(port)
        self._scene.serve(port, MEMORY_LIMIT)
        context.at_close(self._scene.stream.disconnect)
        context.node.get_logger().info(
            f'Rerun: "rerun rerun+http://HOST:{port}/proxy" shows the scene, to everybody who '
            'reaches this port')
        self._joints = len(context.output_format)
        self._drawn: set[int] = set()
        self._seen: set[int] = set()
        self._camera: CameraModel | None = None
        self._pose: NDArray[np.float64] | None = None
        self._floor: float | None = None

    def publish(self, result: FrameResult, header: Header, settings: Settings) -> None:
        """Log a frame; people who left are wiped."""
        self._scene.set_time(1e-9 * nanoseconds(header.stamp))
        self._log_floor(result, settings.floor_height)
        alive = [e for e in result.estimates if e.state is not TrackState.LOST]
        for estimate in alive:
            self._scene.log_person(_NAME, estimate.person_id, colour_of(estimate.person_id - 1),
                                   estimate.joints, estimate.covariance)
        ids = {estimate.person_id for estimate in alive}
        self._wipe(self._drawn - ids)
        self._drawn = ids
        # The camera and the keypoints are of the newest image, which a lag puts ahead.
        self._scene.set_time(1e-9 * nanoseconds(result.header.stamp))
        self._log_camera(result)

    def clear(self, header: Header) -> None:
        """Wipe everybody."""
        self._scene.set_time(1e-9 * nanoseconds(header.stamp))
        self._wipe(self._drawn)
        self._drawn = set()

    def _wipe(self, ids: Iterable[int]) -> None:
        for person_id in ids:
            self._scene.log_person(
                _NAME, person_id, colour_of(person_id - 1), np.full((self._joints, 3), np.nan),
                np.full((self._joints, 3, 3), np.nan))

    def _log_floor(self, result: FrameResult, height: float) -> None:
        if self._floor == height or result.world_T_camera is None:
            return
        place = result.world_T_camera[:2, 3]
        self._scene.begin([line + (0, 0, height)
                           for line in floor_grid(place + [[-_FLOOR, -_FLOOR], [_FLOOR, _FLOOR]])])
        self._floor = height

    def _log_camera(self, result: FrameResult) -> None:
        if result.camera is None or result.world_T_camera is None:
            return
        if result.camera is not self._camera:
            self._camera = result.camera
            self._scene.log_camera(result.camera)
        if self._pose is None or not np.array_equal(self._pose, result.world_T_camera):
            self._pose = result.world_T_camera
            self._scene.log_pose(self._pose)
        seen = set()
        for track in result.tracks:
            known = np.isfinite(track.keypoints).all(axis=1)
            if known.any():
                rays = np.zeros((len(track.keypoints), 3))
                rays[known, :2] = result.camera.undistort(track.keypoints[known, :2])
                rays[known, 2] = track.keypoints[known, 2]
                self._scene.log_keypoints(track.person_id, result.camera, rays)
                seen.add(track.person_id)
        for person_id in self._seen - seen:
            self._scene.log_keypoints(person_id, result.camera, np.zeros((0, 3)))
        self._seen = seen


def _check_port(port: int) -> None:
    """The library only logs that it cannot listen, and goes on; InputError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('0.0.0.0', port))
        except OSError as error:
            raise InputError(f'rerun_port {port} cannot be used ({error.strerror}): choose another '
                             'one') from None
