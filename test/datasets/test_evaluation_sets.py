# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation sets: the same every time, honest about their noise, exact in their geometry."""


import numpy as np
import pytest
from packed_motion import write_packed

from mocap23_ros.datasets.evaluation_sets import EVALUATION_SETS, make_evaluation_set
from mocap23_ros.errors import InputError
from mocap23_ros.geometry.camera_model import CameraModel


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('data')
    write_packed(folder)
    return folder


def reprojection_error(sequence):
    """Pixel errors [F,17] of the observed keypoints against the truth seen by the stated camera."""
    given = sequence.lift_input
    camera = CameraModel.from_calibration(given['K'], given['distortion'], 'plumb_bob',
                                          given['image_size'].tolist())
    pose = np.broadcast_to(given['world_T_camera'], (len(sequence.joints), 4, 4))
    p = (sequence.joints - pose[:, None, :3, 3]) @ pose[:, :3, :3]
    pixel = camera.project(p)
    return np.linalg.norm(pixel - given['keypoints'][:, 0, :, :2], axis=-1)


def test_clean_input_is_the_exact_projection(data):
    sequences = make_evaluation_set('e1_clean', data)
    assert len(sequences) == 40
    for sequence in sequences:
        given = sequence.lift_input
        assert np.nanmax(reprojection_error(sequence)) < 0.05
        assert not given['camera_sd'].any()
        unseen = np.isnan(given['keypoints'][..., 0])
        assert ((given['keypoints'][..., 2] == 0) == unseen).all()
        width, height = given['image_size']
        x, y = given['keypoints'][..., 0][~unseen], given['keypoints'][..., 1][~unseen]
        assert x.min() > -0.2 * width and x.max() < 1.2 * width      # lens distortion moves some
        assert y.min() > -0.2 * height and y.max() < 1.2 * height
        assert np.diff(given['stamps']) == pytest.approx(1 / 30)


def test_sets_repeat_and_share_their_scenes(data):
    clean, noisy, again, occluded = (make_evaluation_set(name, data, 6) for name in
                                     ('e1_clean', 'e1_noisy', 'e1_noisy', 'e1_occluded'))
    for one, two, three, four in zip(clean, noisy, again, occluded, strict=True):
        assert np.array_equal(one.joints, two.joints) and np.array_equal(one.joints, four.joints)
        for key in two.lift_input:
            if two.lift_input[key].dtype.kind == 'f':
                assert np.array_equal(two.lift_input[key], three.lift_input[key], equal_nan=True)
        assert two.sigma_px > 0.3 and one.sigma_px < 0.01
    seen = [np.mean([np.isfinite(s.lift_input['keypoints'][..., 0]).mean() for s in part])
            for part in (clean, noisy, occluded)]
    assert seen[0] > seen[1] > seen[2]


def test_stated_noise_is_that_of_the_keypoints(data):
    for sequence in make_evaluation_set('e1_noisy', data, 5):
        error = reprojection_error(sequence)
        error = error[np.isfinite(error)]
        # Median length of a 2D gaussian error is 1.18 sd; outliers and bias make it longer.
        assert 0.7 < np.median(error) / (1.18 * sequence.sigma_px) < 1.8


def test_moving_cameras_move_and_their_poses_are_slightly_wrong(data):
    for sequence in make_evaluation_set('e2_moving', data, 4):
        pose = sequence.lift_input['world_T_camera']
        assert pose.shape == (len(sequence.joints), 4, 4)
        assert np.allclose(pose[:, :3, :3] @ np.swapaxes(pose[:, :3, :3], 1, 2), np.eye(3))
        error = np.linalg.norm(pose[:, :3, 3] - sequence.camera_position, axis=-1)
        assert 0 < error.max() < 0.15
        assert np.linalg.norm(np.diff(pose[:, :2, 3], axis=0), axis=-1).sum() > 0.05
        assert sequence.pitch_sd_deg > 0


def test_the_wide_set_is_harder_and_its_mounts_are_off(data):
    for name, noisy in (('e3_wide', 'e1_noisy'), ('e3_moving', 'e2_moving')):
        wide, plain = (make_evaluation_set(each, data, 6) for each in (name, noisy))
        errors = []
        for one, two in zip(wide, plain, strict=True):
            assert np.array_equal(one.joints, two.joints) and one.pitch_sd_deg == 0.3
            errors.append([np.nanpercentile(reprojection_error(each), 90) for each in (one, two)])
        assert np.mean(errors, axis=0)[0] > 1.5 * np.mean(errors, axis=0)[1]
    still = make_evaluation_set('e3_wide', data, 2)[0]
    assert still.lift_input['camera_sd'][:2] == pytest.approx([np.radians(0.3), 0.015])
    assert np.abs(still.lift_input['world_T_camera'][..., :3, 3]
                  - still.camera_position[0]).max() > 1e-3


def test_a_measured_detector_sees_the_same_scenes_with_its_own_errors(data):
    measured, general, again = (make_evaluation_set(name, data, 4) for name in
                                ('e1_blazepose', 'e1_noisy', 'e1_blazepose'))
    for one, two, three in zip(measured, general, again, strict=True):
        assert np.array_equal(one.joints, two.joints)
        first, other, same = (s.lift_input['keypoints'] for s in (one, two, three))
        np.testing.assert_array_equal(first, same)
        assert not np.array_equal(first, other, equal_nan=True)
    stated = np.concatenate([s.lift_input['keypoints'][:, 0, :, 2] for s in measured])
    face, body = (part[part > 0] for part in (stated[:, :5], stated[:, 5:]))
    # Faces as little sure as they are wrong, and nothing that is taken for exact, but for some
    # guesses of what is hidden.
    assert np.median(face) < 0.6 < np.median(body) < np.quantile(body, 0.95) < 0.9


def test_calibration_meets_bodies_of_all_heights_of_adults(data):
    statures = np.array([s.stature for s in make_evaluation_set('calibration', data)])
    assert np.mean(statures) == pytest.approx(1.70, abs=0.03) and 0.07 < np.std(statures) < 0.12


def test_limits_and_statures(data):
    unknown, known = (make_evaluation_set(name, data, 3) for name in
                      ('e1_noisy', 'e1_noisy_stature'))
    for one, two in zip(unknown, known, strict=True):
        assert np.isnan(one.lift_input['stature']).all()
        assert two.lift_input['stature'][0] == pytest.approx(two.stature, rel=0.05)
        assert (two.limit() < one.limit()).all()
        assert (0.01 < one.limit()).all() and (one.limit() < 2.0).all()


def test_toddlers_are_the_same_people_made_smaller(data):
    for small, adult in zip(make_evaluation_set('e1_toddlers', data, 2),
                            make_evaluation_set('e1_noisy', data, 2), strict=True):
        assert small.stature == pytest.approx(0.8) and adult.stature > 1
        thigh, other = (np.linalg.norm(s.joints[:, 11] - s.joints[:, 13], axis=-1)
                        for s in (small, adult))
        np.testing.assert_allclose(thigh / other, 0.8 / adult.stature, rtol=1e-3)


def test_only_held_out_subjects(data):
    names = {sequence.name.split('_')[1] for sequence in make_evaluation_set('e1_clean', data)}
    assert names == {'procedural'}        # names of the generated stand-in clips
    assert len(make_evaluation_set('hdm05_noisy', data, 4)) == 4
    assert set(EVALUATION_SETS) >= {'e1_clean', 'e1_noisy', 'e1_occluded', 'e2_moving'}


def test_files_and_names(tmp_path, data):
    sequence = make_evaluation_set('e1_noisy', data, 1)[0]
    sequence.save(tmp_path)
    with np.load(tmp_path / 'input' / f'{sequence.name}.npz', allow_pickle=False) as saved:
        assert saved['keypoints'].shape[1:] == (1, 17, 3) and str(saved['distortion_model'])
    with np.load(tmp_path / 'truth' / f'{sequence.name}.npz', allow_pickle=False) as saved:
        assert saved['joints'].shape == (len(sequence.joints), 1, 17, 3)
    with pytest.raises(InputError, match='choose from'):
        make_evaluation_set('e9', data)
    with pytest.raises(InputError, match='motion data folder'):
        make_evaluation_set('e1_clean', tmp_path / 'absent')
