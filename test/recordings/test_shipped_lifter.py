# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The shipped learned lifter on whole recordings: statures, and who is not there."""


import numpy as np
import pytest
from synthetic_people import look_at, walking_person

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.lifting.load_lifter import load_lifter
from mocap23_ros.pipeline.streaming_lifter import StreamingLifter
from mocap23_ros.recordings.offline_lifter import lift_offline
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.recordings.recording_lifter import lift_streaming

CAMERA = CameraModel.from_calibration([1000, 0, 640, 0, 1000, 360, 0, 0, 1],
                                      image_size=(1280, 720))
POSE = look_at((0, 0, 1.5), (4, 0, 0.9))
FRAMES, RATE = 90, 30.0


@pytest.fixture(scope='module')
def lifter():
    lifter = load_lifter('s', 'onnxruntime')
    yield lifter
    lifter.close()


def recording(seen=slice(None), stature=np.nan):
    """A walking person of 1.75 m who is seen in the frames ``seen`` only."""
    joints = walking_person(np.arange(FRAMES) / RATE, start=(4.0, -0.5), heading=1.3)
    keypoints = np.full((FRAMES, 1, 17, 3), np.nan, np.float32)
    keypoints[..., 2] = 0
    p_camera = (joints - POSE[:3, 3]) @ POSE[:3, :3]
    keypoints[seen, 0, :, :2] = CAMERA.project(p_camera)[seen]
    keypoints[seen, 0, :, 2] = 0.9
    return KeypointRecording(keypoints, np.arange(FRAMES) / RATE, (CAMERA,),
                             np.broadcast_to(POSE, (FRAMES, 4, 4)),
                             np.array([stature], np.float32))


@pytest.mark.parametrize('stature', [1.5, 1.9])
def test_a_given_stature_is_published_as_given(lifter, stature):
    for motion in (lift_streaming(StreamingLifter(lifter), recording(stature=stature)),
                   lift_offline(lifter, recording(stature=stature))):
        np.testing.assert_allclose(motion.stature, stature, rtol=1e-6)


def test_an_estimated_stature_settles(lifter):
    lifter.forget()
    motion = lift_streaming(StreamingLifter(lifter), recording())
    assert np.abs(np.diff(motion.stature[45:, 0])).max() < 0.01
    assert 1.5 < motion.stature[-1, 0] < 2.0


def test_offline_invents_nobody_long_before_or_after_the_sightings(lifter):
    seen = np.arange(40, 50)
    motion = lift_offline(lifter, recording(seen))
    there = np.flatnonzero(np.isfinite(motion.joints[:, 0, 0, 0]))
    assert set(seen) <= set(there)
    assert there.min() >= 40 - 9 and there.max() <= 49 + 9
    np.testing.assert_array_equal(np.isfinite(motion.covariance[:, 0, :, 0, 0]),
                                  np.isfinite(motion.joints[:, 0, :, 0]))


def test_offline_fills_short_absences_and_leaves_long_ones(lifter):
    short, long = np.r_[0:30, 50:90], np.r_[0:15, 75:90]
    motion = lift_offline(lifter, recording(short))
    assert np.isfinite(motion.joints[:, 0]).all()
    motion = lift_offline(lifter, recording(long))
    assert np.isnan(motion.joints[30:60, 0]).all() and np.isfinite(motion.joints[75:, 0]).all()
