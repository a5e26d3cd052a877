# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What streams publish errs as much as it says."""

from dataclasses import replace

import numpy as np
import pytest
from packed_motion import write_packed
from training_helpers import torch  # noqa: F401 - calibration imports it

from mocap23_ros.datasets.evaluation_sets import make_evaluation_set
from mocap23_ros.evaluation.methods import lift_recording
from mocap23_ros.lifting.geometric_lifter import GeometricLifter
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
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


def test_squared_errors_are_as_large_as_the_variances_that_result(sequences):
    found = calibrate_on_streams(Overconfident(0.3), sequences)
    ratios = []
    for sequence in sequences:
        motion = lift_recording(Overconfident(0.3), sequence.lift_input,
                                pose_uncertainty=CameraPoseUncertainty(0, 0, 0))
        error = motion['joints'][:, 0, :17] - sequence.joints
        ray = sequence.joints - sequence.camera_position[:, None]
        ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
        stated = np.einsum('fji,fjik,fjk->fj', ray, motion['covariance'][:, 0, :17], ray)
        variance = found.temperatures.ray**2 * stated + found.streams.floor**2
        ratios.append(((error * ray).sum(-1) ** 2 / variance)[np.isfinite(stated)])
    assert np.concatenate(ratios).mean() == pytest.approx(1, abs=0.02)
