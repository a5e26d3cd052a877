# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A start for the optimisation: the sequence of known poses that best explains the 2D."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.baselines.pose_prior import turn
from mocap23_ros.skeletons.body_proportions import ANKLE_HEIGHT
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS

_HEADINGS = 16
_KEPT = 24


def search(rays: NDArray[np.float64], weight: NDArray[np.float64], centre: NDArray[np.float64],
           exemplars: NDArray[np.float64], stature: float
           ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Place exemplars along the rays so that they fit and follow each other smoothly.

    rays: [T,17,3] world directions; weight: [T,17] >= 0, 0 = unobserved; centre: [T,3] camera;
    exemplars: [E,17,3] of unit stature facing +x. Returns joints [T,17,3] in the world and
    which frames [T] had enough keypoints (the others hold their neighbours).
    """
    frames = len(rays)
    angle = np.arange(_HEADINGS) * 2 * np.pi / _HEADINGS
    poses = turn(exemplars[None] * stature, np.repeat(angle[:, None], len(exemplars), 1))
    poses = poses.reshape(-1, 17, 3)
    usable = (weight > 0).sum(axis=1) >= 5
    kept_cost = np.zeros((frames, _KEPT))
    kept_joints = np.zeros((frames, _KEPT, 17, 3))
    for t in np.flatnonzero(usable):
        seen = weight[t] > 0
        w = weight[t, seen]
        direction = rays[t, seen] / np.linalg.norm(rays[t, seen], axis=-1, keepdims=True)
        axis = (w[:, None] * direction).sum(axis=0)
        axis /= np.linalg.norm(axis)
        right = np.cross(axis, (0.0, 0.0, 1.0))
        right /= max(np.linalg.norm(right), 1e-6)
        plane = np.stack([right, np.cross(right, axis)], axis=1)      # 3,2: right, up
        flat = direction @ plane / (direction @ axis)[:, None]
        w = w / w.sum()
        middle = w @ flat
        image = (poses[:, seen].reshape(-1, 3) @ plane).reshape(len(poses), -1, 2)
        offset = np.einsum('n,enc->ec', w, image)
        image -= offset[:, None]
        target = flat - middle
        # Least squares scale 1/distance of each pose, then what is left of the keypoints.
        cross = np.einsum('n,enc,nc->e', w, image, target)
        power = np.einsum('n,enc->e', w, image ** 2)
        scale = np.maximum(cross / np.maximum(power, 1e-9), 1e-3)
        left = (w @ (target ** 2).sum(axis=1)) - scale * (2 * cross - scale * power)
        cost = np.maximum(left, 0) / max(float(w @ (target ** 2).sum(axis=1)), 1e-9)
        best = np.argpartition(cost, _KEPT)[:_KEPT]
        distance = 1 / scale[best]
        way = axis + plane @ middle
        way /= way @ axis
        root = centre[t] + distance[:, None] * way - offset[best] @ plane.T
        kept_cost[t] = cost[best]
        kept_joints[t] = poses[best] + root[:, None]
    rows = np.flatnonzero(usable)
    if not len(rows):
        return np.full((frames, 17, 3), np.nan), usable
    # Viterbi over the kept candidates.
    total = kept_cost[rows[0]]
    back = []
    for before, now in zip(rows[:-1], rows[1:], strict=True):
        step = np.linalg.norm(kept_joints[before][:, None] - kept_joints[now][None], axis=-1)
        way_cost = total[:, None] + 0.08 * step.mean(axis=-1)
        back.append(way_cost.argmin(axis=0))
        total = way_cost.min(axis=0) + kept_cost[now]
    chosen = [int(total.argmin())]
    for pointer in reversed(back):
        chosen.append(int(pointer[chosen[-1]]))
    joints = np.full((frames, 17, 3), np.nan)
    for row, k in zip(rows, reversed(chosen), strict=True):
        joints[row] = kept_joints[row, k]
    floor = np.array([_floor_distance(rays[t], weight[t], centre[t], stature) for t in rows])
    size = np.linalg.norm(joints[rows][:, HIPS].mean(axis=1) - centre[rows], axis=-1)
    ratio = floor / size
    ratio = ratio[np.abs(np.log(ratio)) < 0.35]
    if len(ratio) >= 3:
        # Apparent size depends on the stature; the floor does not, where feet stand on it.
        factor = float(np.median(ratio))
        root = joints[rows][:, HIPS].mean(axis=1)
        joints[rows] += ((factor - 1) * (root - centre[rows]))[:, None]
    for axis_index in np.ndindex(17, 3):
        values = joints[(slice(None), *axis_index)]
        values[~usable] = np.interp(np.flatnonzero(~usable), rows, values[rows])
    return joints, usable


def _floor_distance(rays: NDArray[np.float64], weight: NDArray[np.float64],
                    centre: NDArray[np.float64], stature: float) -> float:
    """Distance at which the lower seen ankle's ray is at ankle height; NaN where it is not."""
    height = centre[2] - ANKLE_HEIGHT * stature
    hits = [-height / rays[ankle, 2] * float(np.linalg.norm(rays[ankle])) for ankle in ANKLES
            if weight[ankle] > 0 and rays[ankle, 2] < -0.02]
    return min(hits) if hits else np.nan
