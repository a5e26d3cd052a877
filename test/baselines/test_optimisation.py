# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The optimisation baseline: its prior, its derivatives, and what it reaches."""

import numpy as np
import pytest

from mocap23_ros.baselines.optimisation import (
    motion_equations,
    optimise_motion,
)
from mocap23_ros.baselines.pose_prior import fit_pose_prior, heading_of, normalised_poses, turn
from mocap23_ros.datasets.mocap34 import COCO17_JOINTS
from mocap23_ros.datasets.procedural import procedural_motion
from mocap23_ros.evaluation.metrics import evaluate_motion

FOCAL = 1000.0


@pytest.fixture(scope='module')
def clips():
    return procedural_motion(minutes=2.0, seed=21)


@pytest.fixture(scope='module')
def prior(clips):
    return fit_pose_prior(clips, components=4, exemplars=120, samples=3000)


@pytest.fixture(scope='module')
def scene():
    """A generated person whom the prior has not seen, 4 m before a camera 1.6 m high."""
    joints = procedural_motion(minutes=0.1, seed=5).positions(0)[::2, COCO17_JOINTS][:30]
    joints = joints.astype(np.float64)
    joints[..., :2] -= joints[:, 11:13, :2].mean(axis=(0, 1))
    joints[..., 0] += 4.0
    pose = np.eye(4)
    pitch = np.arctan2(0.7, 4.0)
    pose[:3, 2] = np.cos(pitch), 0, -np.sin(pitch)
    pose[:3, 0] = 0, -1, 0
    pose[:3, 1] = np.cross(pose[:3, 2], pose[:3, 0])
    pose[2, 3] = 1.6
    p = (joints - pose[:3, 3]) @ pose[:3, :3]
    keypoints = np.concatenate([p[..., :2] / p[..., 2:], np.ones((*p.shape[:2], 1))], axis=-1)
    poses = np.broadcast_to(pose, (len(joints), 4, 4))
    return np.arange(len(joints)) / 15.0, keypoints, poses, joints


def test_headings():
    body = np.zeros((17, 3))
    body[[5, 11], 1], body[[6, 12], 1] = 0.2, -0.2          # left is +y: faces +x
    assert heading_of(body) == pytest.approx(0)
    for angle in (0.5, 2.0, -3.0):
        assert heading_of(turn(body, np.float64(angle))) == pytest.approx(angle)
    poses = normalised_poses(np.stack([turn(body + 3, np.float64(a)) for a in (0.3, -2)]), 1.7)
    assert np.allclose(poses[0], poses[1]) and np.allclose(heading_of(poses), 0)


def test_prior_prefers_real_poses(clips, prior):
    joints = clips.frames[::50][:, COCO17_JOINTS] * clips.scale
    poses = normalised_poses(joints, 1.72).reshape(len(joints), -1)
    rng = np.random.default_rng(0)

    def cost(x):
        k = prior.component(x)
        return (np.einsum('nij,nj->ni', prior.whitening[k], x - prior.mean[k]) ** 2).sum(axis=1)

    broken = poses.reshape(-1, 17, 3) + 0.1 * rng.normal(size=(len(poses), 17, 3))
    assert np.median(cost(poses)) < 80                      # 51 for a perfect fit
    assert np.median(cost(broken.reshape(len(poses), -1))) > 3 * np.median(cost(poses))


def test_derivatives_of_the_terms(scene, prior):
    """The step equations against finite differences, where weights and components hold still."""
    stamps, keypoints, pose, joints = (v[:5] for v in scene)
    rng = np.random.default_rng(2)
    start = joints + 0.02 * rng.normal(size=joints.shape)
    heading = heading_of(start)

    def build(x, stature):
        return motion_equations(
            x, stature, keypoints[..., :2], keypoints[..., 2], pose, FOCAL, prior,
            (1.7, 0.09), 2.0, 1e6, 1 / 15).blocks

    base = build(start, 1.7)
    direction = rng.normal(size=start.shape)
    # Keep the heading, which a step holds on purpose.
    for a, b in ((5, 6), (11, 12)):
        direction[:, b] = direction[:, a]
    assert np.allclose(heading_of(start + 1e-6 * direction), heading, atol=1e-7)
    ahead, behind = (build(start + s * 1e-6 * direction, 1.7) for s in (1, -1))
    step = np.append(direction.ravel(), 0.0)
    compared = 0
    for (matrix, _), (_, plus), (_, minus) in zip(base[:18], ahead[:18], behind[:18], strict=True):
        numeric = (plus - minus) / 2e-6
        scale = max(np.abs(numeric).max(), 1.0)
        assert np.abs(matrix @ step - numeric).max() < 2e-3 * scale
        compared += 1
    assert compared == 18           # reprojection, bones, prior, accelerations


def test_the_banded_solver_solves_the_normal_equations(scene, prior):
    stamps, keypoints, pose, joints = (v[:6] for v in scene)
    equations = motion_equations(
        joints + 0.01, 1.6, keypoints[..., :2], keypoints[..., 2], pose, FOCAL, prior,
        (1.7, 0.09), 2.0, 10.0, 1 / 15)
    jacobian = np.vstack([matrix.toarray() for matrix, _ in equations.blocks])
    residual = np.concatenate([r for _, r in equations.blocks])
    expected = np.linalg.solve(jacobian.T @ jacobian + 1e-6 * np.eye(jacobian.shape[1]),
                               -jacobian.T @ residual)
    assert np.allclose(equations.step(1e-6), expected, atol=1e-7)


def test_it_finds_the_person(scene, prior):
    stamps, keypoints, pose, joints = scene
    fit, stature = optimise_motion(stamps, keypoints, pose, FOCAL, prior)
    result = evaluate_motion(fit, joints, 15)
    assert result['mpjpe_mm'] < 110 and result['abs_mpjpe_mm'] < 300
    assert stature == pytest.approx(1.72, rel=0.1)
    p = (fit - pose[0, :3, 3]) @ pose[0, :3, :3]
    error = np.linalg.norm(p[..., :2] / p[..., 2:] - keypoints[..., :2], axis=-1) * FOCAL
    assert np.median(error) < 5
    again, _ = optimise_motion(stamps, keypoints, pose, FOCAL, prior)
    assert np.array_equal(fit, again)
    told, height = optimise_motion(stamps, keypoints, pose, FOCAL, prior, 1.72)
    assert height == pytest.approx(1.72, rel=0.02)


def test_gaps_are_bridged_and_nothing_gives_nothing(scene, prior):
    stamps, keypoints, pose, joints = scene
    gappy = keypoints.copy()
    gappy[10:13] = np.nan
    gappy[:, 15, 2] = 0
    fit, _ = optimise_motion(stamps, gappy, pose, FOCAL, prior)
    assert np.isfinite(fit).all()
    nothing, stature = optimise_motion(stamps, np.full_like(keypoints, np.nan), pose, FOCAL, prior)
    assert np.isnan(nothing).all() and np.isfinite(stature)
