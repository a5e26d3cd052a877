# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The noise of a detector: found back where it is known, kept in a file, drawn for training."""

import json
from dataclasses import replace

import numpy as np
import pytest
from known_detector import RATE, detected, known_noise

from mocap23_ros.datasets.augmentation import preset
from mocap23_ros.datasets.detected_clips import DetectedClip
from mocap23_ros.datasets.detector_errors import detector_keypoints
from mocap23_ros.datasets.detector_noise_fit import fit_detector_noise
from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
from mocap23_ros.detection.confidence_calibration import stated_of
from mocap23_ros.detection.detector_noise import (
    CONFIDENCE_EDGES,
    GROUPS,
    QUANTILES,
    ErrorTable,
    Stated,
)
from mocap23_ros.detection.detector_noise_file import load_detector_noise, save_detector_noise
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS
from mocap23_ros.skeletons.formats import COCO17, SMPL22
from mocap23_ros.skeletons.keypoint_layout import keypoint_layout

WRIST = COCO17.index('left_wrist')


@pytest.fixture(scope='module')
def truth():
    return known_noise()


@pytest.fixture(scope='module')
def fitted(clips, truth):
    return fit_detector_noise(detected(truth, clips), 'made up', 'a test')


def test_bias_jitter_and_its_correlation_are_found_back(fitted, truth):
    for part in ('bias', 'correlated', 'white'):
        error = fitted.of_joints(part) / truth.of_joints(part)
        usual = np.delete(error, WRIST)
        assert np.median(usual) == pytest.approx(1, abs=0.05), part
        assert (np.abs(usual - 1) < 0.2).all(), part
    # The one joint that is nothing like the others, though they all share a prior.
    assert fitted.joints['left_wrist'].correlated == pytest.approx(0.06, rel=0.1)
    assert fitted.joints['left_wrist'].bias < 0.02
    assert fitted.joints['left_wrist'].missing == pytest.approx(0.10, abs=0.015)
    assert fitted.time_constant == pytest.approx(0.15, rel=0.2)
    assert fitted.resolution_px == pytest.approx(60, rel=0.25)


def test_outliers_exchanges_and_losses_are_found_back(fitted, truth):
    for group, outliers in fitted.outliers.items():
        wanted = truth.outliers[group]
        assert outliers.share == pytest.approx(wanted.share, rel=0.3), group
        assert outliers.size == pytest.approx(wanted.size, rel=0.15), group
        assert outliers.seconds == pytest.approx(wanted.seconds, rel=0.3), group
    for name, exchange in fitted.exchanges.items():
        # What overlaps another exchange counts there, or not at all.
        assert exchange.share == pytest.approx(truth.exchanges[name].share, rel=0.4), name
        assert exchange.seconds == pytest.approx(truth.exchanges[name].seconds, rel=0.45), name
    assert fitted.dropped.share == pytest.approx(0.05, rel=0.25)
    assert fitted.dropped.seconds == pytest.approx(0.3, rel=0.3)


def test_overconfidence_is_found_back(fitted, truth):
    """Half of what is stated of errors over a sigma is more than 0.7: that must be kept."""
    middle = QUANTILES.index(0.5)
    for group, stated in fitted.confidence.items():
        for row, tracks, wanted in zip(stated.quantiles, stated.tracks,
                                       truth.confidence[group].quantiles, strict=True):
            assert tracks > 20
            assert row[middle] == pytest.approx(wanted[middle], abs=0.04)
    # 0.5 to 0.9 is only stated of errors over a sigma, 0.97 and more hardly ever.
    for table in fitted.error.values():
        sd, tracks = np.array(table.sd), np.array(table.tracks)
        assert (np.diff(sd, axis=1) <= 0).all()
        assert not tracks[:, 0].any() and tracks[:, -1].all()
        assert (sd[:, np.digitize(0.8, CONFIDENCE_EDGES)] > 2 * sd[:, -1]).all()


def test_drawing_from_a_fit_and_fitting_again_gives_it_back(fitted, clips):
    again = fit_detector_noise(detected(fitted, clips, seed=9), 'made up', 'again')
    for part in ('bias', 'correlated', 'white'):
        ratio = again.of_joints(part) / fitted.of_joints(part)
        assert np.median(ratio) == pytest.approx(1, abs=0.05)
        # The left wrist's bias is lost beside its jitter.
        assert (np.abs(np.delete(ratio, WRIST) - 1) < 0.25).all()
    assert again.time_constant == pytest.approx(fitted.time_constant, rel=0.25)
    assert again.resolution_px == pytest.approx(fitted.resolution_px, rel=0.3)
    for group in fitted.outliers:
        assert again.outliers[group].share == pytest.approx(fitted.outliers[group].share, rel=0.4)
    for group, table in again.error.items():
        np.testing.assert_allclose(np.array(table.sd)[:, -2:],
                                   np.array(fitted.error[group].sd)[:, -2:], rtol=0.4)


def test_few_data_say_what_is_known_without_them(clips, truth):
    few = fit_detector_noise(detected(truth, clips, count=2, length=12), 'made up', 'a test')
    level = np.sqrt(sum(few.of_joints(part) ** 2 for part in ('bias', 'correlated', 'white')))
    usual = np.delete(level / COCO_SIGMAS, WRIST)
    assert usual.max() < 1.6 * usual.min()  # what two clips themselves say differs far more
    assert few.resolution_px == 0 and all(joint.clips <= 2 for joint in few.joints.values())
    assert 0.001 < few.outliers['face'].share < 0.1
    # Without a word of theirs: the general model's, whose large errors are less sure.
    quantiles = np.array(few.confidence['trunk'].quantiles)
    assert (quantiles[-1] < quantiles[0] + 0.05).all()


def test_nobody_who_is_followed_is_an_error():
    lost = DetectedClip(np.random.default_rng(0).uniform(0, 500, (10, 17, 2)),
                        np.full((10, 17, 3), np.nan), RATE)
    with pytest.raises(InputError, match='followed nobody'):
        fit_detector_noise([lost], 'blind', 'a test')


def test_other_formats_err_as_the_joints_that_theirs_lie_at(truth):
    layout = keypoint_layout(SMPL22)
    toe = SMPL22.index('left_foot')
    p_pixel = np.zeros((4000, 2, len(SMPL22), 2), np.float32)
    noise = replace(truth, outliers={name: replace(value, share=0.0)
                                     for name, value in truth.outliers.items()})
    seen, confidence, missed = detector_keypoints(
        p_pixel, np.full((4000, 2), 1e4, np.float32), 15.0, noise, np.random.default_rng(0), layout)
    ankle = truth.joints['left_ankle']
    sd = np.sqrt(ankle.bias ** 2 + ankle.correlated ** 2 + ankle.white ** 2)
    assert seen[:, 0, toe].std() / 1e4 == pytest.approx(sd, rel=0.05)
    assert confidence.shape == missed.shape == (4000, 2, len(SMPL22))


def test_training_windows_have_the_errors_of_the_detector_in_their_share(clips, truth):
    """Constant confidence tells the windows of the detector from the others."""
    constant = replace(
        truth, confidence={group: Stated(((0.95,) * 9,) * 6, (9,) * 6) for group in GROUPS},
        error={group: ErrorTable(((0.5,) * 6,) * 3, ((9,) * 6,) * 3) for group in GROUPS})
    as_lifted = np.float32(stated_of(np.array(0.5)))  # not what the detector states
    spec = WindowSpec(30, RATE)
    for share in (0.0, 0.4, 1.0):
        augmentation = replace(preset('training'), detector=constant,
                               detector_share=share)
        batch = WindowSource(clips, spec, augmentation, seed=1).batch(400, 0)
        seen = batch.kind == 0
        own = ((abs(batch.keypoints[..., 2] - as_lifted) < 1e-6) & seen).sum(axis=(1, 2)) > 100
        exact = ((batch.keypoints[..., 2] == 1) & seen).sum(axis=(1, 2)) > 100
        assert own.mean() / (1 - exact.mean()) == pytest.approx(share, abs=0.1)
        assert not (own & exact).any() and 0.15 < exact.mean() < 0.3
    # The scene and who is exact do not depend on whose errors are drawn.
    other = WindowSource(clips, spec, preset('training'), seed=1).batch(400, 0)
    assert np.array_equal(other.stature, batch.stature)
    again = WindowSource(clips, spec, augmentation, seed=1).batch(400, 0)
    assert np.array_equal(again.keypoints, batch.keypoints)


def test_the_file_gives_back_what_was_written(fitted, tmp_path):
    path = tmp_path / 'noise.json'
    save_detector_noise(path, fitted)
    assert 3000 < path.stat().st_size < 10_000
    read = load_detector_noise(path)
    save_detector_noise(tmp_path / 'again.json', read)
    assert (tmp_path / 'again.json').read_bytes() == path.read_bytes()
    np.testing.assert_allclose(read.of_joints('bias'), fitted.of_joints('bias'), rtol=1e-3)
    assert read.confidence.keys() == fitted.confidence.keys()


@pytest.mark.parametrize(('change', 'words'), [
    (lambda v: v.pop('format'), 'not a file of mocap23 detector-noise'),
    (lambda v: v.update(version=7), 'version'),
    (lambda v: v.pop('error'), 'has no error'),
    (lambda v: v.update(extra=1), "unknown field 'extra'"),
    (lambda v: v.update(time_constant=0), 'time_constant must be a number over 0'),
    (lambda v: v.update(detector='two\nlines'), 'one line of text'),
    (lambda v: v['joints'].pop('nose'), 'joints has no nose'),
    (lambda v: v['joints']['nose'].update(bias=-0.1), 'joints.nose.bias must be'),
    (lambda v: v['joints']['nose'].update(white=float('nan')), 'joints.nose.white must be'),
    (lambda v: v['joints']['nose'].update(clips=1000), 'more clips than there are'),
    (lambda v: v['dropped'].update(share='much'), 'dropped.share must be'),
    (lambda v: v['dropped'].update(share=True), 'dropped.share must be'),
    (lambda v: v['outliers']['face'].update(seconds=0), 'outliers.face.seconds must be'),
    (lambda v: [e.update(share=0.5) for e in v['exchanges'].values()], 'more than all'),
    (lambda v: v['confidence']['face']['quantiles'][2].reverse(), 'must not fall'),
    (lambda v: v['confidence']['face']['quantiles'].pop(), '6 rows of 9'),
    (lambda v: v['confidence']['face']['quantiles'][0].__setitem__(8, 1.5), 'from 0 to 1'),
    (lambda v: v['error']['face']['sd'][1].__setitem__(0, -1.0), 'error.face.sd must hold'),
    (lambda v: v['error']['trunk']['tracks'][1].__setitem__(0, 0.5), 'whole numbers'),
    (lambda v: v.update(joints=[]), 'joints must be an object'),
])
def test_a_file_that_cannot_be_true_is_refused_in_a_line(tmp_path, truth, change, words):
    path = tmp_path / 'noise.json'
    save_detector_noise(path, truth)
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    with pytest.raises(InputError) as caught:
        load_detector_noise(path)
    assert words in str(caught.value) and str(path) in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('data', [b'', b'[' * 60_000, b'\xff\xfe', b'{"a": 1', b'1', b' ' * 70_000])
def test_what_is_no_such_file_is_refused_in_a_line(tmp_path, data):
    path = tmp_path / 'noise.json'
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        load_detector_noise(path)
    assert '\n' not in str(caught.value)
    with pytest.raises(InputError, match='cannot read'):
        load_detector_noise(tmp_path / 'absent.json')
