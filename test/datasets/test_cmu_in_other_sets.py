# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""CMU's held-out subjects never train, also where AMASS or HumanML3D brings them."""


import numpy as np
import pytest
from licensed_examples import check, write_amass, write_humanml3d, write_model

from mocap23_ros.datasets.licensed import body_model_sets, joint_position_sets
from mocap23_ros.errors import InputError


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')
    write_model(folder / 'smplh' / 'male' / 'model.npz')
    return folder


def test_amass_leaves_the_held_out_subjects_of_cmu_out(tmp_path, models):
    for folder in ('CMU/13', 'CMU/49', 'CMU/08', 'CMU/02', 'CMU/CMU/8', 'CMU/113', 'CMU/80',
                   'KIT/13', 'Transitions/02'):
        write_amass(tmp_path / 'AMASS', folder)
    clips = body_model_sets.load_amass(tmp_path / 'AMASS', models)
    assert sorted(clips.subject) == ['CMU/113', 'CMU/80', 'KIT/13', 'Transitions/02']
    # Also where the folder that is given lies inside CMU.
    clips = body_model_sets.load_amass(tmp_path / 'AMASS' / 'CMU', models)
    assert sorted(clips.subject) == ['CMU/113', 'CMU/80']
    with pytest.raises(InputError, match='no usable motion of AMASS'):
        body_model_sets.load_amass(tmp_path / 'AMASS' / 'CMU' / '13', models)


def test_humanml3d(tmp_path):
    write_humanml3d(tmp_path, {'000021': 'CMU/80/80_63_poses.npy', '000022': 'CMU/08/08_01.npy',
                               '000023': 'KIT/3/kick_poses.npy', '000024': 'CMU/CMU/2/a.npy'})
    np.save(tmp_path / 'new_joints' / 'M000021.npy', np.zeros((40, 22, 3), np.float32))
    clips = joint_position_sets.load_humanml3d(tmp_path)
    check(clips, 'HumanML3D', 1.72)
    assert clips.subject.tolist() == ['CMU/80', 'KIT/3']     # not those that never train
    for broken in (np.zeros((40, 22, 3)), np.full((40, 22, 3), np.nan), np.zeros((4, 22, 3))):
        np.save(tmp_path / 'new_joints' / '000023.npy', broken)
        assert len(joint_position_sets.load_humanml3d(tmp_path)) == 1
    np.save(tmp_path / 'new_joints' / '000023.npy', np.zeros((40, 21, 3)))
    with pytest.raises(InputError, match='22, 3'):
        joint_position_sets.load_humanml3d(tmp_path)
    (tmp_path / 'new_joints' / '000023.npy').rename(tmp_path / 'new_joints' / '000099.npy')
    with pytest.raises(InputError, match='000099.npy is not in index.csv'):
        joint_position_sets.load_humanml3d(tmp_path)
    (tmp_path / 'index.csv').write_text('a,b\n1,2\n')
    with pytest.raises(InputError, match='not the index of HumanML3D'):
        joint_position_sets.load_humanml3d(tmp_path)
    (tmp_path / 'index.csv').unlink()
    with pytest.raises(InputError, match='has no index.csv'):
        joint_position_sets.load_humanml3d(tmp_path)
