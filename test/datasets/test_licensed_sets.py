# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Loaders of licensed data sets on tiny files in the layout of each, made here."""

import json
import pickle

import numpy as np
import pytest
from licensed_examples import (
    FACE,
    REST,
    check,
    upright,
    write_aistpp_detections,
    write_aistpp_motion,
    write_amass,
    write_model,
)
from scipy.spatial.transform import Rotation

from mocap23_ros.datasets.cmu import ACKNOWLEDGEMENT
from mocap23_ros.datasets.licensed import body_model_sets, joint_position_sets
from mocap23_ros.datasets.licensed.aistpp import load_aistpp, load_aistpp_motion
from mocap23_ros.datasets.licensed.body_model import BodyModel
from mocap23_ros.datasets.licensed.motion_conversion import complete, read_arrays, to_z_up
from mocap23_ros.datasets.mocap34 import JOINT_NAMES
from mocap23_ros.datasets.procedural import make_motion
from mocap23_ros.errors import InputError


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')
    write_model(folder / 'smplh' / 'male' / 'model.npz')
    write_model(folder / 'smplx' / 'SMPLX_NEUTRAL.npz', 55, 10475)
    write_model(folder / 'smpl' / 'SMPL_MALE.npz', 24)
    return folder


def test_forward_kinematics(models):
    model = BodyModel.load(models / 'smplh' / 'male' / 'model.npz')
    pose = np.zeros((3, 66))
    pose[1, :3] = (0, 0, np.pi / 2)                        # the whole body, about z
    pose[2, 3 * 18:3 * 19] = (0, -np.pi / 2, 0)            # left elbow: forearm swings forward
    joints = model.joints(pose, np.zeros(10), np.array([[0, 0, 0], [1, 2, 3], [0, 0, 0]]))
    assert np.allclose(joints[0, :22], REST)
    assert np.allclose(joints[0, JOINT_NAMES.index('nose')], FACE['nose'])
    turn = Rotation.from_euler('z', 90, degrees=True).as_matrix()
    assert np.allclose(joints[1, :22], REST @ turn.T + (1, 2, 3))
    assert np.allclose(joints[2, 20], REST[18] + (0, 0, .25))
    assert np.allclose(joints[2, :19], REST[:19])
    assert model.stature(np.zeros(10)) == pytest.approx(.8 + .94)
    assert model.stature(np.array([1.0])) == pytest.approx(1.05 * (.8 + .94))
    taller = model.joints(pose[:1], np.array([1.0]), np.zeros((1, 3)))
    assert np.allclose(taller[0, :22], 1.05 * REST)


def test_amass(tmp_path, models):
    folder = write_amass(tmp_path, 'CMU/77', frames=120)
    np.savez(folder / 'shape.npz', betas=np.zeros(16))
    clips = body_model_sets.load_amass(tmp_path, models)
    check(clips, 'AMASS', 1.74)
    assert len(clips) == 1 and clips.subject[0] == 'CMU/77'
    assert clips.length[0] == pytest.approx(30, abs=1)
    assert clips.acknowledgements == (ACKNOWLEDGEMENT,)
    with pytest.raises(InputError, match='obtain it under its licence'):
        body_model_sets.load_amass(tmp_path, tmp_path)
    with pytest.raises(InputError, match='AMASS must lie'):
        body_model_sets.load_amass(tmp_path / 'absent', models)


def test_amass_with_one_model_file(tmp_path, models):
    write_amass(tmp_path, 'KIT/3', gender='female')
    clips = body_model_sets.load_amass(tmp_path, models / 'smplh' / 'male' / 'model.npz')
    check(clips, 'AMASS', 1.74)
    assert clips.acknowledgements == ()
    body_model_sets.load_amass(tmp_path, models / 'smpl' / 'SMPL_MALE.npz')
    with pytest.raises(InputError, match='55 joints; this motion was fitted with one of 24 or 52'):
        body_model_sets.load_amass(tmp_path, models / 'smplx' / 'SMPLX_NEUTRAL.npz')


def test_broken_amass_files_are_named(tmp_path, models):
    folder = write_amass(tmp_path, 'KIT/3', gender='../x')
    with pytest.raises(InputError, match=r"walk_poses.npz: .*gender '../x'"):
        body_model_sets.load_amass(tmp_path, models)
    (folder / 'walk_poses.npz').write_bytes(b'PK\x03\x04 nonsense')
    with pytest.raises(InputError, match='walk_poses.npz: not a readable npz file'):
        body_model_sets.load_amass(tmp_path, models)


def test_aistpp_motion(tmp_path, models):
    write_aistpp_motion(tmp_path, 'gBR_sBM_cAll_d04_mBR0_ch01')
    write_aistpp_motion(tmp_path, 'gBR_sBM_cAll_d05_mBR0_ch01')
    (tmp_path / 'ignore_list.txt').write_text('gBR_sBM_cAll_d05_mBR0_ch01\n')
    clips = load_aistpp_motion(tmp_path, models)
    check(clips, 'AIST++', 1.74 * 0.93)
    assert clips.subject.tolist() == ['d04'] and clips.length[0] == pytest.approx(75, abs=1)
    moved = np.linalg.norm(clips.positions(0)[-1, 0] - clips.positions(0)[0, 0])
    assert moved == pytest.approx(1.49, abs=0.05)            # centimetres were read as such
    bad = tmp_path / 'motions' / 'bad.pkl'
    bad.write_bytes(pickle.dumps({'smpl_poses': np.zeros((4, 72))}))
    with pytest.raises(InputError, match='bad.pkl: not an SMPL fit'):
        load_aistpp_motion(tmp_path, models)


def test_bedlam(tmp_path, models):
    pose, place = upright(20, 165)
    folder = tmp_path / 'processed_labels'
    folder.mkdir()
    names = np.array([f'seq_000007/seq_000007_{5 * k:04d}.png' for k in range(20)])
    order = np.random.default_rng(0).permutation(20)
    np.savez(folder / 'scene.npz', imgname=names[order], sub=np.full(20, 'rp_anna'),
             pose_world=pose[order], trans_world=place[order], shape=np.zeros((20, 11)))
    clips = body_model_sets.load_bedlam(tmp_path, models)
    check(clips, 'BEDLAM', 1.74)
    assert clips.length[0] == pytest.approx(96, abs=1)      # every 5th frame of 30 Hz
    np.savez(folder / 'scene.npz', imgname=names)
    with pytest.raises(InputError, match='no array sub'):
        body_model_sets.load_bedlam(tmp_path, models)


def test_rich(tmp_path, models):
    pose, place = upright(30)
    turn = Rotation.from_euler('x', -90, degrees=True).as_matrix()      # camera axes: y down
    scene = tmp_path / 'multicam2world'
    scene.mkdir()
    (scene / 'Gym_multicam2world.json').write_text(json.dumps(
        {'c': 1.0, 'R': turn.T.tolist(), 't': [0.5, 0, 0]}))
    for k in range(30):
        folder = tmp_path / 'bodies' / 'train' / 'Gym_010_lunge' / f'{k + 3:05d}'
        folder.mkdir(parents=True)
        # Undo the turn to the world on the root.
        root = Rotation.from_matrix(turn.T @ Rotation.from_rotvec(pose[k, :3]).as_matrix())
        fit = {'global_orient': root.as_rotvec()[None].astype(np.float32),
               'body_pose': pose[k:k + 1, 3:66].astype(np.float32),
               'transl': (place[k:k + 1] @ turn).astype(np.float32),
               'betas': np.zeros((1, 10), np.float32)}
        (folder / '010.pkl').write_bytes(pickle.dumps(fit))
    clips = body_model_sets.load_rich(tmp_path, models)
    check(clips, 'RICH', 1.74)
    assert clips.subject[0] == '010' and clips.length[0] == 30


def test_human36m(tmp_path):
    cdf = pytest.importorskip('cdflib', reason='cdflib is not installed')
    from cdflib.cdfwrite import CDF

    motion = make_motion(np.random.default_rng(1), 1.5, 'walk')[0].astype(float)
    pose = np.zeros((len(motion), 32, 3))
    for name, k in joint_position_sets.H36M_JOINTS.items():
        pose[:, k] = motion[:, JOINT_NAMES.index(name)]
    pose[:, 14] = motion[:, JOINT_NAMES.index('nose')]
    folder = tmp_path / 'S1' / 'MyPoseFeatures' / 'D3_Positions'
    folder.mkdir(parents=True)
    file = CDF(str(folder / 'Directions.cdf'))
    file.write_var({'Variable': 'Pose', 'Data_Type': cdf.cdfwrite.CDF.CDF_DOUBLE, 'Num_Elements': 1,
                    'Rec_Vary': True, 'Dim_Sizes': [len(motion), 96], 'Dim_Vary': [True, True]},
                   var_data=1000 * pose.reshape(1, len(motion), 96))
    file.close()
    clips = joint_position_sets.load_human36m(tmp_path)
    check(clips, 'Human3.6M', 1.72)
    assert clips.subject[0] == 'S1'


def test_aistpp(tmp_path):
    k = write_aistpp_detections(tmp_path)
    sequence = load_aistpp(tmp_path, 'gBR_cAll', 3)
    assert sequence.fps == pytest.approx(60)
    low = np.percentile(sequence.joints[:, 15:17, 2], 5)
    assert low == pytest.approx(0.08, abs=0.01)
    pose = sequence.lift_input['world_T_camera']
    p = (sequence.joints - pose[:3, 3]) @ pose[:3, :3]
    pixel = p @ k.T
    pixel = pixel[..., :2] / pixel[..., 2:]
    assert np.abs(pixel - sequence.lift_input['keypoints'][:, 0, :, :2]).max() < 0.05
    assert np.isnan(load_aistpp(tmp_path, 'gBR_cAll', 0).lift_input['keypoints'][4, 0, 3, 0])
    with pytest.raises(InputError, match='does not fit'):
        load_aistpp(tmp_path, 'gBR_cAll', 9)


def test_files_that_carry_code_are_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / 'written'), 'w'))

    path = tmp_path / 'evil.pkl'
    path.write_bytes(pickle.dumps({'keypoints2d': Evil()}))
    with pytest.raises(InputError, match='refused'):
        read_arrays(path)
    assert not (tmp_path / 'written').exists()
    path.write_bytes(b'\x80\x04 nonsense')
    with pytest.raises(InputError):
        read_arrays(path)


def test_completed_joints_are_close_to_real_ones():
    motion = make_motion(np.random.default_rng(2), 4, 'walk')[0].astype(float)
    filled = complete({name: motion[:, k] for k, name in enumerate(JOINT_NAMES[:22])})
    assert np.abs(filled - motion).max() < 0.09
    assert np.median(np.linalg.norm(filled - motion, axis=-1)[:, 22:]) < 0.03
    fallen = motion[:, :, [1, 2, 0]] * (1, -1, -1)                # another axis up, right-handed?
    again = to_z_up(fallen)
    assert (again[:, JOINT_NAMES.index('head'), 2] > again[:, JOINT_NAMES.index('l_heel'), 2]).all()


@pytest.mark.parametrize('load', [joint_position_sets.load_humanml3d,
                                  joint_position_sets.load_human36m,
                                  lambda p: load_aistpp(p, 'x')])
def test_absent_data_are_named(load, tmp_path):
    with pytest.raises(InputError, match='docs/DATA.md|cdflib'):
        load(tmp_path / 'absent')
