# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The virtual views around a person in which missing depth becomes visible (paper section 3)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

AZIMUTHS = (90.0, -90.0, 180.0)  # degrees from the real camera's line of sight to the person
ELEVATIONS = (10.0, 10.0, 25.0)  # degrees that the cameras stand above what they look at
RADIUS = 4.0  # metres
TARGET_HEIGHT = 0.9  # metres above the floor, what they look at
FIELD_OF_VIEW = 60.0  # degrees


def look_at(centre: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """Poses [...,4,4] ``world_T_camera`` of level cameras at centre [...,3] that look at target.

    Optical frames: z to the target, x right and horizontal, y down. Looking straight up or down,
    x is the world's -y. NaN where centre and target coincide.
    """
    centre, target = np.asarray(centre, np.float64), np.asarray(target, np.float64)
    forward = target - centre
    with np.errstate(all='ignore'):
        forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
        level = np.hypot(forward[..., 0], forward[..., 1])
        steep = level < 1e-9
        level = np.where(steep, 1.0, level)
    right = np.zeros(forward.shape)
    right[..., 0] = np.where(steep, 0.0, forward[..., 1] / level)
    right[..., 1] = np.where(steep, -1.0, -forward[..., 0] / level)
    pose = np.zeros(forward.shape[:-1] + (4, 4))
    pose[..., :3, 0] = right
    pose[..., :3, 1] = np.cross(forward, right)
    pose[..., :3, 2] = forward
    pose[..., :3, 3] = centre
    pose[..., 3, 3] = 1
    return pose


def virtual_cameras(p_anchor: ArrayLike, centre: ArrayLike, radius: float = RADIUS
                    ) -> NDArray[np.float64]:
    """Poses ``world_T_camera`` [...,3,4,4] of the three virtual cameras around people.

    p_anchor: [...,3] estimated places of the people, of which x and y count: the cameras look at
    TARGET_HEIGHT above the floor there. centre: [...,3] of the real camera; a camera straight
    above a person counts as looking along +x.
    """
    p_anchor, centre = np.asarray(p_anchor, np.float64), np.asarray(centre, np.float64)
    sight = p_anchor[..., :2] - centre[..., :2]
    azimuth = np.arctan2(sight[..., 1], sight[..., 0])[..., None] + np.radians(AZIMUTHS)
    elevation = np.radians(ELEVATIONS)
    target = np.broadcast_to(p_anchor, sight.shape[:-1] + (3,))[..., None, :].copy()
    target[..., 2] = TARGET_HEIGHT
    back = np.stack([-np.cos(elevation) * np.cos(azimuth), -np.cos(elevation) * np.sin(azimuth),
                     np.broadcast_to(np.sin(elevation), azimuth.shape)], axis=-1)
    return look_at(target + radius * back, target)


def depth_dilution(azimuths_degrees: ArrayLike = AZIMUTHS) -> float:
    """Error of depth along the real ray per unit of error in each virtual view.

    1 / sqrt(sum of sin^2 of the angles between the views' and the real line of sight): a view
    from behind carries no depth.
    """
    sines = np.sin(np.radians(np.asarray(azimuths_degrees, np.float64)))
    return float(1 / np.sqrt(np.sum(sines * sines)))
