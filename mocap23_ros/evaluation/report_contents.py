# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a report says: methods beside each other against one truth, and the live run if any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
class Report:
    """Everything that goes into report.json and report.html.

    stamps: float64 [F] s from the start; truth: float [F,17,3] metres, z up; all NaN: unknown.
    live: top-level numbers of a live run (latency_ms, rate_hz, frames_in and so on), or None.
    latencies_ms: of every published frame. facts: label -> text of the set-up.
    notes: sentences about the limits of the figures. picture: JPEG bytes to show, or None.
    """

    title: str
    dataset: str
    fps: float
    stamps: NDArray[np.float64]
    truth: NDArray[np.floating]
    methods: Sequence[MethodResult]
    floor_height: float = 0.0
    live: Mapping[str, Any] | None = None
    latencies_ms: NDArray[np.floating] | None = None
    memory_mb: NDArray[np.floating] | None = None  # [N,2] seconds, MB
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    picture: bytes | None = None

    @property
    def has_truth(self) -> bool:
        """Whether anything of the truth is known."""
        return bool(np.isfinite(self.truth).any())
