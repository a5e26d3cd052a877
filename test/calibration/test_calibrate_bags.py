# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 calibrate people`` on bags: keypoints or images and CameraInfo, without TF."""

from dataclasses import replace

import bag_examples as bags
import numpy as np
import pytest
from default_detector import require_default_detector
from documentation_pages import documented
from drawn_person import write_video
from refusals import refused
from walkers import FPS, camera_above_floor, seen, walks

from mocap23_ros.cli.main import main
from mocap23_ros.geometry.camera_file import CameraFile, load_camera_file, save_camera_file
from mocap23_ros.recordings.message_keypoints import record_bag
from mocap23_ros.recordings.video_file import VideoFile

CAMERA, POSE = camera_above_floor(2.1, 17, 1)
START = bags.START


def info(K=CAMERA.K, stamp=START):
    projection = np.hstack([K, np.zeros((3, 1))])
    return ('/camera_info', 'sensor_msgs/msg/CameraInfo', stamp, replace(
        bags.camera_info(stamp, bags.SIZE), k=K.ravel(), p=projection.ravel()))


@pytest.fixture(scope='module')
def walk():
    joints, stature = walks('16', 24, 5.0, seed=5)
    people = seen(joints, CAMERA, POSE, 2.0, 1)
    stamps = START + (np.arange(len(people)) * 1e9 / FPS).astype(int)
    return stature, [('/keypoints_2d', 'mocap23_msgs/msg/Keypoints2DArray', int(stamp),
                      bags.keypoints(int(stamp), [person]))
                     for stamp, person in zip(stamps, people, strict=True)]


def calibrate(bag, out, *words):
    return main(['calibrate', 'people', '--bag', str(bag), '--out', str(out), *map(str, words)])


def test_a_bag_of_keypoints_and_no_tf(walk, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stature, messages = walk
    bags.write(tmp_path / 'walk_bag', [info(), *messages])
    assert main(documented('CALIBRATION.md', 'people --bag', instead={'1.78': stature})) == 0
    found = load_camera_file('camera.yaml')
    assert found.world_T_camera[2, 3] == pytest.approx(2.1, rel=0.03)
    assert found.world_T_camera[2, 2] == pytest.approx(POSE[2, 2], abs=0.01)
    assert found.camera.focal_length == pytest.approx(900)


def test_a_camera_file_stands_for_camera_info(walk, tmp_path, capsys):
    bare = bags.write(tmp_path / 'bare', walk[1][:40])
    lens = tmp_path / 'lens.yaml'
    save_camera_file(lens, CameraFile(CAMERA))
    for words, reason in (((), 'holds no CameraInfo'),
                          (('--camera', lens, '--topic', '/other'), '/other carries no images'),
                          (('--camera', lens, '--topic', '/keypoints_2d'), 'less than 6 s')):
        assert calibrate(bare, tmp_path / 'out.yaml', *words) == 2
        assert reason in capsys.readouterr().err


@pytest.mark.parametrize(('change', 'words'), [
    ('zoom', 'the calibration changes'), ('again', 'stamps jump back by'),
    ('nobody', 'nobody is seen from the ankles to the head')])
def test_bags_that_fix_no_camera_are_one_line(walk, change, words, tmp_path, capsys):
    messages = walk[1][:40]
    if change == 'zoom':
        zoomed = np.diag([1.2, 1.2, 1]) @ CAMERA.K
        zoomed[:2, 2] = CAMERA.K[:2, 2]
        messages = [*messages, info(zoomed, messages[20][2])]
    elif change == 'again':
        messages = [*walk[1][100:140], *((*m[:2], m[2] + 10**10, m[3]) for m in messages)]
    else:
        messages = [(*m[:3], replace(m[3], people=[])) for m in messages]
    bag = bags.write(tmp_path / 'bag', [info(), *messages])
    refused(calibrate(bag, tmp_path / 'out.yaml'), capsys, words)
    assert not (tmp_path / 'out.yaml').exists()


def test_images_of_a_bag_are_detected(tmp_path):
    require_default_detector()
    video, camera = write_video(tmp_path, 8)
    K = load_camera_file(camera).camera.K
    with VideoFile(video) as frames:
        messages = [('/image', 'sensor_msgs/msg/Image', START + i * bags.FRAME_TIME,
                     bags.image(START + i * bags.FRAME_TIME, image))
                    for i, (_, image) in enumerate(frames)]
    size = messages[0][3].width, messages[0][3].height
    bag = bags.write(tmp_path / 'bag', [
        (*info(K)[:3], replace(info(K)[3], width=size[0], height=size[1])), *messages])
    recording = record_bag(bag, None, None, False, None, lambda done, total: None)
    assert recording.keypoints.shape == (8, 1, 17, 3)
    assert np.isfinite(recording.keypoints[-1, 0, :, :2]).any()
    np.testing.assert_allclose(recording.cameras[0].K, K)
