# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Other methods on what the live run saw: offline lifting of its keypoints, and MediaPipe's 3D."""

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.baselines.mediapipe_pnp import MediapipePnp
from mocap23_ros.demo.demo_report import MethodEstimate
from mocap23_ros.demo.played_take import LivePlan
from mocap23_ros.demo.sample_video import read_frames
from mocap23_ros.demo.take import recorded
from mocap23_ros.errors import InputError
from mocap23_ros.lifting.lifters import LIFTERS, create_lifter
from mocap23_ros.live.live_run import LiveRun
from mocap23_ros.live.recorded_run import RecordedRun
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.recordings.offline_lifter import lift_offline
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.recording_lifter import lift_streaming
from mocap23_ros.reporting import StepProgress
from mocap23_ros.viewers.overlay import resized_frames


def offline_motions(plan: LivePlan, live: LiveRun, run: RecordedRun, person_id: int | None,
                    report: StepProgress) -> tuple[list[MethodEstimate], dict[str, str]]:
    """Estimates [N,J,3] of the methods that are compared with the live one, and what is left out.

    The second part says why, method by method. report: called with what is done, steps done and
    steps in all.
    """
    motions: list[MethodEstimate] = []
    left_out: dict[str, str] = {}
    if person_id is not None:
        recording, rows = _recording(plan, live, run, person_id)
        for name in LIFTERS:
            try:
                motions += _lifted(name, plan, recording, rows, len(live.stamps_ns), run.lifter,
                                   report)
            except InputError as error:  # no weights, or a run shorter than it can use
                left_out[name] = str(error)
    try:
        motions.append(MethodEstimate(
            'mediapipe_pnp', "MediaPipe's 3D landmarks placed by PnP, frame by frame (baseline B6)",
            _mediapipe_pnp(plan, live, report)))
    except InputError as error:  # mediapipe is optional
        left_out['mediapipe_pnp'] = str(error)
    return motions, left_out


def _recording(plan: LivePlan, live: LiveRun, run: RecordedRun, person_id: int
               ) -> tuple[KeypointRecording, NDArray[np.int64]]:
    """The keypoints that the node published, and at which of the played images."""
    played = {stamp: number for number, stamp in enumerate(live.stamps_ns.tolist())}
    rows = [row for row, stamp in enumerate(run.keypoint_stamps_ns.tolist()) if stamp in played]
    stamps_ns = run.keypoint_stamps_ns[rows]
    recording = recorded(
        plan.camera, run.keypoints[person_id][rows][:, None],
        (stamps_ns - live.stamps_ns[0]) * 1e-9, plan.floor_height)
    return recording, np.array([played[int(stamp)] for stamp in stamps_ns], np.int64)


def _lifted(name: str, plan: LivePlan, recording: KeypointRecording, rows: NDArray[np.int64],
            count: int, live_lifter: str,
            report: StepProgress) -> list[MethodEstimate]:
    """Offline, and streaming where that is not what ran live; InputError without weights."""
    options = {key: value for key, value in plan.node_parameters.items()
               if name == 'diffusion' and key in ('tier', 'steps')}
    lifter = create_lifter(name, **options)
    motions = []
    runs = [(name, 'offline', lambda progress: lift_offline(lifter, recording, progress))]
    if name != live_lifter:
        runs.insert(0, (f'{name}_streaming', 'streaming', lambda progress: lift_streaming(
            StreamingLifter(lifter), recording, progress)))
    for label, mode, lift in runs:
        def progress(done: int, total: int, what: str = f'{name} lifter, {mode}') -> None:
            report(what, done, total)

        motion = lift(progress)
        joints = np.full((count, *motion.joints.shape[2:]), np.nan, np.float32)
        covariance = np.full((count, *motion.covariance.shape[2:]), np.nan, np.float32)
        joints[rows] = motion.joints[:, 0]
        joints[..., 2] += plan.floor_height
        covariance[rows] = motion.covariance[:, 0]
        motions.append(MethodEstimate(
            label, f'{mode} lift of the keypoints that the node published', joints, covariance))
    lifter.close()
    return motions


def _mediapipe_pnp(plan: LivePlan, live: LiveRun,
                   report: StepProgress) -> NDArray[np.float32]:
    what = 'baseline MediaPipe + PnP'
    baseline = MediapipePnp()
    camera = plan.camera
    try:
        images = resized_frames(read_frames(plan.video), camera.model.image_size)
        rows = []
        for number, image in enumerate(images):
            rows.append(baseline.lift(image, camera.model, camera.world_T_camera))
            report(what, number + 1, len(images))
    finally:
        baseline.close()
    return np.stack(rows)[live.frames]
