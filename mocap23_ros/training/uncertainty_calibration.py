# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Temperatures of the predicted uncertainty, from subjects that neither train nor validate."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.evaluation_sequence import EvaluationSequence
from mocap23_ros.evaluation.methods import lift_recording
from mocap23_ros.lifting.lifter import Lifter
from mocap23_ros.network.tiers import Temperatures
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.skeletons.coco17 import COCO_JOINTS

# 95 % points of |z| in one dimension (along the ray) and of the radius in two (across it).
_RAY_95, _ACROSS_95 = 1.960, 2.448


def calibrate_on_streams(lifter: Lifter, sequences: Iterable[EvaluationSequence]) -> Temperatures:
    """Temperatures under which 95 % of what a stream publishes lies within its 95 % bounds.

    lifter: with temperatures of 1. sequences: of cameras whose poses are exact; what uncertain
    poses add comes on top at run time.
    """
    exact = CameraPoseUncertainty(0.0, 0.0, 0.0)
    along_all, across_all = [], []
    for sequence in sequences:
        motion = lift_recording(lifter, sequence.lift_input, pose_uncertainty=exact)
        covariance = motion['covariance'][:, 0, COCO_JOINTS].astype(np.float64)
        offset = sequence.joints - sequence.camera_position[:, None]
        ray = offset / np.linalg.norm(offset, axis=-1, keepdims=True)
        along_variance = np.einsum('fji,fjik,fjk->fj', ray, covariance, ray)
        across_variance = 0.5 * (np.trace(covariance, axis1=-2, axis2=-1) - along_variance)
        along, across = along_and_across(
            motion['joints'][:, 0, COCO_JOINTS] - sequence.joints, offset)
        there = np.isfinite(along) & (across_variance > 0)
        along_all.append((np.abs(along) / np.sqrt(along_variance))[there])
        across_all.append((across / np.sqrt(across_variance))[there])
    return _temperatures(np.concatenate(along_all), np.concatenate(across_all))


def along_and_across(error: NDArray, offset: NDArray) -> tuple[NDArray, NDArray]:
    """Signed length along the rays and length across them, [...] each; offset from the camera."""
    ray = offset / np.linalg.norm(offset, axis=-1, keepdims=True)
    along = (error * ray).sum(-1)
    return along, np.linalg.norm(error - along[..., None] * ray, axis=-1)


def _temperatures(along: NDArray, across: NDArray) -> Temperatures:
    """From errors in units of their predicted deviations."""
    return Temperatures(float(np.quantile(along, 0.95)) / _RAY_95,
                        float(np.quantile(across, 0.95)) / _ACROSS_95)
