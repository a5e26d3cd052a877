# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""``mocap23 lift`` from file to file, and what it refuses."""

import io

import numpy as np
import pytest
from documentation_pages import documented
from recording_examples import FRAMES, POSE, RATE, K, recording, truth
from refusals import refused
from synthetic_people import look_at

from mocap23_ros.cli.main import main
from mocap23_ros.recordings.recording import load_recording
from mocap23_ros.recordings.recording_checks import check_liftable
from mocap23_ros.skeletons.formats import COCO17


def npy_bytes(array):
    """The content of an npy file."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def lift(tmp_path, arrays, *options):
    """Run the command; returns the exit status and the path of the result."""
    source, target = tmp_path / 'in.npz', tmp_path / 'out.npz'
    np.savez(source, **arrays)
    status = main([*documented('LIFT.md', 'IN.npz', instead={'IN.npz': source, 'OUT.npz': target}),
                   '--lifter', 'geometric', *options])
    return status, target


@pytest.mark.parametrize('options', [(), ('--lag', '3'), ('--mode', 'offline')])
def test_output_has_the_documented_layout_and_the_people(tmp_path, options):
    status, target = lift(tmp_path, recording(), *options)
    assert status == 0
    with np.load(target, allow_pickle=False) as out:
        assert out['joints'].shape == (FRAMES, 2, 19, 3) and out['joints'].dtype == np.float32
        assert tuple(out['joint_names'][:17]) == COCO17.joint_names
        assert out['covariance'].shape == (FRAMES, 2, 19, 3, 3)
        assert out['covariance'].dtype == np.float32
        np.testing.assert_array_equal(out['stamps'], recording()['stamps'])
        assert out['contact'].shape == (FRAMES, 2, 2) and out['stature'].shape == (FRAMES, 2)
        assert np.isfinite(out['joints']).all()
        error = np.linalg.norm(out['joints'][:, :, :17] - truth(), axis=-1)
    assert error.mean() < 0.3


def test_per_frame_intrinsics_poses_and_stature_are_honoured(tmp_path):
    same = recording(K=np.repeat(K[None], FRAMES, 0),
                     world_T_camera=np.repeat(POSE[None], FRAMES, 0))
    _, target = lift(tmp_path, same)
    first = np.load(target)['joints']
    _, target = lift(tmp_path, recording())
    np.testing.assert_allclose(np.load(target)['joints'], first, atol=1e-5)
    _, target = lift(tmp_path, recording(stature=np.array([1.5, np.nan], np.float32)))
    stature = np.load(target)['stature']
    np.testing.assert_allclose(stature[:, 0], 1.5, atol=1e-6)
    assert np.ptp(stature[:, 1]) > 0


@pytest.mark.parametrize('mode', ['streaming', 'offline'])
def test_confidence_is_calibrated_by_the_detector_that_the_file_or_the_option_names(tmp_path, mode):
    def spread(arrays, *options):
        status, target = lift(tmp_path, arrays, '--mode', mode, *options)
        assert status == 0
        return np.load(target)['covariance'][-10:].trace(axis1=-2, axis2=-1).mean()

    sure = recording()
    sure['keypoints'][..., 2] = 0.999
    named = sure | {'detector': np.array('blazepose')}
    unknown, calibrated = spread(sure), spread(named)
    as_stated = spread(named, '--detector-noise', 'none')
    assert calibrated > 1.001 * as_stated > 1.002 * unknown  # a detector's joints are less sure
    if mode == 'offline':  # what calibrates comes before the modes part
        assert spread(sure, '--detector-noise', 'blazepose') == pytest.approx(calibrated)
        assert spread(sure | {'detector': np.array('mine')}) == pytest.approx(as_stated)


@pytest.mark.parametrize('mode', ['streaming', 'offline'])
def test_long_absence_is_nan_and_the_return_is_found(tmp_path, mode):
    arrays = recording(stamps=np.concatenate([np.arange(20), 300 + np.arange(FRAMES - 20)]) / RATE)
    arrays['keypoints'][20:45, 0, :, :2] = np.nan
    status, target = lift(tmp_path, arrays, '--mode', mode)
    joints = np.load(target)['joints']
    assert status == 0
    assert np.isnan(joints[25:44, 0]).all()
    assert np.isfinite(joints[:20, 0]).all() and np.isfinite(joints[46:, 0]).all()


def test_body_fit_adds_joint_angles_and_makes_bones_constant(tmp_path):
    status, target = lift(tmp_path, recording(), '--body-fit')
    assert status == 0
    with np.load(target, allow_pickle=False) as out:
        shank = np.linalg.norm(out['joints'][:, :, 15] - out['joints'][:, :, 13], axis=-1)
        np.testing.assert_allclose(shank - shank[0], 0, atol=1e-5)
        assert out['joint_angles'].shape == (FRAMES, 2, len(out['segment_names']), 4)
        assert out['bone_lengths'].shape == (2, len(out['bone_length_names']))


def pose_in(units_per_metre):
    pose = POSE.copy()
    pose[:3, 3] *= units_per_metre
    return pose


REFUSED = {
    'keypoints of 16 joints': ({'keypoints': recording()['keypoints'][:, :, :16]}, 'keypoints has'),
    'keypoints without people axis': ({'keypoints': recording()['keypoints'][:, 0]}, 'shape'),
    'no frames': ({'keypoints': np.zeros((0, 1, 17, 3)), 'stamps': np.zeros(0)}, 'no frames'),
    'infinite': ({'keypoints': np.full_like(recording()['keypoints'], np.inf)}, 'infinite'),
    'percent': ({'keypoints': recording()['keypoints'] * np.float32([1, 1, 100])}, 'percent'),
    'fractions': ({'keypoints': recording()['keypoints'] / np.float32([1280, 720, 1])},
                  'fractions of the image'),
    'text keypoints': ({'keypoints': np.full((1, 1, 17, 3), 'x')}, 'numbers'),
    'unsorted stamps': ({'stamps': recording()['stamps'][::-1]}, 'stamps must increase'),
    'too few stamps': ({'stamps': np.arange(3.0)}, 'stamps has shape'),
    'NaN stamp': ({'stamps': np.full(FRAMES, np.nan)}, 'stamps'),
    'zero focal length': ({'K': K * np.diag([0, 0, 1])}, 'uncalibrated'),
    'K of another shape': ({'K': np.eye(4)}, 'K has shape'),
    'missing pose': ({'world_T_camera': None}, 'world_T_camera is missing'),
    'scaled pose': ({'world_T_camera': np.diag([2.0, 2, 2, 1])}, 'non-rigid'),
    'pose of another shape': ({'world_T_camera': np.eye(3)}, 'world_T_camera has shape'),
    'giant': ({'stature': np.array([17.0, 1.7])}, 'stature must be 0.4 to 2.6 m'),
    'one stature for two': ({'stature': np.array([1.7])}, 'stature has shape'),
    'unknown lens': ({'distortion': np.zeros(4), 'distortion_model': 'magic'}, 'magic'),
    'pickled': ({'keypoints': np.array([None])}, 'Python objects'),
    'empty image': ({'image_size': np.array([0, 0])}, 'image_size'),
    'half a pixel': ({'image_size': np.array([1280.5, 720])}, 'two whole numbers'),
    'image of a planet': ({'image_size': np.array([1e300, 720])}, 'two whole numbers'),
    'complex K': ({'K': K.astype(complex)}, 'K is of type complex128'),
    'K as text': ({'K': K.astype(str)}, 'K is of type'),
    'NaN K': ({'K': K * np.nan}, 'K has entries that are not finite'),
    'skew': ({'K': K + np.eye(3, k=1) * [0, 5, 0]}, 'K has a skew'),
    'complex pose': ({'world_T_camera': POSE.astype(complex)}, 'not an array of numbers'),
    'nanoseconds since 1970': ({'stamps': 1.7e18 + np.arange(FRAMES) * 33e6}, 'nanoseconds'),
    'nanoseconds': ({'stamps': np.arange(FRAMES) * 33e6}, 'nanoseconds'),
    'microseconds since 1970': ({'stamps': 1.7e15 + np.arange(FRAMES) * 33e3}, 'microseconds'),
    'milliseconds since 1970': ({'stamps': 1.7e12 + np.arange(FRAMES) * 33}, 'milliseconds since'),
    'milliseconds': ({'stamps': np.arange(FRAMES) * 33.3}, 'divide milliseconds by 1000'),
    'giga frames per second': ({'stamps': np.arange(FRAMES) * 1e-9}, 'no camera does'),
    'nobody seen': ({'keypoints': np.full((FRAMES, 2, 17, 3), np.nan)}, 'nobody is ever seen'),
    'confidence 0': ({'keypoints': recording()['keypoints'] * np.float32([1, 1, 0])},
                     'nobody is ever seen'),
    'nobody at all': ({'keypoints': np.zeros((FRAMES, 0, 17, 3))}, 'nobody is ever seen'),
    'camera in the cellar': ({'world_T_camera': look_at((0, 0, -1), (4, 0, 0.9))}, 'the floor'),
    'pose in millimetres': ({'world_T_camera': pose_in(1000)}, 'millimetres'),
    'pose in centimetres': ({'world_T_camera': pose_in(100)}, 'centimetres'),
    'satellite': ({'world_T_camera': pose_in(1e12)}, 'from the origin'),
    'K of twice the size': ({'K': K * [[2, 1, 2], [1, 2, 2], [1, 1, 1]]}, 'another image size'),
    'K of a thumbnail': ({'K': K / [[9, 1, 9], [1, 9, 9], [1, 1, 1]]}, 'another image size'),
    'black hole lens': ({'distortion': np.array([1e4, 1e4, 0, 0, 0])}, 'that no lens has'),
    'folded lens': ({'distortion': np.array([-1e6, 0, 0, 0, 0])}, 'no lens has'),
}


@pytest.mark.parametrize('case', REFUSED)
def test_bad_file_is_one_clear_line_and_nothing_is_written(tmp_path, capsys, case):
    changes, words = REFUSED[case]
    status, target = lift(tmp_path, recording(**changes))
    error = capsys.readouterr().err
    assert status == 2
    assert words in error and 'in.npz' in error and error.count('\n') == 1
    assert [p.name for p in tmp_path.iterdir()] == ['in.npz'] and not target.exists()


@pytest.mark.parametrize('content', [
    npy_bytes(recording()['keypoints']), b'', b'hello', b'\x80\x04N.'],
    ids=['npy', 'empty', 'text', 'pickle'])
def test_files_that_are_no_npz_are_one_clear_line(tmp_path, capsys, content):
    source = tmp_path / 'in.npz'
    source.write_bytes(content)
    refused(main(['lift', '--keypoints', str(source), '--out', str(tmp_path / 'out.npz')]),
            capsys, 'in.npz: not a readable npz file')
    assert list(tmp_path.iterdir()) == [source]


def test_plausible_lenses_and_clocks_are_taken(tmp_path):
    for changes in ({'distortion': np.array([-0.35, 0.12, 0, 0, 0])},
                    {'distortion': np.array([0.09, -0.15, 3e-4, 5e-4, 0.04])},
                    {'stamps': 1.7e9 + np.arange(FRAMES) / RATE},
                    {'stamps': np.append(np.arange(FRAMES - 1) / RATE, 86_400)}):
        np.savez(tmp_path / 'in.npz', **recording(**changes))
        check_liftable(load_recording(tmp_path / 'in.npz'))


def test_what_is_strange_but_may_be_right_is_said(tmp_path, capsys):
    assert lift(tmp_path, recording())[0] == 0
    assert 'principal point' not in capsys.readouterr().err
    half = K / [[2, 1, 2], [1, 2, 2], [1, 1, 1]]
    assert lift(tmp_path, recording(K=half))[0] == 0
    assert 'check that K is of this image size' in capsys.readouterr().err


def test_bad_arguments_are_one_clear_line(tmp_path, capsys):
    np.savez(tmp_path / 'in.npz', **recording())
    (tmp_path / 'text.npz').write_text('hello')
    (tmp_path / 'empty').mkdir()
    source, out = str(tmp_path / 'in.npz'), str(tmp_path / 'out.npz')
    cases = [
        (['--keypoints', str(tmp_path / 'no.npz'), '--out', out], 'no such file'),
        (['--keypoints', str(tmp_path / 'text.npz'), '--out', out], 'npz'),
        (['--keypoints', str(tmp_path / 'empty'), '--out', out], 'no *.npz, *.json'),
        (['--keypoints', source, '--out', source], 'input file'),
        (['--keypoints', source, '--out', out, '--lag', '-1'], 'lag'),
        (['--keypoints', source, '--out', out, '--mode', 'offline', '--lag', '2'], '--lag'),
        (['--keypoints', source, '--out', out, '--camera', 'x.yaml'], '--camera goes with'),
        (['--keypoints', source, '--out', str(tmp_path / 'in.npz' / 'x.npz')],
         'cannot be written'),
        (['--keypoints', source, '--out', out, '--detector-noise', source], 'JSON'),
        (['--video', source, '--out', out], '--video needs --camera'),
        (['--video', source, '--camera', str(tmp_path / 'no.yaml'), '--out', out], 'no.yaml'),
    ]
    for options, words in cases:
        refused(main(['lift', '--lifter', 'geometric', *options]), capsys, words)
    assert sorted(p.name for p in tmp_path.iterdir()) == ['empty', 'in.npz', 'text.npz']
