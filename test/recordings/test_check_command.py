# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 check`` on keypoint files: what is right, wrong, and cannot be judged."""

import bag_examples as bags
import numpy as np
from recording_examples import POSE, K, recording
from refusals import refused
from walkers import FPS, camera_above_floor, seen, walks

from mocap23_ros.cli.main import main


def test_files_of_a_folder_are_judged_one_by_one(tmp_path, capsys):
    folder = tmp_path / 'takes'
    folder.mkdir()
    turned = POSE @ np.array([[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    millimetres = POSE.copy()
    millimetres[:3, 3] *= 1000
    files = {'a_right': {}, 'b_turned': {'world_T_camera': turned},
             'c_millimetres': {'world_T_camera': millimetres},
             'd_size': {'K': K * [[.5, 1, .5], [1, .5, .5], [1, 1, 1]]}}
    for name, changes in files.items():
        np.savez(folder / f'{name}.npz', **recording(**changes))
    assert main(['check', '--keypoints', str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert 'nothing is wrong: 2 people in 1.7 s' in lines[0]
    assert 'turned by 90 degrees' in lines[1]
    assert 'millimetres' in lines[2]
    assert 'principal point' in lines[3] and 'K is of an image of another size' in lines[4]
    assert len(lines) == 5
    assert main(['check', '--keypoints', str(folder / 'a_right.npz')]) == 0


def test_too_little_is_said_to_be_too_little(tmp_path, capsys):
    keypoints = recording()['keypoints']
    keypoints[5:] = np.nan, np.nan, 0
    np.savez(tmp_path / 'short.npz', **recording(keypoints=keypoints))
    assert main(['check', '--keypoints', str(tmp_path / 'short.npz')]) == 0
    assert 'too little was seen of people' in capsys.readouterr().out


def test_what_cannot_be_read_is_an_error_of_one_line(tmp_path, capsys):
    for source in (['--keypoints', str(tmp_path)], ['--keypoints', str(tmp_path / 'no.npz')]):
        assert main(['check', *source]) == 2
        assert capsys.readouterr().err.count('\n') == 1


def test_bags_are_judged(tmp_path, capsys):
    """With keypoints, without ROS; the camera of the second is said to be in its link's frame."""
    link_T_optical = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
    poses = {'right': POSE, 'link': POSE @ np.linalg.inv(link_T_optical)}
    for name, pose in poses.items():
        info, _ = bags.camera_messages()
        tf = '/tf_static', 'tf2_msgs/msg/TFMessage', bags.START, bags.transforms(bags.START, pose)
        bags.write(tmp_path / name, [info, tf, *bags.keypoint_messages(60)])
    assert main(['check', '--bag', str(tmp_path / 'right')]) == 0
    assert 'nothing is wrong: 2 people' in capsys.readouterr().out
    assert main(['check', '--bag', str(tmp_path / 'link')]) == 1
    said = capsys.readouterr().out
    assert said.count('\n') == 1 and 'body frame' in said
    assert main(['check', '--bag', str(tmp_path / 'right'), '--world-frame', 'odom']) == 1
    assert 'odom' in capsys.readouterr().out
    assert main(['check', '--bag', str(tmp_path / 'none')]) == 2


def test_a_camera_told_too_low_is_named_where_a_height_is_told(tmp_path, capsys):
    joints, stature = walks('16', 24, 5.0, seed=5)
    camera, pose = camera_above_floor(2.1, 17, 1)
    low = pose.copy()
    low[2, 3] *= 0.8
    for name, told in (('right', pose), ('low', low)):
        np.savez(tmp_path / f'{name}.npz', keypoints=seen(joints, camera, pose, 2.0, 1)[
            :, None].astype(np.float32), stamps=np.arange(len(joints)) / FPS, K=camera.K,
            image_size=np.array(camera.image_size), world_T_camera=told)
    words = ['--stature', f'{stature:.2f}']
    assert main(['check', '--keypoints', str(tmp_path / 'low.npz'), *words]) == 1
    said = capsys.readouterr().out
    assert 'seems off by' in said and 'height' in said
    assert main(['check', '--keypoints', str(tmp_path / 'right.npz'), *words]) == 0
    capsys.readouterr()
    for wrong in (['--keypoints', 'a.npz', '--stature', '17'], ['--live', *words]):
        refused(main(['check', *wrong]), capsys, '--stature')
