# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes over DDS whose camera the parameters describe: no TF, and no CameraInfo."""

import numpy as np
import pytest
from node_harness import Feeder, NodeProcess, Peer
from ros_examples import skeletons_from_message
from synthetic_scene import (
    FOCAL,
    HEIGHT,
    WIDTH,
    camera_info,
    camera_pose,
    camera_transform,
    keypoints_message,
    person,
)

from mocap23_ros.cli.main import main
from mocap23_ros.geometry.camera_file import CameraFile, load_camera_file, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.geometry.poses import invert_transform, transform_points
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty
from mocap23_ros.tracking.track import TrackState

CAMERA = CameraModel.from_calibration(
    np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]]), (), 'plumb_bob',
    (WIDTH, HEIGHT))
TRUTH = person(4.0, 0.3)


@pytest.fixture
def start():
    started = []

    def run(**parameters):
        node = NodeProcess(detector='external', lifter='geometric', lift_budget=0.0, **parameters)
        peer = Peer()
        started.append((node, peer))
        return node, peer

    yield run
    for node, peer in started:
        status = node.stop()
        peer.close()
        assert status in (0, 1) and 'Traceback' not in node.output, node.output


def feed(peer, frame='', info=True):
    def send(stamp):
        if info:
            peer.camera_info.publish(camera_info(stamp, frame=frame))
        peer.keypoints.publish(keypoints_message([TRUTH], stamp, frame=frame))
    return Feeder(peer, send)


def skeleton(node, peer):
    """The first skeleton that is tracked and whole."""
    def settled(message):
        return any(s.state == TrackState.TRACKED and np.isfinite(s.joints).all()
                   for s in message.skeletons)
    message = peer.wait_for('skeletons', settled, peer.count('skeletons'), 'skeletons', node)
    (estimate,) = skeletons_from_message(message)
    assert np.linalg.norm(estimate.world_T_root[:2, 3] - (4.0, 0.3)) < 0.4
    return estimate


def calibrated(folder, capsys, noise):
    """Run ``mocap23 calibrate points``; returns its file and what it printed."""
    rng = np.random.default_rng(0)
    places = np.array([[2, -1, 0], [2, 1, 0], [5, -2, 0], [5, 2, 0], [4, 0, 0.75], [3, .5, 0]])
    pixels = CAMERA.project(transform_points(invert_transform(camera_pose()), places))
    pixels = pixels + noise * rng.standard_normal(pixels.shape)
    np.savetxt(folder / 'points.csv', np.concatenate([pixels, places], axis=1), delimiter=',')
    save_camera_file(folder / 'lens.yaml', CameraFile(CAMERA))
    out = folder / f'camera{noise}.yaml'
    assert main(['calibrate', 'points', '--points', str(folder / 'points.csv'), '--camera',
                 str(folder / 'lens.yaml'), '--out', str(out)]) == 0
    return out, capsys.readouterr().out


def test_the_pose_that_calibrate_prints_stands_for_tf(start, tmp_path, capsys):
    _, said = calibrated(tmp_path, capsys, 0.2)
    (line,) = (line for line in said.splitlines() if line.startswith('node without TF: '))
    pose = line.split("camera_pose:='")[1].split("'")[0]
    sds = dict(word.split(':=') for word in line.split() if '_sd:=' in word)
    node, peer = start(camera_pose=pose, **sds)
    with feed(peer):
        skeleton(node, peer)
    # TF that says the same is welcome, TF that says something else is not.
    right = load_camera_file(tmp_path / 'camera0.2.yaml').world_T_camera
    peer.static_tf.sendTransform([camera_transform(0, right, child='right'), camera_transform(
        0, camera_pose(height=2.4), child='another')])
    with feed(peer, frame='right'):
        skeleton(node, peer)
    with feed(peer, frame='another'):
        assert 'leave one out' in peer.wait_for_problem('transform', node)


def test_the_covariance_of_a_calibration_reaches_the_published_one(start, tmp_path, capsys):
    variances, told = [], []
    for noise in (0.2, 8.0):
        file, said = calibrated(tmp_path, capsys, noise)
        assert f'-p camera_file:={file}' in said
        node, peer = start(camera_file=file)
        with feed(peer, info=False):
            estimate = skeleton(node, peer)
        node.stop()
        contents = load_camera_file(file)
        of_pose = CameraPoseUncertainty(stamp=0, pose_covariance=contents.pose_covariance)
        variances.append(np.trace(estimate.covariance, axis1=-2, axis2=-1))
        told.append(np.trace(of_pose.covariance(
            estimate.joints[None], *[contents.world_T_camera] * 2, 0.1)[0], axis1=-2, axis2=-1))
    assert (told[1] > 5 * told[0]).all() and (told[1] > 0.05 * variances[1]).all()
    # Under the worse pose the person seems taller, as one on a step would: that is added.
    share = (variances[1] - variances[0]) / (told[1] - told[0])
    assert (0.7 < share).all() and (share < 1.7).all()


def test_two_poses_are_refused_in_one_line(start, tmp_path):
    save_camera_file(tmp_path / 'camera.yaml', CameraFile(CAMERA, camera_pose()))
    node, _ = start(camera_file=tmp_path / 'camera.yaml', camera_pose='0 0 1.5 -0.5 0.5 -0.5 0.5')
    assert node.wait() == 1
    (line,) = (line for line in node.output.splitlines() if 'leave one out' in line)
    assert 'cannot configure' in line
