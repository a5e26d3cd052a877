# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 lift --smpl-model`` from file to file."""


import numpy as np
import pytest
from refusals import refused
from synthetic_smpl import model_arrays, write_model
from test_lift_command import FRAMES, RATE, lift, recording

from mocap23_ros.body_models.smpl_file import load_smpl_model
from mocap23_ros.cli.main import main
from mocap23_ros.skeletons.formats import COCO17, SMPL24


@pytest.fixture(scope='module')
def model_file(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp('models') / 'SMPL_MALE.npz')


def read(path):
    with np.load(path, allow_pickle=False) as data:
        return dict(data)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def distances(model, result, joints, pairs):
    """Mean distance in metres between SMPL joints and lifted ones [F,19,3]."""
    poses = result['poses'].reshape(len(joints), -1, 3)
    found = model.joints(result['betas'], poses, result['trans'])
    return {name: np.nanmean(np.linalg.norm(found[:, SMPL24.index(name)]
                                            - joints[:, COCO17.index(name)], axis=-1))
            for name in pairs}


def test_command_writes_the_documented_files(tmp_path, model_file):
    status, target = lift(tmp_path, recording(), '--smpl-model', str(model_file), '--smpl-mesh',
                          '20')
    assert status == 0
    assert names(tmp_path) == ['in.npz', 'out.npz', *(
        f'out_person{p}_smpl{end}' for p in (1, 2) for end in ('.npz', '_frame20.ply'))]
    model, lifted = load_smpl_model(model_file), read(target)
    for person in (1, 2):
        result = read(tmp_path / f'out_person{person}_smpl.npz')
        assert result['poses'].shape == (FRAMES, 72) and result['poses'].dtype == np.float32
        assert result['trans'].shape == (FRAMES, 3) and result['betas'].shape == (10,)
        assert all(np.isfinite(result[key]).all() for key in ('poses', 'trans', 'betas'))
        np.testing.assert_array_equal(result['stamps'], lifted['stamps'])
        assert result['mocap_framerate'] == pytest.approx(RATE)
        assert (str(result['gender']), str(result['surface_model_type']),
                str(result['model_file'])) == ('male', 'smpl', 'SMPL_MALE.npz')
        # The same world: z up, in metres, on the floor.
        joints = lifted['joints'][:, person - 1]
        found = distances(model, result, joints, ('left_elbow', 'right_wrist', 'left_hip',
                                                  'right_knee'))
        assert max(found.values()) < 0.12, found
        poses = result['poses'].reshape(FRAMES, 24, 3)
        skin = model.vertices(result['betas'], poses, result['trans'])
        assert np.abs(skin[..., 2].min(axis=1)).max() < 0.15
        assert (1.3 < np.ptp(skin[..., 2], axis=1)).all()
        vertices, faces = read_ply(tmp_path / f'out_person{person}_smpl_frame20.ply')
        np.testing.assert_allclose(vertices, skin[20], atol=1e-5)
        np.testing.assert_array_equal(faces, model_arrays()['f'])
    # export-motion writes the same numbers from OUT.npz, which holds what it holds without a model.
    command = ['export-motion', str(target), '--person', '1', '--out', str(tmp_path / 'walk.npz')]
    assert main(command) == 2 and main([*command, '--smpl-model', str(model_file)]) == 0
    same_arrays(tmp_path / 'walk_smpl.npz', tmp_path / 'out_person1_smpl.npz')
    plain = tmp_path / 'plain'
    plain.mkdir()
    same_arrays(lift(plain, recording())[1], target)


def same_arrays(path, expected):
    found, wanted = read(path), read(expected)
    assert found.keys() == wanted.keys()
    for key, values in found.items():
        assert np.array_equal(values, wanted[key], equal_nan=values.dtype.kind == 'f'), key


def read_ply(path):
    head, body = path.read_bytes().split(b'end_header\n', 1)
    words = head.decode('ascii').split()
    assert words[:4] == ['ply', 'format', 'binary_little_endian', '1.0']
    count, triangles = (int(words[words.index(kind) + 1]) for kind in ('vertex', 'face'))
    vertices = np.frombuffer(body, '<f4', 3 * count).reshape(-1, 3)
    rows = np.frombuffer(body, [('n', 'u1'), ('v', '<i4', 3)], triangles, 12 * count)
    assert len(body) == 12 * count + 13 * triangles and (rows['n'] == 3).all()
    return vertices, rows['v']


def test_absences_are_nan_and_people_never_seen_have_no_file(tmp_path, model_file):
    arrays = recording(stamps=np.concatenate([np.arange(20), 300 + np.arange(FRAMES - 20)]) / RATE)
    arrays['keypoints'][20:45, 0, :, :2] = np.nan
    arrays['keypoints'][:, 1] = np.nan
    # Without an estimate in frame 30 there is no mesh of it.
    status, target = lift(tmp_path, arrays, '--mode', 'offline', '--smpl-model', str(model_file),
                          '--smpl-mesh', '30')
    assert status == 0 and names(tmp_path) == ['in.npz', 'out.npz', 'out_person1_smpl.npz']
    result, joints = read(tmp_path / 'out_person1_smpl.npz'), read(target)['joints'][:, 0]
    lost = np.isnan(joints).any(axis=(1, 2))
    assert lost[25:44].all() and not lost[:20].any()
    for key in ('poses', 'trans'):
        np.testing.assert_array_equal(np.isnan(result[key]).all(axis=1), lost)
        assert np.isfinite(result[key][~lost]).all()


def test_somebody_alone_needs_no_number_and_smplh_has_its_own_poses(tmp_path):
    wide = write_model(tmp_path / 'models' / 'mine.npz', 52)
    arrays = recording()
    arrays['keypoints'] = arrays['keypoints'][:, :1]
    status, _ = lift(tmp_path, arrays, '--smpl-model', str(wide), '--body-fit')
    assert status == 0 and names(tmp_path) == ['in.npz', 'models', 'out.npz', 'out_smpl.npz']
    result = read(tmp_path / 'out_smpl.npz')
    assert result['poses'].shape == (FRAMES, 156) and (result['poses'][:, 66:] == 0).all()
    assert 'gender' not in result and str(result['surface_model_type']) == 'smplh'


def test_bad_options_are_one_clear_line_and_nothing_is_written(tmp_path, model_file, capsys):
    arrays = recording()
    np.savez(tmp_path / 'in.npz', **arrays)
    (tmp_path / 'model.pkl').write_bytes(b'\x80\x02}.')
    write_model(tmp_path / 'poor.npz', weights=None)
    (tmp_path / 'many').mkdir()
    for name in ('a', 'a_person2_smpl'):
        np.savez(tmp_path / 'many' / f'{name}.npz', **arrays)
    (tmp_path / 'x_smpl.npz').write_bytes((tmp_path / 'in.npz').read_bytes())
    for name in ('b_person2_smpl.npz', 'c_person1_smpl_frame3.ply', 'v_person1_smpl.npz'):
        (tmp_path / name).mkdir()
    before, model = names(tmp_path), ['--smpl-model', str(model_file)]

    def at(name):
        return str(tmp_path / name)

    one = ['--keypoints', at('in.npz'), '--out', at('out.npz')]
    cases = [
        ([*one, '--smpl-model', at('absent.npz')], 'absent.npz: no such file'),
        ([*one, '--smpl-model', at('model.pkl')], 'docs/LIFT.md'),
        ([*one, '--smpl-model', at('poor.npz')], 'the key weights is missing'),
        ([*one, '--smpl-mesh', '0'], '--smpl-mesh needs --smpl-model'),
        ([*one, *model, '--smpl-mesh', '-1'], 'counts frames from 0'),
        ([*one, *model, '--smpl-mesh', str(FRAMES)], f'has the frames 0 to {FRAMES - 1}'),
        (['--keypoints', at('x_smpl.npz'), '--out', at('x.npz'), *model], 'x_smpl.npz'),
        (['--keypoints', at('many'), '--out', at('results'), *model], 'a_person2_smpl.npz'),
    ]
    taken = [(name, options) for name, options in (
        ('b_person2_smpl.npz', ()), ('c_person1_smpl_frame3.ply', ('--smpl-mesh', '3')))]
    cases += [(['--keypoints', at('in.npz'), '--out', at(f'{name[0]}.npz'), *model, *options],
               f'{name} cannot be written (it is a folder)') for name, options in taken]
    cases += [(['--video', at('in.npz'), '--camera', at('absent.yaml'), '--out', at('v.npz'),
                *model], 'v_person1_smpl.npz cannot be written (it is a folder)')]
    for options, words in cases:
        refused(main(['lift', '--lifter', 'geometric', *options]), capsys, words)
    assert names(tmp_path) == before
