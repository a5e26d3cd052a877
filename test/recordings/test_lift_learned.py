# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The shipped learned lifter through ``mocap23 lift``, from file to file."""

import numpy as np
import pytest
from recording_examples import POSE, STAMPS, K, observed, truth

from mocap23_ros.cli.main import main
from mocap23_ros.engines.model_files import available_tiers

KEYS = ('joints', 'covariance', 'contact', 'stature')
pytestmark = pytest.mark.skipif(not available_tiers(), reason='no graphs of the learned lifter')


def lift(folder, arrays, *options):
    """Arrays of the result."""
    np.savez(folder / 'in.npz', **arrays)
    assert main(['lift', '--keypoints', str(folder / 'in.npz'), '--out', str(folder / 'out.npz'),
                 '--backend', 'onnxruntime', *options]) == 0
    with np.load(folder / 'out.npz', allow_pickle=False) as out:
        return {key: out[key] for key in out.files}


def check(out, frames):
    """What holds of every result, whatever was seen."""
    joints, covariance = out['joints'], out['covariance'].astype(np.float64)
    assert joints.shape == (frames, 2, 19, 3) and covariance.shape == (frames, 2, 19, 3, 3)
    known = np.isfinite(joints).all(axis=-1)
    np.testing.assert_array_equal(np.isfinite(joints).any(axis=-1), known)
    np.testing.assert_array_equal(np.isfinite(covariance).all(axis=(-1, -2)), known)
    np.testing.assert_array_equal(np.isfinite(out['stature']), known.any(axis=-1))
    matrices = covariance[known]
    np.testing.assert_array_equal(matrices, np.swapaxes(matrices, -1, -2))
    assert np.linalg.eigvalsh(matrices).min() > 0
    contact = out['contact'][known.any(axis=-1)]
    assert ((contact >= 0) & (contact <= 1)).all()
    return known


def check_near(out, stamps, root=0.25, local=0.08):
    """The people are about where they are: mean errors of the mid-hip and around it, metres."""
    true = truth(stamps)
    estimate = out['joints'][:, :, :17].astype(np.float64)
    hips, true_hips = (joints[:, :, [11, 12]].mean(axis=2) for joints in (estimate, true))
    assert np.linalg.norm(hips - true_hips, axis=-1).mean() < root
    error = (estimate - hips[:, :, None]) - (true - true_hips[:, :, None])
    assert np.linalg.norm(error, axis=-1).mean() < local


@pytest.mark.parametrize('rate, options', [
    (10, ()), (10, ('--mode', 'offline')), (60, ('--lag', '3')), (240, ())])
def test_people_are_found_at_any_rate(tmp_path, rate, options):
    stamps = 5 + np.arange(min(int(1.2 * rate), 60)) / rate
    out = lift(tmp_path, observed(stamps, noise=1.0), *options)
    assert check(out, len(stamps)).all()
    np.testing.assert_array_equal(out['stamps'], stamps)
    check_near(out, stamps)


@pytest.mark.parametrize('frames', [1, 2])
def test_tiny_recordings_are_lifted(tmp_path, frames):
    stamps = 5 + np.arange(frames) / 30
    for options in ((), ('--mode', 'offline'), ('--lag', '3')):
        out = lift(tmp_path, observed(stamps), *options)
        assert check(out, frames).all()
        check_near(out, stamps)


@pytest.mark.parametrize('lag, cuts', [(0, [14]), (4, [1, 30])])
def test_no_estimate_depends_on_frames_beyond_the_lag(tmp_path, lag, cuts):
    arrays = observed(STAMPS, noise=1.0)
    arrays['keypoints'][10:18, 1, :, :2] = np.nan
    first = lift(tmp_path, arrays, '--lag', str(lag))
    for cut in cuts:
        keypoints = arrays['keypoints'].copy()
        keypoints[cut:, 0, :, :2] += 60
        keypoints[cut:, 1, :, :2] = np.nan
        second = lift(tmp_path, arrays | {'keypoints': keypoints}, '--lag', str(lag))
        part = lift(tmp_path, arrays | {
            'keypoints': arrays['keypoints'][:cut], 'stamps': STAMPS[:cut]}, '--lag', str(lag))
        last = max(cut - lag, 0)
        for key in KEYS:  # bit for bit
            np.testing.assert_array_equal(first[key][:last], second[key][:last])
            np.testing.assert_array_equal(first[key][:last], part[key][:last])
        assert (first['joints'][cut:, 0] != second['joints'][cut:, 0]).any()


def test_a_gap_in_the_recording_is_no_harm(tmp_path):
    stamps = np.concatenate([np.arange(20) / 30, 5.6 + np.arange(25) / 30])
    arrays = observed(stamps, noise=1.0)
    for options in ((), ('--mode', 'offline')):
        out = lift(tmp_path, arrays, *options)
        assert check(out, len(stamps)).all()
        step = np.linalg.norm(np.diff(out['joints'][20:, :, 17], axis=0), axis=-1)
        assert step.max() < 0.3  # nobody is still on the way from where they were


def test_people_come_and_go(tmp_path):
    stamps = np.arange(100) / 20
    arrays = observed(stamps, noise=1.0)
    arrays['keypoints'][:20, 1, :, :2] = np.nan  # comes after 1 s
    arrays['keypoints'][40:, 0, :, :2] = np.nan  # goes after 2 s, for good
    arrays['keypoints'][60:62, 1, :, :2] = np.nan  # a blink
    known = check(lift(tmp_path, arrays), len(stamps)).all(axis=2)
    assert known[:40, 0].all() and not known[40 + 32:, 0].any()
    assert not known[:20, 1].any() and known[20:, 1].all()
    known = check(lift(tmp_path, arrays, '--mode', 'offline'), len(stamps)).all(axis=2)
    assert known[:40, 0].all() and not known[60:, 0].any()
    assert not known[:10, 1].any() and known[20:, 1].all()


def test_a_folder_gives_what_its_files_give(tmp_path):
    source, target = tmp_path / 'in', tmp_path / 'results'
    source.mkdir()
    expected = {}
    for name, stamps in (('a', STAMPS[:30]), ('b', STAMPS[:12]), ('c', STAMPS[:20] + 7)):
        arrays = observed(stamps, noise=1.0)
        expected[name] = lift(tmp_path, arrays)
        np.savez(source / f'{name}.npz', **arrays)
    assert main(['lift', '--keypoints', str(source), '--out', str(target),
                 '--backend', 'onnxruntime']) == 0
    assert sorted(path.name for path in target.iterdir()) == ['a.npz', 'b.npz', 'c.npz']
    for name, values in expected.items():
        with np.load(target / f'{name}.npz', allow_pickle=False) as out:
            for key in KEYS:
                np.testing.assert_array_equal(out[key], values[key])


def test_intrinsics_and_pose_may_change_with_every_frame(tmp_path):
    stamps = STAMPS[:24]
    frames = len(stamps)
    zoom = np.repeat(K[None], frames, 0)
    zoom[:, 0, 0] = zoom[:, 1, 1] = np.linspace(800, 1600, frames)
    moving = np.repeat(POSE[None], frames, 0)
    moving[:, 1, 3] += np.linspace(0, 1.0, frames)  # aside: a camera that aims at people hides it
    for options in ((), ('--mode', 'offline')):
        out = lift(tmp_path, observed(stamps, zoom, moving, noise=1.0), *options)
        assert check(out, frames).all()
        check_near(out, stamps)


@pytest.mark.parametrize('options', [(), ('--mode', 'offline', '--without', 'bones')])
def test_joints_of_a_detector_are_less_sure_than_those_of_nobody(tmp_path, options):
    arrays = observed(STAMPS, noise=1.0)
    told = lift(tmp_path, arrays, *options)
    detected = lift(tmp_path, arrays, *options, '--detector-noise', 'none')
    known = check(detected, len(arrays['stamps']))
    # The root's filter trusts a less sure root a little less.
    np.testing.assert_allclose(detected['joints'], told['joints'], atol=0.005)
    added = (detected['covariance'] - told['covariance'])[known].astype(np.float64)
    assert np.linalg.eigvalsh(added).min() > 0.012 ** 2
