# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What the node loads for its parameters."""

import numpy as np
import pytest
from default_detector import require_default_detector
from synthetic_people import look_at, walking_person

from mocap23_ros.engines.model_files import available_tiers
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.ros.core import create_core
from mocap23_ros.ros.settings import Settings
from mocap23_ros.tracking.track import Track, TrackState

CAMERA = CameraModel.from_calibration([1000, 0, 640, 0, 1000, 360, 0, 0, 1],
                                      image_size=(1280, 720))
POSE = look_at((0, 0, 1.5), (4, 0, 0.9))


@pytest.mark.skipif('s' not in available_tiers(), reason='no graphs of tier s')
def test_the_backend_torch_runs_the_lifter():
    pytest.importorskip('torch', reason='torch is not installed (requirements/train.txt)')
    core = create_core(Settings(detector='external', tier='s', backend='torch'))
    assert core.lifter.window_length == 32  # it has lifted a window to warm up
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


def test_confidence_of_the_default_detector_is_calibrated_for_the_lifter():
    """What is published in 2D stays; keypoints of unknown detectors are taken as they are."""
    require_default_detector()
    spread = {}
    for detector in ('blazepose', 'external'):
        core = create_core(Settings(detector=detector, lifter='geometric'))
        for frame in range(10):
            joints = walking_person(np.array([frame / 30]), start=(4.0, -0.5), heading=1.3)[0]
            p_camera = (joints - POSE[:3, 3]) @ POSE[:3, :3]
            keypoints = np.concatenate([CAMERA.project(p_camera), np.full((17, 1), 0.999)], axis=1)
            seen = Track(1, TrackState.TRACKED, keypoints.astype(np.float32),
                         np.zeros(4, np.float32), 1.0)
            estimate, = core.streaming.update(frame / 30, [seen], CAMERA, POSE)
        spread[detector] = np.trace(estimate.covariance, axis1=-2, axis2=-1).mean()
        core.close()
    assert spread['blazepose'] > spread['external']
