# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Calibrates stated deviations on streams of subjects that neither train nor validate."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from mocap23_ros.datasets.evaluation_sequence import EvaluationSequence
from mocap23_ros.evaluation.methods import as_recording, lift_recording
from mocap23_ros.lifting.lifter import Lifter
from mocap23_ros.lifting.stated_uncertainty import StatedUncertainty
from mocap23_ros.network.tiers import Temperatures
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.pipeline.missed_keypoints import MissedKeypoints
from mocap23_ros.skeletons.coco17 import COCO_JOINTS

_LEAST, _MOST = 0.05, 20.0  # factors


@dataclass(frozen=True)
class Calibration:
    """temperatures: of the graphs, across the ray for joints that nobody sees. streams: further."""

    temperatures: Temperatures
    streams: StatedUncertainty


@dataclass(frozen=True)
class _Errors:
    """Of N joints: error along and across the ray, m; stated variances; m^2 that they miss."""

    along: NDArray[np.float64]
    across: NDArray[np.float64]
    along_variance: NDArray[np.float64]
    across_variance: NDArray[np.float64]
    missed: NDArray[np.float64]
    seen: NDArray[np.bool_]


def calibrate_on_streams(lifter: Lifter, sequences: Iterable[EvaluationSequence]) -> Calibration:
    """The most probable factors on stated deviations, if what a stream publishes errs as it says.

    lifter: whose stated deviations are those of the network. sequences: of cameras whose poses are
    exact; what uncertain poses add comes on top at run time.
    """
    parts = [_errors(lifter, sequence) for sequence in sequences]
    every = _Errors(*(np.concatenate([getattr(part, name) for part in parts])
                      for name in _Errors.__dataclass_fields__))
    ray, floor = _most_probable(every.along, every.along_variance, 0.0, 1, 0.05)
    unseen = ~every.seen if (~every.seen).any() else every.seen  # clean streams hide nothing
    hidden, _ = _most_probable(every.across[unseen], every.across_variance[unseen],
                               every.missed[unseen], 2)
    seen, _ = _most_probable(every.across[every.seen], every.across_variance[every.seen],
                             every.missed[every.seen], 2)
    return Calibration(Temperatures(ray, hidden), StatedUncertainty(1.0, seen / hidden, floor))


def along_and_across(error: NDArray, offset: NDArray) -> tuple[NDArray, NDArray]:
    """Signed length along the rays and length across them, [...] each; offset from the camera."""
    ray = offset / np.linalg.norm(offset, axis=-1, keepdims=True)
    along = (error * ray).sum(-1)
    return along, np.linalg.norm(error - along[..., None] * ray, axis=-1)


def _errors(lifter: Lifter, sequence: EvaluationSequence) -> _Errors:
    motion = lift_recording(lifter, sequence.lift_input,
                            pose_uncertainty=CameraPoseUncertainty(0.0, 0.0, 0.0))
    joints = motion['joints'][:, 0].astype(np.float64)
    covariance = motion['covariance'][:, 0, COCO_JOINTS].astype(np.float64)
    offset = sequence.joints - sequence.camera_position[:, None]
    along, across = along_and_across(joints[:, COCO_JOINTS] - sequence.joints, offset)
    ray = offset / np.linalg.norm(offset, axis=-1, keepdims=True)
    along_variance = np.einsum('fji,fjik,fjk->fj', ray, covariance, ray)
    missed, seen = _missed(sequence, joints)
    across_variance = 0.5 * (np.trace(covariance, axis1=-2, axis2=-1) - along_variance) - missed
    there = np.isfinite(along) & (across_variance > 0)
    return _Errors(*(values[there] for values in (
        along, across, along_variance, across_variance, missed, seen)))


def _missed(sequence: EvaluationSequence, joints: NDArray) -> tuple[NDArray, NDArray]:
    """Variance [F,17] across the ray that the pipeline added to it, and who was seen."""
    recording = as_recording(sequence.lift_input)
    keypoints, missed = recording.undistorted(), MissedKeypoints()
    added = [missed.covariance(stamp, np.zeros(1, int), joints[[frame]], keypoints[frame],
                               recording.world_T_camera[frame])[0, COCO_JOINTS]
             for frame, stamp in enumerate(recording.stamps.tolist())]
    return 0.5 * np.trace(added, axis1=-2, axis2=-1), keypoints[:, 0, :, 2] > 0


def _most_probable(error: NDArray, variance: NDArray, added: NDArray | float, dimensions: int,
                   floor: float = 0.0) -> tuple[float, float]:
    """Factor on the deviation, and floor beside it, of normal errors of that many dimensions.

    floor: m, where the search begins; 0: there is none.
    """
    if not len(error):
        return 1.0, 0.0

    def cost(parameters: NDArray) -> float:
        total = np.exp(2 * parameters[0]) * variance + added
        if floor:
            total = total + np.exp(2 * parameters[1])
        return float((dimensions * np.log(total) + error**2 / total).mean())

    start = np.log([1.0, floor]) if floor else np.zeros(1)
    best = minimize(cost, start, method='Nelder-Mead').x
    factor = float(np.clip(np.exp(best[0]), _LEAST, _MOST))
    return factor, float(np.exp(best[1])) if floor else 0.0
