# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Protocols of other papers, on tiny files in the layout of each data set."""

import json
import pickle
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_person import SIZE, draw
from licensed_examples import upright, write_aistpp_detections, write_model
from scipy.spatial.transform import Rotation

from mocap23_ros.cli.main import main
from mocap23_ros.datasets.licensed.body_model import BodyModel
from mocap23_ros.datasets.licensed.motion_conversion import read_arrays
from mocap23_ros.datasets.licensed.rich import whole_videos
from mocap23_ros.datasets.mocap34 import COCO17_JOINTS
from mocap23_ros.errors import InputError
from mocap23_ros.evaluation.external_protocols import protocol_sequences

FEET = 0.94  # below the pelvis of the model, at rest


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')
    write_model(folder / 'smplx' / 'SMPLX_FEMALE.npz', 55, 10475)
    write_model(folder / 'smpl' / 'SMPL_FEMALE.npz', 24)
    return folder


def project(joints, camera_T_world, K):
    p_camera = joints @ np.swapaxes(camera_T_world[..., :3, :3], -1, -2) + (
        camera_T_world[..., None, :3, 3])
    pixels = p_camera @ K.T
    return pixels[..., :2] / pixels[..., 2:]


def reprojection(sequence):
    """How far the 2D is from the truth seen by the camera of the sequence, px [F,17]."""
    seen = sequence.lift_input
    pixels = project(sequence.joints.astype(float), np.linalg.inv(seen['world_T_camera']),
                     seen['K'])
    return np.linalg.norm(pixels - seen['keypoints'][:, 0, :, :2], axis=-1)


# EMDB

@pytest.fixture(scope='module')
def emdb(tmp_path_factory, models):
    """y up; a camera that moves 4 m before somebody who stands 6 cm above the origin."""
    root = tmp_path_factory.mktemp('emdb')
    frames = 12
    pose, place = upright(frames, 72)
    pose[:, :3] = 0
    place = place[:, [0, 1, 1]] + (0, FEET + 0.06, 0)
    world_T_camera = np.tile(np.eye(4), (frames, 1, 1))
    world_T_camera[:, :3, :3] = np.diag([1.0, -1, -1])
    world_T_camera[:, :3, 3] = np.stack([np.arange(frames) * 0.01, np.full(frames, 1.3),
                                         np.full(frames, 4.0)], axis=1)
    K = np.array([[700.0, 0, SIZE[0] / 2], [0, 700, SIZE[1] / 2], [0, 0, 1]])
    good = np.arange(frames) != 3
    folder = root / 'P0' / '00_walk'
    (folder / 'images').mkdir(parents=True)
    (folder / 'P0_00_walk_data.pkl').write_bytes(pickle.dumps({
        'gender': 'female', 'name': 'P0_00_walk', 'emdb1': True, 'emdb2': False,
        'n_frames': frames, 'good_frames_mask': good, 'kp2d': np.zeros((frames, 24, 2)),
        'camera': {'intrinsics': K, 'extrinsics': np.linalg.inv(world_T_camera),
                   'width': SIZE[0], 'height': SIZE[1]},
        'smpl': {'poses_root': pose[:, :3], 'poses_body': pose[:, 3:], 'trans': place,
                 'betas': np.zeros(10)}}))
    joints = BodyModel.load(models / 'smpl' / 'SMPL_FEMALE.npz').joints(pose, np.zeros(10), place)
    pixels = project(joints[:, COCO17_JOINTS], np.linalg.inv(world_T_camera), K)
    for frame in range(frames):
        cv2.imwrite(str(folder / 'images' / f'{frame:05d}.jpg'), draw(pixels[frame], 700 / 4))
    return root


def test_emdb_is_judged_by_one_command(emdb, models, tmp_path):
    """The real detector on the images, given camera poses, frames that are no good left out."""
    assert main(['evaluate', '--set', f'emdb1={emdb}', '--smpl-model', str(models), '--methods',
                 'geometric', '--out', str(tmp_path)]) == 0
    document = json.loads((tmp_path / 'report.json').read_text())
    figures = document['methods']['geometric']
    assert document['dataset'] == 'emdb1' and figures['frames'] == 11
    assert 0 < figures['root_mm'] < 700 and figures['mpjpe_mm'] < 200


def test_emdb_stands_on_the_floor_of_its_world(emdb, models):
    sequence, = protocol_sequences(f'emdb1={emdb}', None, models)
    height = sequence.lift_input['world_T_camera'][:, 2, 3]
    assert np.allclose(height, 1.3 - 0.06, atol=0.02)
    assert np.allclose(np.diff(sequence.camera_position[:, :2], axis=0).sum(axis=0).max(), 0.11)
    assert np.isnan(sequence.joints[3]).all() and np.isfinite(sequence.joints[4]).all()
    error = reprojection(sequence)
    assert np.nanmedian(error[:, 5:]) < 12 and 0.2 < sequence.sigma_px < 12
    assert sequence.stature == pytest.approx(1.74, abs=0.01)
    assert str(sequence.lift_input['detector']) == 'blazepose'


@pytest.mark.parametrize('words, reason', [
    (['emdb2={root}'], 'no sequence is part of emdb2'),
    (['emdb1={root}/P0'], 'has no P*/*/*_data.pkl'),
    (['rich52={root}'], 'has no bodies/test')])
def test_what_is_absent_is_said(emdb, models, words, reason, tmp_path, capsys):
    words = [word.format(root=emdb) for word in words]
    assert main(['evaluate', '--set', *words, '--smpl-model', str(models), '--methods',
                 'geometric', '--out', str(tmp_path)]) == 2
    assert reason in capsys.readouterr().err


# RICH

SCALE, PLACE = 1.02, np.array([0.5, 0, 0])
TURN = Rotation.from_euler('x', -90, degrees=True).as_matrix()  # axes of the first camera: y down


@pytest.fixture(scope='module')
def rich(tmp_path_factory):
    """Two cameras; frames 3 to 252 of a sequence of one, and one of two people."""
    root = tmp_path_factory.mktemp('rich')
    pose, place = upright(250)
    (root / 'multicam2world').mkdir()
    (root / 'multicam2world' / 'Gym_multicam2world.json').write_text(json.dumps(
        {'c': SCALE, 'R': TURN.T.tolist(), 't': PLACE.tolist()}))
    for k in range(250):
        folder = root / 'bodies' / 'test' / 'Gym_010_walk1' / f'{k + 3:05d}'
        folder.mkdir(parents=True)
        facing = Rotation.from_matrix(TURN.T @ Rotation.from_rotvec(pose[k, :3]).as_matrix())
        (folder / '010.pkl').write_bytes(pickle.dumps({
            'global_orient': facing.as_rotvec()[None].astype(np.float32),
            'body_pose': pose[k:k + 1, 3:66].astype(np.float32),
            'transl': (place[k:k + 1] @ TURN).astype(np.float32),
            'betas': np.zeros((1, 10), np.float32)}))
    (root / 'scan_calibration' / 'Gym' / 'calibration').mkdir(parents=True)
    for number, side in ((0, 0.0), (4, 1.5)):
        outer = np.hstack([np.eye(3), [[side], [2.0], [5.0]]])
        inner = np.array([[3500.0, 0, 2056], [0, 3500, 1504], [0, 0, 1]])
        texts = {'CameraMatrix': outer, 'Intrinsics': inner, 'Distortion': np.zeros(5)}
        (root / 'scan_calibration' / 'Gym' / 'calibration' / f'{number:03d}.xml').write_text(
            '<?xml version="1.0"?><opencv_storage>' + ''.join(
                f'<{name} type_id="opencv-matrix"><data>{" ".join(map(str, values.ravel()))}'
                f'</data></{name}>' for name, values in texts.items()) + '</opencv_storage>')
    head = ('sequence_name', 'capture_name', 'scan_name', 'id', 'moving_cam', 'gender', 'view_id')
    rows = [('Gym_010_walk1', 'Gym', 'scan', '010', 'X', 'female', '0,4'),
            ('Gym_010_011_talk1', 'Gym', 'scan', '010', 'X', 'female', '0,4')]
    (root / 'test.txt').write_text('\n'.join('\t'.join(row) for row in (head, *rows)))
    return root


def test_rich_with_given_2d_comes_in_windows(rich, models):
    """Windows of 180 frames, and a rest of 70; projections into the cameras as calibrated."""
    sequences = protocol_sequences(f'rich52={rich}', None, models)
    assert [(s.name, len(s.joints)) for s in sequences] == [
        ('Gym_010_walk1_0_00003', 180), ('Gym_010_walk1_0_00183', 70),
        ('Gym_010_walk1_4_00003', 180), ('Gym_010_walk1_4_00183', 70)]
    fit = read_arrays(rich / 'bodies/test/Gym_010_walk1/00005/010.pkl')
    body = BodyModel.load(models / 'smplx' / 'SMPLX_FEMALE.npz')
    joints = body.joints(np.hstack([fit['global_orient'], fit['body_pose']]).astype(float),
                         np.zeros(10), fit['transl'].astype(float))[:, COCO17_JOINTS]
    inner = sequences[2].lift_input['K']
    pixels = project(joints, np.array([[1, 0, 0, 1.5], [0, 1, 0, 2], [0, 0, 1, 5], [0, 0, 0, 1]]),
                     inner)
    own = sequences[2].lift_input['keypoints'][2, 0, :, :2]
    inside = np.isfinite(own).all(-1)
    assert inside.sum() >= 10 and np.abs(own - pixels[0])[inside].max() < 0.05
    for sequence in sequences:
        assert np.nanmax(reprojection(sequence)) < 0.05
        assert np.median(sequence.joints[:, 15:17, 2]) == pytest.approx(0.06 * SCALE, abs=0.02)
        assert sequence.stature == pytest.approx(1.74 * SCALE, abs=0.02)
        assert sequence.fps == pytest.approx(30) and sequence.joints[:, 0, 2].min() > 1.3
    few = protocol_sequences(f'rich52={rich}', 2, models)
    assert [s.name for s in few] == [sequences[0].name, sequences[3].name]


def test_rich_as_whole_videos_may_be_listed(rich, models, tmp_path):
    images = rich / 'images' / 'test' / 'Gym_010_walk1' / 'cam_04'
    images.mkdir(parents=True)
    for number in range(3, 253):
        (images / f'{number:05d}_04.jpeg').touch()
    assert len(whole_videos(rich, models)) == 2
    (rich / 'videos.txt').write_text('test/Gym_010_walk1/cam_04\n')
    try:
        load, = whole_videos(rich, models)
        video = load()
    finally:
        (rich / 'videos.txt').unlink()
    assert video.sequence.name == 'Gym_010_walk1_4' and len(video.images) == 250
    with pytest.raises(InputError, match='no image 00003_00'):
        whole_videos(rich, models)[0]()


def test_rich_is_seen_by_the_detector(rich, models, tmp_path):
    """The 191 videos by one command: images of a quarter of the calibration's size, real 2D."""
    root, frames = tmp_path / 'RICH', range(3, 28)
    for name in ('multicam2world', 'scan_calibration'):
        shutil.copytree(rich / name, root / name)
    shutil.copy(rich / 'test.txt', root)
    for number in frames:
        part = Path('bodies', 'test', 'Gym_010_walk1', f'{number:05d}')
        shutil.copytree(rich / part, root / part)
    (root / 'videos.txt').write_text('test/Gym_010_walk1/cam_04\n')
    images = root / 'images' / 'test' / 'Gym_010_walk1' / 'cam_04'
    images.mkdir(parents=True)
    given = protocol_sequences(f'rich52={rich}', None, models)[2].lift_input['keypoints'][:, 0]
    corner = np.array([1028 - SIZE[0], 752 - SIZE[1]]) // 2
    for row, number in enumerate(frames):
        image = np.full((752, 1028, 3), (190, 200, 205), np.uint8)
        points = np.nan_to_num(given[row, :, :2], nan=4e4) / 4 - corner
        image[corner[1]:corner[1] + SIZE[1], corner[0]:corner[0] + SIZE[0]] = draw(
            points, 875 / 5)
        cv2.imwrite(str(images / f'{number:05d}_04.jpeg'), image)
    assert main(['evaluate', '--set', f'rich191={root}', '--smpl-model', str(models), '--methods',
                 'geometric', '--out', str(tmp_path / 'out')]) == 0
    figures = json.loads((tmp_path / 'out' / 'report.json').read_text())['methods']['geometric']
    assert figures['frames'] > 20
    assert 0 < figures['root_mm'] < 700 and figures['mpjpe_mm'] < 200
    sequence, = protocol_sequences(f'rich191={root}', None, models)
    assert str(sequence.lift_input['detector']) == 'blazepose'
    error = np.linalg.norm(sequence.lift_input['keypoints'][:, 0, 5:, :2]
                           - given[:len(frames), 5:, :2], axis=-1)
    assert np.nanmedian(error) < 40  # px of 4112 x 3008


# AIST++

def test_aistpp_has_its_own_detections(tmp_path):
    write_aistpp_detections(tmp_path)
    sequences = protocol_sequences(f'aistpp2d={tmp_path}', None, None)
    assert [s.name for s in sequences] == [f'gBR_cAll_{view}' for view in range(9)]
    assert np.nanmax(reprojection(sequences[3])) < 0.05
    (tmp_path / 'splits').mkdir()
    (tmp_path / 'splits' / 'pose_test.txt').write_text('another\n')
    with pytest.raises(InputError, match='no video'):
        protocol_sequences(f'aistpp2d={tmp_path}', None, None)
