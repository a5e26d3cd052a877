# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The frame in which a window of motion is lifted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.poses import invert_transform, transform_points

_STEEP = 1e-6  # horizontal part of the optical axis below which it has no heading


@dataclass(frozen=True)
class WindowFrame:
    """z up, origin on the floor under the camera, +x = optical axis projected on the floor.

    world_T_window: float64 [...,4,4]; a turn about z and a horizontal shift, so that heights
    above the floor are the same in both frames.
    """

    world_T_window: NDArray[np.float64]

    @classmethod
    def from_camera(cls, world_T_camera: NDArray) -> 'WindowFrame':
        """Frame of the newest pose [...,4,4] of the optical frame.

        A camera that looks straight down or up has no heading: +x is then where the top
        (looking up: the bottom) of its image points, the limit of tilting it there.
        """
        rotation = np.asarray(world_T_camera, np.float64)[..., :3, :3]
        axis = rotation[..., :2, 2]
        steep = np.hypot(axis[..., 0], axis[..., 1]) < _STEEP
        sign = np.sign(rotation[..., 2, 2])[..., None]
        heading = np.where(steep[..., None], sign * rotation[..., :2, 1], axis)
        heading = heading / np.hypot(heading[..., 0], heading[..., 1])[..., None]
        world_T_window = np.zeros(np.shape(world_T_camera))
        world_T_window[..., 0, 0] = world_T_window[..., 1, 1] = heading[..., 0]
        world_T_window[..., 1, 0] = heading[..., 1]
        world_T_window[..., 0, 1] = -heading[..., 1]
        world_T_window[..., 2, 2] = world_T_window[..., 3, 3] = 1
        world_T_window[..., :2, 3] = np.asarray(world_T_camera)[..., :2, 3]
        return cls(world_T_window)

    @property
    def window_T_world(self) -> NDArray[np.float64]:
        """The inverse, [...,4,4]."""
        return invert_transform(self.world_T_window)

    def to_window(self, p_world: NDArray) -> NDArray:
        """World points [...,3] in the window frame."""
        return transform_points(self.window_T_world, p_world)

    def to_world(self, p_window: NDArray) -> NDArray:
        """Window points [...,3] in the world."""
        return transform_points(self.world_T_window, p_window)

    def window_T_camera(self, world_T_camera: NDArray) -> NDArray[np.float64]:
        """Camera poses [T,4,4] of the window (a moving camera) in this frame."""
        return np.matmul(self.window_T_world, world_T_camera)
