# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Bags are lifted as they are; what is missing is said in one line."""

import shutil
import sqlite3
import subprocess
import sys

import bag_examples as bags
import numpy as np
import pytest
from default_detector import require_default_detector
from documentation_pages import documented
from recording_examples import truth
from rosbags.rosbag2 import StoragePlugin

from mocap23_ros.cli.main import main
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_file import CameraFile, save_camera_file
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.recordings.bag_reader import BagReader

STORAGE = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}


def lift(bag, out, *words, expected=0):
    command = documented('LIFT.md', 'lift --bag BAG', instead={'BAG': bag, 'OUT.npz': out})
    assert main([*command, '--lifter', 'geometric', '--detector', 'external',
                 *map(str, words)]) == expected
    return dict(np.load(out)) if expected == 0 else None


def walk(path, *, without=(), more=(), **options):
    messages = [*bags.camera_messages(), *bags.keypoint_messages(), *more]
    return bags.write(path, [m for m in messages if m[0] not in without], **options)


def refused(capsys):
    lines = [line for line in capsys.readouterr().err.splitlines() if 'lifting' not in line]
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize(('storage', 'compression'), [
    ('mcap', None), ('mcap', 'message'), ('sqlite3', None), ('sqlite3', 'file')])
def test_people_of_a_bag(storage, compression, tmp_path):
    bag = walk(tmp_path / 'bag', storage=STORAGE[storage], compression=compression)
    motion = lift(bag, tmp_path / 'out.npz')
    assert motion['person_ids'].tolist() == [1, 2] and len(motion['stamps']) == bags.FRAMES
    np.testing.assert_allclose(motion['stamps'], 1e-9 * (
        bags.START + np.arange(bags.FRAMES) * bags.FRAME_TIME), atol=1e-6)
    true = truth(5 + np.arange(bags.FRAMES) / 30)
    hips = motion['joints'][20:, :, [11, 12]].mean(axis=2)
    true_hips = true[20:, :, [11, 12]].mean(axis=2)
    order = [0, 1] if abs(hips[0, 0, 1] - true_hips[0, 0, 1]) < 0.5 else [1, 0]
    assert np.linalg.norm(hips[:, order] - true_hips, axis=-1).max() < 0.3


def test_twice_the_same_bytes_and_no_ros(tmp_path):
    bag = walk(tmp_path / 'bag')
    lift(bag, tmp_path / 'first.npz')
    blocked = ('import sys\n'
               'for name in ("rclpy", "sensor_msgs", "std_msgs", "tf2_ros",'
               ' "mocap23_msgs", "builtin_interfaces"):\n    sys.modules[name] = None\n'
               'from mocap23_ros.cli.main import main\nsys.exit(main(sys.argv[1:]))\n')
    done = subprocess.run(
        [sys.executable, '-c', blocked, 'lift', '--bag', bag, '--out', tmp_path / 'second.npz',
         '--lifter', 'geometric', '--detector', 'external'], capture_output=True, text=True,
        check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'first.npz').read_bytes() == (tmp_path / 'second.npz').read_bytes()


def test_overtaken_messages_come_in_order_and_none_is_dropped(tmp_path):
    messages = list(bags.keypoint_messages())
    shuffled = [m for a, b in zip(messages[::2], messages[1::2], strict=True) for m in (b, a)]
    shuffled = [(topic, kind, bags.START + i, m) for i, (topic, kind, _, m) in enumerate(shuffled)]
    plain = lift(walk(tmp_path / 'plain'), tmp_path / 'plain.npz')
    other = lift(bags.write(tmp_path / 'bag', [*bags.camera_messages(), *shuffled]),
                 tmp_path / 'out.npz')
    np.testing.assert_array_equal(plain['joints'], other['joints'])


def test_lag_keeps_the_last_frames(tmp_path):
    motion = lift(walk(tmp_path / 'bag'), tmp_path / 'out.npz', '--lag', 3)
    assert np.isfinite(motion['joints'][-1, :, :17]).all()


def test_a_moving_camera_is_interpolated(tmp_path):
    moving = []
    for step in range(0, bags.FRAMES + 10, 7):
        pose = bags.POSE.copy()
        pose[0, 3] += 0.001 * step
        stamp = bags.START + step * bags.FRAME_TIME
        moving.append(('/tf', 'tf2_msgs/msg/TFMessage', stamp,
                       bags.transforms(stamp, pose, 'odom')))
    fixed = ('/tf_static', 'tf2_msgs/msg/TFMessage', bags.START,
             bags.transforms(bags.START, np.eye(4), 'map', 'odom'))
    bag = walk(tmp_path / 'bag', without=['/tf_static'])
    messages = [m for m in bags.camera_messages() if m[0] != '/tf_static']
    bag = bags.write(tmp_path / 'moving', [fixed, *messages, *moving, *bags.keypoint_messages()])
    lift(bag, tmp_path / 'out.npz', '--save-keypoints', tmp_path / 'kp.npz')
    poses = np.load(tmp_path / 'kp.npz')['world_T_camera']
    np.testing.assert_allclose(poses[:, 0, 3], bags.POSE[0, 3] + 0.001 * np.arange(bags.FRAMES),
                               atol=1e-6)


@pytest.mark.parametrize(('without', 'words'), [
    (['/camera_info'], 'holds no CameraInfo'),
    (['/tf_static'], 'bag: no transform from camera "camera_optical" to world_frame "map": the '
     'bag holds no TF'),
    (['/keypoints'], 'no topic carries keypoints'),
    (['/keypoints', '/camera_info', '/tf_static'], 'holds no messages'),
])
def test_what_is_missing_is_said(without, words, tmp_path, capsys):
    lift(walk(tmp_path / 'bag', without=without), tmp_path / 'out.npz', expected=2)
    assert words in refused(capsys)
    assert not (tmp_path / 'out.npz').exists()


def test_tf_that_does_not_connect_names_the_frames(tmp_path, capsys):
    messages = [m for m in bags.camera_messages() if m[0] != '/tf_static']
    elsewhere = ('/tf_static', 'tf2_msgs/msg/TFMessage', bags.START,
                 bags.transforms(bags.START, parent='odom'))
    bag = bags.write(tmp_path / 'bag', [*messages, elsewhere, *bags.keypoint_messages()])
    lift(bag, tmp_path / 'out.npz', expected=2)
    assert 'there is no frame "map" (frames: camera_optical, odom)' in refused(capsys)
    assert np.isfinite(lift(bag, tmp_path / 'out.npz', '--world-frame', 'odom')['joints']).any()


def test_static_tf_of_another_bag_and_camera_files(tmp_path):
    plain = lift(walk(tmp_path / 'plain'), tmp_path / 'plain.npz')
    other = bags.write(tmp_path / 'tf', [m for m in bags.camera_messages() if 'tf' in m[0]])
    bag = walk(tmp_path / 'bag', without=['/tf_static'])
    assert lift(bag, tmp_path / 'a.npz', '--tf', other)['joints'].tobytes() == (
        plain['joints'].tobytes())
    save_camera_file(tmp_path / 'camera.yaml', CameraFile(CameraModel.from_calibration(
        bags.K, np.zeros(5), 'plumb_bob', bags.SIZE), bags.POSE))
    bare = walk(tmp_path / 'bare', without=['/tf_static', '/camera_info'])
    filed = lift(bare, tmp_path / 'b.npz', '--camera', tmp_path / 'camera.yaml')
    np.testing.assert_allclose(filed['joints'], plain['joints'], atol=1e-4)


@pytest.mark.parametrize(('child', 'moved', 'said'), [
    (bags.CAMERA, 0.3, True), (bags.CAMERA, 0.001, False), ('lidar', 0.3, False)])
def test_a_static_frame_of_two_places_is_said(child, moved, said, tmp_path, capsys):
    other = bags.POSE.copy()
    other[0, 3] += moved
    places = [('/tf_static', 'tf2_msgs/msg/TFMessage', bags.START,
               bags.transforms(bags.START, pose, child=child)) for pose in (other, bags.POSE)]
    lift(bags.write(tmp_path / 'bag', [*places, *bags.camera_messages(),
                                       *bags.keypoint_messages(3)]), tmp_path / 'out.npz')
    assert (f'two places of "{child}", 0.30 m and 0.0 degrees' in capsys.readouterr().err) == said


def test_the_floor_of_a_camera_file_counts_once(tmp_path, capsys):
    bag = walk(tmp_path / 'bag', without=['/tf_static', '/camera_info'])
    raised = bags.POSE.copy()
    raised[2, 3] += 0.3
    save_camera_file(tmp_path / 'camera.yaml', CameraFile(CameraModel.from_calibration(
        bags.K, np.zeros(5), 'plumb_bob', bags.SIZE), raised, floor_height=0.3))
    camera = ('--camera', tmp_path / 'camera.yaml')
    joints = lift(bag, tmp_path / 'a.npz', *camera)['joints']
    plain = lift(walk(tmp_path / 'plain'), tmp_path / 'plain.npz')['joints']
    np.testing.assert_allclose(joints, plain, atol=1e-4)
    lift(bag, tmp_path / 'b.npz', *camera, '--floor-height', 0.3, expected=2)
    assert 'both say how high the floor is' in refused(capsys)


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_truncated_bags(storage, tmp_path, capsys):
    bag = walk(tmp_path / 'bag', storage=STORAGE[storage])
    (file,) = (p for p in bag.iterdir() if p.suffix in ('.mcap', '.db3'))
    data = file.read_bytes()
    file.write_bytes(data[:len(data) // 20])
    lift(bag, tmp_path / 'out.npz', expected=2)
    assert 'cannot be read as a bag' in refused(capsys)
    file.unlink()
    lift(bag, tmp_path / 'out.npz', expected=2)
    assert 'missing' in refused(capsys)


def test_without_metadata_the_files_are_read(tmp_path):
    bag = walk(tmp_path / 'bag')
    (bag / 'metadata.yaml').unlink()
    assert lift(bag, tmp_path / 'a.npz')['joints'].size
    (file,) = bag.iterdir()
    assert lift(file, tmp_path / 'b.npz')['joints'].size
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()


def test_split_files(tmp_path):
    bag = tmp_path / 'split'
    bag.mkdir()
    messages = list(bags.keypoint_messages())
    parts = [[*bags.camera_messages(), *messages[:15]], messages[15:]]
    for number, part in enumerate(parts):
        (file,) = bags.write(tmp_path / str(number), part).glob('*.mcap')
        shutil.move(file, bag / f'split_{number}.mcap')
    plain = lift(walk(tmp_path / 'plain'), tmp_path / 'plain.npz')
    assert lift(bag, tmp_path / 'out.npz')['joints'].tobytes() == plain['joints'].tobytes()


def test_two_runs_in_one_bag_are_refused(tmp_path, capsys):
    later = [(topic, kind, received + 10**10, message)
             for topic, kind, received, message in bags.keypoint_messages(10)]
    lift(walk(tmp_path / 'bag', more=later), tmp_path / 'out.npz', expected=2)
    assert 'stamps jump back by 1.3 s after 40 images' in refused(capsys)


def test_no_bags(tmp_path, capsys):
    (tmp_path / 'empty').mkdir()
    for name, words in (('absent', 'no such'), ('empty', 'neither metadata.yaml nor'),
                        ('old.bag', 'ROS 1'), ('text.txt', 'is not a bag')):
        if '.' in name:
            (tmp_path / name).write_text('x')
        lift(tmp_path / name, tmp_path / 'out.npz', expected=2)
        assert words in refused(capsys)


def test_two_cameras_are_named(tmp_path, capsys):
    pixels = np.zeros((48, 64, 3), np.uint8)
    messages = []
    for side in ('left', 'right'):
        messages += [(f'/{side}/camera_info', 'sensor_msgs/msg/CameraInfo', bags.START,
                      bags.camera_info(bags.START, (64, 48), side)),
                     (f'/{side}/image_raw', 'sensor_msgs/msg/Image', bags.START,
                      bags.image(bags.START, pixels, frame=side)),
                     (f'/{side}/image_raw/compressed', 'sensor_msgs/msg/CompressedImage',
                      bags.START, bags.compressed(bags.START, pixels, side)),
                     (f'/{side}/depth', 'sensor_msgs/msg/Image', bags.START,
                      bags.image(bags.START, pixels[..., 0].astype(np.uint16), '16UC1', side))]
    bag = bags.write(tmp_path / 'bag', messages)
    assert main(['lift', '--bag', str(bag), '--out', str(tmp_path / 'out.npz')]) == 2
    line = refused(capsys)
    assert 'choose one with --topic' in line and '/left/image_raw, ' in line and (
        '/left/depth' not in line)


def test_images_raw_and_compressed(tmp_path):
    """Nobody is in them, but every one passes the detector."""
    require_default_detector()
    pixels = np.full((240, 320, 3), 90, np.uint8)
    messages = [('/cam/camera_info', 'sensor_msgs/msg/CameraInfo', bags.START,
                 bags.camera_info(bags.START, (320, 180))), *list(bags.camera_messages())[1:]]
    for frame in range(3):
        stamp = bags.START + frame * bags.FRAME_TIME
        messages += [('/cam/image_raw', 'sensor_msgs/msg/Image', stamp,
                      bags.image(stamp, pixels[:180])),
                     ('/cam/image_raw/compressed', 'sensor_msgs/msg/CompressedImage', stamp,
                      bags.compressed(stamp, pixels[:180]))]
    bag = bags.write(tmp_path / 'bag', messages)
    for topic in ('/cam/image_raw', '/cam/image_raw/compressed'):
        out = tmp_path / 'out.npz'
        assert main(['lift', '--bag', str(bag), '--out', str(out), '--lifter', 'geometric',
                     '--topic', topic]) == 0
        assert np.load(out)['joints'].shape[:2] == (3, 0)


def test_messages_that_are_not_their_type(tmp_path):
    bag = walk(tmp_path / 'bag', storage=STORAGE['sqlite3'])
    (file,) = bag.glob('*.db3')
    with sqlite3.connect(file) as database:  # as older bags are: without definitions
        database.execute('DELETE FROM message_definitions')
        database.execute("UPDATE topics SET type = 'lab/msg/Odd' WHERE name = '/tf_static'")
    with BagReader(file) as reader:
        assert next(reader.messages(['/camera_info'])).message.width == bags.SIZE[0]
        assert len(next(reader.messages(['/keypoints'])).message.people) == 2
        with pytest.raises(InputError, match='definition is missing'):
            next(reader.messages(['/tf_static']))
