# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A camera that parameters describe: its calibration, and where it stands, without topics."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_description import GivenCamera
from mocap23_ros.geometry.camera_file import load_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.plausible_camera import check_above_floor
from mocap23_ros.geometry.poses import above_floor, pose_from_text, turn_between
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.ros.settings import Settings

if TYPE_CHECKING:
    from std_msgs.msg import Header

# Rounding of people who write a pose twice; more is another pose.
_SAME_PLACE, _SAME_TURN = 0.02, np.radians(0.5)  # metres, radians


def difference(a: NDArray, b: NDArray) -> str:
    """How far two poses [4,4] are apart, in words; '' where both may be one pose, rounded."""
    shift, turn = float(np.linalg.norm(a[:3, 3] - b[:3, 3])), turn_between(a, b)
    if shift <= _SAME_PLACE and turn <= _SAME_TURN:
        return ''
    return f'{shift:.2f} m and {np.degrees(turn):.1f} degrees apart'


def check_floor(given: GivenCamera, floor_height: float) -> None:
    """Raise InputError unless the camera stands above this floor, the one of its file."""
    if given.floor_height and abs(given.floor_height - floor_height) > _SAME_PLACE:
        raise InputError(f'camera_file has the floor at {given.floor_height:g} m and the '
                         f'parameter floor_height at {floor_height:g} m; give the same')
    if given.world_T_camera is not None:
        check_above_floor(above_floor(given.world_T_camera, floor_height))


def given_camera(settings: Settings) -> GivenCamera:
    """Read what camera_file and camera_pose say, in place of CameraInfo and TF.

    InputError where they cannot be used, or not together.
    """
    pose = pose_from_text(settings.camera_pose) if settings.camera_pose else None
    if not settings.camera_file:
        return GivenCamera(world_T_camera=pose)
    contents = load_camera_file(
        Path(settings.camera_file).expanduser(), settings.image_is_rectified)
    if pose is not None and contents.world_T_camera is not None:
        raise InputError(f'camera_pose and world_T_camera of {settings.camera_file} both say where '
                         'the camera stands; leave one out')
    return contents if pose is None else GivenCamera(contents.camera, pose, doubt=contents.doubt)


def pose_uncertainty(settings: Settings, given: GivenCamera) -> CameraPoseUncertainty:
    """How sure the camera's pose is: what parameters change, then the camera file, then defaults.

    Raises InputError for what no usable pose can have.
    """
    usual = Settings()
    rotation, position = settings.camera_rotation_sd, settings.camera_position_sd
    if given.pose_sd is not None:
        rotation = given.pose_sd[0] if rotation == usual.camera_rotation_sd else rotation
        position = given.pose_sd[1] if position == usual.camera_position_sd else position
    is_told = (settings.camera_rotation_sd, settings.camera_position_sd) != (
        usual.camera_rotation_sd, usual.camera_position_sd)
    return CameraPoseUncertainty(rotation, position, settings.camera_stamp_sd,
                                 None if is_told else given.pose_covariance)


class GivenModel:
    """The calibration of a camera file, as Cameras."""

    def __init__(self, camera: CameraModel, rectified: bool) -> None:
        """rectified: what the images were when the file was read."""
        self._camera, self._rectified = camera, rectified
        self._sized = camera  # for images of the size of the last

    def camera_for(
        self, header: 'Header', image_size: tuple[int, int], rectified: bool
    ) -> CameraModel:
        """Return the model for images of this size; InputError for those of another shape."""
        if rectified != self._rectified:
            raise InputError('camera_file was read for '
                             f'{"rectified" if self._rectified else "raw"} images; configure the '
                             'node again after image_is_rectified has changed')
        if not all(image_size):
            return self._camera
        if image_size != self._sized.image_size:
            self._sized = self._camera.with_image_size(image_size)
        return self._sized


class KnownFrames(Protocol):
    """TF, as far as it is known at the moment."""

    def newest_pose(self, world_frame: str, camera_frame: str) -> NDArray[np.float64] | None:
        """Return world_T_camera [4,4], None where TF does not know it."""


class GivenPose:
    """A camera that stands still where parameters say, as CameraPoses."""

    def __init__(self, world_T_camera: NDArray[np.float64],
                 transforms: KnownFrames | None = None) -> None:
        """transforms: TF, which must not say otherwise."""
        self._world_T_camera = world_T_camera
        self._transforms = transforms

    def camera_pose(self, world_frame: str, header: 'Header') -> NDArray[np.float64]:
        """Return world_T_camera [4,4], whatever the stamp; InputError where TF contradicts it."""
        pose = self._world_T_camera
        if self._transforms is not None and header.frame_id:
            other = self._transforms.newest_pose(world_frame, header.frame_id)
            if other is not None:
                self._compare(other, header.frame_id, world_frame)
        return pose.copy()

    def _compare(self, other: NDArray, camera_frame: str, world_frame: str) -> None:
        if apart := difference(other, self._world_T_camera):
            raise InputError(
                f'TF and the parameters (camera_pose, camera_file) both say where camera '
                f'"{camera_frame}" stands in "{world_frame}", {apart}; leave one out')

    def clear(self) -> None:
        """Keep the pose: it stands still."""
