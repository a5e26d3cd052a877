# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints and camera poses at other time stamps than they were seen at."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.poses import interpolate_pose

MAX_GAP = 0.25  # seconds that a keypoint may be missing before its path counts as unknown
SAME_STAMP = 1e-6  # seconds; stamps of today as float64 resolve 0.24 microseconds


def resample_keypoints(stamps: NDArray[np.float64], keypoints: NDArray[np.float32],
                       query: NDArray[np.float64], max_gap: float = MAX_GAP
                       ) -> NDArray[np.float32]:
    """Keypoints [P,F,J,3] (x, y, confidence) seen at ``stamps`` [F], at the times ``query`` [T].

    stamps increase; a keypoint counts as seen where its confidence is above 0 (its x, y must be
    finite there). Each keypoint is taken from the samples that saw it before and after, if these
    are at most ``max_gap`` seconds apart: x, y and confidence linearly between them, exact where
    a sample lies within SAME_STAMP. Elsewhere, also before the first and after the last sample:
    x, y NaN, confidence 0. Returns float32 [P,T,J,3].
    """
    people, frames, joints, _ = keypoints.shape
    result = np.empty((people, len(query), joints, 3), np.float32)
    if not people or not frames:
        result[...] = (np.nan, np.nan, 0)
        return result
    query, before, after = _bracket(stamps, query)
    seen = keypoints[..., 2] > 0
    order = np.arange(frames, dtype=np.int32)[:, None]
    # Last sample up to, and first sample from, each frame that saw the keypoint; -1, F: none.
    previous = np.maximum.accumulate(np.where(seen, order, np.int32(-1)), axis=1)
    following = np.minimum.accumulate(
        np.where(seen, order, np.int32(frames))[:, ::-1], axis=1)[:, ::-1]
    start = previous[:, np.maximum(before, 0)]
    end = following[:, np.minimum(after, frames - 1)]
    known = (start >= 0) & (end < frames)
    known[:, (before < 0) | (after >= frames)] = False
    start[~known] = 0
    end[~known] = 0
    # Relative to the newest query, so that float32 is enough from here on.
    seconds = np.append(stamps - query[-1], 0.0)
    start_time = seconds[start]
    gap = seconds[end] - start_time
    known &= gap <= max_gap + SAME_STAMP
    fraction = (query - query[-1])[:, None] - start_time
    np.divide(fraction, gap, out=fraction, where=gap > 0)
    fraction[gap <= 0] = 0
    flat = np.ascontiguousarray(keypoints).reshape(-1, 3)
    person_joint = (np.arange(people, dtype=np.intp)[:, None, None] * (frames * joints)
                    + np.arange(joints, dtype=np.intp))
    np.take(flat, start * np.intp(joints) + person_joint, axis=0, out=result)
    difference = np.take(flat, end * np.intp(joints) + person_joint, axis=0)
    difference -= result
    difference *= fraction.astype(np.float32)[..., None]
    result += difference
    result[~known] = (np.nan, np.nan, 0)
    return result


def resample_poses(stamps: NDArray[np.float64], world_T_camera: NDArray[np.float64],
                   query: NDArray[np.float64]) -> NDArray[np.float64]:
    """Poses [F,4,4] known at ``stamps`` [F], at the times ``query`` [T]; F >= 1.

    Interpolated however long the gap; before the first and after the last the nearest is held.
    """
    if (world_T_camera == world_T_camera[0]).all():
        return np.broadcast_to(world_T_camera[0], (len(query), 4, 4)).copy()
    query, before, after = _bracket(stamps, query)
    last = len(stamps) - 1
    before, after = np.clip(before, 0, last), np.clip(after, 0, last)
    gap = stamps[after] - stamps[before]
    fraction = np.divide(query - stamps[before], gap, out=np.zeros(len(query)), where=gap > 0)
    if not fraction.any():
        return world_T_camera[before]
    return interpolate_pose(world_T_camera[before], world_T_camera[after], fraction)


def _bracket(stamps: NDArray[np.float64], query: NDArray[np.float64]
             ) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Queries snapped to near stamps; last index at or before each (-1), first at or after (F)."""
    index = np.minimum(np.searchsorted(stamps, query - SAME_STAMP), len(stamps) - 1)
    query = np.where(np.abs(stamps[index] - query) <= SAME_STAMP, stamps[index], query)
    return (query, np.searchsorted(stamps, query, side='right') - 1,
            np.searchsorted(stamps, query, side='left'))
