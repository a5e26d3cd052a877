# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The SMPL fit on bodies whose shape and motion are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_smpl import (
    degrees_between,
    keypoints_of,
    model_arrays,
    walking_poses,
    write_model,
)

from mocap23_ros.body_models import smpl_fit
from mocap23_ros.body_models.smpl_file import load_smpl_model
from mocap23_ros.body_models.smpl_fit import fit_smpl
from mocap23_ros.body_models.smpl_keypoints import SmplKeypoints
from mocap23_ros.body_models.smpl_linearisation import linearise
from mocap23_ros.body_models.smpl_priors import FREE, pose_prior
from mocap23_ros.body_models.surface_points import NAMES, VERTICES
from mocap23_ros.skeletons.conversion import convert_joints
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19, SMPL24

BETAS = np.array([1, -.8, .7, -1, .5, -.6, .8, 0, 0, 0])
STAMPS = np.arange(60) / 30
POSES, TRANS = walking_poses(STAMPS)
RESTING = [joint for joint in range(24) if joint not in FREE]


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return load_smpl_model(write_model(tmp_path_factory.mktemp('model') / 'model.npz'))


def own_joints(model):
    """Keypoints that are the model's joints themselves, as of motion made with SMPL."""
    return replace(SmplKeypoints.of_lifters(model), basis=np.zeros((17, 3, 0)),
                   expected=np.zeros(0), sd=np.zeros(0))


def isotropic(joints, sd):
    return np.broadcast_to(np.eye(3) * sd**2, (*joints.shape, 3))


def joint_error(model, fit, betas=BETAS, poses=POSES, trans=TRANS, frames=slice(None)):
    """Distances [F,22] in metres between the joints of the fit and the true ones."""
    found = model.joints(fit.betas, fit.poses[frames], fit.trans[frames])
    return np.linalg.norm(found - model.joints(betas, poses[frames], trans[frames]),
                          axis=-1)[:, :22]


def test_exact_joints_give_shape_pose_and_place_back(model):
    own = own_joints(model)
    joints = keypoints_of(model, own, BETAS, np.zeros(0), POSES, TRANS)
    fit = fit_smpl(model, joints, isotropic(joints, 1e-3), STAMPS, keypoints=own, model_sd=5e-3)
    np.testing.assert_allclose(fit.betas, BETAS, atol=0.02)
    np.testing.assert_allclose(fit.trans, TRANS, atol=1e-3)
    assert degrees_between(fit.poses, POSES).max() < 2
    assert degrees_between(fit.poses, POSES).mean() < 0.3
    assert joint_error(model, fit).max() < 2e-3


def test_constant_offsets_of_keypoints_do_not_bend_the_body(model):
    lifters = SmplKeypoints.of_lifters(model)
    offsets = lifters.expected + np.random.default_rng(0).normal(0, lifters.sd)
    joints = keypoints_of(model, lifters, BETAS, offsets, POSES, TRANS)
    fit = fit_smpl(model, joints, isotropic(joints, 0.01), STAMPS)
    assert degrees_between(fit.poses, POSES).mean() < 2
    assert degrees_between(fit.poses, POSES).max() < 10
    assert joint_error(model, fit).mean() < 0.02 and joint_error(model, fit).max() < 0.05
    assert np.abs(fit.betas).max() < 2


def test_noise_along_the_ray_is_reduced(model):
    lifters = SmplKeypoints.of_lifters(model)
    joints = keypoints_of(model, lifters, BETAS, lifters.expected, POSES, TRANS)
    sd = np.array([0.06, 0.01, 0.01])
    noisy = joints + np.random.default_rng(1).normal(0, 1, joints.shape) * sd
    covariance = np.broadcast_to(np.diag(sd**2), (*joints.shape, 3))
    fit = fit_smpl(model, noisy, covariance, STAMPS)
    body = keypoints_of(model, lifters, fit.betas, lifters.expected, fit.poses, fit.trans)
    # Against where the found shape's keypoints lie: offsets are not known to the millimetre.
    body += (joints - body).mean(axis=0)
    assert np.linalg.norm(body - joints, axis=-1).mean() < 0.4 * np.linalg.norm(
        noisy - joints, axis=-1).mean()
    assert joint_error(model, fit).mean() < 0.03
    assert np.median(degrees_between(fit.poses, POSES)) < 3
    steps = degrees_between(fit.poses[:-1], fit.poses[1:])
    assert steps.max() < 15  # no flips from frame to frame


def test_what_joints_cannot_show_stays_at_rest(model):
    joints = keypoints_of(model, own_joints(model), BETAS, np.zeros(0), POSES, TRANS)
    fit = fit_smpl(model, joints, isotropic(joints, 0.01), STAMPS)
    assert {SMPL24.joint_names[j].split('_')[-1] for j in RESTING} == {'ankle', 'foot', 'wrist',
                                                                      'hand'}
    assert (fit.poses[:, RESTING] == 0).all()
    for side in ('left', 'right'):  # twists: elbows about x, knees about y
        assert np.abs(fit.poses[:, SMPL24.index(f'{side}_elbow'), 0]).max() < 0.1
        assert np.abs(fit.poses[:, SMPL24.index(f'{side}_knee'), 1]).max() < 0.1


def test_body_stands_upright_in_the_world_and_looks_ahead(model):
    joints = keypoints_of(model, own_joints(model), BETAS, np.zeros(0), POSES, TRANS)
    fit = fit_smpl(model, joints, isotropic(joints, 0.01), STAMPS)
    root = Rotation.from_rotvec(fit.poses[:, 0])
    assert (root.apply([0, 1, 0])[:, 2] > 0.95).all()  # the model's y up is the world's z
    ahead = joints[:, 0] - joints[:, 3:5].mean(axis=1)  # from the ears to the nose
    assert (np.sum(root.apply([0, 0, 1]) * ahead, axis=1) > 0).all()


def test_unseen_frames_are_nan_and_change_little_elsewhere(model):
    joints = keypoints_of(model, own_joints(model), BETAS, np.zeros(0), POSES, TRANS)
    whole = fit_smpl(model, joints, isotropic(joints, 0.01), STAMPS)
    joints[20:30] = np.nan
    joints[40, COCO17.index('left_hip')] = np.nan  # the trunk is incomplete
    fit = fit_smpl(model, joints, isotropic(joints, 0.01), STAMPS)
    gone = np.zeros(60, bool)
    gone[[*range(20, 30), 40]] = True
    np.testing.assert_array_equal(np.isnan(fit.poses).all(axis=(1, 2)), gone)
    np.testing.assert_array_equal(np.isnan(fit.trans).any(axis=1), gone)
    assert np.isfinite(fit.poses[~gone]).all()
    assert degrees_between(fit.poses[~gone], whole.poses[~gone]).max() < 3


def test_arm_that_is_never_seen_hangs(model):
    joints = keypoints_of(model, own_joints(model), BETAS, np.zeros(0), POSES, TRANS)
    joints[:, [COCO17.index('left_elbow'), COCO17.index('left_wrist')]] = np.nan
    fit = fit_smpl(model, joints, isotropic(joints, 0.01), STAMPS)
    found = model.joints(fit.betas, fit.poses, fit.trans)
    arm = found[:, SMPL24.index('left_wrist')] - found[:, SMPL24.index('left_shoulder')]
    assert (arm[:, 2] < -0.3).all()
    other = degrees_between(fit.poses, POSES)[:, SMPL24.index('right_elbow')]
    assert other.mean() < 5


def test_nobody_and_single_frames(model):
    nothing = np.full((5, 19, 3), np.nan)
    fit = fit_smpl(model, nothing, isotropic(nothing, 0.01), STAMPS[:5])
    assert np.isnan(fit.betas).all() and np.isnan(fit.poses).all() and fit.trans.shape == (5, 3)
    own = own_joints(model)
    joints = keypoints_of(model, own, np.zeros(10), np.zeros(0), POSES[:1], TRANS[:1])
    fit = fit_smpl(model, joints, isotropic(joints, 0.01), STAMPS[:1], keypoints=own)
    assert joint_error(model, fit, np.zeros(10), frames=slice(1)).max() < 0.02


def test_output19_is_used_like_coco17(model):
    joints = keypoints_of(model, own_joints(model), BETAS, np.zeros(0), POSES, TRANS)
    full = convert_joints(joints, COCO17, OUTPUT19)
    first = fit_smpl(model, joints, isotropic(joints, 0.01), STAMPS)
    second = fit_smpl(model, full, isotropic(full, 0.01), STAMPS)
    np.testing.assert_array_equal(first.poses, second.poses)


def test_windows_of_long_recordings_join_without_a_seam(model, monkeypatch):
    joints = keypoints_of(model, own_joints(model), BETAS, np.zeros(0), POSES, TRANS)
    joints += np.random.default_rng(2).normal(0, 0.01, joints.shape)
    whole = fit_smpl(model, joints, isotropic(joints, 0.01), STAMPS)
    monkeypatch.setattr(smpl_fit, 'WINDOW', 17)
    monkeypatch.setattr(smpl_fit, 'LOOK_AHEAD', 15)
    parts = fit_smpl(model, joints, isotropic(joints, 0.01), STAMPS)
    np.testing.assert_array_equal(parts.betas, whole.betas)
    assert degrees_between(parts.poses, whole.poses).max() < 1
    np.testing.assert_allclose(parts.trans, whole.trans, atol=2e-3)


def test_covariances_that_are_not_positive_do_no_harm(model):
    joints = keypoints_of(model, own_joints(model), BETAS, np.zeros(0), POSES, TRANS)
    covariance = isotropic(joints, 0.01).copy()
    covariance[3, 7] = -np.eye(3)
    covariance[4, 8] = np.inf
    covariance[5] *= 1e12
    assert np.isfinite(fit_smpl(model, joints, covariance, STAMPS).poses).all()


def test_larger_mesh_numbers_the_face(tmp_path):
    arrays = model_arrays()
    extra = 6890 - len(arrays['v_template'])
    template = np.concatenate([arrays['v_template'], np.zeros((extra, 3))])
    nose, ear = (VERTICES[6890][NAMES.index(name)] for name in ('nose', 'left_ear'))
    template[nose], template[ear] = (0, .63, .12), (.08, .65, .02)

    def padded(key, axis=0):
        widths = [(0, 0)] * arrays[key].ndim
        widths[axis] = (0, extra)
        return np.pad(arrays[key], widths)

    weights = padded('weights')
    weights[-extra:, 0] = 1
    model = load_smpl_model(write_model(
        tmp_path / 'model.npz', v_template=template, weights=weights,
        shapedirs=padded('shapedirs'), posedirs=padded('posedirs'),
        J_regressor=padded('J_regressor', 1)))
    keypoints = SmplKeypoints.of_lifters(model)
    np.testing.assert_array_equal(keypoints.place[[COCO17.index('nose'),
                                                   COCO17.index('left_ear')]],
                                  template[[nose, ear]])


def test_derivatives_are_those_of_finite_differences(model):
    rng = np.random.default_rng(3)
    keypoints = SmplKeypoints.of_lifters(model)
    rotations = Rotation.from_rotvec(rng.normal(0, .5, (len(FREE), 3)))
    root, betas = rng.normal(size=3), rng.normal(size=10)
    offsets = rng.normal(0, .02, len(keypoints.sd))

    def points(step, change):
        turned = rotations * Rotation.from_rotvec(step[3:].reshape(-1, 3))
        return linearise(model, keypoints, (root + step[:3])[None], turned.as_matrix()[None],
                         betas + change[:10], offsets + change[10:], True)

    here = points(np.zeros(51), np.zeros(10 + len(offsets)))
    assert here.by_shape is not None
    for column in range(51):
        step = 1e-6 * np.eye(51)[column]
        difference = (points(step, np.zeros(37)).points - points(-step, np.zeros(37)).points) / 2e-6
        np.testing.assert_allclose(here.by_pose[..., column], difference, atol=1e-7)
    for column in range(37):
        change = 1e-6 * np.eye(37)[column]
        difference = (points(np.zeros(51), change).points
                      - points(np.zeros(51), -change).points) / 2e-6
        np.testing.assert_allclose(here.by_shape[..., column], difference, atol=1e-7)


def test_prior_has_no_opinion_on_heading_and_dislikes_bending_backwards():
    def cost(joint, vector):
        rotations = np.broadcast_to(np.eye(3), (2, len(FREE), 3, 3)).copy()
        rotations[1, FREE.index(SMPL24.index(joint))] = Rotation.from_rotvec(vector).as_matrix()
        rest, bent = (pose_prior(rotations)[0]**2).sum(axis=(1, 2))
        return bent - rest

    assert cost('pelvis', (1, 2, 0)) == pytest.approx(0)
    for joint, bent in (('left_knee', (.5, 0, 0)), ('right_knee', (.5, 0, 0)),
                        ('left_elbow', (0, -.5, 0)), ('right_elbow', (0, .5, 0))):
        assert 0 < 100 * cost(joint, bent) < cost(joint, np.negative(bent))
