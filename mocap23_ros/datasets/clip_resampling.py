# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Cuts windows of any rate and speed out of packed clips."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.mocap34 import MIRROR
from mocap23_ros.datasets.motion_clips import MotionClips


def gather_windows(clips: MotionClips, clip: NDArray[np.int64], first: NDArray[np.float64],
                   step: NDArray[np.float64], length: int
                   ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Read B windows of ``length`` samples at fractional frames.

    clip: [B] clip indices; first: [B] frame of the first sample, counted from the clip's start;
    step: [B] frames between samples (source fps * speed / rate). Samples outside the clip
    hold its ends. Catmull-Rom between frames, so that velocities stay continuous.
    Returns joints float32 [B,T,34,3] metres and contact bool [B,T,2] of the nearest frame.
    """
    last = clips.length[clip][:, None] - 1
    time = np.clip(first[:, None] + step[:, None] * np.arange(length), 0, last)
    base = np.minimum(time.astype(np.int64), np.maximum(last - 1, 0))
    u = (time - base).astype(np.float32)[..., None, None]
    offset = clips.start[clip][:, None]
    weights = (u * (-0.5 + u * (1 - 0.5 * u)), 1 + u * u * (1.5 * u - 2.5),
               u * (0.5 + u * (2 - 1.5 * u)), u * u * (0.5 * u - 0.5))
    joints = np.zeros((len(clip), length, *clips.frames.shape[1:]), np.float32)
    for k, weight in enumerate(weights):
        taps = clips.frames[offset + np.clip(base + k - 1, 0, last)]
        joints += taps * (weight * np.float32(clips.scale))
    nearest = offset + np.round(time).astype(np.int64)
    return joints, clips.contact[nearest]


def mirror(joints: NDArray[np.float32], contact: NDArray[np.bool_],
           chosen: NDArray[np.bool_]) -> None:
    """Mirror the chosen windows [B] left to right, in place."""
    if chosen.any():
        flipped = joints[chosen][:, :, MIRROR]
        flipped[..., 1] *= -1
        joints[chosen] = flipped
        contact[chosen] = contact[chosen][..., ::-1]


def rotate_about_vertical(joints: NDArray[np.float32], angle: NDArray[np.float32]
                          ) -> NDArray[np.float32]:
    """Turn windows [B,...,3] by angle [B] (radians) about z; returns a new array."""
    shape = (len(angle),) + (1,) * (joints.ndim - 2)
    cos, sin = np.cos(angle).reshape(shape), np.sin(angle).reshape(shape)
    return np.stack([cos * joints[..., 0] - sin * joints[..., 1],
                     sin * joints[..., 0] + cos * joints[..., 1], joints[..., 2]], axis=-1)
