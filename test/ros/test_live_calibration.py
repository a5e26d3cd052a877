# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 calibrate people --live`` beside a node whose camera's pose nobody knows."""

import itertools

import numpy as np
import pytest
from documentation_pages import documented
from node_harness import Feeder, NodeProcess, Peer
from sensor_msgs.msg import CameraInfo
from synthetic_scene import FOCAL, HEIGHT, WIDTH, camera_info, header
from walkers import FPS, camera_above_floor, seen, walks

from mocap23_msgs.msg import Keypoints2D, Keypoints2DArray
from mocap23_ros.cli.main import main
from mocap23_ros.geometry.camera_file import load_camera_file
from mocap23_ros.ros.listening import hear_keypoints
from mocap23_ros.ros.topics import latched_qos, output_qos, sensor_data_qos

SPEED = 5.0  # times real time


def message(keypoints, stamp):
    box = np.concatenate([np.nanmin(keypoints[:, :2], 0), np.nanmax(keypoints[:, :2], 0)])
    return Keypoints2DArray(
        header=header(stamp), format='coco17', image_width=WIDTH, image_height=HEIGHT,
        people=[Keypoints2D(keypoints=keypoints.astype(np.float32).ravel().tolist(), score=0.9,
                            bounding_box=box.astype(np.float32))])


def test_a_running_node_calibrates_its_own_camera(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    joints, stature = walks('16', 25, 5.0, seed=5)
    camera, pose = camera_above_floor(2.1, 17, 1, focal=FOCAL, size=(WIDTH, HEIGHT))
    people = seen(joints, camera, pose, 2.0, 1)
    peer = Peer()
    node = NodeProcess(detector='external', lifter='geometric')
    start, number = peer.now_ns(), itertools.count()

    def send(_):
        step = next(number)
        stamp = start + int(step * 1e9 / FPS)
        peer.camera_info.publish(camera_info(stamp))
        peer.keypoints.publish(message(people[step % len(people)], stamp))

    def calibrates(seconds):
        return main(documented('CALIBRATION.md', 'people --live', instead={
            '30': seconds, '1.78': stature})) == 0

    try:
        peer.listen(Keypoints2DArray, 'keypoints_2d')
        peer.wait_until(lambda: 'active: waiting' in node.output, 'start of the node')
        with Feeder(peer, send, SPEED * FPS):
            peer.wait_for('keypoints_2d', node=node)
            assert any(map(calibrates, (5, 15, 45)))  # a busy machine sends too few at first
        assert '-p camera_file:=' in capsys.readouterr().out
        found = load_camera_file('camera.yaml')
        assert found.world_T_camera[2, 3] == pytest.approx(2.1, rel=0.04)
        assert found.world_T_camera[2, 2] == pytest.approx(pose[2, 2], abs=0.015)
        assert found.camera.focal_length == pytest.approx(FOCAL)
        assert node.stop() == 0, node.output
    finally:
        peer.close()
        node.stop()


def test_camera_info_is_heard_as_its_publisher_offers_it():
    peer = Peer()
    offers = {'sent_once': latched_qos(), 'reliable': output_qos(), 'lossy': sensor_data_qos()}
    cameras = {frame: peer.node.create_publisher(CameraInfo, f'/{frame}/camera_info', offer)
               for frame, offer in offers.items()}
    cameras.pop('sent_once').publish(camera_info(1, frame='sent_once'))

    def send(stamp):
        peer.keypoints.publish(Keypoints2DArray(header=header(stamp)))
        for frame, camera in cameras.items():
            camera.publish(camera_info(stamp, frame=frame))

    try:
        with Feeder(peer, send):
            tries = (hear_keypoints('keypoints_2d_in', 1.5)[1] for _ in range(5))
            assert any(infos.keys() == offers.keys() for infos in tries)
    finally:
        peer.close()


def test_silence_is_said(tmp_path, capsys):
    for words, message in ((['--seconds', '2'], 'nothing came on /keypoints_2d in 2 s'),
                           (['--seconds', '1'], 'give 2 to 600')):
        assert main(['calibrate', 'people', '--live', *words, '--out',
                     str(tmp_path / 'out.yaml')]) == 2
        assert message in capsys.readouterr().err
