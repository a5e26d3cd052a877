# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""How well the floor and the size of a body tell its distance.

First-order propagation of the error sources through the ray/floor intersection and through the
apparent size. All arguments broadcast; distances are horizontal, in metres.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Standard deviations of the inputs of the two distances.
PIXEL = 2.0  # pixels, of keypoints
KEYPOINT = 0.015  # metres on the body, of errors that no resolution removes
PLANTED_ANKLE = 0.02  # metres, of the ankle centre of a planted foot and of the floor under it
PITCH, CAMERA_HEIGHT = 0.002, 0.01  # radians, metres, of the believed camera pose
POSTURE = 0.05  # relative, of apparent size around that of the true body, all limbs seen


def angular_sd(distance: ArrayLike, focal_length: ArrayLike) -> NDArray[np.float64]:
    """Radians by which a keypoint of a body at this distance misses, along one image axis."""
    return np.hypot(PIXEL / np.asarray(focal_length),
                    KEYPOINT / np.maximum(distance, 0.1))


def ground_depth_sd(distance: ArrayLike, height: ArrayLike, focal_length: ArrayLike
                    ) -> NDArray[np.float64]:
    """Standard deviation of where an ankle's ray meets the plane of planted ankles.

    height: of the camera above that plane, > 0. A ray that sinks by one radian more comes
    (d^2 + H^2) / H nearer; an ankle or a camera one metre higher moves the hit by d / H.
    """
    distance, height = np.asarray(distance), np.asarray(height)
    per_radian = (distance**2 + height**2) / height
    per_metre = distance / height
    variance = (per_radian**2 * (angular_sd(distance, focal_length) ** 2 + PITCH**2)
                + per_metre**2 * (PLANTED_ANKLE**2 + CAMERA_HEIGHT**2))
    return np.sqrt(variance)


def size_depth_sd(distance: ArrayLike, extent: ArrayLike, focal_length: ArrayLike,
                  stature_sd: ArrayLike, posture_sd: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation of the distance that a body's apparent size tells.

    extent: metres of body that the size was measured on; stature_sd, posture_sd: relative.
    """
    distance = np.asarray(distance)
    angle = angular_sd(distance, focal_length)
    relative = (np.asarray(stature_sd) ** 2 + np.asarray(posture_sd) ** 2
                + (angle * distance / np.maximum(extent, 1e-3)) ** 2)
    return distance * np.sqrt(relative)


def combine(first: NDArray, first_sd: NDArray, second: NDArray, second_sd: NDArray
            ) -> tuple[NDArray, NDArray]:
    """Inverse-variance mean of two estimates and its sd; one that is not finite is left out."""
    weights, total = [], np.zeros(())
    for value, sd in ((first, first_sd), (second, second_sd)):
        usable = np.isfinite(value) & np.isfinite(sd) & (sd > 0)
        weights.append(np.where(usable, 1 / np.where(usable, sd, 1.0) ** 2, 0.0))
        total = total + weights[-1] * np.where(usable, value, 0.0)
    information = weights[0] + weights[1]
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.where(information > 0, total / information, np.nan), np.where(
            information > 0, 1 / np.sqrt(information), np.nan)
