# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""overlay.mp4, decoded again."""

import bag_examples as bags
import cv2
import numpy as np
import pytest
from recording_examples import STAMPS, observed, truth

from mocap23_ros.cli.main import main
from mocap23_ros.recordings.overlay_file import save_overlay
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import load_recording
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.viewers.overlay import LEFT, RIGHT

KNEES, ANKLES = (13, 14), (15, 16)


def frames_of(path):
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    return frames, capture.get(cv2.CAP_PROP_FPS)


def test_bones_lie_over_the_images_in_the_time_of_their_stamps(tmp_path):
    """A gap of ten images and one that was not lifted; images of half the calibrated size."""
    np.savez(tmp_path / 'in.npz', **observed(STAMPS))
    recording = load_recording(tmp_path / 'in.npz')
    motion = RecordedMotion.empty(STAMPS, np.array([1, 2]), OUTPUT19.joint_names)
    motion.joints[:, :, :17] = truth()
    motion.joints[30] = np.nan
    kept = [row for row in range(len(STAMPS)) if not 10 <= row < 20]
    images = ((STAMPS[row], np.full((360, 640, 3), 90, np.uint8)) for row in kept)
    save_overlay(tmp_path / 'overlay.mp4', 'name', motion, recording, images)
    frames, rate = frames_of(tmp_path / 'overlay.mp4')
    assert len(frames) == len(STAMPS) and rate == pytest.approx(30, abs=0.1)
    assert frames[0].shape == (720, 1280, 3)
    keypoints, seen = recording.keypoints.astype(float), 0
    for row in (0, 9, 25, 40, 51):
        for person in range(2):
            for side, colour in ((0, LEFT), (1, RIGHT)):
                ends = keypoints[row, person, [KNEES[side], ANKLES[side]], :2]
                x, y = np.round(ends.mean(0)).astype(int)
                near = frames[row][y - 3:y + 4, x - 3:x + 4].reshape(-1, 3).astype(float)
                hidden = x < 400 and y > 320  # by the view from above
                seen += not hidden
                assert hidden or np.abs(near - colour).max(1).min() < 60
    assert seen >= 10
    x, y = np.round(keypoints[30, 0, [KNEES[0], ANKLES[0]], :2].mean(0)).astype(int)
    assert np.abs(frames[30][y - 3:y + 4, x - 3:x + 4].astype(float) - 90).max() < 30
    still = np.abs(frames[12].astype(float) - frames[18]).mean()
    assert still < 1 < np.abs(frames[8].astype(float) - frames[25]).mean()


def test_every_configuration_of_a_bag_has_one(tmp_path, capsys):
    """A bag of keypoints alone is drawn on dark ground."""
    bag = bags.write(tmp_path / 'walk', [*bags.camera_messages(), *bags.keypoint_messages()])
    words = ['evaluate', '--bag', str(bag), '--out', str(tmp_path / 'out'), '--overlay']
    assert main([*words, '--with', 'now:lifter=geometric', '--with',
                 'a/b:lifter=geometric,lag=2']) == 0
    assert {path.name for path in (tmp_path / 'out').glob('*.mp4')} == {
        'overlay-now.mp4', 'overlay-a_b.mp4'}
    frames, _ = frames_of(tmp_path / 'out' / 'overlay-now.mp4')
    assert len(frames) == bags.FRAMES and np.median(frames[20]) < 60
    assert main(['evaluate', '--bags', str(tmp_path), '--overlay']) == 2
    assert '--overlay goes with --bag' in capsys.readouterr().err
