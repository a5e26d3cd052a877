# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Compares a live run, and other methods on the same input, with the truth of the sample."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.demo.sample_camera import SampleCamera
from mocap23_ros.demo.take import SampleTake
from mocap23_ros.evaluation.limits import information_limit
from mocap23_ros.evaluation.metrics import evaluate_motion
from mocap23_ros.evaluation.report_contents import MethodResult
from mocap23_ros.live.live_run import LiveRun
from mocap23_ros.live.recorded_run import RecordedRun
from mocap23_ros.skeletons.coco17 import ANKLES, BODY, ELBOWS, HIPS, KNEES, SHOULDERS, WRISTS


@dataclass(frozen=True)
class MethodEstimate:
    """One method's estimate at the N images played: joints [N,J,3] m, covariance [N,J,3,3]."""

    name: str
    description: str
    joints: NDArray[np.floating]
    covariance: NDArray[np.floating] | None = None


def live_motion(live: LiveRun, run: RecordedRun, person_id: int | None) -> MethodEstimate:
    """What the node published, image by image; NaN where it published nothing."""
    count, joints = len(live.stamps_ns), len(run.joint_names)
    motion = MethodEstimate(
        f'live_{run.lifter}', 'published by the ROS node, in real time',
        np.full((count, joints, 3), np.nan, np.float32),
        np.full((count, joints, 3, 3), np.nan, np.float32))
    columns = np.flatnonzero(run.people.person_ids == person_id)
    if not len(columns):
        return motion
    row_of = {stamp: row for row, stamp in enumerate(run.stamps_ns.tolist())}
    for number, stamp in enumerate(live.stamps_ns.tolist()):
        row = row_of.get(stamp)
        if row is not None:
            motion.joints[number] = run.people.joints[row, columns[0]]
            assert motion.covariance is not None
            motion.covariance[number] = run.people.covariance[row, columns[0]]
    return motion


def judge(motion: MethodEstimate, truth: NDArray, rate: float, camera: SampleCamera,
          limit: NDArray) -> MethodResult:
    """Metrics of a motion against the truth [N,17,3] at the same images."""
    covariance = motion.covariance
    if covariance is not None and not np.isfinite(covariance).any():
        covariance = None
    values = evaluate_motion(
        motion.joints, truth, rate, covariance=covariance,
        camera_position=camera.world_T_camera[:3, 3], limit=limit)
    return MethodResult(motion.name, motion.description, values, motion.joints)


def limit_of(truth: NDArray, camera: SampleCamera, floor_height: float,
             sigma_px: float) -> NDArray[np.float64]:
    """Least Abs-MPJPE [N] m at each image; two feet count as contact, stature as unknown.

    sigma_px: scatter of single-view detections against the truth in this view.
    """
    hips = truth[:, HIPS].mean(1)
    centre = camera.world_T_camera[:3, 3]
    distance = np.linalg.norm(hips[:, :2] - centre[:2], axis=1)
    return np.asarray(information_limit(
        distance, centre[2] - floor_height, camera.model.focal_length, sigma_px).abs_mpjpe)


def detection_error_px(take: SampleTake, camera: SampleCamera, keypoints: NDArray,
                       frames: NDArray) -> NDArray[np.float64]:
    """Distances [N,17] px of recorded keypoints [N,17,3] from the truth projected."""
    projected = camera.project(take.truth.joints[frames])
    return np.asarray(np.linalg.norm(keypoints[..., :2] - projected, axis=-1))


def truth_notes(take: SampleTake, camera: SampleCamera, view_error_px: float) -> list[str]:
    """What limits the truth and the figures, as sentences with measured numbers.

    camera: as played; view_error_px: of the live detections in its images.
    """
    camera_name = camera.name
    index = [camera.name for camera in take.cameras].index(camera_name)
    truth, adjustment = take.truth, take.adjustment
    before, after = (np.nanmax(r) for r in (adjustment.residual_before,
                                            adjustment.residual_after))
    body = truth.residual_px[:, :, BODY]
    swapped = int(truth.swapped[index].any(-1).sum())
    bones = bone_scatter_mm(truth.joints)
    notes = [
        'The truth is not marker-based motion capture: it is triangulated from the same 2D '
        'detector in four views, lightly smoothed. Its joints are good to about 1 to 2 cm on the '
        'body, worse on the head (the face is blurred or turned away); errors below that size '
        'mean nothing.',
        f'Detections of single views lie {np.nanmedian(body):.1f} px (median, shoulders to '
        f'ankles, all views, full size) from the projected truth; in {camera_name}, live, '
        f'{view_error_px:.1f} px of an image {camera.model.image_size[0]} px wide. Bone lengths '
        f'of the truth scatter by {bones:.0f} mm (median standard deviation).',
        f'Camera poses as delivered miss marks on the belt by up to {before:.0f} px; after a '
        f'correction of {adjustment.rotation_deg.min():.1f} to '
        f'{adjustment.rotation_deg.max():.1f} degrees per camera by up to {after:.1f} px.',
        f'In {camera_name} the detector exchanges left and right in {swapped} of '
        f'{truth.swapped.shape[1]} frames of the truth; the live method gets its detections as '
        'they are.',
        'Only 1.7 s were filmed: they are played forwards and backwards. At each turning point '
        'the motion reverses, which no real person does; accelerations there are not fair.',
        'One person, one camera, one floor: a check that the whole path works, no benchmark. The '
        f'floor height given to the node ({take.floor_height:.2f} m, the top of the beam) is part '
        'of the set-up.',
    ]
    return notes


def bone_scatter_mm(joints: NDArray) -> float:
    """Median over limb bones of the standard deviation of their length over time."""
    limbs = ((SHOULDERS, ELBOWS), (ELBOWS, WRISTS), (HIPS, KNEES), (KNEES, ANKLES))
    lengths = [np.linalg.norm(joints[:, a] - joints[:, b], axis=-1).std(axis=0) for a, b in limbs]
    return float(1000 * np.median(lengths))


def truth_figures(take: SampleTake) -> dict[str, Any]:
    """Numbers about the truth for report.json."""
    truth, adjustment = take.truth, take.adjustment
    names = [camera.name for camera in take.cameras]
    return {
        'source': 'robust triangulation of 2D detections in four calibrated views',
        'residual_px_median': dict(zip(
            names, np.nanmedian(truth.residual_px, axis=(1, 2)).tolist(), strict=True)),
        'joint_sd_mm_median': float(1000 * np.nanmedian(truth.sd)),
        'bone_length_sd_mm_median': bone_scatter_mm(truth.joints),
        'swapped_frames': dict(zip(
            names, truth.swapped.any(-1).sum(1).tolist(), strict=True)),
        'bridged_share': float(truth.bridged.mean()),
        'calibration_residual_px_max': {
            'before': float(np.nanmax(adjustment.residual_before)),
            'after': float(np.nanmax(adjustment.residual_after))},
    }


def skeleton_arrays(run: RecordedRun, floor_height: float) -> dict[str, Any]:
    """Arrays of skeletons.npz: those of ``mocap23 lift``'s OUT.npz, plus ids and floor_height.

    The world is that of the node (its floor is at floor_height). People in the order of
    ``person_ids``.
    """
    return {**vars(run.people), 'joint_names': np.array(run.joint_names),
            'stamps': run.stamps_ns * 1e-9, 'floor_height': np.array(floor_height)}
