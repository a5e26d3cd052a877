# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The contents of a report: methods side by side against one truth, and the live run if any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.evaluation.report_scene import Scene, ScenePeople, error_curves
from mocap23_ros.skeletons.coco17 import COCO_JOINTS

# (key, column heading, unit, digits, explanation); names of report.json that must stay.
METRICS = (
    ('root_mm', 'root', 'mm', 0, 'distance of the mid-hips from the truth'),
    ('abs_mpjpe_mm', 'Abs-MPJPE', 'mm', 0, 'mean joint error, nothing aligned'),
    ('w_mpjpe_mm', 'W-MPJPE', 'mm', 0, 'chunks of 100 frames aligned on their first two frames'),
    ('wa_mpjpe_mm', 'WA-MPJPE', 'mm', 0, 'chunks of 100 frames aligned as a whole'),
    ('w_rigid_mpjpe_mm', 'W-rigid', 'mm', 0, 'as W-MPJPE with the scale fixed to 1'),
    ('mpjpe_mm', 'MPJPE', 'mm', 0, 'mean joint error with the mid-hips aligned'),
    ('pa_mpjpe_mm', 'PA-MPJPE', 'mm', 0, 'mean joint error after a similarity per frame'),
    ('accel_ms2', 'Accel', 'm/s²', 1, 'error of the joint accelerations'),
    ('jitter_10ms3', 'Jitter', '10 m/s³', 1, 'third difference of the prediction'),
    ('foot_skate_mm', 'Skate', 'mm', 1, 'ankle slip per frame while the true foot stands'),
    ('coverage_95', 'Coverage', '', 2, 'share of joints within the predicted 95 % ellipsoid'),
    ('limit_ratio', 'Err/limit', '', 2, 'Abs-MPJPE over what geometry and pixel noise allow'),
)
# The same of live runs; a dot leads into a group.
LIVE = (
    ('latency_ms.p50', 'p50', 'ms', 0, 'image stamp to publication, median'),
    ('latency_ms.p95', 'p95', 'ms', 0, '95th percentile of it'),
    ('latency_ms.p99', 'p99', 'ms', 0, '99th percentile of it'),
    ('delay_in_bag_ms', 'of it before', 'ms', 0,
     'from the stamp of an image to its recording, median'),
    ('rate_hz', 'rate', 'Hz', 1, 'published skeletons'),
    ('frames_in', 'in', 'images', 0, 'images played'),
    ('frames_out', 'out', 'images', 0, 'images whose skeletons were published'),
    ('frames_dropped', 'dropped', 'images', 0, 'images left out for newer ones, lost or refused'),
    ('node_cpu_cores', 'CPU', 'cores', 2, 'of the node while it was played'),
    ('memory_mb.peak', 'memory', 'MB', 0, 'largest resident set of the node'),
    ('memory_mb.growth', 'growth', 'MB', 1, 'of memory in the second half'),
)
# The same of recordings, of figures that need no truth (evaluation/self_consistency.py).
WITHOUT_TRUTH = (
    ('people', 'people', '', 0, 'people who were confirmed'),
    ('seconds', 'length', 's', 1, 'from the first to the last image'),
    ('frames', 'frames', '', 0, 'frames with somebody'),
    ('seen_ratio', 'seen', '', 2, 'their share'),
    ('bone_sd_percent', 'bones', '%', 1,
     'standard deviation of the lengths of limbs and trunk, over their means'),
    ('floor_penetration_mm', 'below floor', 'mm', 1, 'depth of the ankles below the floor'),
    ('foot_skate_own_mm', 'skate', 'mm', 1,
     'slip of the ankles per 1/30 s while the motion itself says that the foot stands'),
    ('jitter_10ms3', 'jitter', '10 m/s³', 1, 'third difference of the joints'),
    ('reprojection_px', 'reproj.', 'px', 1, 'from joints, projected, to keypoints, median'),
    ('reprojection_p95_px', 'p95', 'px', 1, '95th percentile of it'),
    ('reprojection_coverage_95', 'covered', '', 2,
     'share of keypoints within the 95 % ellipse of the projected covariance'),
    ('id_breaks', 'id breaks', '', 0, 'people who begin soon and near where another one ended'),
)
METRIC_KEYS = tuple(entry[0] for entry in METRICS)


@dataclass(frozen=True)
class MethodResult:
    """One method: its metrics (keys of METRICS, None where not to be had) and its motion.

    joints: float [F,J,3] metres at the frames of the truth, the first 17 are COCO-17; NaN where
    the method has no estimate. description: one line for the reader.
    """

    name: str
    description: str
    metrics: Mapping[str, float | None]
    joints: NDArray[np.floating]


@dataclass(frozen=True)
class LiveFigures:
    """Live runs by their names: latency of every published frame, memory of the node [N,2] s, MB.
    """

    latencies_ms: Mapping[str, NDArray[np.floating]]
    memory_mb: Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True)
class Report:
    """Everything that goes into report.json and report.html.

    stamps: float64 [F] s from the start; truth: float [F,17,3] metres, z up; all NaN: unknown.
    live: top-level numbers of a live run (latency_ms, rate_hz, frames_in and so on), or None.
    runs: what live runs are drawn from. facts: label -> text of the set-up.
    notes: sentences about the limits of the figures. picture: JPEG bytes to show, or None.
    scenes: what the player shows, recording by recording; empty: the methods beside the truth.
    """

    title: str
    dataset: str
    fps: float
    stamps: NDArray[np.float64]
    truth: NDArray[np.floating]
    methods: Sequence[MethodResult]
    floor_height: float = 0.0
    live: Mapping[str, Any] | None = None
    runs: LiveFigures | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    picture: bytes | None = None
    scenes: Mapping[str, Scene] = field(default_factory=dict)

    @property
    def has_truth(self) -> bool:
        """Whether anything of the truth is known."""
        return bool(np.isfinite(self.truth).any())

    def shown(self) -> Mapping[str, Scene]:
        """What the player shows: the scenes, or else the methods beside the truth, one person."""
        if self.scenes:
            return self.scenes
        people = [ScenePeople(method.name, method.joints[:, None, COCO_JOINTS], [1])
                  for method in self.methods]
        if not self.has_truth:
            return {'': Scene(self.stamps, people)}
        truth = ScenePeople('truth', self.truth[:, None], [1])
        return {'': Scene(self.stamps, people, truth, curves=[
            curve for motion in people
            for curve in error_curves(motion.name, self.stamps, motion.joints, truth.joints)])}
