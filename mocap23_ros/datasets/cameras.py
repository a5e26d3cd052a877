# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Random calibrated cameras around a person: lens, place, aim, and motion over a window."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.moving_camera import CameraMotion, CameraPath, draw_camera_path


@dataclass(frozen=True)
class CameraSampling:
    """How cameras are drawn.

    hfov_deg: field of view over the longer image side. image_sizes: (width, height) choices.
    robot_share: share of robot-mounted cameras, of height ``robot_height``; the others are
    installed at ``fixed_height``, of which ``mast_share`` at ``mast_height``. steepest_deg: most
    that a line from the camera to the person's chest falls. distance: metres from the camera to
    the person along the floor, log-uniform. aim_sd_deg: how far off the person
    the optical axis points (across, up).
    """

    hfov_deg: tuple[float, float] = (40.0, 100.0)
    image_sizes: tuple[tuple[int, int], ...] = (
        (640, 480), (1280, 720), (1920, 1080), (848, 480), (1080, 1920), (1280, 960))
    robot_share: float = 0.4
    robot_height: tuple[float, float] = (0.25, 1.6)
    fixed_height: tuple[float, float] = (1.2, 3.5)
    mast_share: float = 0.0
    mast_height: tuple[float, float] = (3.0, 8.0)
    steepest_deg: float = 90.0
    distance: tuple[float, float] = (1.2, 15.0)
    aim_sd_deg: tuple[float, float] = (15.0, 10.0)
    aim_limit: float = 0.7
    roll_sd_deg: float = 2.0
    motion: CameraMotion = field(default_factory=CameraMotion)


@dataclass
class Cameras:
    """Lenses and paths of B cameras.

    focal_length: float32 [B] pixels; image_size: float32 [B,2]; path: true motion over T samples.
    """

    focal_length: NDArray[np.float32]
    image_size: NDArray[np.float32]
    path: CameraPath


def draw_cameras(target: NDArray[np.float32], sampling: CameraSampling, rate: float,
                 rng: np.random.Generator) -> Cameras:
    """Draw cameras standing at the world's origin that look at people at +x.

    target: [B,T,3] the point to look at (chest height), metres in the world; the caller has
    placed the people at the drawn distance.
    """
    count, length = target.shape[:2]
    sizes = np.array(sampling.image_sizes, np.float32)[
        rng.integers(len(sampling.image_sizes), size=count)]
    half = np.radians(rng.uniform(*sampling.hfov_deg, count)) / 2
    focal = sizes.max(axis=1) / 2 / np.tan(half)
    robot = rng.random(count) < sampling.robot_share
    height = np.where(robot, rng.uniform(*sampling.robot_height, count),
                      rng.uniform(*sampling.fixed_height, count))
    if sampling.mast_share > 0:
        mast = ~robot & (rng.random(count) < sampling.mast_share)
        height = np.where(mast, rng.uniform(*sampling.mast_height, count), height)
    if sampling.steepest_deg < 90:
        middle = target[:, length // 2]
        height = np.minimum(height, middle[:, 2] + np.hypot(middle[:, 0], middle[:, 1])
                            * np.tan(np.radians(sampling.steepest_deg)))
    half_view = np.arctan(sizes / 2 / focal[:, None]) * sampling.aim_limit
    off = rng.standard_normal((count, 2)) * np.radians(sampling.aim_sd_deg)
    off = np.clip(off, -half_view, half_view)
    roll = rng.standard_normal(count) * np.radians(sampling.roll_sd_deg)
    path = draw_camera_path(target, height, off, roll, sampling.motion, rate, rng)
    return Cameras(focal.astype(np.float32), sizes, path)


def draw_distances(count: int, sampling: CameraSampling, rng: np.random.Generator
                   ) -> NDArray[np.float32]:
    """Distances [count] along the floor in metres, log-uniform."""
    low, high = np.log(sampling.distance)
    return np.exp(rng.uniform(low, high, count)).astype(np.float32)
