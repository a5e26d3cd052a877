# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints and camera poses at other time stamps than they were seen at."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.poses import interpolate_pose
from mocap23_ros.skeletons.unobserved import UNOBSERVED

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
        result[...] = UNOBSERVED
        return result
    query, before, after = _bracket(stamps, query)
    inside = (before >= 0) & (after < frames)
    before, after = np.maximum(before, 0), np.minimum(after, frames - 1)
    gap = stamps[after] - stamps[before]
    inside &= gap <= max_gap + SAME_STAMP
    fraction = np.divide(query - stamps[before], gap, out=np.zeros(len(query)), where=gap > 0)
    # Nearly always the frames next to the query saw the keypoint.
    start, end = keypoints[:, before], keypoints[:, after]
    known = (start[..., 2] > 0) & (end[..., 2] > 0)
    np.subtract(end, start, out=result)
    result *= fraction.astype(np.float32)[:, None, None]
    result += start
    known[:, ~inside] = False
    if not known.all():
        result[~known] = UNOBSERVED
        person, joint = np.nonzero((~known & inside[:, None]).any(axis=1))
        if person.size:
            result[person, :, joint] = _bridge(
                stamps, keypoints[person, :, joint], query, before, after, inside, max_gap)
    return result


def _bridge(stamps: NDArray[np.float64], tracks: NDArray[np.float32], query: NDArray[np.float64],
            before: NDArray[np.intp], after: NDArray[np.intp], inside: NDArray[np.bool_],
            max_gap: float) -> NDArray[np.float32]:
    """Resample single keypoints [N,F,3] that some frames missed; float32 [N,T,3]."""
    count, frames, _ = tracks.shape
    seen = tracks[..., 2] > 0
    order = np.arange(frames)
    # Last sample up to, and first sample from, each frame that saw the keypoint; -1, F: none.
    previous = np.maximum.accumulate(np.where(seen, order, -1), axis=1)[:, before]
    following = np.minimum.accumulate(
        np.where(seen, order, frames)[:, ::-1], axis=1)[:, ::-1][:, after]
    known = (previous >= 0) & (following < frames) & inside
    previous[~known] = 0
    following[~known] = 0
    gap = stamps[following] - stamps[previous]
    known &= gap <= max_gap + SAME_STAMP
    fraction = np.divide(query - stamps[previous], gap, out=np.zeros(gap.shape), where=gap > 0)
    row = np.arange(count)[:, None]
    start = tracks[row, previous]
    result = tracks[row, following] - start
    result *= fraction.astype(np.float32)[..., None]
    result += start
    result[~known] = UNOBSERVED
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
