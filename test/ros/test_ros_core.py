# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the node loads for its parameters."""

import pytest

from mocap23_ros.engines.model_files import available_tiers
from mocap23_ros.errors import InputError
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.settings import Settings


@pytest.mark.skipif('xs' not in available_tiers(), reason='no graphs of tier xs')
def test_the_backend_torch_runs_the_lifter():
    pytest.importorskip('torch', reason='torch is not installed (requirements/train.txt)')
    core = create_core(Settings(detector='external', tier='xs', backend='torch'))
    assert core.lifter.window_length == 24  # it has lifted a window to warm up
    core.close()


def test_the_backend_torch_leaves_the_detector_to_others():
    with pytest.raises(InputError, match='absent.onnx does not exist'):
        create_core(Settings(detector='onnx', detector_model='absent.onnx', lifter='geometric',
                             backend='torch'))


def test_the_lifter_runs_in_the_precision_of_the_parameter():
    with pytest.raises(InputError, match='tier s has no int8 graphs'):
        create_core(Settings(detector='external', precision='int8'))


def test_the_camera_is_as_uncertain_as_the_parameters_say():
    core = create_core(Settings(detector='external', lifter='geometric', camera_rotation_sd=0.02,
                                camera_position_sd=0.03, camera_stamp_sd=0.004))
    assert core.streaming.pose_uncertainty == CameraPoseUncertainty(0.02, 0.03, 0.004)
