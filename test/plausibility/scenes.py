# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Images of a room of random boxes, as a camera that turns sees them."""

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from mocap23_ros.geometry.camera_model import CameraModel

SIZE = (640, 480)
CAMERA = CameraModel.from_calibration(
    np.array([[520.0, 0, 320], [0, 520, 240], [0, 0, 1]]), (), 'plumb_bob', SIZE)
PERSON = np.array([[200.0, 120, 300, 420]])  # in every image, another one each time


def room(seed=3):
    """A picture [H,W,3] wider than the image, with things of all sizes."""
    rng = np.random.default_rng(seed)
    picture = np.full((1000, 1300, 3), 120, np.uint8)
    for size in np.repeat((200, 90, 40, 16), (30, 80, 200, 400)):
        corner = rng.integers(0, (1300, 1000))
        cv2.rectangle(picture, corner.tolist(), (corner + rng.integers(5, size, 2)).tolist(),
                      rng.integers(0, 255, 3).tolist(), -1)
    return cv2.GaussianBlur(picture, (5, 5), 1)


def seen(picture, turn=(0, 0, 0), zoom=1.0, light=1.0, seed=0):
    """The image of a camera turned about its axes x, y, z by degrees; a person is in its way."""
    K = CAMERA.K * [[zoom, 1, 1], [1, zoom, 1], [1, 1, 1]]
    base = np.array([[1, 0, 330], [0, 1, 260], [0, 0, 1.0]])  # the picture's middle
    now_T_before = Rotation.from_euler('xyz', turn, degrees=True).as_matrix().T
    image = cv2.warpPerspective(
        picture, K @ now_T_before @ np.linalg.inv(CAMERA.K) @ np.linalg.inv(base), SIZE)
    rng = np.random.default_rng(seed)
    low, high = PERSON.astype(int)[0, :2], PERSON.astype(int)[0, 2:]
    image[low[1]:high[1], low[0]:high[0]] = rng.integers(0, 255, (*(high - low)[::-1], 3))
    return np.clip(light * image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
