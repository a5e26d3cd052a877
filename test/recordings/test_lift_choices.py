# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 lift``: which lifter is taken, where results may go, folders, who is missing."""

import os

import numpy as np
import pytest
from recording_examples import FRAMES, POSE, recording

from mocap23_ros.cli.main import main
from mocap23_ros.engines.model_files import available_tiers
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.skeletons.formats import OUTPUT23


@pytest.fixture
def source(tmp_path):
    np.savez(tmp_path / 'in.npz', **recording())
    return tmp_path / 'in.npz'


def lift(source, target, *options):
    return main(['lift', '--keypoints', str(source), '--out', str(target), *map(str, options)])


def one_line(capsys, words):
    error = capsys.readouterr().err
    assert words in error and error.count('\n') == 1, error


@pytest.mark.parametrize(('options', 'words'), [
    (['--tier', 'm'], "no exported graph of tier 'm'"),
    (['--tier', 'zz'], "there is no tier 'zz'"),
    (['--tier', 'zz', '--backend', 'torch'], "there is no tier 'zz'"),
    (['--lifter', 'diffusion'], 'manifest.json is missing'),
    (['--backend', 'onnxruntime'], 'manifest.json is missing'),
    (['--steps', '2'], 'manifest.json is missing'),
    (['--lifter', 'geometric', '--tier', 's'], '--tier goes with the learned lifter'),
    (['--lifter', 'geometric', '--backend', 'auto'], '--backend goes with the learned lifter'),
    (['--lifter', 'geometric', '--steps', '2'], '--steps goes with the learned lifter'),
    (['--lag', '61'], '--lag 61: give 0 to 60'),
    (['--out', 'walk.trc'], '--out walk.trc must end in .npz; mocap23 export-motion then writes'),
    (['--camera-sd', '0.01', '-1', '0'], 'deviation of -1 m; give 0 to 5'),
    (['--camera-sd', 'nan', '0', '0'], 'deviation of nan rad; give 0 to 0.5'),
])
def test_what_is_asked_for_is_never_replaced(source, tmp_path, monkeypatch, capsys, options, words):
    if "'m'" not in words:
        monkeypatch.setenv('MOCAP23_ENGINES', str(tmp_path / 'none'))
    elif not available_tiers():
        pytest.skip('there are no exported graphs')
    assert lift(source, tmp_path / 'out.npz', *options) == 2
    one_line(capsys, words)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize('mode', ['streaming', 'offline'])
def test_heels_and_toes_are_lifted_from_files_that_have_them_and_missed_in_others(
        source, tmp_path, capsys, mode):
    options = ('--lifter', 'geometric', '--mode', mode, '--feet')
    assert lift(source, tmp_path / 'out.npz', *options) == 2
    one_line(capsys, 'do not tell where left_heel is')
    arrays = recording()
    ankles = arrays['keypoints'][:, :, 15:17]
    feet = np.concatenate([ankles + (0, 10, 0), ankles + (40, 12, 0)], axis=2)
    np.savez(source, **arrays | {'keypoints': np.concatenate(
        [arrays['keypoints'], feet], axis=2).astype(np.float32), 'skeleton': 'coco21'})
    assert lift(source, tmp_path / 'out.npz', *options) == 0
    result = RecordedMotion.load(tmp_path / 'out.npz')
    assert result.joint_names == OUTPUT23.joint_names
    foot = np.linalg.norm(result.joints[:, :, 21:] - result.joints[:, :, 15:17], axis=-1)
    assert (foot < 0.3).all() and (foot > 0.1).all()


def test_without_graphs_and_wishes_the_geometric_lifter_is_taken_and_named(
        source, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('MOCAP23_ENGINES', str(tmp_path / 'none'))
    assert lift(source, tmp_path / 'out.npz') == 0
    one_line(capsys, 'using the geometric lifter')  # one line
    assert np.isfinite(np.load(tmp_path / 'out.npz')['joints']).all()


def test_results_never_take_the_place_of_devices(source, tmp_path, capsys):
    os.mkfifo(tmp_path / 'pipe')
    (tmp_path / 'null').symlink_to(os.devnull)
    for name in ('pipe', 'null'):
        before = (tmp_path / name).lstat().st_ino
        assert lift(source, tmp_path / name) == 2
        one_line(capsys, 'it is a device')
        assert (tmp_path / name).lstat().st_ino == before
    (tmp_path / 'pipe.bvh').symlink_to(os.devnull)
    assert lift(source, tmp_path / 'out.npz', '--bvh', tmp_path / 'pipe.bvh') == 2
    one_line(capsys, 'it is a device')
    assert not (tmp_path / 'out.npz').exists()


def test_what_cannot_be_written_is_told_before_the_work(source, tmp_path, capsys):
    # Even an administrator may make no files in /proc.
    for options in (['--bvh', '/proc/x'], ['--bvh', '/proc/x.bvh']):
        assert lift(source, tmp_path / 'out.npz', '--lifter', 'geometric', *options) == 2
        one_line(capsys, '/proc/x')
    assert lift(source, '/proc/out.npz', '--lifter', 'geometric') == 2
    one_line(capsys, '/proc/out.npz cannot be written')
    assert list(tmp_path.iterdir()) == [source]


def test_of_a_folder_with_bad_files_nothing_is_lifted(tmp_path, capsys):
    folder = tmp_path / 'many'
    folder.mkdir()
    for name, changes in (('a', {}), ('b', {'stamps': np.zeros(FRAMES)}), ('c', {}),
                          ('d', {'K': None})):
        np.savez(folder / f'{name}.npz', **recording(**changes))
    assert lift(folder, tmp_path / 'results', '--lifter', 'geometric') == 2
    one_line(capsys, 'b.npz: stamps must increase')
    assert not (tmp_path / 'results').exists()
    lift(folder, tmp_path / 'results', '--lifter', 'geometric')
    one_line(capsys, 'also not usable: d.npz (of 4 files, none was lifted)')


@pytest.mark.parametrize('mode', ['streaming', 'offline'])
def test_a_person_who_is_never_seen_is_named(source, tmp_path, capsys, mode):
    arrays = recording()
    arrays['keypoints'][:, 0] = np.nan
    np.savez(source, **arrays)
    assert lift(source, tmp_path / 'out.npz', '--lifter', 'geometric', '--mode', mode) == 0
    one_line(capsys, 'in.npz: never seen, so without an estimate: person 1')
    joints = np.load(tmp_path / 'out.npz')['joints']
    assert np.isnan(joints[:, 0]).all() and np.isfinite(joints[:, 1]).all()


def test_a_person_who_is_seen_but_cannot_be_lifted_is_named(source, tmp_path, capsys):
    arrays = recording()
    arrays['keypoints'][:, 1, 1:] = np.nan  # one keypoint is left
    np.savez(source, **arrays)
    assert lift(source, tmp_path / 'out.npz', '--lifter', 'geometric') == 0
    one_line(capsys, 'estimate: person 2')


def test_a_pose_that_the_people_contradict_is_named_once(tmp_path, capsys):
    upside_down = POSE @ np.diag([-1.0, -1, 1, 1])
    np.savez(tmp_path / 'wrong.npz', **recording(world_T_camera=upside_down))
    assert lift(tmp_path / 'wrong.npz', tmp_path / 'out.npz', '--lifter', 'geometric') == 0
    one_line(capsys, 'It looks as if the image is upside down')
    np.savez(tmp_path / 'below.npz', **recording(world_T_camera=np.diag([1.0, -1, -1, 1]) @ POSE))
    assert lift(tmp_path / 'below.npz', tmp_path / 'out.npz', '--lifter', 'geometric') == 2
    one_line(capsys, 'the world of the camera pose has z down')
