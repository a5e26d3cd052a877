# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""What a detector states becomes what lifters take it for."""

from dataclasses import replace

import numpy as np
import pytest
from known_detector import known_noise

from mocap23_ros.datasets.keypoint_noise import KeypointNoise, draw_confidence
from mocap23_ros.detection.confidence_calibration import (
    ConfidenceCalibration,
    chosen_calibration,
    confidence_calibration,
    stated_of,
)
from mocap23_ros.detection.detector_noise import GROUPS, ErrorTable
from mocap23_ros.detection.detector_noise_file import (
    find_detector_noise,
    load_detector_noise,
    save_detector_noise,
)
from mocap23_ros.detection.detectors import DETECTORS
from mocap23_ros.errors import InputError
from mocap23_ros.recordings.recording import load_recording
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS

WRIST, HIP = 9, 11


def people(confidence, size=1.0):
    """[N,17,3] standing people of about 80 px of size, times ``size``."""
    rng = np.random.default_rng(0)
    points = rng.uniform((0, 0), (70 * size, 190 * size), (len(confidence), 17, 2))
    points[:, 0], points[:, 16] = (0, 0), (70 * size, 190 * size)
    points += 5  # what lies at (0, 0) counts as not seen
    return np.concatenate([points, np.broadcast_to(
        np.reshape(confidence, (-1, 1, 1)), (len(points), 17, 1))], axis=-1).astype(np.float32)


@pytest.mark.parametrize('deviation', [0.1, 0.4, 1.0, 2.0, 4.0])
def test_confidence_means_what_the_general_noise_of_training_states(deviation):
    rng, spread = np.random.default_rng(1), COCO_SIGMAS.astype(np.float32)
    error = deviation * np.linalg.norm(rng.standard_normal((20_000, 1, 17, 2)), axis=-1) * spread
    usual = np.broadcast_to(np.float32(0.25) * spread, error.shape)
    drawn = draw_confidence(error.astype(np.float32), usual, np.ones((20_000, 1), np.float32),
                            KeypointNoise(overconfident=0), rng)
    # Drawn confidences end at 0.05 and 1.
    assert drawn.mean() == pytest.approx(stated_of(np.array(deviation)), abs=0.04)


def test_errors_that_were_measured_lower_what_is_stated():
    wrong = tuple((4.0, 3.0, 2.0, 1.5, 1.0, factor) for factor in (1.0, 0.6, 0.3))
    noise = known_noise()
    calibrate = ConfidenceCalibration(replace(noise, error={
        group: ErrorTable(wrong, noise.error[group].tracks) for group in GROUPS}))
    stated = np.linspace(0.02, 1.0, 50)
    result = calibrate(people(stated))[..., 2]
    assert (np.diff(result, axis=0) >= 0).all() and (result <= stated[:, None] + 1e-6).all()
    assert result[-1, WRIST] == pytest.approx(stated_of(np.array(0.6)), abs=0.03)
    # Small people err more, and steadily so.
    sizes = [calibrate(people([1.0], size))[0, WRIST, 2] for size in np.geomspace(0.2, 8, 30)]
    assert (np.diff(sizes) >= 0).all() and np.diff(sizes).max() < 0.05
    assert sizes[0] == pytest.approx(stated_of(np.array(1.0)), abs=1e-3)
    assert sizes[-1] == pytest.approx(stated_of(np.array(0.3)), abs=1e-3)


def test_what_is_not_seen_stays_so_and_the_input_as_it_was():
    calibrate = confidence_calibration('blazepose')
    keypoints = people([0.99, 0.99])
    keypoints[0, WRIST] = (np.nan, np.nan, 0)
    keypoints[1] = (np.nan, np.nan, 0)
    before = keypoints.copy()
    result = calibrate(keypoints)
    np.testing.assert_array_equal(keypoints, before)
    np.testing.assert_array_equal(result[..., :2], before[..., :2])
    assert result[0, WRIST, 2] == 0 and not result[1, :, 2].any()
    assert (result[0, :WRIST, 2] > 0).all() and result.dtype == np.float32


def test_the_noise_of_the_default_detector_ships():
    noise = load_detector_noise(find_detector_noise('blazepose'))
    assert noise.detector in DETECTORS and noise.clips > 50
    assert noise.made.startswith('mocap23 detector-noise --detector blazepose')
    # Nearly all that it states of hips is 0.97 and more: no reason to take it for exact.
    certain = confidence_calibration('blazepose')(people([1.0], 5.0))[0, :, 2]
    assert 0.8 < certain[HIP] < 0.88 and certain[0] < certain[WRIST] < certain[HIP]
    assert confidence_calibration('onnx') is None and confidence_calibration('') is None


def test_recordings_keep_who_found_the_keypoints_and_are_calibrated_once(tmp_path):
    path = tmp_path / 'in.npz'
    keypoints = people(np.full(6, 0.999))[:, None]
    arrays = {'keypoints': keypoints, 'stamps': np.arange(6) / 30,
              'K': [[900, 0, 320], [0, 900, 240], [0, 0, 1]], 'image_size': [640, 480],
              'world_T_camera': [[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 1.4], [0, 0, 0, 1]]}
    np.savez(path, **arrays)
    unknown = load_recording(path).calibrated_by_detector()
    assert unknown.keypoints[..., 2].min() > 0.99
    np.savez(path, **arrays, detector='blazepose')
    load_recording(path).save(path)
    recording = load_recording(path)
    assert recording.detector == 'blazepose' and recording.keypoints[..., 2].min() > 0.99
    once = recording.calibrated_by_detector()
    assert once.keypoints[..., 2].max() < 0.9
    np.testing.assert_array_equal(once.calibrated_by_detector().keypoints, once.keypoints)
    as_stated = recording.calibrated(chosen_calibration('none')).calibrated_by_detector()
    np.testing.assert_array_equal(as_stated.keypoints, recording.keypoints)
    assert unknown.joint_sd == 0 < once.joint_sd == as_stated.joint_sd


def test_the_noise_may_be_a_file_of_ones_own(tmp_path):
    wrong = ErrorTable(((3.0,) * 6,) * 3, ((9,) * 6,) * 3)
    save_detector_noise(tmp_path / 'mine.json', replace(
        known_noise(), error={group: wrong for group in GROUPS}))
    own = chosen_calibration(str(tmp_path / 'mine.json'), 'blazepose')
    assert own(people([0.99]))[0, HIP, 2] == pytest.approx(stated_of(np.array(3.0)))
    assert chosen_calibration('', 'blazepose') is confidence_calibration('blazepose')
    assert chosen_calibration('', 'external') is None is chosen_calibration('none', 'blazepose')
    with pytest.raises(InputError, match='cannot read .*absent.json'):
        chosen_calibration(str(tmp_path / 'absent.json'), 'blazepose')
