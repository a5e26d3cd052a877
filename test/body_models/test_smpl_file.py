# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Reading SMPL model files: the layouts in use, and what is refused."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from synthetic_smpl import model_arrays, write_model

from mocap23_ros.body_models import smpl_file
from mocap23_ros.body_models.smpl_file import load_smpl_model
from mocap23_ros.errors import InputError

ARRAYS = model_arrays()
VERTICES = len(ARRAYS['v_template'])


def same(first, second):
    for name in ('template', 'shape_directions', 'pose_directions', 'joint_template',
                 'joint_directions', 'weights', 'faces'):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-12)
    assert first.parents == second.parents


def sparse_parts(matrix, prefix):
    return {'J_regressor': None, f'{prefix}data': matrix.data, f'{prefix}indices': matrix.indices,
            f'{prefix}indptr': matrix.indptr, f'{prefix}shape': np.array(matrix.shape)}


LAYOUTS = {
    'flat posedirs': {'posedirs': ARRAYS['posedirs'].reshape(3 * VERTICES, -1)},
    'flat posedirs, transposed': {'posedirs': ARRAYS['posedirs'].reshape(3 * VERTICES, -1).T},
    'rows': sparse_parts(sparse.csr_matrix(ARRAYS['J_regressor']), 'J_regressor_'),
    'columns': sparse_parts(sparse.csc_matrix(ARRAYS['J_regressor']), 'J_regressor_'),
    'columns without prefix': sparse_parts(sparse.csc_matrix(ARRAYS['J_regressor']), ''),
    'more shapes': {'shapedirs': np.concatenate([ARRAYS['shapedirs']] * 30, axis=2)},
    'signed root': {'kintree_table': ARRAYS['kintree_table'].astype(np.int32)},
    'objects elsewhere': {'joint2num': np.array({'pelvis': 0}, dtype=object)},
}


@pytest.mark.parametrize('layout', LAYOUTS)
def test_layouts_in_use_give_the_same_model(tmp_path, layout):
    plain = load_smpl_model(write_model(tmp_path / 'plain.npz'))
    same(load_smpl_model(write_model(tmp_path / 'other.npz', **LAYOUTS[layout])), plain)


@pytest.mark.parametrize(('joints', 'kind'), [(24, 'smpl'), (52, 'smplh'), (55, 'smplx')])
def test_kinds_are_told_by_their_joints(tmp_path, joints, kind):
    model = load_smpl_model(write_model(tmp_path / 'model.npz', joints))
    assert model.kind == kind and len(model.parents) == joints
    assert model.stature == pytest.approx(np.ptp(ARRAYS['v_template'][:, 1]))


@pytest.mark.parametrize(('name', 'gender'), [
    ('SMPL_FEMALE.npz', 'female'), ('SMPLX_MALE.npz', 'male'), ('male/model.npz', 'male'),
    ('basicModel_f_lbs_10_207_0_v1.0.0.npz', 'female'), ('SMPL_NEUTRAL.npz', 'neutral'),
    ('basicmodel_m_lbs_10_207_0_v1.1.0.npz', 'male'), ('mine.npz', None)])
def test_gender_is_told_by_the_name(tmp_path, name, gender):
    model = load_smpl_model(write_model(tmp_path / name))
    assert model.gender == gender and model.name == Path(name).name


def bad(key, change):
    return {key: change(ARRAYS[key].copy())}


def with_entry(index, value):
    def change(array):
        array = array.astype(float)
        array[index] = value
        return array
    return change


REFUSED = {
    **{f'without {key}': ({key: None}, f'the key {key} is missing') for key in ARRAYS},
    'two shapes': (bad('shapedirs', lambda a: a[..., :2]), '2 shape directions; 10 are needed'),
    'shapes of other vertices': (bad('shapedirs', lambda a: a[1:]), 'shapedirs has shape'),
    'flat template': (bad('v_template', np.ravel), 'v_template has shape'),
    'empty template': (bad('v_template', lambda a: a[:0]), 'v_template has shape'),
    'millimetres': (bad('v_template', lambda a: a * 1000), 'in metres'),
    'NaN': (bad('v_template', with_entry(0, np.nan)), 'v_template must be finite numbers'),
    'text': ({'weights': np.array('heavy')}, 'weights must be finite numbers'),
    'half the weights': (bad('weights', lambda a: a / 2), 'weights must'),
    'weights of 23 joints': (bad('weights', lambda a: a[:, 1:]), 'weights has shape'),
    'regressor of other vertices': (bad('J_regressor', lambda a: a[:, 1:]),
                                    'J_regressor has shape'),
    'posedirs of other joints': (bad('posedirs', lambda a: a[..., :198]), 'posedirs has shape'),
    'hand': (bad('kintree_table', lambda a: a[:, :16]), '16 joints is not supported'),
    'another tree': (bad('kintree_table', with_entry((0, 5), 0)), "not SMPL's tree"),
    'table of one row': (bad('kintree_table', lambda a: a[0]), 'kintree_table has shape'),
    'face beyond the mesh': (bad('f', with_entry((0, 0), VERTICES)), 'f must hold'),
    'quads': (bad('f', lambda a: np.concatenate([a, a[:, :1]], 1)), 'f has shape'),
    'pickled regressor': ({'J_regressor': np.array(sparse.csc_matrix(ARRAYS['J_regressor']))},
                          'J_regressor holds Python objects'),
    'sparse regressor out of range': (
        {**sparse_parts(sparse.csr_matrix(ARRAYS['J_regressor']), ''),
         'indices': np.full(sparse.csr_matrix(ARRAYS['J_regressor']).nnz, VERTICES)},
        'J_regressor do not fit'),
    'sparse regressor of another shape': (
        sparse_parts(sparse.csr_matrix(ARRAYS['J_regressor'][:-1]), 'J_regressor_'),
        "J_regressor's shape"),
    'sparse regressor without pointers': (
        {**sparse_parts(sparse.csr_matrix(ARRAYS['J_regressor']), ''), 'indptr': None},
        'the key indptr is missing'),
}


def refused(path, words):
    with pytest.raises(InputError, match=words) as caught:
        load_smpl_model(path)
    assert str(path) in str(caught.value) and '\n' not in str(caught.value)


@pytest.mark.parametrize('case', REFUSED)
def test_bad_arrays_are_one_clear_line(tmp_path, case):
    changes, words = REFUSED[case]
    refused(write_model(tmp_path / 'model.npz', **changes), words)


class Bomb:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace):
        self._trace = trace

    def __reduce__(self):
        return Path.touch, (self._trace,)


@pytest.mark.parametrize('name', ['basicModel_f_lbs_10_207_0_v1.0.0.pkl', 'model.npz'])
def test_pickles_are_not_run_and_the_way_out_is_told(tmp_path, name):
    (tmp_path / name).write_bytes(pickle.dumps(Bomb(tmp_path / 'trace')))
    refused(tmp_path / name, 'not loaded; convert it once to .npz with the lines in docs/LIFT.md')
    write_model(tmp_path / 'inside.npz', weights=np.array(Bomb(tmp_path / 'trace'), dtype=object))
    refused(tmp_path / 'inside.npz', 'weights holds Python objects')
    assert not (tmp_path / 'trace').exists()


def test_oversized_arrays_are_not_unpacked(tmp_path, monkeypatch):
    path = write_model(tmp_path / 'model.npz')
    monkeypatch.setattr(smpl_file, 'MAXIMUM_BYTES', 100_000)
    refused(path, 'unpacks to')


def test_array_that_claims_an_impossible_size_is_refused(tmp_path):
    path = write_model(tmp_path / 'model.npz', f=None)
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9000000000000000,), }"
    with zipfile.ZipFile(path, 'a') as archive:
        archive.writestr('f.npy', b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little')
                         + header + b'\0' * 80)
    refused(path, 'f unpacks to')


def test_other_files_are_one_clear_line(tmp_path):
    refused(tmp_path / 'absent.npz', 'no such file')
    refused(tmp_path, 'cannot be read')
    (tmp_path / 'text.npz').write_text('hello')
    refused(tmp_path / 'text.npz', 'not a readable npz file')
    np.save(tmp_path / 'single.npy', np.zeros(3))
    refused(tmp_path / 'single.npy', 'not a readable npz file')
    whole = write_model(tmp_path / 'model.npz').read_bytes()
    (tmp_path / 'short.npz').write_bytes(whole[:len(whole) // 2])
    refused(tmp_path / 'short.npz', 'not a readable npz file, but damaged')
    middle = len(whole) // 2
    (tmp_path / 'flipped.npz').write_bytes(whole[:middle] + b'\xff' * 64 + whole[middle + 64:])
    refused(tmp_path / 'flipped.npz', 'not a readable npz file, but damaged')
