# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Other methods on what the live run saw: offline lifting of its keypoints, and MediaPipe's 3D."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.baselines.mediapipe_pnp import MediapipePnp
from mocap23_ros.sample.demo_report import Motion
from mocap23_ros.sample.detections import read_frames
from mocap23_ros.sample.live_run import LivePlan, LiveRun
from mocap23_ros.sample.overlay import resized_frames
from mocap23_ros.sample.recorded_run import RecordedRun
from mocap23_ros.sample.take import SampleTake


def offline_motions(take: SampleTake, plan: LivePlan, live: LiveRun, run: RecordedRun,
                    person_id: int | None,
                    report: Callable[[str, int, int], None]) -> list[Motion]:
    """Motions [N,J,3] of the methods that are compared with the live one.

    report: called with what is done, steps done and steps in all.
    """
    motions = []
    motions.append(Motion(
        'mediapipe_pnp', "MediaPipe's 3D landmarks placed by PnP, frame by frame (baseline B6)",
        _mediapipe_pnp(plan, live, report)))
    return motions


def _mediapipe_pnp(plan: LivePlan, live: LiveRun,
                   report: Callable[[str, int, int], None]) -> NDArray[np.float32]:
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
