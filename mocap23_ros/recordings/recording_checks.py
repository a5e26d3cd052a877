# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Refuses well-formed recordings from which nobody can be lifted."""

import numpy as np

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.plausible_camera import check_height
from mocap23_ros.plausibility.body_heights import heights_of_people
from mocap23_ros.plausibility.column_order import column_doubt
from mocap23_ros.plausibility.image_delay import best_offset
from mocap23_ros.plausibility.keypoint_values import confidence_doubt
from mocap23_ros.plausibility.people_samples import CAPACITY, INTERVAL, MOST_PEOPLE, PeopleMemory
from mocap23_ros.plausibility.people_swing import SWINGING, swing_curve
from mocap23_ros.plausibility.pose_doubt import pose_findings
from mocap23_ros.plausibility.pose_track import PoseTrack
from mocap23_ros.plausibility.set_up_check import Finding, diagnose
from mocap23_ros.recordings.recording import KeypointRecording


def check_liftable(recording: KeypointRecording) -> list[int]:
    """Numbers, from 1, of the persons who are never seen; the others can be lifted.

    Raises InputError where nobody is ever seen, where the camera is never above the floor or too
    far above it, and where the lens has no ray to any keypoint.
    """
    seen = (recording.keypoints[..., 2] > 0).any(axis=(0, 2))
    if not seen.any():
        raise InputError('nobody is ever seen: all keypoints are NaN or have the confidence 0')
    height = recording.world_T_camera[:, 2, 3]
    if (height <= 0).all():
        likely = ''.join(f'. {finding.message}' for finding in set_up_findings(recording) or [])
        raise InputError(f'the camera is never above the floor (at most {height.max():.3g} m); '
                         'world_T_camera must map into a world with z up and the floor at z = 0'
                         f'{likely}')
    check_height(recording.world_T_camera)
    if not (recording.undistorted()[..., 2] > 0).any():
        raise InputError('the lens has no ray to any keypoint: check distortion, '
                         'distortion_model, and that K is of the same image size')
    return (np.flatnonzero(~seen) + 1).tolist()


def set_up_findings(recording: KeypointRecording) -> list[Finding] | None:
    """Mistakes that the people seen show, over the whole recording.

    The keypoints must be COCO-17; empty where nothing is wrong, None where too
    little was seen.
    """
    memory, newest = _memories(recording)
    findings = diagnose(memory.recent())
    if findings == []:
        statures = dict(enumerate(recording.stature.tolist()))
        findings = pose_findings(newest.recent(), recording.cameras[0].focal_length, statures) or []
    doubts = [Finding(key, doubt, True) for key, doubt in (
        ('columns', column_doubt(recording.keypoints, recording.stamps)),
        ('confidence', confidence_doubt(recording.keypoints)),
        ('image time', _time_doubt(recording, newest))) if doubt]
    return [*(findings or []), *doubts] if doubts else findings


def _time_doubt(recording: KeypointRecording, seen: PeopleMemory) -> str:
    """Why keypoints seem to be of another time than their camera's poses; '' if they do not."""
    if (recording.world_T_camera == recording.world_T_camera[0]).all():
        return ''
    offset = best_offset(swing_curve(
        seen.recent(), PoseTrack(recording.stamps, recording.world_T_camera)))
    return offset.message(SWINGING) if offset.is_there() else ''


def heights_seen(recording: KeypointRecording) -> list[float]:
    """Heights [m] of people who stand straight, under the given camera, each once."""
    return heights_of_people(_memories(recording)[0].recent())


def _memories(recording: KeypointRecording) -> tuple[PeopleMemory, PeopleMemory]:
    """Sightings over the whole recording, and as many at the short spacing that steps need."""
    duration = float(recording.stamps[-1] - recording.stamps[0])
    people = min(recording.people, MOST_PEOPLE)
    interval = max(INTERVAL, duration * people / CAPACITY)
    memory = PeopleMemory(duration, interval)
    newest = PeopleMemory(duration) if interval > INTERVAL else memory
    for frame, stamp in enumerate(recording.stamps.tolist()):
        due = [each for each in {memory, newest} if each.is_due(stamp)]
        if due:
            seen = np.flatnonzero((recording.keypoints[frame, ..., 2] > 0).any(axis=1))
        for each in due:
            each.add(stamp, seen.tolist(), recording.keypoints[frame, seen],
                     recording.camera(frame), recording.world_T_camera[frame])
    return memory, newest
