# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The floor of a calibrated camera drawn over its image: a grid of metres and the horizon."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import invert_transform, transform_points

_REACH = 12  # metres of floor that are drawn around the place under the camera
_GRID, _HORIZON, _TEXT = (90, 200, 90), (60, 160, 255), (40, 40, 40)


def draw_floor(image: NDArray[np.uint8], camera: CameraModel, floor_T_camera: NDArray,
               caption: str = '') -> NDArray[np.uint8]:
    """Draw the floor z = 0 of a pose [4,4] over a BGR image; returns a new picture.

    Grid lines are one metre apart, those of the whole 5 m thicker; the horizon is orange.
    """
    picture = image.copy()
    width = max(1, round(max(picture.shape[:2]) / 900))
    camera_T_floor = invert_transform(floor_T_camera)
    under = np.round(floor_T_camera[:2, 3])
    along = np.linspace(-_REACH, _REACH, 40 * _REACH + 1)
    for k in range(-_REACH, _REACH + 1):
        for axis in range(2):
            line = np.zeros((len(along), 3))
            line[:, axis], line[:, 1 - axis] = along, k
            line[:, :2] += under
            thick = width * (2 if round(float(under[1 - axis])) + k == 0 or k % 5 == 0 else 1)
            _stroke(picture, camera, transform_points(camera_T_floor, line), _GRID, thick)
    angle = np.linspace(-np.pi, np.pi, 721)
    far = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], -1)
    _stroke(picture, camera, far @ camera_T_floor[:3, :3].T, _HORIZON, 2 * width)
    if caption:
        scale = max(picture.shape[:2]) / 1600
        cv2.rectangle(picture, (0, 0), (picture.shape[1], int(44 * scale)), (255, 255, 255), -1)
        cv2.putText(picture, caption, (int(10 * scale), int(30 * scale)),
                    cv2.FONT_HERSHEY_SIMPLEX, 0.9 * scale, _TEXT, width, cv2.LINE_AA)
    return picture


def _stroke(picture: NDArray[np.uint8], camera: CameraModel, p_camera: NDArray, colour: tuple,
            thick: int) -> None:
    """A line of points [N,3] of the camera frame, where it is in view."""
    size = np.array(camera.image_size)
    pixels = camera.project(np.where(p_camera[:, 2:] > 0.05, p_camera, np.nan))
    away = np.abs(pixels - size / 2)
    near = np.less(away, 2 * size).all(axis=1)  # not NaN
    for k in np.flatnonzero(near[:-1] & near[1:]).tolist():
        start, end = np.round(pixels[k:k + 2]).astype(int).tolist()
        cv2.line(picture, start, end, colour, thick, cv2.LINE_AA)
