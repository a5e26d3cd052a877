# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Fills in unobserved joints: they keep their offset from the pelvis at the nearest sighting."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.skeletons.body_proportions import STANDING_HEIGHTS

_NEVER_SEEN_SD = 0.15  # of stature
_STANDING = np.concatenate([STANDING_HEIGHTS, [0.0, 0.293]])


def fill_gaps(stamps: NDArray, p_joints: NDArray, sd: NDArray, stature: NDArray, pelvis: int
              ) -> tuple[NDArray, NDArray, NDArray]:
    """Complete the joints of every frame whose pelvis is known.

    stamps: [T]; p_joints: [P,T,19,3] world; sd: [P,T,19] metres; stature: [P].
    A joint seen before or after in the window keeps its offset from the pelvis; one never seen
    hangs at standing height straight below or above the pelvis. Returns joints, sds and the
    seconds [P,T,19] since (or until) the joint was seen: 0 where it is.
    """
    seen = np.isfinite(p_joints[..., 0])
    age = np.zeros(seen.shape)
    known = seen[..., pelvis]
    if bool((seen | ~known[..., None]).all()):
        return p_joints, sd, age
    length = len(stamps)
    index = np.arange(length)[None, :, None]
    usable = seen & known[..., None]
    before = np.maximum.accumulate(np.where(usable, index, -1), axis=1)
    after = np.minimum.accumulate(np.where(usable, index, 2 * length)[:, ::-1], axis=1)[:, ::-1]
    nearest = np.where((before >= 0) & (index - before <= after - index), before, after)
    ever = nearest < length
    nearest = np.where(ever, nearest, 0)

    offset = p_joints - p_joints[..., pelvis:pelvis + 1, :]
    held = np.take_along_axis(offset, nearest[..., None], axis=1)
    upright = np.zeros(offset.shape[-2:])
    upright[:, 2] = _STANDING
    held = np.where(ever[..., None], held, upright * stature[:, None, None, None])
    held_sd = np.where(ever, np.take_along_axis(sd, nearest, axis=1),
                       _NEVER_SEEN_SD * stature[:, None, None])
    missing = ~seen & known[..., None]
    filled = np.where(missing[..., None], p_joints[..., pelvis:pelvis + 1, :] + held, p_joints)
    gap = np.where(ever, np.abs(stamps[nearest] - stamps[:, None]), stamps[-1] - stamps[0] + 1.0)
    return filled, np.where(missing, held_sd, sd), np.where(missing, gap, age)
