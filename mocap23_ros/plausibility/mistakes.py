# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Usual mistakes in the set-up of a camera: what undoes each in the data, and the remedy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.poses import invert_transform
from mocap23_ros.plausibility.people_samples import PeopleSamples

Undo = Callable[[PeopleSamples], PeopleSamples | None]


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    key: short name. words: cause and remedy. undo: gives the samples without it, None where it
    cannot have been made.
    """

    key: str
    words: str
    undo: Undo


def _axes(rotation: Sequence[Sequence[float]]) -> Undo:
    """The camera frame has other axes: told_T_optical [3,3] turns the optical ones into them."""
    told_T_optical = _pose(rotation)
    return lambda s: replace(s, floor_T_camera=s.floor_T_camera @ told_T_optical)


def _world(rotation: Sequence[Sequence[float]]) -> Undo:
    """The world has other axes: floor_T_told [3,3] turns them into those with z up."""
    floor_T_told = _pose(rotation)
    return lambda s: replace(s, floor_T_camera=floor_T_told @ s.floor_T_camera)


def _image(turn: Sequence[Sequence[float]]) -> Undo:
    """The keypoints are of an image turned or mirrored about its middle."""
    matrix = np.array(turn, float)

    def undo(samples: PeopleSamples) -> PeopleSamples:
        middle = samples.middle[:, None]
        return replace(samples, points=(samples.points - middle) @ matrix.T + middle)
    return undo


def _inverse(samples: PeopleSamples) -> PeopleSamples:
    return replace(samples, floor_T_camera=invert_transform(samples.floor_T_camera))


def _shrunk(factor: float) -> Undo:
    def undo(samples: PeopleSamples) -> PeopleSamples:
        poses = samples.floor_T_camera.copy()
        poses[:, :3, 3] *= factor
        return replace(samples, floor_T_camera=poses)
    return undo


def _k_of_this_size(samples: PeopleSamples) -> PeopleSamples | None:
    """K scaled so that the principal point comes to the middle of the image."""
    if not len(samples):
        return None
    scale = 1 + samples.middle / samples.principal_point
    horizontal, vertical = np.median(scale, axis=0)
    if not (abs(horizontal - 1) > _RESIZED and abs(horizontal / vertical - 1) < _SAME_SHAPE):
        return None
    points = (samples.points - samples.middle[:, None]) / scale[:, None]
    return replace(samples, points=points, middle=np.zeros_like(samples.middle))


def _counterpart(samples: PeopleSamples) -> PeopleSamples | None:
    """Raw images that are taken for rectified ones, or the reverse."""
    if np.isnan(samples.counterpart_points).all():
        return None
    return replace(samples, points=samples.counterpart_points,
                   counterpart_points=np.full_like(samples.points, np.nan))


def _x_and_y(samples: PeopleSamples) -> PeopleSamples:
    corner = samples.principal_point[:, None]
    return replace(samples, points=(samples.points + corner)[..., ::-1] - corner)


def _pose(rotation: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    pose = np.eye(4)
    pose[:3, :3] = rotation
    return pose


_RESIZED, _SAME_SHAPE = 0.15, 0.1
_LINK_T_OPTICAL = [[0, 0, 1], [-1, 0, 0], [0, -1, 0]]
_OPTICAL_T_LINK = [[0, -1, 0], [0, 0, -1], [1, 0, 0]]

K_OF_ANOTHER_SIZE = Mistake(
    'K of another size',
    'K is of an image of another size (its principal point is off the middle of this one, in x '
    'and y alike): give the calibration of this size, or the size that K is for',
    _k_of_this_size)

RECTIFICATION = Mistake(
    'rectification',
    'the images are rectified and image_is_rectified (--rectified) does not say so, or they are '
    'raw and it says they are rectified: rectified images have P of the CameraInfo and no '
    'distortion, raw ones K and D',
    _counterpart)

# The likelier one first: where two explain what is seen, it is named.
MISTAKES = (
    K_OF_ANOTHER_SIZE,
    RECTIFICATION,
    Mistake('body frame',
            'the camera frame is a body frame (x forward, z up) and not an optical one (z forward, '
            'y down): name the optical frame in header.frame_id, usually CAMERA_optical_frame, or '
            'turn the pose by the quaternion (-0.5, 0.5, -0.5, 0.5)',
            _axes(_LINK_T_OPTICAL)),
    Mistake('inverse pose',
            'the camera pose is inverted: it maps the world into the camera (as solvePnP and most '
            'calibration tools give it), but must map the camera into the world; invert it',
            _inverse),
    Mistake('camera axes of OpenGL',
            'the camera frame has y up and z backwards (OpenGL, Blender): turn the pose by 180 '
            'degrees about its x axis, so that z is forward and y down',
            _axes([[1, 0, 0], [0, -1, 0], [0, 0, -1]])),
    Mistake('upside down',
            'the image is upside down (a camera mounted head down): turn the image, or turn the '
            'camera pose by 180 degrees about its z axis',
            _image([[-1, 0], [0, -1]])),
    Mistake('y from below',
            'y of the keypoints is counted from below: it must be counted from the top of the '
            'image',
            _image([[1, 0], [0, -1]])),
    Mistake('turned by 90 degrees',
            'the image is turned by 90 degrees to the left: turn the image and calibrate it so, '
            'or turn the camera pose about its z axis',
            _image([[0, -1], [1, 0]])),
    Mistake('turned by -90 degrees',
            'the image is turned by 90 degrees to the right: turn the image and calibrate it so, '
            'or turn the camera pose about its z axis',
            _image([[0, 1], [-1, 0]])),
    Mistake('x and y exchanged',
            'x and y of the keypoints are exchanged (MoveNet and TensorFlow give y first): x comes '
            'first',
            _x_and_y),
    Mistake('world with y up',
            'the world of the camera pose has y up (Unity, OpenGL, motion capture): it must have z '
            'up and the floor at z = 0',
            _world([[1, 0, 0], [0, 0, -1], [0, 1, 0]])),
    Mistake('world with z down',
            'the world of the camera pose has z down: it must have z up and the floor at z = 0',
            _world([[1, 0, 0], [0, -1, 0], [0, 0, -1]])),
    Mistake('world with y down',
            'the world of the camera pose has y down, as a camera has (visual odometry and SLAM '
            'begin so): it must have z up and the floor at z = 0',
            _world([[1, 0, 0], [0, 0, 1], [0, -1, 0]])),
    Mistake('optical rotation twice',
            'the camera pose holds the turn from body to optical axes twice: leave one out',
            _axes(_OPTICAL_T_LINK)),
    Mistake('millimetres', 'the camera pose is in millimetres: divide its translation by 1000',
            _shrunk(1e-3)),
    Mistake('centimetres', 'the camera pose is in centimetres: divide its translation by 100',
            _shrunk(1e-2)),
)
