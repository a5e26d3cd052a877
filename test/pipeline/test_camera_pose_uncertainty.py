# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The share of the camera's pose in a joint's covariance, against drawn poses."""

import numpy as np
from scipy.spatial.transform import Rotation

from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty


def _pose(rotation: Rotation, position: list[float]) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation.as_matrix(), position
    return pose


def test_covariance_is_that_of_joints_under_drawn_camera_poses() -> None:
    rng = np.random.default_rng(0)
    joints = np.array([[4.0, 1.0, 1.2], [7.0, -2.0, 0.1]])
    turn, velocity, spacing = np.array([0.1, 0.0, 0.9]), np.array([0.6, -0.2, 0.0]), 1 / 30
    now = _pose(Rotation.from_euler('xyz', [0.1, -0.4, 2.0]), [0.5, 0.2, 1.1])
    before = _pose(Rotation.from_rotvec(-turn * spacing) * Rotation.from_matrix(now[:3, :3]),
                   now[:3, 3] - velocity * spacing)
    uncertainty = CameraPoseUncertainty(np.radians(0.4), 0.02, 0.015)
    count = 20_000
    late = uncertainty.stamp * rng.standard_normal(count)
    wrong = Rotation.from_rotvec(uncertainty.rotation * rng.standard_normal((count, 3))
                                 + late[:, None] * turn)
    shift = (uncertainty.position * rng.standard_normal((count, 3)) + late[:, None] * velocity)
    for joint, covariance in zip(joints, uncertainty.covariance(
            joints[None], before, now, spacing)[0], strict=True):
        arm = joint - now[:3, 3]
        drawn = wrong.apply(arm) + shift
        assert np.allclose(covariance, np.cov(drawn.T), atol=0.06 * np.trace(covariance))


def test_a_still_camera_adds_rotation_across_the_ray_and_position_everywhere() -> None:
    pose = _pose(Rotation.identity(), [0.0, 0.0, 1.5])
    uncertainty = CameraPoseUncertainty(0.01, 0.0, 1.0)
    joint = np.array([6.0, 0.0, 1.5])
    covariance = uncertainty.covariance(joint[None, None], pose, pose, 0.05)[0, 0]
    assert np.allclose(covariance, np.diag([0.0, 0.06 ** 2, 0.06 ** 2]), atol=1e-12)


def test_nothing_known_about_a_joint_stays_unknown() -> None:
    pose = np.eye(4)
    covariance = CameraPoseUncertainty().covariance(
        np.full((2, 3, 3), np.nan), pose, pose, 0.05)
    assert covariance.shape == (2, 3, 3, 3) and np.isnan(covariance).all()


def test_frames_go_through_together_as_they_do_alone() -> None:
    rng = np.random.default_rng(1)
    rotations = Rotation.random(10, random_state=2)
    poses = np.stack([_pose(r, list(rng.normal(size=3))) for r in rotations])
    before, now = poses[:5], poses[5:]
    joints = rng.normal(size=(5, 2, 4, 3)) * 5
    together = CameraPoseUncertainty().covariance(joints, before, now, 0.1)
    for frame in range(5):
        alone = CameraPoseUncertainty().covariance(joints[frame], before[frame], now[frame], 0.1)
        assert np.allclose(together[frame], alone)
