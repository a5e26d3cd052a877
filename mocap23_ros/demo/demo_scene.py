# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The scene of the demo's player: all people whom the node published, and the camera."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.demo.played_take import LivePlan
from mocap23_ros.evaluation.motion_matching import in_rows, match_frames
from mocap23_ros.evaluation.report_contents import MethodResult
from mocap23_ros.evaluation.report_scene import (
    Curve,
    Scene,
    ScenePeople,
    error_curves,
    frustum_of,
    motion_curves,
)
from mocap23_ros.live.live_run import LiveRun
from mocap23_ros.live.recorded_run import RecordedRun
from mocap23_ros.skeletons.coco17 import COCO_JOINTS


def demo_scene(plan: LivePlan, live: LiveRun, run: RecordedRun, truth: NDArray[np.floating],
               methods: Sequence[MethodResult]) -> Scene:
    """methods: the live one first, at the N images; truth: [N,17,3]."""
    begin = live.stamps_ns[0]
    seconds = np.asarray(1e-9 * (live.stamps_ns - begin), np.float64)
    true = ScenePeople('truth', truth[:, None], [1])
    people = [ScenePeople(method.name, method.joints[:, None, COCO_JOINTS], [1])
              for method in methods]
    curves = [curve for motion in people
              for curve in error_curves(motion.name, seconds, motion.joints, true.joints)]
    if len(run.stamps_ns):
        found, name = run.people, methods[0].name
        match = match_frames({'stamps': 1e-9 * (run.stamps_ns - begin)}, {'stamps': seconds})
        joints, covariance, contact = (in_rows(match.near, values[match.row]) for values in
                                       (found.joints, found.covariance, found.contact))
        people[0] = ScenePeople(name, joints[:, :, COCO_JOINTS], found.person_ids.tolist(),
                                covariance[:, :, COCO_JOINTS])
        curves += motion_curves(name, seconds, covariance, contact)
        curves += _confidence(name, run, int(begin))
    frustum = frustum_of(plan.camera.model, plan.camera.world_T_camera[None])
    return Scene(seconds, people, true, np.tile(frustum, (len(seconds), 1, 1)), curves)


def _confidence(name: str, run: RecordedRun, begin: int) -> list[Curve]:
    if not run.keypoints:
        return []
    confidence = np.stack([keypoints[..., 2] for keypoints in run.keypoints.values()], axis=1)
    return motion_curves(name, np.asarray(1e-9 * (run.keypoint_stamps_ns - begin), np.float64),
                         confidence=np.where(confidence > 0, confidence, np.nan))
