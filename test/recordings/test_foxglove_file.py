# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Files for Foxglove, read back by the readers of MCAP and Protobuf."""

import dataclasses
import json
import re
from collections import defaultdict
from pathlib import Path

import bag_examples as bags
import cv2
import numpy as np
import pytest
from recording_examples import FRAMES, POSE, K, recording
from scipy.spatial.transform import Rotation

from mocap23_ros.cli.main import main
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.recordings.foxglove_file import save_foxglove
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.skeletons.formats import OUTPUT19

pytest.importorskip('foxglove', reason='foxglove-sdk is an optional extra')
reader = pytest.importorskip('mcap.reader')
ROOT = Path(__file__).parents[2]
decoder = pytest.importorskip('mcap_protobuf.decoder')


def read(path):
    """{topic: [(schema, log time, message)]}; messages lie in the file in the order of time."""
    found, times = defaultdict(list), []
    with open(path, 'rb') as stream:
        messages = reader.make_reader(stream, decoder_factories=[decoder.DecoderFactory()])
        for schema, channel, message, content in messages.iter_decoded_messages(
                log_time_order=False):
            found[channel.topic].append((schema.name, message.log_time, content))
            times.append(message.log_time)
    assert times == sorted(times)
    return found


def xyz(point):
    return point.x, point.y, point.z


def test_a_lifted_recording_comes_back(tmp_path):
    source, target, view = (str(tmp_path / name) for name in ('in.npz', 'out.npz', 'view.mcap'))
    given = recording()
    np.savez(source, **given)
    assert main(['lift', '--keypoints', source, '--out', target, '--lifter', 'geometric',
                 '--foxglove', view]) == 0
    topics = read(view)
    assert {topic: rows[0][0] for topic, rows in topics.items()} == {
        '/skeletons': 'foxglove.SceneUpdate', '/skeletons/within_95': 'foxglove.SceneUpdate',
        '/tf': 'foxglove.FrameTransform', '/camera/calibration': 'foxglove.CameraCalibration',
        '/camera/keypoints': 'foxglove.ImageAnnotations'}
    joints = np.load(target)['joints']
    second = [(time, entity) for _, time, update in topics['/skeletons']
              for entity in update.entities if entity.id == 'lift/2']
    assert len(second) == FRAMES
    np.testing.assert_allclose(1e-9 * np.array([time for time, _ in second]), given['stamps'],
                               atol=1e-6)
    for (time, entity), pose in zip(second, joints[:, 1], strict=True):
        assert entity.frame_id == 'world' and entity.timestamp.ToNanoseconds() == time
        np.testing.assert_allclose([xyz(s.pose.position) for s in entity.spheres], pose, atol=1e-6)
        lines = np.array([xyz(point) for point in entity.lines[0].points]).reshape(-1, 2, 3)
        np.testing.assert_allclose(lines, pose[np.array(OUTPUT19.bones)], atol=1e-6)
    calibration = topics['/camera/calibration'][0][2]
    np.testing.assert_allclose(np.array(calibration.K).reshape(3, 3), K)
    transform = topics['/tf'][0][2]
    np.testing.assert_allclose(xyz(transform.translation), POSE[:3, 3], atol=1e-6)
    turn = transform.rotation
    np.testing.assert_allclose(Rotation.from_quat([*xyz(turn), turn.w]).as_matrix(), POSE[:3, :3],
                               atol=1e-6)
    circles = topics['/camera/keypoints'][3][2].circles
    pixels = given['keypoints'][3].reshape(-1, 3)
    np.testing.assert_allclose([(c.position.x, c.position.y) for c in circles],
                               pixels[pixels[:, 2] > 0, :2], atol=1e-3)


def known_settings(kind):
    """Names of the fields of a class of foxglove.layouts, as its JSON has them."""
    return {re.sub('_(.)', lambda found: found[1].upper(), field.name)
            for field in dataclasses.fields(kind)}


def test_the_layout_sets_only_what_foxglove_knows():
    """By the classes of its own library."""
    layouts = pytest.importorskip('foxglove.layouts')
    document = json.loads((ROOT / 'config' / 'foxglove_layout.json').read_text())
    scene, image = (document['configById'][name] for name in ('3D!skeletons', 'Image!camera'))
    assert set(scene) <= known_settings(layouts.ThreeDeeConfig)
    assert set(image) <= known_settings(layouts.ImageConfig)
    for part, kind in (
            (scene['cameraState'], layouts.ThreeDeeCameraState),
            (scene['layers']['floor'], layouts.BaseRendererGridLayerSettings),
            (image['imageMode'], layouts.ImageModeConfig),
            (image['imageMode']['annotations']['/camera/keypoints'],
             layouts.ImageAnnotationSettings),
            *((settings, layouts.BaseRendererSceneUpdateTopicSettings) for panel in (scene, image)
              for topic, settings in panel['topics'].items() if 'skeletons' in topic),
            (scene['topics']['/camera/calibration'], layouts.BaseRendererCameraTopicSettings)):
        assert set(part) <= known_settings(kind)
    assert scene['followMode'] in str(layouts.ThreeDeeConfig.__annotations__['follow_mode'])


def test_rays_of_a_fisheye_of_a_stereo_pair_are_those_that_a_viewer_draws(tmp_path):
    """Viewers know the lens by another name, and no rectification."""
    turn = Rotation.from_euler('xyz', (3, -2, 1), degrees=True).as_matrix()
    lens = CameraModel.from_calibration(K, (0.1, 0.01, -0.02, 0.003), 'equidistant', (1280, 720))
    camera = dataclasses.replace(lens, rectification=turn)
    keypoints = recording()['keypoints'][:1]
    motion = RecordedMotion.empty(np.zeros(1), np.array([1]), OUTPUT19.joint_names)
    save_foxglove(tmp_path / 'a.mcap', {'a': motion}, KeypointRecording.of_still_camera(
        keypoints, np.zeros(1), camera, POSE))
    topics = read(tmp_path / 'a.mcap')
    calibration, transform = (topics[name][0][2] for name in ('/camera/calibration', '/tf'))
    assert calibration.distortion_model == 'kannala_brandt'
    assert np.array_equal(calibration.R, np.eye(3).ravel())
    q = transform.rotation
    pixels = keypoints[0, 0, :, :2]
    drawn, right = (np.concatenate([model.undistort(pixels), np.ones((17, 1))], axis=1) @ pose.T
                    for model, pose in ((lens, Rotation.from_quat([*xyz(q), q.w]).as_matrix()),
                                        (camera, POSE[:3, :3])))
    np.testing.assert_allclose(drawn / np.linalg.norm(drawn, axis=1, keepdims=True),
                               right / np.linalg.norm(right, axis=1, keepdims=True), atol=1e-6)


def test_ellipsoids_hold_the_covariance_and_people_who_leave_are_deleted(tmp_path):
    motion = RecordedMotion.empty(np.arange(4.0), np.array([7]), OUTPUT19.joint_names)
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    motion.joints[:2] = 1.0
    motion.covariance[:2] = turn @ np.diag([0.01, 0.04, 0.09]) @ turn.T
    save_foxglove(tmp_path / 'a.mcap', {'a name': motion})
    updates = [content for _, _, content in read(tmp_path / 'a.mcap')['/skeletons/within_95']]
    assert [len(update.entities) for update in updates] == [1, 1, 0]
    assert [deletion.id for deletion in updates[2].deletions] == ['a name/7']
    sphere = updates[0].entities[0].spheres[3]
    quaternion = sphere.pose.orientation
    axes = Rotation.from_quat([*xyz(quaternion), quaternion.w]).as_matrix() @ np.diag(
        np.array(xyz(sphere.size)) / 2)  # sizes are diameters
    np.testing.assert_allclose(axes @ axes.T, 7.815 * motion.covariance[0, 0, 3], rtol=1e-4,
                               atol=1e-6)


def test_a_bag_with_its_images_fits_the_layout(tmp_path):
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.integers(0, 255, (9, 16, 3), np.uint8), (320, 180))
    stamps = [bags.START + frame * bags.FRAME_TIME for frame in range(4)]
    bag = bags.write(tmp_path / 'bag', [
        *bags.camera_messages(),
        *(('/image/compressed', 'sensor_msgs/msg/CompressedImage', stamp,
           bags.compressed(stamp, picture)) for stamp in stamps)])
    view = tmp_path / 'view.mcap'
    from mocap23_ros.recordings.bag_images import bag_images
    motion = RecordedMotion.empty(1e-9 * np.array(stamps), np.array([1]), OUTPUT19.joint_names)
    motion.joints[:] = 1.0
    save_foxglove(view, {'a': motion}, None, bag_images(bag, '/image/compressed'))
    topics = read(view)
    assert len(topics['/camera/image']) == 4
    # The same stamps, so that the viewer may synchronise them.
    assert [row[1] for row in topics['/camera/image']] == [row[1] for row in topics['/skeletons']]
    decoded = cv2.imdecode(np.frombuffer(topics['/camera/image'][0][2].data, np.uint8),
                           cv2.IMREAD_COLOR)
    assert np.abs(decoded.astype(int) - picture).mean() < 6
    layout = json.loads((ROOT / 'config' / 'foxglove_layout.json').read_text())
    panels = layout['configById']
    assert {layout['layout']['first'], layout['layout']['second']} == set(panels)
    scene, image = panels['3D!skeletons'], panels['Image!camera']['imageMode']
    assert scene['followTf'] == topics['/skeletons'][0][2].entities[0].frame_id
    named = {*scene['topics'], image['imageTopic'], image['calibrationTopic'],
             *image['annotations']}
    assert named == {'/skeletons', '/skeletons/within_95', '/camera/image', '/camera/calibration',
                     '/camera/keypoints'}


def test_what_cannot_be_written_is_one_line(tmp_path, capsys):
    source = str(tmp_path / 'in.npz')
    np.savez(source, **recording())
    command = ['lift', '--keypoints', source, '--out', str(tmp_path / 'o.npz'), '--foxglove']
    assert main([*command, str(tmp_path / 'view.rrd')]) == 2
    assert 'must be a file whose name ends in .mcap' in capsys.readouterr().err
    assert main([*command, '/proc/none/view.mcap']) == 2
    assert 'cannot be written' in capsys.readouterr().err
    assert main(['evaluate', '--set', 'e1_clean', '--foxglove', 'x.mcap']) == 2
    assert '--foxglove goes with --bag' in capsys.readouterr().err
