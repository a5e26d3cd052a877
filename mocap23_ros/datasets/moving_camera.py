# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Camera paths of fixed and driving cameras, and poses that are believed but slightly wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.random_processes import chance, smooth_noise


@dataclass(frozen=True)
class CameraMotion:
    """Motion of the camera while it watches.

    moving_share: share of cameras that move. yaw_rate_deg: sd of the heading rate (deg/s);
    speed: sd of each horizontal velocity component (m/s), limited to speed_limit.
    follow_share: of the moving ones, how many turn after the person. bob: amplitude (m) and
    frequency (Hz) of a gait. pitch_jitter_deg: sd of the pitch.
    """

    moving_share: float = 0.5
    yaw_rate_deg: float = 25.0
    yaw_rate_limit_deg: float = 60.0
    speed: float = 0.5
    speed_limit: float = 1.5
    correlation_time: float = 0.7
    follow_share: float = 0.6
    bob: tuple[float, float] = (0.02, 2.0)
    pitch_jitter_deg: float = 1.0


@dataclass(frozen=True)
class PoseError:
    """How the believed camera pose differs from the true one.

    Per window: pitch, roll (deg), height (m). Per frame: ``jitter_deg``. For moving cameras:
    a latency (s, uniform +-) between image and pose, and odometry drift of yaw (deg/s) and
    position (m per m driven). Scaled per window by a uniform factor from ``scale``.
    """

    pitch_deg: float = 0.2
    roll_deg: float = 0.2
    height: float = 0.01
    jitter_deg: float = 0.05
    latency: float = 0.015
    yaw_drift_deg: float = 0.3
    position_drift: float = 0.02
    scale: tuple[float, float] = (0.0, 1.5)


@dataclass
class CameraPath:
    """Camera motion as angles and position.

    angles: float32 [B,T,3] yaw (left positive), pitch (down positive), roll, radians;
    position: float32 [B,T,3] metres; moving: bool [B].
    """

    angles: NDArray[np.float32]
    position: NDArray[np.float32]
    moving: NDArray[np.bool_]

    def world_T_camera(self) -> NDArray[np.float32]:
        """Poses of the optical frame, float32 [B,T,4,4]."""
        yaw, pitch, roll = np.moveaxis(self.angles, -1, 0)
        cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
        cr, sr = np.cos(roll), np.sin(roll)
        pose = np.zeros((*yaw.shape, 4, 4), np.float32)
        right = (sy, -cy, np.zeros_like(sy))
        down = (-sp * cy, -sp * sy, -cp)
        for axis in range(3):
            pose[..., axis, 0] = cr * right[axis] + sr * down[axis]
            pose[..., axis, 1] = cr * down[axis] - sr * right[axis]
        pose[..., 0, 2], pose[..., 1, 2], pose[..., 2, 2] = cp * cy, cp * sy, -sp
        pose[..., :3, 3] = self.position
        pose[..., 3, 3] = 1
        return pose


def draw_camera_path(target: NDArray[np.float32], height: NDArray, off: NDArray, roll: NDArray,
                     motion: CameraMotion, rate: float, rng: np.random.Generator) -> CameraPath:
    """Draw paths of B cameras that look at target [B,T,3] from above the origin.

    height, roll: [B]; off: [B,2] angles between the axis and the person (across, down), radians.
    Fixed cameras look at the person at a random sample; following ones at every sample.
    """
    count, length = target.shape[:2]
    moving = chance(rng, count, motion.moving_share)
    dt = 1.0 / rate
    correlation = np.full(count, np.exp(-dt / motion.correlation_time))
    noise = smooth_noise(rng, (count, length, 4), correlation) * moving[:, None, None]
    yaw_limit = np.radians(motion.yaw_rate_limit_deg)
    intensity = rng.uniform(0, 1, (count, 1)) * 1.5
    yaw_rate = np.clip(np.radians(motion.yaw_rate_deg) * intensity * noise[..., 0],
                       -yaw_limit, yaw_limit)
    velocity = motion.speed * intensity[..., None] * noise[..., 1:3]
    velocity /= np.maximum(np.linalg.norm(velocity, axis=-1, keepdims=True)
                           / motion.speed_limit, 1.0)
    middle = length // 2
    rows = np.arange(count)
    position = np.zeros((count, length, 3), np.float32)
    path = np.cumsum(velocity * dt, axis=1)
    position[..., :2] = path - path[:, middle:middle + 1]
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    bob = motion.bob[0] * intensity * np.sin(
        2 * np.pi * motion.bob[1] * dt * np.arange(length) + phase)
    position[..., 2] = height[:, None] + bob * moving[:, None]
    position[..., 2] = np.maximum(position[..., 2], 0.1)

    sight = target - position
    azimuth = np.unwrap(np.arctan2(sight[..., 1], sight[..., 0]), axis=1)
    depression = np.arctan2(-sight[..., 2], np.hypot(sight[..., 0], sight[..., 1]))
    seen_at = rng.integers(length, size=count)
    follow = (moving & chance(rng, count, motion.follow_share))[:, None]
    turn = np.cumsum(yaw_rate * dt, axis=1)
    turn -= turn[rows, seen_at][:, None]
    yaw = np.where(follow, azimuth, azimuth[rows, seen_at][:, None]) + turn + off[:, :1]
    pitch = np.where(follow, depression, depression[rows, seen_at][:, None]) + off[:, 1:]
    pitch = pitch + np.radians(motion.pitch_jitter_deg) * intensity * noise[..., 3]
    angles = np.stack([yaw, pitch, np.broadcast_to(roll[:, None], yaw.shape)], axis=-1)
    return CameraPath(angles.astype(np.float32), position, moving)


def believed_path(path: CameraPath, error: PoseError, rate: float, rng: np.random.Generator
                  ) -> CameraPath:
    """Return the path that calibration, odometry and TF would report for the true one.

    Drift is zero at the newest sample: only the pose relative to it can be known to a lifter.
    """
    count, length = path.angles.shape[:2]
    scale = rng.uniform(*error.scale, (count, 1)).astype(np.float32)
    angles, position = path.angles.copy(), path.position.copy()
    constant = rng.standard_normal((count, 3), dtype=np.float32) * scale
    jitter = rng.standard_normal((count, length, 3), dtype=np.float32)
    moving = path.moving[:, None]
    angles[..., 1] += np.radians(error.pitch_deg) * constant[:, :1]
    angles[..., 2] += np.radians(error.roll_deg) * constant[:, 1:2]
    position[..., 2] += error.height * constant[:, 2:3]
    angles += np.radians(error.jitter_deg) * jitter * (scale * moving)[..., None]
    late = rng.uniform(-error.latency, error.latency, (count, 1, 1)) * (scale * moving)[..., None]
    time_left = (np.arange(length) - (length - 1)) / rate
    if length > 1:
        angles += (late * rate * np.gradient(path.angles, axis=1)).astype(np.float32)
        position += (late * rate * np.gradient(path.position, axis=1)).astype(np.float32)
    drift = rng.standard_normal((count, 3), dtype=np.float32) * scale * moving
    angles[..., 0] += np.radians(error.yaw_drift_deg) * drift[:, :1] * time_left
    travelled = position[..., :2] - position[:, -1:, :2]
    position[..., :2] += error.position_drift * drift[:, None, 1:] * travelled
    return CameraPath(angles, position, path.moving)
