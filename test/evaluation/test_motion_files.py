# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reading estimates from npz and real bags, and putting them beside the truth."""

from pathlib import Path

import numpy as np
import pytest

from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.motion_files import load_bag, load_motion
from mocap23_ros.evaluation.motion_matching import match
from mocap23_ros.evaluation.unpaired_people import UnpairedPeople
from mocap23_ros.skeletons.formats import COCO17

MESSAGES = Path(__file__).resolve().parents[2] / 'mocap23_msgs' / 'msg'


def walk(frames=40, people=1, seed=0):
    rng = np.random.default_rng(seed)
    body = rng.normal(size=(1, 1, 17, 3)) * 0.3
    body += body[:, :, list(COCO17.mirror)] * (1, -1, 1)  # limbs of one length left and right
    start = np.arange(people)[None, :, None, None] * np.array([2.0, 0, 0])
    path = np.arange(frames)[:, None, None, None] * np.array([0, 0.04, 0])
    return {'joints': body + start + path, 'stamps': 50 + np.arange(frames) / 30}


def test_frames_meet_by_stamp():
    true = walk()
    late = {'joints': true['joints'][::2], 'stamps': true['stamps'][::2] + 0.004}
    ((_, pred, _),) = match(late, true)
    known = np.isfinite(pred['joints'][:, 0, 0])
    assert known[::2].all() and not known[1::2].any()
    assert np.allclose(pred['joints'][::2], true['joints'][::2, 0])


def test_people_meet_by_distance_and_ids_may_change():
    true = walk(people=2)
    # Ids in the other order, and the first person lost and found under a third id.
    joints = np.full((40, 3, 17, 3), np.nan)
    joints[:, 0] = true['joints'][:, 1] + 0.05
    joints[:20, 1], joints[25:, 2] = true['joints'][:20, 0], true['joints'][25:, 0]
    matched = match({'joints': joints, 'stamps': true['stamps']}, true)
    assert [person for person, _, _ in matched] == [0, 1]
    first, second = (pred['joints'] for _, pred, _ in matched)
    assert np.isnan(first[20:25]).all()
    assert np.allclose(first[:20], true['joints'][:20, 0])
    assert np.allclose(first[25:], true['joints'][25:, 0])
    assert np.allclose(second, true['joints'][:, 1] + 0.05)


def test_a_ghost_is_nobody():
    true = walk()
    joints = np.concatenate([true['joints'] + (30, 0, 0), true['joints']], axis=1)
    ((_, pred, _),) = match({'joints': joints, 'stamps': true['stamps']}, true)
    assert np.allclose(pred['joints'], true['joints'][:, 0])


def test_people_whom_no_error_counts_are_said():
    true = walk(people=2)
    unpaired = UnpairedPeople()
    unpaired.add(true, true, match(true, true))
    assert unpaired.words('a') == ''
    joints = np.concatenate([true['joints'], true['joints'][:, :1] + (0, 9, 0)], axis=1)
    joints[:10, 1] = np.nan
    motion = {'joints': joints[:36], 'stamps': true['stamps'][:36]}
    unpaired.add(motion, true, match(motion, true))
    assert unpaired.words('a') == (
        'a: 7 % of the people of the truth have no estimate and 20 % of the people estimated are '
        'nobody of the truth (frame by frame); no error counts them')


def test_npz_files(tmp_path):
    path = tmp_path / 'motion.npz'
    np.savez(path, **walk())
    assert load_motion(path)['joints'].shape == (40, 1, 17, 3)
    for change, message in (
            ({'joints': np.zeros((40, 1, 5, 3))}, 'at least 17'),
            ({'stamps': np.zeros(40)}, 'increase'), ({'stamps': np.arange(3.0)}, 'one stamp'),
            ({'covariance': np.zeros((40, 1, 17, 3))}, 'covariance is'),
            ({'contact': np.zeros((40, 2))}, 'contact is'), ({'limit': np.zeros(3)}, 'limit is'),
            ({'stature': np.zeros(3)}, 'stature is'),
            ({'camera_position': np.zeros(4)}, 'camera_position is'),
            ({'stamps': np.float64(3)}, 'one stamp'), ({'joints': np.array('a')}, 'numbers'),
            ({'joints': walk()['joints'] + 1j}, 'joints is of type complex128'),
            ({'joints': np.full((40, 1, 17, 3), np.inf)}, 'infinite'),
            ({'joints': np.zeros((40, 0, 17, 3))}, 'nobody')):
        np.savez(path, **(walk() | change))
        with pytest.raises(InputError, match=message):
            load_motion(path)
    np.savez(path, joints=walk()['joints'])
    with pytest.raises(InputError, match='key stamps is missing'):
        load_motion(path)
    np.savez(path, joints=np.array([{}], dtype=object), stamps=np.zeros(1))
    with pytest.raises(InputError, match='Python objects'):      # never unpickles
        load_motion(path)
    for content in (b'', b'PK\x03\x04 cut off', b'nothing'):
        path.write_bytes(content)
        with pytest.raises(InputError):
            load_motion(path)
    with pytest.raises(InputError, match='no such file'):
        load_motion(tmp_path / 'absent.npz')


@pytest.fixture
def bag(tmp_path):
    """A real bag of SkeletonArray messages: two people, one of them with two lives."""
    pytest.importorskip('rosbags', reason='rosbags is not installed')
    if not MESSAGES.is_dir():
        pytest.skip('the message definitions are not here')
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    types = {}
    for name in ('Skeleton', 'SkeletonArray'):
        types.update(get_types_from_msg((MESSAGES / f'{name}.msg').read_text(),
                                        f'mocap23_msgs/msg/{name}'))
    store.register(types)
    kinds = store.types
    true = walk(people=2)

    def pose():
        point = kinds['geometry_msgs/msg/Point'](0.0, 0.0, 0.0)
        turn = kinds['geometry_msgs/msg/Quaternion'](0.0, 0.0, 0.0, 1.0)
        return kinds['geometry_msgs/msg/PoseWithCovariance'](
            kinds['geometry_msgs/msg/Pose'](point, turn), np.zeros(36))

    def skeleton(person, joints):
        six = np.tile(np.float32([1, .1, .2, 2, .3, 3]) * 1e-4, 17)
        return kinds['mocap23_msgs/msg/Skeleton'](
            id=person, state=1, joints=joints.astype(np.float32).ravel(),
            confidence=np.ones(17, np.float32), covariance=six, root=pose(),
            root_velocity=kinds['geometry_msgs/msg/Vector3'](0.0, 0.0, 0.0),
            contact=np.float32([0.9, 0.1]), stature=1.7, stature_sd=0.05, latency=0.02)

    path = tmp_path / 'bag'
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection('/mocap23/skeletons', 'mocap23_msgs/msg/SkeletonArray',
                                           typestore=store)
        for f, stamp in enumerate(true['stamps']):
            people = [skeleton(4, true['joints'][f, 1])]
            if f != 10:
                people.append(skeleton(7 if f < 10 else 9, true['joints'][f, 0]))
            seconds = int(stamp)
            header = kinds['std_msgs/msg/Header'](
                kinds['builtin_interfaces/msg/Time'](seconds, round((stamp - seconds) * 1e9)),
                'map')
            message = kinds['mocap23_msgs/msg/SkeletonArray'](header, 'camera', people)
            writer.write(connection, round(stamp * 1e9), store.serialize_cdr(
                message, 'mocap23_msgs/msg/SkeletonArray'))
    return path, true


def test_bags(bag, tmp_path):
    path, true = bag
    motion = load_bag(path)
    assert motion['joints'].shape == (40, 3, 17, 3)
    matched = match(motion, true)
    for person, pred, truth in matched:
        known = np.isfinite(pred['joints']).all(axis=(1, 2))
        assert known.sum() == (39 if person == 0 else 40)
        assert np.abs(pred['joints'] - truth['joints'])[known].max() < 1e-5
        expected = 1e-4 * np.array([[1, .1, .2], [.1, 2, .3], [.2, .3, 3]])
        assert np.allclose(pred['covariance'][0, 0], expected, rtol=1e-4)
    assert load_bag(path, '/mocap23/skeletons')['stamps'] == pytest.approx(true['stamps'])
    with pytest.raises(InputError, match='no SkeletonArray'):
        load_bag(path, '/elsewhere')
    assert load_bag(path, None, '/map')['stamps'] == pytest.approx(true['stamps'])
    with pytest.raises(InputError, match='is in the frame "map", not in "odom"; lift in that one'):
        load_bag(path, None, 'odom')
    with pytest.raises(InputError, match='no such bag'):
        load_bag(tmp_path / 'absent')
    (tmp_path / 'junk.mcap').write_bytes(b'not a bag')
    with pytest.raises(InputError):
        load_bag(tmp_path / 'junk.mcap')
