# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Joints at a uniform rate, as files of markers and tables need them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.uniform_poses import LONGEST_INTERPOLATED, uniform_times


@dataclass(frozen=True)
class PointTracks:
    """M frames of P people at one rate.

    points: float64 [M,P,J,3] metres in the world, z up; NaN = no estimate. times: float64 [M]
    seconds; rate: frames per second. person_ids: [P]; joint_names: J names.
    """

    points: NDArray[np.float64]
    times: NDArray[np.float64]
    rate: float
    person_ids: NDArray[np.int64]
    joint_names: tuple[str, ...]

    @classmethod
    def from_motion(cls, motion: RecordedMotion) -> 'PointTracks':
        """Interpolate between estimates that are near in time; gaps stay gaps.

        Raises InputError for recordings too long (see uniform_times).
        """
        times, interval = uniform_times(motion.stamps)
        points = np.full((len(times), *motion.joints.shape[1:]), np.nan)
        for person in range(motion.joints.shape[1]):
            for joint in range(motion.joints.shape[2]):
                points[:, person, joint] = _at(times, motion.stamps,
                                               motion.joints[:, person, joint])
        return cls(points, times, 1 / interval, motion.person_ids, motion.joint_names)

    def labels(self) -> list[str]:
        """Names of all points, person by person; with the id in front where there are several."""
        if len(self.person_ids) == 1:
            return list(self.joint_names)
        return [f'person{person}_{name}' for person in self.person_ids.tolist()
                for name in self.joint_names]


def _at(times: NDArray, stamps: NDArray, points: NDArray) -> NDArray[np.float64]:
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    if not len(known):
        return np.full((len(times), 3), np.nan)
    stamp = stamps[known]
    result = np.stack([np.interp(times, stamp, points[known, axis]) for axis in range(3)], axis=1)
    after = np.clip(np.searchsorted(stamp, times), 0, len(stamp) - 1)
    before = np.clip(np.searchsorted(stamp, times, side='right') - 1, 0, None)
    slack = 0.51 * (times[1] - times[0]) if len(times) > 1 else 1e-6
    near = np.minimum(np.abs(times - stamp[before]), np.abs(stamp[after] - times)) <= slack
    bridged = (times >= stamp[0]) & (times <= stamp[-1]) \
        & (stamp[after] - stamp[before] <= LONGEST_INTERPOLATED)
    result[~(near | bridged)] = np.nan
    return result
