# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Heels and toes: placed from rays and ankles, unsure where they may point two ways."""

import numpy as np
import pytest
from synthetic_people import look_at, walking_person

from mocap23_ros.lifting.feet import with_feet
from mocap23_ros.lifting.lifted_frame import LiftedFrame
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, SHOULDERS
from mocap23_ros.skeletons.conversion import convert_joints
from mocap23_ros.skeletons.formats import COCO17, COCO21, OUTPUT19, OUTPUT23

HEELS_AND_TOES = np.arange(len(COCO17), len(COCO21))


def seen_from(pose, facing, contact=1.0, ankle_sd=0.02):
    """A frame of someone who stands and faces an angle [rad], the true feet [4,3], keypoints."""
    joints = walking_person(np.zeros(1), (4.0, 0.0), heading=facing)[0]
    ahead = np.array([np.cos(facing), np.sin(facing), 0])
    joints[ANKLES, 2] = 0.08
    heels = joints[ANKLES] - 0.05 * ahead - [0, 0, 0.06]
    feet = np.concatenate([heels, heels + 0.21 * ahead])
    body = convert_joints(joints[None], COCO17, OUTPUT19)
    frame = LiftedFrame(
        0.0, np.array([1]), body, np.broadcast_to(ankle_sd**2 * np.eye(3), (1, 19, 3, 3)).copy(),
        np.full((1, 19), 0.8, np.float32), np.full((1, 2), contact, np.float32),
        np.array([1.7], np.float32), np.array([0.05], np.float32))
    p_camera = (np.concatenate([joints, feet]) - pose[:3, 3]) @ pose[:3, :3]
    keypoints = np.concatenate([p_camera[:, :2] / p_camera[:, 2:], np.full((21, 1), 0.9)], axis=1)
    return frame, feet, keypoints[None]


@pytest.mark.parametrize('facing', np.linspace(0, 2 * np.pi, 6, endpoint=False))
def test_feet_of_someone_who_stands_are_where_they_are_and_point_where_they_point(facing):
    pose = look_at((0, 0, 1.5), (4, 0, 0.9))
    frame, feet, keypoints = seen_from(pose, facing)
    result = with_feet(frame, keypoints, pose, 1000.0)
    found, covariance = result.joints[0, 19:], result.covariance[0, 19:]
    np.testing.assert_array_equal(result.joints[0, :19], frame.joints[0])
    assert np.linalg.norm(found - feet, axis=1).max() < 0.06
    error = found - feet
    assert (np.einsum('ji,jik,jk->j', error, np.linalg.inv(covariance), error) < 7.81).all()
    ahead = (found[2:] - found[:2])[:, :2].sum(axis=0)
    assert ahead @ [np.cos(facing), np.sin(facing)] > 0.95 * np.linalg.norm(ahead)
    assert OUTPUT23.joint_names[19:] == COCO21.joint_names[17:]


def test_a_foot_in_the_air_of_a_body_that_may_face_either_way_is_unsure_of_its_direction():
    pose = look_at((0, 0, 0.06), (4, 0, 0.06))
    frame, feet, keypoints = seen_from(pose, np.pi, contact=0.0)
    known = with_feet(frame, keypoints, pose, 1000.0)
    frame.joints[:, [*HIPS, *SHOULDERS]] = np.nan
    unsure = with_feet(frame, keypoints, pose, 1000.0)
    depth = [result.covariance[0, 21, 0, 0] for result in (known, unsure)]
    assert depth[1] > 3 * depth[0] and depth[1] > 0.07**2
    assert abs(unsure.joints[0, 21, 0] - feet[2, 0]) < 2 * np.sqrt(depth[1])


def test_what_is_not_seen_is_not_placed_and_does_not_mislead_the_rest():
    pose = look_at((0, 0, 1.5), (4, 0, 0.9))
    frame, feet, keypoints = seen_from(pose, 0.5)
    keypoints[0, HEELS_AND_TOES[2:]] = np.nan, np.nan, 0
    result = with_feet(frame, keypoints, pose, 1000.0)
    assert np.isnan(result.joints[0, 21:]).all() and (result.confidence[0, 21:] == 0).all()
    assert np.linalg.norm(result.joints[0, 19:21] - feet[:2], axis=1).max() < 0.08
