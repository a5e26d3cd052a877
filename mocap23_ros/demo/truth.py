# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reference motion from the 2D detections of all four cameras.

It is not marker truth: every view carries the detector's own bias, so joints are good to 1 to 2 cm
where the views agree, and worse on the blurred or averted face. ``sd`` says so per joint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.signal import medfilt, savgol_filter

from mocap23_ros.demo.robust_triangulation import triangulate_robust
from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.skeletons.exchanged_sides import SIDES

NOISE_PX = 8.0  # scatter of single-view detections in this sample
SWAP_PENALTY = 0.05  # per swapped group and frame, in units of the robust cost
CHANGE_PENALTY = 0.3  # per group whose swap state changes from one frame to the next
OUTLIER_SD = 0.10  # metres: less certain joints are bridged from their neighbours in time
OUTLIER_STEP = 0.08  # metres off a running median
SMOOTHING_SECONDS = 0.15  # window of the Savitzky-Golay filter (order 3)


@dataclass(frozen=True)
class ReferenceMotion:
    """Joints of one person in the z-up world.

    joints: float64 [F,17,3] metres, COCO-17, smoothed. sd: float64 [F,17] metres, of the
    unsmoothed triangulation. residual_px: float64 [C,F,17] distance of the (unswapped) detections
    from the projected joints. keypoints: float64 [C,F,17,3] the detections, left and right put
    right. swapped: bool [C,F,2] where arms, legs were exchanged. bridged: bool [F,17].
    """

    joints: NDArray[np.float64]
    sd: NDArray[np.float64]
    residual_px: NDArray[np.float64]
    keypoints: NDArray[np.float64]
    swapped: NDArray[np.bool_]
    bridged: NDArray[np.bool_]


def triangulate_motion(cameras: Sequence[SampleCamera], keypoints: NDArray,
                       fps: float) -> ReferenceMotion:
    """Reference motion from keypoints [C,F,17,3] (x px, y px, confidence; NaN = not seen).

    Left and right are first made consistent across views and time, then every joint is
    triangulated robustly, gaps and outliers are bridged, and the result is smoothed lightly.
    Deterministic.
    """
    keypoints = np.array(keypoints, np.float64)
    normalised = np.stack([camera.model.undistort(p[..., :2])
                           for camera, p in zip(cameras, keypoints, strict=True)])
    weight = np.nan_to_num(np.clip(keypoints[..., 2], 0.05, 1.0))
    focal = np.array([camera.model.focal_length for camera in cameras])
    world_T_camera = np.stack([camera.world_T_camera for camera in cameras])
    count, frames = keypoints.shape[:2]
    swapped = np.zeros((count, frames, len(SIDES)), bool)
    for g, side in enumerate(SIDES.values()):
        pairs = side.reshape(2, -1).T.tolist()  # left, right
        states = _swap_states(normalised, weight, focal, world_T_camera, pairs)
        swapped[..., g] = states
        for left, right in pairs:
            for array in (keypoints, normalised, weight):
                _exchange(array, states, left, right)
    points = triangulate_robust(
        normalised.reshape(count, -1, 2), weight.reshape(count, -1), focal, world_T_camera,
        NOISE_PX)
    joints = points.p_world.reshape(frames, 17, 3)
    sd = points.sd.reshape(frames, 17)
    bridged = _find_outliers(joints, sd, fps)
    joints = _bridge(joints, bridged)
    window = max(5, 2 * round(SMOOTHING_SECONDS * fps / 2) + 1)
    if frames >= window:
        joints = savgol_filter(joints, window, 3, axis=0)
    projected = np.stack([camera.project(joints) for camera in cameras])
    residual = np.linalg.norm(projected - keypoints[..., :2], axis=-1)
    return ReferenceMotion(joints, sd, residual, keypoints, swapped, bridged)


def _swap_states(normalised: NDArray, weight: NDArray, focal: NDArray, world_T_camera: NDArray,
                 pairs: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    """Which cameras exchanged left and right at which frame [C,F]: Viterbi over all states."""
    count, frames = normalised.shape[:2]
    states = np.array(list(product((False, True), repeat=count)))  # [S,C]
    indices = [joint for pair in pairs for joint in pair]
    partners = [joint for pair in pairs for joint in reversed(pair)]
    straight, crossed = normalised[:, :, indices], normalised[:, :, partners]
    straight_w, crossed_w = weight[:, :, indices], weight[:, :, partners]
    cost = np.empty((frames, len(states)))
    for s, state in enumerate(states):
        p = np.where(state[:, None, None, None], crossed, straight)
        w = np.where(state[:, None, None], crossed_w, straight_w)
        result = triangulate_robust(p.reshape(count, -1, 2), w.reshape(count, -1), focal,
                                    world_T_camera, NOISE_PX, smallest_start=3)
        per_joint = np.nan_to_num(result.cost, nan=float(count)).reshape(frames, -1)
        cost[:, s] = per_joint.mean(1) + SWAP_PENALTY * state.sum()
    change = CHANGE_PENALTY * (states[:, None] != states[None]).sum(-1)
    total, back = cost[0], np.zeros((frames, len(states)), int)
    for frame in range(1, frames):
        candidates = total[:, None] + change
        back[frame] = candidates.argmin(0)
        total = candidates.min(0) + cost[frame]
    path = np.empty(frames, int)
    path[-1] = total.argmin()
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = back[frame, path[frame]]
    return states[path].T


def _exchange(array: NDArray, states: NDArray, left: int, right: int) -> None:
    mask = states if array.ndim == 3 else states[..., None]
    array[:, :, left], array[:, :, right] = (
        np.where(mask, array[:, :, right], array[:, :, left]),
        np.where(mask, array[:, :, left], array[:, :, right]))


def _find_outliers(joints: NDArray, sd: NDArray, fps: float) -> NDArray[np.bool_]:
    kernel = 2 * max(2, round(0.06 * fps)) + 1
    known = _bridge(joints, ~np.isfinite(joints).all(-1))
    median = medfilt(np.pad(known, ((kernel,) * 2, (0, 0), (0, 0)), mode='edge'),
                     (kernel, 1, 1))[kernel:-kernel]
    far = np.linalg.norm(known - median, axis=-1) > OUTLIER_STEP
    return far | ~(sd < OUTLIER_SD) | ~np.isfinite(joints).all(-1)


def _bridge(joints: NDArray, missing: NDArray) -> NDArray:
    filled = joints.copy()
    time = np.arange(len(joints))
    for joint in range(joints.shape[1]):
        good = ~missing[:, joint]
        if good.any() and not good.all():
            for axis in range(3):
                filled[~good, joint, axis] = np.interp(
                    time[~good], time[good], joints[good, joint, axis])
    return filled
