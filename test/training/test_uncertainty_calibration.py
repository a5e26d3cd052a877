# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Temperatures: what streams publish lies within its bounds as often as it says."""

from dataclasses import replace

import numpy as np
import pytest
from packed_motion import write_packed
from training_helpers import torch  # noqa: F401 - calibration imports it

from mocap23_ros.datasets.evaluation_sets import make_evaluation_set
from mocap23_ros.evaluation.methods import lift_recording
from mocap23_ros.lifting.geometric_lifter import GeometricLifter
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.pipeline.refinement import RefinementSteps
from mocap23_ros.training.uncertainty_calibration import calibrate_on_streams


class Overconfident(GeometricLifter):
    """States its standard deviations as ``share`` of what they are."""

    def __init__(self, share=1.0):
        super().__init__()
        self.share = share

    def lift(self, windows):
        motion = super().lift(windows)
        return replace(motion, covariance=motion.covariance * np.float32(self.share**2))


@pytest.fixture(scope='module')
def sequences(tmp_path_factory):
    folder = tmp_path_factory.mktemp('motion')
    write_packed(folder, minutes=1.0)
    return make_evaluation_set('calibration', folder, 3)


def test_temperatures_undo_overconfidence(sequences):
    honest = calibrate_on_streams(Overconfident(), sequences)
    half = calibrate_on_streams(Overconfident(0.5), sequences)
    # Refinement weighs joints by their covariance, so that errors change a little, too.
    assert half.ray == pytest.approx(2 * honest.ray, rel=0.15)
    assert half.across == pytest.approx(2 * honest.across, rel=0.15)


def test_95_per_cent_lie_within_the_bounds_that_result(sequences):
    scale = calibrate_on_streams(Overconfident(0.3), sequences)
    inside = []
    for sequence in sequences:
        motion = lift_recording(Overconfident(0.3), sequence.lift_input,
                                refinement=RefinementSteps(),
                                pose_uncertainty=CameraPoseUncertainty(0, 0, 0))
        error = motion['joints'][:, 0, :17] - sequence.joints
        ray = sequence.joints - sequence.camera_position[:, None]
        ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
        sd = np.sqrt(np.einsum('fji,fjik,fjk->fj', ray, motion['covariance'][:, 0, :17], ray))
        inside.append((np.abs((error * ray).sum(-1)) < 1.96 * scale.ray * sd)[np.isfinite(sd)])
    assert np.concatenate(inside).mean() == pytest.approx(0.95, abs=0.005)
