# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Truth from motion capture: TRC, C3D, markers, poses and TF of a bag; its clock and its world."""

import json

import bag_examples as bags
import numpy as np
import pytest
from documentation_pages import documented
from scipy.spatial.transform import Rotation
from truth_examples import NAMES, RATE, STAMPS, TRUTH

from mocap23_ros.cli.main import main
from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.joint_mapping import find_mapping, hip_centres, ready_mappings
from mocap23_ros.evaluation.recording_evaluation import Configuration, evaluate_recording
from mocap23_ros.evaluation.truth_sources import load_truth, load_truth_topic
from mocap23_ros.recordings.point_tracks import PointTracks
from mocap23_ros.recordings.trc_file import save_trc
from mocap23_ros.ros.settings import Settings

MOTIVE = {'shoulder': 'UArm', 'elbow': 'FArm', 'wrist': 'Hand', 'hip': 'Thigh', 'knee': 'Shin',
          'ankle': 'Foot'}
BODY = range(5, 17)


def tracks(joints=TRUTH, names=NAMES):
    """As the exports take them."""
    return PointTracks(joints, STAMPS, RATE, np.array([3, 4]), tuple(names))


@pytest.mark.parametrize('suffix', ['.trc', '.c3d'])
def test_files_of_markers_come_back(tmp_path, suffix):
    path = tmp_path / f'walk{suffix}'
    if suffix == '.c3d':
        pytest.importorskip('ezc3d')
        from mocap23_ros.recordings.c3d_file import save_c3d
        save_c3d(path, tracks())
    else:
        save_trc(path, tracks())
    said = []
    motion = load_truth(path, say=said.append)
    np.testing.assert_allclose(motion['joints'], TRUTH, atol=1e-4)
    np.testing.assert_allclose(motion['stamps'], STAMPS, atol=1e-6)
    up = 'y' if suffix == '.trc' else 'z'
    assert said == [f'walk{suffix}: 2 people by the mapping coco, {up} up; 17 of 17 joints are '
                    'known']


def test_damaged_c3d_files_are_refused(tmp_path):
    """Also those at which the library that reads them ends the process."""
    pytest.importorskip('ezc3d')
    from mocap23_ros.recordings.c3d_file import save_c3d
    path = tmp_path / 'walk.c3d'
    save_c3d(path, tracks())
    whole = path.read_bytes()
    for content, message in ((b'text', 'is no C3D file'), (whole[:700], 'damaged'),
                             (whole[:2] + b'\xff' * 2000 + whole[2002:], 'damaged')):
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            load_truth(path)


def test_bones_of_a_ready_mapping_and_gaps(tmp_path):
    names = [name[0].upper() + MOTIVE[name.split('_')[1]] if '_' in name
             and name.split('_')[1] in MOTIVE else f'extra_{name}' for name in NAMES]
    joints = TRUTH.copy()
    joints[10:20, 0, 9] = np.nan
    path = tmp_path / 'bones.trc'
    save_trc(path, tracks(joints, names))
    said = []
    motion = load_truth(path, say=said.append)
    np.testing.assert_allclose(motion['joints'][:, :, BODY], joints[:, :, BODY], atol=1e-4)
    assert np.isnan(motion['joints'][:, :, :5]).all() and np.isnan(motion['joints'][12, 0, 9]).all()
    assert 'motive_skeleton, y up; 12 of 17' in said[0]


def test_a_mapping_of_ones_own(tmp_path):
    path, mapping = tmp_path / 'own.trc', tmp_path / 'own.yaml'
    save_trc(path, tracks(names=[f'P{k:02d}' for k in range(17)]))
    with pytest.raises(InputError, match='--truth-mapping FILE.yaml'):
        load_truth(path)
    mapping.write_text('up: y\nunit: mm\njoints:\n' + ''.join(
        f'  {name}: P{k:02d}\n' for k, name in enumerate(NAMES)))
    with pytest.raises(InputError, match='times as long as those of an adult'):
        load_truth(path, str(mapping))
    mapping.write_text(mapping.read_text().replace('unit: mm\n', '').replace(
        '  left_wrist: P09', '  left_wrist: [P07, P09, Absent]'))
    with pytest.raises(InputError, match='forearm is .* the mapping takes wrong markers'):
        load_truth(path, str(mapping))
    mapping.write_text(mapping.read_text().replace('t_wrist: P10', 't_wrist: [P08, P10]'))
    motion = load_truth(path, str(mapping))
    np.testing.assert_allclose(motion['joints'][..., 9, :], TRUTH[..., [7, 9], :].mean(axis=-2),
                               atol=1e-4)
    for text, message in (('joints: {nse: P00}', 'unknown .nse.; known are nose'),
                          ('joint: {nose: P00}', "unknown key 'joint'"),
                          ('joints: {nose: {a: b}}', 'nose must be the name of a marker'),
                          ('up: w\njoints: {nose: P00}', 'must be x, y or z'),
                          ('joints: {nose: P00}', 'are not those of the mapping own'),
                          ('joints: {}\npelvis: {front: [A]}', 'pelvis needs front')):
        mapping.write_text(text)
        with pytest.raises(InputError, match=message):
            load_truth(path, str(mapping))
    with pytest.raises(InputError, match='no mapping .vicon.; give a .yaml file or one of cmu'):
        load_truth(path, 'vicon')


def test_hips_of_the_waist_lie_where_the_regression_says():
    """Pelvis 240 mm wide and 160 mm deep, turned by 30 degrees."""
    turn = Rotation.from_euler('z', 30, degrees=True).as_matrix()
    spines = np.array([[0.08, 0.12, 1.0], [0.08, -0.12, 1.0], [-0.08, 0, 1.0]]) @ turn.T
    left, right = hip_centres(*spines[:, None])[0] @ turn
    wanted = (0.08 - 0.24 * 0.16 - 0.0099, 0.33 * 0.24 + 0.0073, 1.0 - 0.30 * 0.24 - 0.0109)
    np.testing.assert_allclose(left, wanted, atol=1e-9)
    np.testing.assert_allclose(right, wanted * np.array([1, -1, 1]), atol=1e-9)


@pytest.mark.parametrize(('labels', 'name', 'count'), [
    ([f'Anna:{m}' for m in 'LASI RASI LPSI RPSI LSHO RSHO LELB RELB LWRA LWRB RWRA RWRB LKNE RKNE '
      'LANK RANK LTOE'.split()], 'plug_in_gait', 1),
    ([f'{who}_{m}' for who in ('A', 'B') for m in 'WaistLFront WaistRFront WaistLBack WaistRBack '
      'LShoulderTop RShoulderTop LElbowOut RElbowOut LWristOut RWristOut LKneeOut RKneeOut '
      'LAnkleOut RAnkleOut HeadTop'.split()], 'motive_qualisys', 2),
    ([f'Q_{m}' for m in 'WaistLFront WaistRFront WaistBack LShoulderTop RShoulderTop LElbowOut '
      'LElbowIn RElbowOut RElbowIn LKneeOut LKneeIn RKneeOut LAnkleOut RAnkleOut'.split()],
     'motive_qualisys', 1),
    ([f'actor/{m}' for m in 'Hips LeftUpLeg LeftLeg LeftFoot RightUpLeg RightLeg RightFoot LeftArm '
      'LeftForeArm LeftHand RightArm RightForeArm RightHand Head'.split()], 'human_ik', 1),
    ('LFWT RFWT LBWT RBWT LSHO RSHO LELB RELB LKNE RKNE LANK RANK LWRA LWRB'.split(), 'cmu', 1)])
def test_common_marker_sets_are_told_by_their_names(labels, name, count):
    mapping = find_mapping(None, labels)
    assert mapping.name == name and len(mapping.people(labels)) == count
    assert name in {ready.name for ready in ready_mappings()}


def truth_messages(start=bags.START):
    """The people of bag_examples at 60 Hz, as markers, poses and TF frames."""
    from recording_examples import truth
    seconds = np.arange(2 * bags.FRAMES) * 0.5e-9 * bags.FRAME_TIME
    joints = truth(5 + seconds)
    point = 'geometry_msgs/msg/Point'
    for row, frame in enumerate(joints):
        stamp = start + row * bags.FRAME_TIME // 2
        head = bags.header(stamp, 'map')
        yield '/markers', 'mocap4r2_msgs/msg/Markers', stamp, bags.make(
            'mocap4r2_msgs/msg/Markers', header=head, frame_number=row, markers=[
                bags.make('mocap4r2_msgs/msg/Marker', id_type=0, marker_index=k,
                          marker_name=f'p{person}:{name}', translation=bags.make(
                              point, **dict(zip('xyz', frame[person, k].tolist(), strict=True))))
                for person in (0, 1) for k, name in enumerate(NAMES)])
        identity = bags.make('geometry_msgs/msg/Quaternion', x=0.0, y=0.0, z=0.0, w=1.0)
        yield '/poses', 'geometry_msgs/msg/PoseArray', stamp, bags.make(
            'geometry_msgs/msg/PoseArray', header=head, poses=[
                bags.make('geometry_msgs/msg/Pose', orientation=identity, position=bags.make(
                    point, **dict(zip('xyz', frame[0, k].tolist(), strict=True))))
                for k in range(17)])
        for k, name in enumerate(NAMES):
            pose = np.eye(4)
            pose[:3, 3] = frame[1, k]
            yield '/tf', 'tf2_msgs/msg/TFMessage', stamp, bags.transforms(
                stamp, pose, child=f'actor/{name}')


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    messages = [*bags.camera_messages(), *bags.keypoint_messages(), *truth_messages()]
    return bags.write(tmp_path_factory.mktemp('truth') / 'walk', messages)


def test_topics_of_a_bag_are_the_truth(bag, tmp_path):
    from recording_examples import truth
    mapping = tmp_path / 'poses.yaml'
    mapping.write_text('joints:\n' + ''.join(f'  {n}: {k}\n' for k, n in enumerate(NAMES)))
    everybody = truth(5 + np.arange(2 * bags.FRAMES) * 0.5e-9 * bags.FRAME_TIME)
    for topic, own, column in (('/markers', None, [0, 1]), ('/poses', str(mapping), [0]),
                               ('/tf', None, [1])):
        motion = load_truth_topic(bag, topic, 'map', mapping=own)
        np.testing.assert_allclose(motion['joints'], everybody[:, column], atol=1e-9)
    with pytest.raises(InputError, match='/poses: the names of its markers are of none'):
        load_truth_topic(bag, '/poses', 'map')
    with pytest.raises(InputError, match='there is no frame "odom"'):
        load_truth_topic(bag, '/markers', 'odom')


def test_a_topic_judges_a_row_of_a_batch(bag):
    row = evaluate_recording(bag, Configuration(
        settings=Settings(lifter='geometric'), truth_topic='/markers'))
    assert row['abs_mpjpe_mm'] < 300
    assert '2 people by the mapping coco' in row['notes']
    assert 'the truth of 60 Hz was interpolated' in row['notes']


def test_the_command_takes_truth_of_another_clock_and_world(bag, tmp_path, capsys):
    from recording_examples import truth
    path, out = tmp_path / 'walk.trc', tmp_path / 'out'
    stamps = np.arange(160) / 120
    turn = Rotation.from_euler('z', 40, degrees=True).as_matrix()
    save_trc(path, PointTracks(truth(5 + stamps) @ turn.T, stamps, RATE, np.array([3, 4]), NAMES))
    command = documented('EVALUATE.md', 'walk.c3d --align-time', instead={
        'BAG': bag, 'walk.c3d': path, 'DIR': out})
    command.insert(command.index('--align-time') + 1, str(1e-9 * bags.START))
    assert main([*command, '--with', 'flat:lifter=geometric', '--with',
                 'late:lifter=geometric,lag=3']) == 0
    document = json.loads((out / 'report.json').read_text())
    assert set(document['methods']) == {'flat', 'late'}
    assert document['methods']['flat']['abs_mpjpe_mm'] < 300
    assert len(document['alignment']) == 1
    assert abs(document['alignment'][0]['yaw_deg'] + 40) < 5
    assert 'the truth was aligned: ' in capsys.readouterr().err
    assert main(['evaluate', '--bag', str(bag), '--with', 'flat:lifter=geometric', '--with',
                 'late:lifter=geometric,lag=3', '--truth', str(path), '--align-time',
                 str(1e-9 * bags.START), '--out', str(out)]) == 0
    assert capsys.readouterr().err.count('the truth seems to be of another world') == 1
    assert 'of another world' in json.loads((out / 'report.json').read_text())['notes'][0]
    assert main(['evaluate', '--bag', str(bag), '--align-rigid', '--out', str(out)]) == 2
    assert '--align-rigid goes with --truth' in capsys.readouterr().err
