# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifts a recording with all its frames at hand."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.lifting.feet import format_with_feet
from mocap23_ros.lifting.lifter import LiftedMotion, Lifter
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.pipeline.missed_keypoints import MissedKeypoints
from mocap23_ros.recordings.recorded_feet import recorded_feet
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.reporting import Progress, silent
from mocap23_ros.skeletons.ankle_places import lowered, raised, share_in
from mocap23_ros.skeletons.conversion import convert_keypoints
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.tracking.side_filter import SideFilter
from mocap23_ros.windows.keypoint_windows import KeypointWindows
from mocap23_ros.windows.resampling import resample_keypoints, resample_poses

MAXIMUM_SAMPLES = 500_000  # samples x people; about 1.5 GB
PREDICTED_BEYOND = 0.3  # seconds before the first and after the last sighting
FILLED_GAP = 1.5  # seconds between two sightings that are filled


def lift_offline(lifter: Lifter, recording: KeypointRecording,
                 progress: Progress = silent, bones: bool = True,
                 pose_uncertainty: CameraPoseUncertainty | None = None,
                 feet: bool = False) -> RecordedMotion:
    """Lift a recording twice: for the statures, then with blended windows that overlap by half.

    In the first pass, without overlap, the lifter only learns the statures. It is given the people
    whom a window sees. bones: fit bodies whose bone lengths are constant over the
    recording. pose_uncertainty, feet: as in StreamingLifter. progress: called with (windows done,
    windows in all).
    """
    kept = format_with_feet(lifter) if feet else lifter.input_format
    recording = recording.calibrated_by_detector().converted(kept, partly=True)
    ankles = share_in(kept, recording.ankles)
    detected = lowered(_on_their_sides(recording), ankles) if ankles else _on_their_sides(recording)
    body = detected[:, :, :len(lifter.input_format)]
    grid, keypoints, poses, focal_length = _on_grid(lifter, recording, body)
    length = lifter.window_length
    hop = max(1, length // 2)
    # Ends at the newest sample, in steps of half a window, until the oldest sample is covered.
    starts = list(range(len(grid) - length, -hop, -hop)) if len(grid) > length else [0]
    starts = sorted({max(start, 0) for start in starts})
    blend = _Blend(len(grid), recording.people, len(lifter.output_format))
    lifter.forget()
    # Every second window first: neighbours that overlap by half must not be taken for the next
    # hop of a stream by lifters that start from the motion before.
    passes = (starts[::2], starts[::2] + starts[1::2])
    done, total = 0, sum(map(len, passes))
    for is_last_pass, order in enumerate(passes):
        for start in order:
            span = slice(start, start + length)
            rows = np.flatnonzero(keypoints[:, span, :, 2].any(axis=(1, 2)))
            if len(rows):
                motion = lifter.lift(KeypointWindows(
                    grid[span], keypoints[rows, span], poses[span], float(focal_length[span][-1]),
                    rows + 1, recording.stature[rows]))
                if is_last_pass:
                    blend.add(rows, start, motion)
            done += 1
            progress(done, total)
    motion_at_stamps = blend.at(grid, recording, lifter.output_format.joint_names)
    before = resample_poses(recording.stamps, recording.world_T_camera,
                            recording.stamps - 1 / lifter.rate)
    motion_at_stamps.covariance[:] += (pose_uncertainty or CameraPoseUncertainty()).covariance(
        motion_at_stamps.joints, before, recording.world_T_camera, 1 / lifter.rate,
        recording.joint_sd)
    _leave_out_unseen(motion_at_stamps, recording)
    result = replace(motion_at_stamps.with_body(), body=None) if bones else motion_at_stamps
    _add_misses(result, convert_keypoints(body, lifter.input_format, COCO17), recording)
    result.joints[:] = raised(result.joints, ankles)
    if not feet:
        return result
    detected[..., :2] = raised(detected[..., :2], ankles)
    return recorded_feet(result, recording, detected)


def _add_misses(motion: RecordedMotion, keypoints: NDArray, recording: KeypointRecording) -> None:
    """Add to the covariance, in place, what joints miss of their keypoints [P,F,17,3]."""
    missed, ids = MissedKeypoints(), np.arange(recording.people)
    for frame, stamp in enumerate(recording.stamps.tolist()):
        motion.covariance[frame] += missed.covariance(
            stamp, ids, motion.joints[frame].astype(np.float64), keypoints[:, frame],
            recording.world_T_camera[frame])


def _leave_out_unseen(motion: RecordedMotion, recording: KeypointRecording) -> None:
    """Set people to NaN, in place, where they are neither seen nearby in time nor inside a gap."""
    stamps = recording.stamps
    for person in range(recording.people):
        seen = stamps[(recording.keypoints[:, person, :, 2] > 0).any(axis=1)]
        if not len(seen):
            continue  # NaN already
        after = np.searchsorted(seen, stamps)
        since = stamps - seen[np.maximum(after - 1, 0)]
        until = seen[np.minimum(after, len(seen) - 1)] - stamps
        outside = (since < 0) | (until < 0)
        near = np.minimum(np.abs(since), np.abs(until)) <= PREDICTED_BEYOND
        gone = ~(near | (~outside & (since + until <= FILLED_GAP)))
        for values in (motion.joints, motion.covariance, motion.contact, motion.stature):
            values[gone, person] = np.nan


def _on_grid(lifter: Lifter, recording: KeypointRecording, detected: NDArray
             ) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Stamps [G] at the lifter's rate, keypoints [P,G,J,3], poses [G,4,4], focal lengths [G].

    The grid ends at the newest stamp and begins at or before the oldest, but is never shorter
    than one window.
    """
    stamps = recording.stamps
    samples = int(np.ceil((stamps[-1] - stamps[0]) * lifter.rate - 1e-6)) + 1
    samples = max(samples, lifter.window_length)
    if samples * max(recording.people, 1) > MAXIMUM_SAMPLES:
        minutes = (stamps[-1] - stamps[0]) / 60
        raise InputError(f'{minutes:.0f} minutes of {recording.people} people are too much for '
                         'one piece: cut the recording, or use streaming mode')
    grid = stamps[-1] - np.arange(samples - 1, -1, -1) / lifter.rate
    keypoints = resample_keypoints(stamps, detected, grid)
    focal = np.array([camera.focal_length for camera in recording.cameras])
    focal = np.interp(grid, stamps, np.broadcast_to(focal, len(stamps)))
    return grid, keypoints, resample_poses(stamps, recording.world_T_camera, grid), focal


def _on_their_sides(recording: KeypointRecording) -> NDArray[np.float32]:
    """Undistorted keypoints [P,F,J,3] with left and right decided over all frames."""
    keypoints = np.ascontiguousarray(np.swapaxes(recording.undistorted(), 0, 1))
    sides = SideFilter(recording.skeleton, memory=len(recording.stamps))
    mirror = np.array(recording.skeleton.mirror)
    people = range(recording.people)
    detected = keypoints.copy()
    for frame, stamp in enumerate(recording.stamps):
        for change in sides.update(float(stamp), people, detected[:, frame]):
            rows = keypoints[change.person_id, frame + 1 - len(change.exchange):frame + 1]
            rows[:] = np.where(change.exchange[..., None], rows[:, mirror], rows)
    return keypoints


class _Blend:
    """Weighted means over the windows that cover a sample."""

    def __init__(self, samples: int, people: int, joints: int) -> None:
        shape = (people, samples)
        self._values: list[NDArray] = [  # joints, covariance, contact, stature
            np.zeros((*shape, joints, 3)), np.zeros((*shape, joints, 3, 3)),
            np.zeros((*shape, 2)), np.zeros(shape)]
        self._joint_weight = np.zeros((*shape, joints))
        self._weight = np.zeros(shape)

    def add(self, rows: NDArray, start: int, motion: LiftedMotion) -> None:
        length = motion.joints.shape[1]
        ramp = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1)).astype(float)
        there = np.isfinite(motion.joints[..., 0])
        joint_weight = ramp[:, None] * there
        weight = ramp * there.any(axis=-1)
        span = (rows, slice(start, start + length))
        stature = np.broadcast_to(np.nan_to_num(motion.stature)[:, None], weight.shape)
        joints, covariance, contact, statures = self._values
        joints[span] += joint_weight[..., None] * np.nan_to_num(motion.joints)
        covariance[span] += joint_weight[..., None, None] * np.nan_to_num(motion.covariance)
        contact[span] += weight[..., None] * motion.contact
        statures[span] += weight * stature
        self._joint_weight[span] += joint_weight
        self._weight[span] += weight

    def at(self, grid: NDArray, recording: KeypointRecording,
           joint_names: tuple[str, ...]) -> RecordedMotion:
        """The blended motion at the recording's own stamps, linear between samples."""
        result = RecordedMotion.empty(recording.stamps, np.arange(1, recording.people + 1),
                                      joint_names)
        position = np.clip(np.interp(recording.stamps, grid, np.arange(len(grid))), 0, None)
        low = np.minimum(position.astype(int), len(grid) - 1)
        high = np.minimum(low + 1, len(grid) - 1)
        fraction = position - low
        targets = (result.joints, result.covariance, result.contact, result.stature)
        for target, values in zip(targets, self._values, strict=True):
            weight: NDArray = self._joint_weight if target.ndim > 3 else self._weight
            weight = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
            with np.errstate(invalid='ignore', divide='ignore'):
                mean = values / weight
            share = fraction.reshape(-1, *(1,) * (values.ndim - 2))
            before, after = mean[:, low], mean[:, high]
            mixed = np.where(share < 1e-6, before, (1 - share) * before + share * after)
            mixed = np.where(np.isnan(mixed), np.where(np.isnan(before), after, before), mixed)
            target[:] = np.swapaxes(mixed, 0, 1)
        return result
