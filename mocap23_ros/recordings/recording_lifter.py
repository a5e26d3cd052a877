# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifts a recording frame by frame, as the node would have."""

from collections.abc import Iterable

import numpy as np

from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.reporting import Progress, silent
from mocap23_ros.tracking.track import Track, TrackState


def lift_streaming(streaming: StreamingLifter, recording: KeypointRecording,
                   progress: Progress = silent) -> RecordedMotion:
    """Feed every frame in order; the estimate at frame i uses frames <= i + lag only.

    People are persons 1..P; while one is not seen, it is predicted for the streaming lifter's
    patience and NaN afterwards. progress: called with (frames done, frames in all).
    """
    recording = recording.calibrated_by_detector()
    result = RecordedMotion.empty(recording.stamps, np.arange(1, recording.people + 1),
                                  streaming.output_format.joint_names)
    streaming.reset()
    streaming.joint_sd, streaming.keypoint_format = recording.joint_sd, recording.skeleton
    streaming.ankles = recording.ankles
    _set_statures(streaming, recording, range(recording.people))
    known = np.zeros(recording.people, bool)
    frame_of = {float(stamp): frame for frame, stamp in enumerate(recording.stamps)}
    for frame, stamp in enumerate(recording.stamps):
        seen = np.asarray(np.isfinite(recording.keypoints[frame, ..., 0]).any(axis=1))
        known |= seen
        tracks = [_track(recording, frame, person, bool(seen[person]))
                  for person in np.flatnonzero(known).tolist()]
        estimates = streaming.update(float(stamp), tracks, recording.camera(frame),
                                     recording.world_T_camera[frame])
        _store(result, frame_of, estimates)
        lost = [e.person_id - 1 for e in estimates if e.state == TrackState.LOST]
        _set_statures(streaming, recording, lost)
        progress(frame + 1, recording.frames)
    for estimates in streaming.finish():
        _store(result, frame_of, estimates)
    return result


def _track(recording: KeypointRecording, frame: int, person: int, seen: bool) -> Track:
    state = TrackState.TRACKED if seen else TrackState.PREDICTED
    return Track(person + 1, state, recording.keypoints[frame, person], np.zeros(4, np.float32),
                 0.0)


def _set_statures(streaming: StreamingLifter, recording: KeypointRecording,
                  people: Iterable[int]) -> None:
    for person in people:
        if np.isfinite(recording.stature[person]):
            streaming.set_stature(int(person) + 1, float(recording.stature[person]))


def _store(result: RecordedMotion, frame_of: dict[float, int],
           estimates: list[SkeletonEstimate]) -> None:
    for estimate in estimates:
        if estimate.state != TrackState.LOST:
            result.put(frame_of[estimate.stamp], estimate.person_id - 1, estimate)
