# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Adds doubt about people behind a table: with hidden legs, they may stand or sit.

Networks assume that people with hidden legs stand, as nearly everybody in motion capture does, and
infer the distance from the height of the hips. Seated people come out too near and too small. Only
apparent size remains as evidence. Where the hips are hidden too, it is that of shoulders and head,
which a turn of the body halves: such people come out metres too far at times.
"""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.geometry.rays import depth_covariance
from mocap23_ros.skeletons.body_proportions import BONE_FRACTIONS, BONE_PAIRS
from mocap23_ros.skeletons.coco17 import ANKLES, ELBOWS, HIPS, KNEES, WRISTS
from mocap23_ros.windows.keypoint_windows import KeypointWindows

_LEGS = np.concatenate([KNEES, ANKLES])
_BELOW_SHOULDERS = np.concatenate([_LEGS, HIPS, ELBOWS, WRISTS])
_ABOVE = ~np.isin(BONE_PAIRS, _LEGS).any(axis=1)  # pairs of joints
_SEEN = 0.1  # share of knees and ankles, from which they show how somebody stands
_WALKED = 0.4  # metres in a window: nobody does that on a chair
_POSTURE = 0.07  # relative, of apparent size around that of the true body, legs unseen
_TURNED = 0.5  # the same, hips unseen, too: head and shoulders of somebody who may turn


def may_sit(windows: KeypointWindows, joints: NDArray) -> NDArray[np.bool_]:
    """People [P] whose legs are hidden in the whole window and who do not walk through it.

    People whose hips are hidden too may seem to walk when they turn round: they always count.

    joints: [P,T,J,3] metres in the world, J in the order of COCO-17; NaN: False.
    """
    seen = windows.seen_share[:, _LEGS].mean(axis=1)
    hips = joints[:, :, HIPS, :2].mean(axis=2, dtype=np.float64)
    part = max(1, windows.length // 4)
    way = np.linalg.norm(hips[:, -part:].mean(axis=1) - hips[:, :part].mean(axis=1), axis=-1)
    return (seen < _SEEN) & ((way < _WALKED) | _is_bust(windows))


def distance_doubt(windows: KeypointWindows, joints: NDArray, stature: NDArray,
                   stature_sd: NDArray) -> NDArray[np.float64]:
    """Covariance [P,T,J,3,3], m^2, of joints whose distance is known from apparent size alone.

    joints: [P,T,J,3] metres in the world. stature, stature_sd: [P] metres and relative, as known
    from before. A body twice as tall stands twice as far away: what the lifted body's size lacks of
    the known one is a part of the doubt. All joints move along their rays.
    """
    first, second = BONE_PAIRS[_ABOVE].T
    lengths = np.linalg.norm(joints[:, :, first] - joints[:, :, second], axis=-1)
    lifted = np.median(lengths / BONE_FRACTIONS[_ABOVE], axis=(1, 2))
    posture = np.where(_is_bust(windows), _TURNED, _POSTURE)
    doubt = np.sqrt(posture**2 + stature_sd**2 + np.log(stature / lifted) ** 2)
    return depth_covariance(joints, windows.world_T_camera[:, :3, 3], doubt[:, None])


def _is_bust(windows: KeypointWindows) -> NDArray[np.bool_]:
    """People [P] of whom the whole window shows hardly more than head and shoulders."""
    return windows.seen_share[:, _BELOW_SHOULDERS].mean(axis=1) < _SEEN
