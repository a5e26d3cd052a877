# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoints of other programs that are well formed, but cannot be true."""

import json

import keypoint_dumps as dumps
import numpy as np
from keypoint_dumps import refused

from mocap23_ros.cli.main import main
from mocap23_ros.recordings.imports.imported_recording import import_keypoints
from mocap23_ros.recordings.recording_checks import set_up_findings

RATE = 30.0


def test_coordinates_that_do_not_fit_the_camera_are_refused(tmp_path, camera, keypoints):
    fractions = keypoints.copy()
    fractions[..., :2] /= (1280, 720)
    assert 'fractions of the image' in refused(dumps.openpose(tmp_path / 'scaled', fractions),
                                               camera)
    large = keypoints.copy()
    large[..., :2] *= 3  # of a video of 3840 x 2160
    assert 'calibration is of another size' in refused(dumps.coco(tmp_path / 'large', large),
                                                       camera)
    below, mixed = keypoints.copy(), keypoints[:, :, ::-1]
    below[..., 1] = 720 - below[..., 1]
    for name, wrong in (('below', below), ('mixed', mixed)):
        assert 'ankles below shoulders' in refused(dumps.coco(tmp_path / name, wrong), camera)
    path = dumps.mediapipe(tmp_path / 'pixels', keypoints * (1280, 720, 1))
    assert 'landmarks in pixels' in refused(path, camera)
    path = dumps.coco_annotations(tmp_path / 'square', keypoints)
    path.write_text(path.read_text().replace('"height": 720', '"height": 1280'))
    assert 'the image is 1280 x 1280' in refused(path, camera)


def test_frames_that_were_copied_are_said(tmp_path, camera, keypoints):
    """For as long as nobody stands so still; another person who moves is not meant."""
    said = []
    import_keypoints(dumps.coco(tmp_path / 'live', keypoints, ids=True), camera, RATE,
                     say=said.append)
    assert len(said) == 1
    keypoints[2:38, 1] = keypoints[2, 1]
    import_keypoints(dumps.coco(tmp_path / 'hung', keypoints, ids=True), camera, RATE,
                     say=said.append)
    assert 'person 2 keeps every keypoint as it is from 0.07 to 1.23 s' in said[1]
    assert len(said) == 3


def test_check_judges_them_too(tmp_path, camera, keypoints, capsys):
    folder = dumps.openpose(tmp_path / 'walk_json', keypoints)
    command = ['check', '--keypoints', str(folder), '--camera', str(camera), '--fps', '30']
    assert main(command[:-4]) == 2 and '--camera CAMERA.yaml' in capsys.readouterr().err
    status = main(command)
    assert (status, 'nothing is wrong' in capsys.readouterr().out) == (0, True)
    keypoints[2:38, 1] = keypoints[2, 1]
    hung = dumps.coco(tmp_path / 'hung', keypoints, ids=True)
    assert main([*command[:2], str(hung), *command[3:]]) == 1
    assert 'keeps every keypoint as it is' in capsys.readouterr().out


def test_several_videos_in_one_file_are_refused(tmp_path, camera, keypoints):
    path = dumps.coco(tmp_path / 'two', keypoints[:5])
    entries = json.loads(path.read_text())
    dumps.write(path, [{**entry, 'image_id': f'{video}/{entry["image_id"]:03d}.jpg'}
                       for video in ('walk', 'run') for entry in entries])
    assert "'walk/' and 'run/' are of several recordings" in refused(path, camera)
    dumps.write(path, [{**entry, 'video_id': video} for video in (1, 2) for entry in entries])
    assert 'is of 2 videos' in refused(path, camera)


def test_scales_of_time_and_of_confidence_are_doubted(tmp_path, camera, keypoints):
    path = dumps.mediapipe(tmp_path / 'dump', keypoints, stamped=True)
    frames = json.loads(path.read_text())
    for key, factor in (('timestamp', 10), ('timestamp_ms', 1e-3)):
        dumps.write(path, [{'landmarks': frame['landmarks'], key: factor * frame['timestamp_ms']}
                           for frame in frames])
        assert 'must be seconds' in refused(path, camera, None)
    weak = dumps.coco(tmp_path / 'weak', keypoints * (1, 1, 0.05))
    doubts = set_up_findings(import_keypoints(weak, camera, RATE))
    assert [doubt.key for doubt in doubts] == ['confidence']
    assert 'divide them' in refused(dumps.coco(tmp_path / 'ten', keypoints * (1, 1, 10)), camera)


def test_logits_of_whole_bodies_become_confidences(tmp_path, camera, keypoints):
    """RTMW, rtmlib's and MMPose's network for 133 keypoints, gives 5 to 6 where it is sure."""
    said = []
    path = dumps.rtmlib(tmp_path / 'walk', keypoints)
    right = import_keypoints(path, camera, RATE).keypoints
    frames = json.loads(path.read_text())
    for frame in frames:
        frame['keypoints'] = [points + [[9.0, 9.0]] * 116 for points in frame['keypoints']]
        frame['scores'] = [[6 * c for c in own] + [5.0] * 116 for own in frame['scores']]
    dumps.write(path, frames)
    found = import_keypoints(path, camera, RATE, say=said.append).keypoints
    np.testing.assert_allclose(found, right, rtol=1e-5)
    assert 'are divided by 6' in said[-1]
