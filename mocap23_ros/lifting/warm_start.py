# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The previous window's motion, shifted to the next window (streaming mode A)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.lifting.person_memory import PersonMemory
from mocap23_ros.windows.keypoint_windows import KeypointWindows

# Metres, and standard deviations of the anchor's distance, from which a motion is given up.
_DISAGREEMENT, _DISAGREEMENT_SDS = 0.3, 3.0
_FULL_START = 1.0  # s after which a full start is due, so that no error can keep itself alive


@dataclass
class _Memory:
    stamps: NDArray[np.float64]
    joints: NDArray[np.float32]  # [T,J,3] p_world
    since: float  # stamp of the last full start


class WarmStart(PersonMemory[_Memory]):
    """Keeps the last lifted window per person id."""

    def previous(self, windows: KeypointWindows, world_T_window: NDArray, anchor: NDArray
                 ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Shifted motion [P,T,J,3] in each person's window frame, and who has one [P].

        anchor: [P,3] as in network_inputs. A motion far from the anchor
        is not used: the first images may have shown only a hand and placed the person far away,
        and the next estimates would stay there.
        """
        people, length, joints = windows.keypoints.shape[:3]
        shifted = np.zeros((people, length, joints, 3), np.float32)
        has = np.zeros(people, bool)
        newest = windows.stamps[-1]
        for row, person_id in enumerate(windows.person_ids):
            memory = self._people.get(int(person_id))
            if memory is None or newest - memory.since >= _FULL_START \
                    or not memory.stamps[0] <= newest \
                    or windows.stamps[0] > memory.stamps[-1]:
                continue
            world = resample(memory.stamps, memory.joints, windows.stamps)
            pose = world_T_window[row]
            shifted[row] = (world - pose[:3, 3]) @ pose[:3, :3]
            has[row] = np.isfinite(shifted[row]).all() and _is_near(shifted[row], anchor[row])
        shifted[~has] = 0
        return shifted, has

    def store(self, windows: KeypointWindows, joints: NDArray[np.float32]) -> None:
        """Remember lifted joints [P,T,J,3] in the world; people with NaN are forgotten."""
        newest = float(windows.stamps[-1])
        for row, person_id in enumerate(windows.person_ids):
            key = int(person_id)
            old = self._people.get(key)
            if not np.isfinite(joints[row]).all():
                self._people.pop(key, None)
                continue
            due = old is None or not 0 <= newest - old.since < _FULL_START
            since = newest if due or old is None else old.since
            self._people[key] = _Memory(windows.stamps, joints[row], since)


def _is_near(motion: NDArray, anchor: NDArray) -> bool:
    """Whether the newest sample of motion [T,J,3] is about where the anchor [3] is."""
    distance, _, distance_sd = anchor
    middle = motion[-1].mean(axis=0)
    return abs(np.hypot(middle[0], middle[1]) - distance) \
        < _DISAGREEMENT_SDS * distance_sd + _DISAGREEMENT


def resample(stamps: NDArray, values: NDArray, new_stamps: NDArray) -> NDArray:
    """Linear interpolation of [T,...] at constant spacing; the ends are held, not extrapolated."""
    spacing = stamps[1] - stamps[0]
    position = np.clip((new_stamps - stamps[0]) / spacing, 0, len(stamps) - 1)
    low = np.minimum(position.astype(int), len(stamps) - 2)
    fraction = (position - low).reshape(-1, *([1] * (values.ndim - 1))).astype(values.dtype)
    return values[low] * (1 - fraction) + values[low + 1] * fraction
