# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The share of the camera's pose in a joint's covariance, against drawn poses."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mocap23_ros.errors import InputError
from mocap23_ros.pipeline.camera_pose_uncertainty import CameraPoseUncertainty


def _pose(rotation: Rotation, position: list[float]) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation.as_matrix(), position
    return pose


def _correlated() -> np.ndarray:
    """Covariance of a pose whose pitch and height err together: what one does, the other undoes."""
    deviation = np.array([0.0, 0.0, 0.05, 0.0, 0.008, 0.0])
    return np.outer(deviation, deviation) + np.diag(np.repeat([0.003 ** 2, 0.002 ** 2], 3))


@pytest.mark.parametrize('uncertainty', [
    CameraPoseUncertainty(np.radians(0.3), 0.008, 0.01),
    CameraPoseUncertainty(stamp=0.01, pose_covariance=_correlated())], ids=['sd', 'correlated'])
def test_covariances_are_those_of_a_person_placed_on_the_floor_under_drawn_camera_poses(
        uncertainty: CameraPoseUncertainty) -> None:
    rng = np.random.default_rng(0)
    joints = np.array([[4.0, 1.0, 0.0], [4.0, 1.1, 0.5], [4.1, 1.0, 1.6]])  # the first one stands
    turn, velocity, spacing = np.array([0.1, 0.2, 0.9]), np.array([0.6, -0.2, 0.0]), 1 / 30
    now = _pose(Rotation.from_euler('xyz', [0.1, -0.4, 2.0]), [0.5, 0.2, 1.1])
    before = _pose(Rotation.from_rotvec(-turn * spacing) * Rotation.from_matrix(now[:3, :3]),
                   now[:3, 3] - velocity * spacing)
    count = 20_000
    late = uncertainty.stamp * rng.standard_normal((count, 1))
    drawn = rng.multivariate_normal(np.zeros(6), uncertainty.of_pose(), count)
    wrong = Rotation.from_rotvec(drawn[:, 3:] + late * turn)
    centre = now[:3, 3] + drawn[:, :3] + late * velocity
    foot_ray = wrong.apply(joints[0] - now[:3, 3])
    scale = -centre[:, 2] / foot_ray[:, 2]  # until the foot touches the floor
    for joint, covariance in zip(joints, uncertainty.covariance(
            joints[None], before, now, spacing)[0], strict=True):
        placed = np.cov((centre + scale[:, None] * wrong.apply(joint - now[:3, 3])).T)
        assert np.allclose(covariance, placed, rtol=0.1, atol=0.05 * np.trace(placed))


def test_pitch_and_height_that_err_together_move_nobody() -> None:
    """A camera that is 1 % higher and looks down that much more sees the same person."""
    pose = _pose(Rotation.identity(), [0.0, 0.0, 1.5])
    joint = np.array([[[4.0, 0.0, 0.0]]])
    tilt = 1.5 * 4.0 / (4.0 ** 2 + 1.5 ** 2) * 0.01  # rad that move the feet by 1 %
    deviation = np.array([0.0, 0.0, 0.015, 0.0, tilt, 0.0])
    along, against = (CameraPoseUncertainty(stamp=0.0, pose_covariance=np.outer(error, error))
                      .covariance(joint, pose, pose, 0.1)[0, 0, 0, 0] ** 0.5
                      for error in (deviation, deviation * [1, 1, 1, 1, -1, 1]))
    assert along < 0.002 and against == pytest.approx(0.08, rel=0.05)


def test_what_the_size_of_a_person_tells_bounds_the_depth() -> None:
    pose = _pose(Rotation.identity(), [0.0, 0.0, 0.02])  # hardly above the floor
    covariance = CameraPoseUncertainty(0.05, 0.0, 0.0).covariance(
        np.array([[[5.0, 0.0, 0.9]]]), pose, pose, 0.05)[0, 0]
    assert 0.45 < np.sqrt(covariance[0, 0]) < 0.55


def test_a_still_camera_adds_rotation_across_the_ray() -> None:
    pose = _pose(Rotation.identity(), [0.0, 0.0, 1.5])
    joint = np.array([[[6.0, 0.0, 1.5]]])
    still = CameraPoseUncertainty(0.01, 0.0, 1.0).covariance(joint, pose, pose, 0.05)[0, 0]
    assert np.allclose(still[1:, 1:], np.diag([0.06 ** 2] * 2), atol=1e-12)
    assert not CameraPoseUncertainty(0.0, 0.0, 1.0).covariance(joint, pose, pose, 0.05).any()


def test_nothing_known_about_a_joint_stays_unknown() -> None:
    pose = np.eye(4)
    covariance = CameraPoseUncertainty().covariance(
        np.full((2, 3, 3), np.nan), pose, pose, 0.05)
    assert covariance.shape == (2, 3, 3, 3) and np.isnan(covariance).all()


def test_joints_of_detectors_are_unsure_each_and_in_the_depth_of_their_feet() -> None:
    joint, pose = np.array([[[6.0, 0.0, 1.5]]]), _pose(Rotation.identity(), [0, 0, 1.5])
    exact = CameraPoseUncertainty(0.0, 0.0, 0.0).covariance(joint, pose, pose, 0.05, 0.04)[0, 0]
    assert np.allclose(exact[1:, 1:], np.diag([0.04 ** 2] * 2))
    of_feet = (0.04 * np.hypot(6.0, 1.5) / 1.5) ** 2
    assert exact[0, 0] == pytest.approx(0.04 ** 2 + of_feet / (1 + of_feet / 0.6 ** 2), rel=0.1)


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


@pytest.mark.parametrize('values', [(-0.1, 0, 0), (0, float('nan'), 0), (0, 0, 1.5), (0.6, 0, 0)])
def test_no_camera_is_as_uncertain(values: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match='give 0 to'):
        CameraPoseUncertainty(*values)
