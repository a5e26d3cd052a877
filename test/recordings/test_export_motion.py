# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 export-motion``: every file read back and compared with the motion."""

import csv

import numpy as np
import pytest
from refusals import refused
from scipy.spatial.transform import Rotation
from test_body_fit import covariance_of, random_bodies

from mocap23_ros.cli.main import main
from mocap23_ros.evaluation.motion_files import load_bag
from mocap23_ros.recordings.bag_reader import BagReader
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.skeletons.formats import OUTPUT19

RATE = 25.0
UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # y up from z up


@pytest.fixture(scope='module')
def motion(tmp_path_factory):
    """Two people, 40 frames, with a gap of the second, and the file it is in."""
    bodies = [random_bodies(3, seed=k)[0] for k in range(2)]
    sway = np.linspace(0, 1, 40)[:, None, None]
    joints = np.stack([body[0] + sway * (k + 1.0) * [0.5, 0.2, 0]
                       for k, body in enumerate(bodies)], axis=1).astype(np.float32)
    joints[10:22, 1] = np.nan
    motion = RecordedMotion(
        joints, covariance_of(joints).astype(np.float32), 5.0 + np.arange(40) / RATE,
        np.zeros((40, 2, 2), np.float32),
        np.full((40, 2), 1.7, np.float32), np.array([3, 8]), OUTPUT19.joint_names)
    path = tmp_path_factory.mktemp('motion') / 'motion.npz'
    motion.save(path)
    return motion, path


def export(path, out, *words):
    assert main(['export-motion', str(path), '--out', str(out), *words]) == 0
    return out


def test_trc(motion, tmp_path):
    lines = export(motion[1], tmp_path / 'm.trc').read_text().splitlines()
    rate, _, frames, markers, unit = lines[2].split('\t')[:5]
    assert (float(rate), int(frames), int(markers), unit) == (RATE, 40, 38, 'm')
    labels = [label for label in lines[3].split('\t')[2:] if label]
    assert labels[0] == 'person3_nose' and labels[19] == 'person8_nose'
    rows = [line.split('\t') for line in lines[6:]]
    assert float(rows[7][1]) == pytest.approx(7 / RATE)
    table = np.array([[float(cell) if cell else np.nan for cell in row[2:]] for row in rows])
    points = table.reshape(40, 2, 19, 3) @ UP
    np.testing.assert_allclose(points, motion[0].joints, atol=1e-5)


def test_c3d(motion, tmp_path):
    ezc3d = pytest.importorskip('ezc3d')
    file = ezc3d.c3d(str(export(motion[1], tmp_path / 'm.c3d')))
    point = file['parameters']['POINT']
    assert point['RATE']['value'][0] == pytest.approx(RATE) and point['UNITS']['value'] == ['mm']
    assert point['LABELS']['value'][20] == 'person8_left_eye'
    points = file['data']['points'][:3].transpose(2, 1, 0).reshape(40, 2, 19, 3) / 1000
    np.testing.assert_allclose(points, motion[0].joints, atol=1e-5)
    residuals = file['data']['meta_points']['residuals'][0]
    assert (residuals[19:, 10:22] < 0).all() and (residuals[:19] >= 0).all()


def test_csv(motion, tmp_path):
    with export(motion[1], tmp_path / 'm.csv', '--person', '8').open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 28 * 19 and {row['person'] for row in rows} == {'8'}
    wrist = [row for row in rows if row['joint'] == 'left_wrist']
    place = np.array([[float(row[axis]) for axis in 'xyz'] for row in wrist])
    known = np.isfinite(motion[0].joints[:, 1, 9, 0])
    np.testing.assert_allclose(place, motion[0].joints[known, 1, 9], atol=1e-4)
    assert float(wrist[0]['stamp']) == 5.0 and float(wrist[0]['sd']) > 0


def test_mcap_holds_what_the_node_would_have_published(motion, tmp_path):
    path = export(motion[1], tmp_path / 'm.mcap')
    assert [file.name for file in tmp_path.iterdir()] == ['m.mcap']
    back = load_bag(path)
    known = np.isfinite(motion[0].joints[..., 0, 0])
    np.testing.assert_allclose(back['stamps'], motion[0].stamps, atol=1e-9)
    for key in ('joints', 'covariance', 'contact', 'stature'):
        np.testing.assert_allclose(back[key][known], getattr(motion[0], key)[known], atol=1e-6)
        assert np.isnan(back[key][~known]).all()
    with BagReader(path) as bag:
        assert bag.topics == {'/skeletons': 'mocap23_msgs/msg/SkeletonArray',
                              '/skeleton_info': 'mocap23_msgs/msg/SkeletonInfo'}
        info, = (item.message for item in bag.messages(['/skeleton_info']))
        assert tuple(info.joint_names) == OUTPUT19.joint_names
        messages = [item.message for item in bag.messages(['/skeletons'])]
    assert [len(message.skeletons) for message in messages] == [2] * 10 + [1] * 12 + [2] * 18
    skeleton = messages[12].skeletons[0]
    assert (skeleton.id, skeleton.state, messages[12].header.frame_id) == (3, 1, 'map')
    hips, root = motion[0].joints[12, 0, 11:13].astype(float), skeleton.root.pose
    place = np.array([root.position.x, root.position.y, root.position.z])
    np.testing.assert_allclose(place, motion[0].joints[12, 0, 17], atol=1e-6)
    turn = root.orientation
    left = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).as_matrix()[:, 1]
    assert left @ (hips[0] - hips[1]) > 0.8 * np.linalg.norm(hips[0] - hips[1])
    assert skeleton.root.covariance[0] == -1 and np.isnan(skeleton.latency)


def test_options_of_images_are_refused_of_published_skeletons(motion, tmp_path, capsys):
    path = export(motion[1], tmp_path / 'm.mcap')
    for words in (['--lag', '3'], ['--floor-height', '0.1']):
        refused(main(['evaluate', '--bag', str(path), '--truth', str(motion[1]), *words]), capsys,
                'changes nothing of skeletons that were published')


def test_tum(motion, tmp_path):
    rows = np.loadtxt(export(motion[1], tmp_path / 'm.tum', '--person', '3'))
    hips = motion[0].joints[:, 0, 11:13].astype(float)
    np.testing.assert_allclose(rows[:, 0], motion[0].stamps, atol=1e-6)
    np.testing.assert_allclose(rows[:, 1:4], hips.mean(axis=1), atol=1e-5)
    left = Rotation.from_quat(rows[:, 4:]).apply([0, 1, 0])
    across = hips[:, 0] - hips[:, 1]
    across[:, 2] = 0
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    np.testing.assert_allclose(left, across, atol=1e-4)


def test_glb_moves_the_joints_as_the_fitted_body_does(motion, tmp_path):
    gltf = pytest.importorskip('pygltflib')
    file = gltf.GLTF2().load(str(export(motion[1], tmp_path / 'm.glb')))
    blob = file.binary_blob()

    def values(number):
        accessor = file.accessors[number]
        view = file.bufferViews[accessor.bufferView]
        data = blob[view.byteOffset:view.byteOffset + view.byteLength]
        return np.frombuffer(data, np.float32).reshape(accessor.count, -1)

    moving = {}
    for channel in file.animations[0].channels:
        sampler = file.animations[0].samplers[channel.sampler]
        moving[channel.target.node, channel.target.path] = values(sampler.output)
        time = values(sampler.input)
    np.testing.assert_allclose(time[:, 0], np.arange(40) / RATE, atol=1e-5)
    places = {}

    def walk(number, origin, turn):
        node = file.nodes[number]
        shift = moving.get((number, 'translation'), np.array([node.translation]))
        place = origin + np.einsum('fij,fj->fi', turn, np.broadcast_to(shift, origin.shape))
        places[node.name] = place
        turn = turn @ Rotation.from_quat(moving[number, 'rotation']).as_matrix()
        for child in node.children:
            walk(child, place, turn)

    for root in file.scenes[0].nodes:
        walk(root, np.zeros((40, 3)), np.broadcast_to(np.eye(3), (40, 3, 3)))
    body = motion[0].with_body().joints
    for segment, joint in (('left_forearm', 'left_elbow'), ('right_shank', 'right_knee'),
                           ('head', 'neck'), ('pelvis', 'pelvis')):
        np.testing.assert_allclose(places[f'person3_{segment}'] @ UP,
                                   body[:, 0, OUTPUT19.index(joint)], atol=1e-3)
    assert len(file.meshes) == 22


def test_several_files_at_once_and_bvh(motion, tmp_path):
    assert main(['export-motion', str(motion[1]), '--person', '3', '--out',
                 str(tmp_path / 'a.bvh'), str(tmp_path / 'a.trc')]) == 0
    assert 'HIERARCHY' in (tmp_path / 'a.bvh').read_text() and (tmp_path / 'a.trc').is_file()


@pytest.mark.parametrize(('words', 'message'), [
    (['--out', 'x.fbx'], 'known are .bvh'), (['--out', 'x.tum'], '--person'),
    (['--out', 'x.trc', '--person', '5'], 'it has 3, 8'), ])
def test_refusals_are_one_line(motion, words, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(main(['export-motion', str(motion[1]), *words]), capsys, message)
    assert not list(tmp_path.iterdir())


def test_other_files_are_refused(tmp_path, capsys):
    np.savez(tmp_path / 'k.npz', keypoints=np.zeros((3, 1, 17, 3)))
    assert main(['export-motion', str(tmp_path / 'k.npz'), '--out', str(tmp_path / 'x.csv')]) == 2
    assert 'mocap23 lift' in capsys.readouterr().err
