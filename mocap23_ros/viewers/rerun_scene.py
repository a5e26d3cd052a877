# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The scene of the viewer Rerun, moment by moment: for files and for a running node."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.optional_packages import optional_module
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.viewers.scene_shapes import FRUSTUM, GREY, colour_of, ellipsoids

_BONES = np.array(OUTPUT19.bones)
_UNIX = 1e8  # s; smaller stamps count from the beginning of the recording


def rerun_module(wish: str) -> Any:
    """The package rerun; InputError, naming who wishes for it, without it."""
    return optional_module('rerun', 'rerun-sdk', f'{wish} needs the package')


class RerunScene:
    """Skeletons, their 95 % ellipsoids, the floor, a camera and its keypoints; z up, metres.

    stream: to be connected to a file or a server by the caller.
    """

    def __init__(self, wish: str) -> None:
        """wish: what asks for Rerun, for the error without it. Raises InputError."""
        self._rr = rerun_module(wish)
        self.stream = self._rr.RecordingStream('mocap23')

    def serve(self, port: int, memory: str) -> None:
        """Let viewers connect over gRPC. memory: kept for those that come later, e.g. ``1GiB``."""
        self._rr.serve_grpc(grpc_port=port, server_memory_limit=memory, recording=self.stream)

    def begin(self, floor: list[NDArray[np.float64]]) -> None:
        """Log what never changes. floor: lines, see floor_grid."""
        self.stream.log('world', self._rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        self.stream.log('world/floor', self._rr.LineStrips3D(
            floor, colors=[GREY], radii=[0.004]), static=True)

    def set_time(self, stamp: float) -> None:
        """Set the stamp [s] of all that follows."""
        self.stream.set_time('stamp', **{'timestamp' if stamp > _UNIX else 'duration': stamp})

    def log_person(self, name: str, number: int, colour: tuple[int, int, int],
                   joints: NDArray[np.floating], covariance: NDArray[np.floating]) -> None:
        """Draw a person; empty where nothing is known, since what was drawn last would stay.

        name: under which people are shown. joints [19,3] m, covariance [19,3,3] m^2; NaN: unknown.
        """
        path = f'world/{self._rr.escape_entity_path_part(name)}/{number}'
        known = np.isfinite(joints).all(axis=1)
        self.stream.log(f'{path}/joints', self._rr.Points3D(
            joints[known], colors=[colour], radii=[0.02]))
        self.stream.log(f'{path}/bones', self._rr.LineStrips3D(
            joints[_BONES[known[_BONES].all(axis=1)]], colors=[colour], radii=[0.01]))
        half_sizes, quaternions = ellipsoids(covariance)
        drawn = known & np.isfinite(half_sizes).all(axis=1)
        self.stream.log(f'{path}/within_95', self._rr.Ellipsoids3D(
            centers=joints[drawn], half_sizes=half_sizes[drawn], quaternions=quaternions[drawn],
            colors=[(*colour, 60)]))

    def log_pose(self, world_T_camera: NDArray[np.float64], static: bool = False) -> None:
        """Place the camera."""
        self.stream.log('world/camera', self._rr.Transform3D(
            translation=world_T_camera[:3, 3], mat3x3=world_T_camera[:3, :3]), static=static)

    def log_camera(self, camera: CameraModel, static: bool = False) -> None:
        """Draw the frustum, without distortion."""
        self.stream.log('world/camera/image', self._rr.Pinhole(
            image_from_camera=camera.K, resolution=camera.image_size,
            camera_xyz=self._rr.ViewCoordinates.RDF, image_plane_distance=FRUSTUM), static=static)

    def log_keypoints(self, number: int, camera: CameraModel, rays: NDArray[np.floating]) -> None:
        """Draw keypoints [J,3] (undistorted normalised x, y, confidence) into the image."""
        K = camera.K
        seen = rays[:, 2] > 0
        points = rays[seen, :2].astype(np.float64) * (K[0, 0], K[1, 1]) + (K[0, 2], K[1, 2])
        self.stream.log(f'world/camera/image/person_{number}', self._rr.Points2D(
            points, colors=[colour_of(number - 1)], radii=[3.0]))
