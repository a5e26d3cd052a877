# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Figures without truth find what bodies, floors and images forbid, and nothing in good motion."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_people import look_at, walking_person

from mocap23_ros.evaluation.self_consistency import FIGURES, judge_motion
from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.skeletons.formats import COCO17

STAMPS = np.arange(60) / 30
POSE = look_at((0, 0, 1.5), (4, 0, 0.9))
K = np.array([[1000.0, 0, 640], [0, 1000, 360], [0, 0, 1]])
SD = 0.02  # m


def motion(people=1):
    joints = np.stack([walking_person(STAMPS, (4.0, y - 0.5)) for y in range(people)], axis=1)
    shape = joints.shape[:3]
    return RecordedMotion(
        joints.astype(np.float32), np.broadcast_to(SD ** 2 * np.eye(3, dtype=np.float32),
                                                   (*shape, 3, 3)), STAMPS,
        np.zeros((*shape[:2], 2), np.float32), np.full(shape[:2], 1.7, np.float32),
        np.arange(1, people + 1), COCO17.joint_names)


def seen(moved, pixels=0.0):
    """Keypoints of a motion, off by so many pixels."""
    p_camera = np.einsum('ba,fpjb->fpja', POSE[:3, :3], moved.joints - POSE[:3, 3])
    keypoints = np.einsum('ab,fpjb->fpja', K, p_camera / p_camera[..., 2:])
    keypoints[..., 0] += pixels
    keypoints[..., 2] = 0.9
    camera = CameraModel.from_calibration(K, np.zeros(5), 'plumb_bob', (1280, 720))
    return KeypointRecording(
        keypoints.astype(np.float32), moved.stamps, (camera,),
        np.broadcast_to(POSE, (len(moved.stamps), 4, 4)),
        np.full(keypoints.shape[1], np.nan, np.float32))


def test_good_motion():
    figures = judge_motion(motion(), seen(motion()))
    assert set(figures) == set(FIGURES)
    assert figures['people'] == 1 and figures['frames'] == 60 and figures['seen_ratio'] == 1
    assert figures['bone_sd_percent'] < 3 and figures['id_breaks'] == 0
    assert figures['floor_penetration_ratio'] == 0 == figures['floor_penetration_mm']
    assert figures['reprojection_px'] < 1e-2 and figures['reprojection_coverage_95'] == 1
    assert figures['foot_skate_own_mm'] is None, 'no foot says that it stands'


def test_what_is_wrong_is_found():
    good = motion()
    sunk = replace(good, joints=good.joints - np.float32((0, 0, 0.3)))
    assert judge_motion(sunk)['floor_penetration_mm'] > 50
    stretched = good.joints * np.linspace(1, 1.2, 60, dtype=np.float32)[:, None, None, None]
    assert judge_motion(replace(good, joints=stretched))['bone_sd_percent'] > 4
    standing = replace(good, contact=np.ones_like(good.contact))
    slip = np.linalg.norm(np.diff(good.joints[:, 0, [15, 16]], axis=0), axis=-1).mean()
    assert judge_motion(standing)['foot_skate_own_mm'] == pytest.approx(1e3 * slip, rel=1e-4)
    figures = judge_motion(good, seen(good, 40.0))
    assert figures['reprojection_px'] == pytest.approx(40, abs=0.1)
    assert figures['reprojection_coverage_95'] == 0
    shaken = good.joints + np.float32(0.01) * np.random.default_rng(0).standard_normal(
        good.joints.shape).astype(np.float32)
    assert judge_motion(replace(good, joints=shaken))['jitter_10ms3'] > 50


def test_an_id_that_breaks():
    two = motion(2)
    joints = two.joints.copy()
    joints[:, 1] = joints[:, 0]
    joints[30:, 0] = np.nan
    joints[:33, 1] = np.nan
    assert judge_motion(replace(two, joints=joints))['id_breaks'] == 1
    joints[:, 1] += (0, 3, 0)
    assert judge_motion(replace(two, joints=joints))['id_breaks'] == 0, 'somebody else'


def test_nobody():
    nobody = RecordedMotion.empty(STAMPS, np.zeros(0, np.int64), COCO17.joint_names)
    figures = judge_motion(nobody)
    assert figures['people'] == 0 and figures['frames'] == 0
    assert all(figures[name] is None for name in FIGURES[4:-1])
