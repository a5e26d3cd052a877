# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of lifted motion that need no truth: what bodies, floors and the images forbid.

They show what is wrong, not by how much: motion can be smooth, rigid and true to the images at
twice the distance.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.evaluation.smoothness import jitter
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.skeletons.coco17 import ANKLES, BODY_BONES, COCO_JOINTS, HIPS

FIGURES = ('people', 'seconds', 'frames', 'seen_ratio', 'bone_sd_percent', 'floor_penetration_mm',
           'floor_penetration_ratio', 'foot_skate_own_mm', 'jitter_10ms3', 'reprojection_px',
           'reprojection_p95_px', 'reprojection_coverage_95', 'id_breaks')

_CONTACT, _CONFIDENCE = 0.5, 0.3
_FOLLOWS, _NEAR = 2.0, 1.0  # s, m: somebody who appears so soon and near is the same person
_CHI2_95 = 5.991  # of two degrees of freedom
_NEAREST = 0.1  # m before the lens


def judge_motion(motion: RecordedMotion, observed: KeypointRecording | None = None
                 ) -> dict[str, Any]:
    """Return FIGURES of everybody together; None where a figure cannot be had.

    observed: keypoints of the same people in the same order (COCO first), at stamps of the motion.
    bone_sd_percent: standard deviation of the bones' lengths over their means.
    floor_penetration_mm: depth of the ankles below the floor, 0 for those above, and _ratio the
    share below. foot_skate_own_mm: slip of the ankles per 1/30 s while the motion itself says that
    the foot stands. reprojection_*: distance of the projected joints from the keypoints, and the
    share of these within the 95 % ellipse of the covariance. id_breaks: people who appear within
    2 s and 1 m of where another one ended. seen_ratio: frames with somebody, of all.
    """
    joints = np.asarray(motion.joints[:, :, COCO_JOINTS], np.float64)
    known: NDArray[np.bool_] = np.asarray(np.isfinite(joints).all(axis=-1))
    fps = _rate(motion.stamps)
    seen: NDArray[np.bool_] = np.asarray(known.any(axis=2))
    figures: dict[str, Any] = {name: None for name in FIGURES}
    figures |= {'people': int(seen.any(axis=0).sum()), 'frames': int(seen.any(axis=1).sum()),
                'seconds': float(np.ptp(motion.stamps)) if len(motion.stamps) else 0.0,
                'id_breaks': _id_breaks(motion.stamps, joints)}
    if len(seen):
        figures['seen_ratio'] = float(seen.any(axis=1).mean())
    if not known.any():
        return figures
    height = joints[:, :, ANKLES, 2]
    figures |= {
        'bone_sd_percent': _mean(100 * _bone_variation(joints)),
        'floor_penetration_mm': _mean(1e3 * np.where(
            np.isfinite(height), np.maximum(0, -height), np.nan)),
        'floor_penetration_ratio': _mean(np.where(np.isfinite(height), height < 0, np.nan))}
    if fps:
        slip = np.linalg.norm(np.diff(joints[:, :, ANKLES], axis=0), axis=-1) * fps / 30
        with np.errstate(invalid='ignore'):
            stands = (motion.contact[1:] >= _CONTACT) & (motion.contact[:-1] >= _CONTACT)
        figures |= {
            'foot_skate_own_mm': _mean(1e3 * np.where(stands, slip, np.nan)),
            'jitter_10ms3': _mean(np.concatenate(
                [jitter(joints[:, person], fps).ravel() for person in range(joints.shape[1])]))}
    if observed is not None:
        figures |= _reprojection(motion, observed)
    return figures


def _rate(stamps: NDArray[np.float64]) -> float:
    return 1 / float(np.median(np.diff(stamps))) if len(stamps) > 1 else 0.0


def _mean(values: NDArray[Any]) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else None


def _bone_variation(joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation over mean of every bone of every person, [P,B]; NaN under two lengths."""
    first, second = np.array(BODY_BONES).T
    lengths = np.linalg.norm(joints[:, :, first] - joints[:, :, second], axis=-1)
    known = np.isfinite(lengths)
    count = known.sum(axis=0)
    mean = np.where(known, lengths, 0).sum(axis=0) / np.maximum(count, 1)
    variance = np.where(known, (lengths - mean) ** 2, 0).sum(axis=0) / np.maximum(count - 1, 1)
    with np.errstate(invalid='ignore', divide='ignore'):
        return np.where(count > 1, np.sqrt(variance) / mean, np.nan)


def _id_breaks(stamps: NDArray[np.float64], joints: NDArray[np.float64]) -> int:
    """How many people begin where and when another one ended."""
    roots = joints[:, :, HIPS].mean(axis=2)
    lives = []
    for person in range(roots.shape[1]):
        rows = np.flatnonzero(np.isfinite(roots[:, person, 0]))
        if len(rows):
            lives.append((rows[0], rows[-1], roots[rows[0], person], roots[rows[-1], person]))
    breaks = 0
    for begin, _, place, _ in lives:
        breaks += any(0 < stamps[begin] - stamps[end] <= _FOLLOWS
                      and np.linalg.norm(place - left) <= _NEAR for _, end, _, left in lives)
    return breaks


def _reprojection(motion: RecordedMotion, observed: KeypointRecording) -> dict[str, Any]:
    """Joints against keypoints, in pixels and against their own covariance."""
    rows = np.searchsorted(motion.stamps, observed.stamps)
    keypoints = np.asarray(observed.keypoints[:, :, COCO_JOINTS], np.float64)
    rays = np.asarray(observed.undistorted()[:, :, COCO_JOINTS, :2], np.float64)
    pose = observed.world_T_camera
    p_camera = np.einsum('fba,fpjb->fpja', pose[:, :3, :3],
                         motion.joints[rows][:, :, COCO_JOINTS] - pose[:, None, None, :3, 3])
    depth = p_camera[..., 2]
    with np.errstate(invalid='ignore', divide='ignore'):
        usable = (depth > _NEAREST) & (keypoints[..., 2] >= _CONFIDENCE) & (
            np.isfinite(rays).all(axis=-1))
        offset = p_camera[..., :2] / depth[..., None] - rays
    if not usable.any():
        return {}
    focal = np.array([observed.camera(frame).focal_length for frame in range(observed.frames)])
    pixels = (np.linalg.norm(offset, axis=-1) * focal[:, None, None])[usable]
    covariance = motion.covariance[rows][:, :, COCO_JOINTS].astype(np.float64)
    covariance = np.einsum('fba,fpjbc,fcd->fpjad', pose[:, :3, :3], covariance, pose[:, :3, :3])
    points, spread, offset = p_camera[usable], covariance[usable], offset[usable]
    jacobian = np.zeros((len(points), 2, 3))
    jacobian[:, 0, 0] = jacobian[:, 1, 1] = 1 / points[:, 2]
    jacobian[:, :, 2] = -points[:, :2] / points[:, 2:] ** 2
    projected = jacobian @ spread @ jacobian.swapaxes(1, 2)
    sound = np.isfinite(projected).all(axis=(1, 2)) & (np.linalg.det(
        np.nan_to_num(projected)) > 0)
    within = np.full(len(points), np.nan)
    within[sound] = np.einsum(
        'na,na->n', offset[sound],
        np.linalg.solve(projected[sound], offset[sound][..., None])[..., 0]) <= _CHI2_95
    return {'reprojection_px': float(np.median(pixels)),
            'reprojection_p95_px': float(np.percentile(pixels, 95)),
            'reprojection_coverage_95': _mean(within)}
