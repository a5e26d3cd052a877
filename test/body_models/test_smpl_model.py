# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Kinematics and skinning of an SMPL model against hand-worked cases."""


import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_smpl import REST, model_arrays, walking_poses, write_model

from mocap23_ros.body_models.smpl_file import load_smpl_model
from mocap23_ros.skeletons.formats import SMPL24

NO_BETAS, NO_TRANS = np.zeros(10), np.zeros((1, 3))
ELBOW, WRIST = SMPL24.index('left_elbow'), SMPL24.index('left_wrist')


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return load_smpl_model(write_model(tmp_path_factory.mktemp('model') / 'model.npz'))


@pytest.fixture(scope='module')
def rigid_model(tmp_path_factory):
    """One without pose blend shapes."""
    arrays = model_arrays()
    return load_smpl_model(write_model(tmp_path_factory.mktemp('rigid') / 'model.npz',
                                       posedirs=np.zeros_like(arrays['posedirs'])))


def posed(joint, rotation):
    poses = np.zeros((1, 24, 3))
    poses[0, joint] = rotation
    return poses


def of_segment(model, joint):
    """Vertices that follow one joint alone."""
    return np.flatnonzero(model.weights[:, joint] == 1)


def test_rest_pose_is_the_template(model):
    place = np.array([[1.0, 2, 3]])
    vertices = model.vertices(NO_BETAS, np.zeros((1, 24, 3)), place)[0]
    np.testing.assert_allclose(vertices, model_arrays()['v_template'] + place, atol=1e-12)
    np.testing.assert_allclose(model.joints(NO_BETAS, np.zeros((1, 24, 3)), place)[0],
                               REST + place, atol=1e-12)


def test_betas_move_vertices_and_joints(model):
    arrays = model_arrays()
    betas = np.linspace(-1, 1, 10)
    shaped = arrays['v_template'] + arrays['shapedirs'] @ betas
    np.testing.assert_allclose(model.vertices(betas, np.zeros((1, 24, 3)), NO_TRANS)[0], shaped,
                               atol=1e-12)
    np.testing.assert_allclose(model.rest_joints(betas), arrays['J_regressor'] @ shaped,
                               atol=1e-12)


def test_bent_elbow_turns_the_forearm_about_the_elbow(rigid_model):
    poses = posed(ELBOW, (0, -np.pi / 2, 0))  # the forearm swings forward: x goes to z
    vertices = rigid_model.vertices(NO_BETAS, poses, NO_TRANS)[0]
    rest, elbow = rigid_model.template, REST[ELBOW]
    forearm = of_segment(rigid_model, ELBOW)
    x, y, z = (rest[forearm] - elbow).T
    np.testing.assert_allclose(vertices[forearm], elbow + np.stack([-z, y, x], 1), atol=1e-12)
    upper_arm = of_segment(rigid_model, SMPL24.index('left_shoulder'))
    np.testing.assert_allclose(vertices[upper_arm], rest[upper_arm], atol=1e-12)
    # The elbow's own ring belongs to both by halves: it lies in the middle of its two places.
    ring = np.flatnonzero((rigid_model.weights[:, ELBOW] == 0.5)
                          & (rigid_model.weights[:, SMPL24.index('left_shoulder')] == 0.5))
    x, y, z = (rest[ring] - elbow).T
    np.testing.assert_allclose(vertices[ring], elbow + np.stack([x - z, 2 * y, z + x], 1) / 2,
                               atol=1e-12)
    wrist = rigid_model.joints(NO_BETAS, poses, NO_TRANS)[0, WRIST]
    np.testing.assert_allclose(wrist, elbow + (-.01, 0, .25), atol=1e-12)


def test_turns_of_a_chain_add_up(rigid_model):
    poses = posed(SMPL24.index('left_shoulder'), (0, 0, -np.pi / 2))  # the arm hangs
    poses[0, ELBOW] = (0, -np.pi / 2, 0)  # and the forearm points forward
    joints = rigid_model.joints(NO_BETAS, poses, NO_TRANS)[0]
    shoulder = REST[SMPL24.index('left_shoulder')]
    np.testing.assert_allclose(joints[ELBOW], shoulder + (0, -.27, -.01), atol=1e-12)
    np.testing.assert_allclose(joints[WRIST], joints[ELBOW] + (0, .01, .25), atol=1e-12)


def test_pose_blend_shapes_are_those_of_the_turned_joint(model):
    # A half turn about z: R - 1 = diag(-2, -2, 0). The head's skin does not follow the elbow, but
    # its blend shapes do.
    vertices = model.vertices(NO_BETAS, posed(ELBOW, (0, 0, np.pi)), NO_TRANS)[0]
    head = of_segment(model, SMPL24.index('head'))
    directions = model_arrays()['posedirs'][head][..., 9 * (ELBOW - 1):9 * ELBOW]
    np.testing.assert_allclose(vertices[head] - model.template[head],
                               -2 * directions[..., 0] - 2 * directions[..., 4], atol=1e-12)


def test_turning_the_root_turns_everything_about_the_pelvis(model):
    poses, trans = walking_poses(np.arange(5) / 5)
    betas = np.linspace(1, -1, 10)
    turn = Rotation.from_rotvec([0.3, -0.8, 1.9])
    turned = poses.copy()
    turned[:, 0] = (turn * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
    pelvis = model.rest_joints(betas)[0]
    for points in (model.vertices, model.joints):
        before, after = points(betas, poses, trans), points(betas, turned, trans)
        arms = before - (pelvis + trans)[:, None]
        np.testing.assert_allclose(after, turn.apply(arms.reshape(-1, 3)).reshape(arms.shape)
                                   + (pelvis + trans)[:, None], atol=1e-12)


def test_frames_do_not_depend_on_each_other(model):
    poses, trans = walking_poses(np.arange(70) / 30)  # more than are skinned at once
    together = model.vertices(NO_BETAS, poses, trans)
    for frame in (0, 31, 32, 69):
        alone = model.vertices(NO_BETAS, poses[[frame]], trans[[frame]])[0]
        np.testing.assert_allclose(together[frame], alone, atol=1e-12)
    assert model.vertices(NO_BETAS, poses[:0], trans[:0]).shape == (0, len(model.template), 3)


def test_joints_that_are_not_given_rest(tmp_path):
    model = load_smpl_model(write_model(tmp_path / 'model.npz', 52))
    poses, trans = walking_poses(np.arange(3) / 3)
    full = np.zeros((3, 52, 3))
    full[:, :22] = poses[:, :22]
    np.testing.assert_allclose(model.vertices(NO_BETAS, poses[:, :22], trans),
                               model.vertices(NO_BETAS, full, trans), atol=1e-12)
