# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A known skeleton walking before a known camera."""

import numpy as np

from mocap23_ros.windows.keypoint_windows import KeypointWindows


def look_at(p_centre, p_target):
    """Pose of a camera at one point that looks at another."""
    forward = np.subtract(p_target, p_centre)
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, (0, 0, 1))
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
    pose[:3, 3] = p_centre
    return pose


def walking_person(stamps, start=(0.0, 0.0), heading=0.0, speed=1.0, stature=1.70):
    """COCO joints [T,17,3] of a figure with alternating stance feet, metres."""
    joints = np.zeros((len(stamps), 17, 3))
    step, cycle = 0.6, 1.2 / max(speed, 1e-9)
    for row, stamp in enumerate(stamps):
        x = speed * stamp
        phase = (stamp / cycle) % 1.0 if speed else 0.25
        root = np.array([x, 0.0, 0.87])
        ankles = []
        for side, offset in ((1, 0.0), (-1, 0.5)):
            p = (phase + offset) % 1.0
            # Half of the cycle planted, half swinging.
            if speed == 0:
                along, up = 0.0, 0.0
            elif p < 0.5:
                along, up = step * (0.5 - 2 * p), 0.0
            else:
                swing = 2 * p - 1
                along, up = step * (swing - 0.5), 0.12 * np.sin(np.pi * swing)
            ankles.append(root + (along, 0.1 * side, -0.7935 + up))
        for side, ankle, hip, knee, foot in ((1, ankles[0], 11, 13, 15),
                                             (-1, ankles[1], 12, 14, 16)):
            joints[row, hip] = root + (0, 0.0875 * side, 0)
            joints[row, foot] = ankle
            joints[row, knee] = 0.5 * (joints[row, hip] + ankle) + (0.06, 0, 0)
        for side, shoulder, elbow, wrist in ((1, 5, 7, 9), (-1, 6, 8, 10)):
            joints[row, shoulder] = root + (0.0, 0.18 * side, 0.5)
            joints[row, elbow] = root + (-0.03, 0.22 * side, 0.21)
            joints[row, wrist] = root + (0.06, 0.23 * side, -0.05)
        for joint, point in zip(range(5), ((.12, 0, .72), (.10, .03, .755), (.10, -.03, .755),
                                           (.02, .073, .73), (.02, -.073, .73)), strict=True):
            joints[row, joint] = root + point
    joints *= stature / 1.70
    cosine, sine = np.cos(heading), np.sin(heading)
    turned = joints @ np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    return turned + (*start, 0.0)


def project(joints, world_T_camera, noise=0.0, focal_length=1000.0, seed=0):
    """Normalised keypoints [T,J,3] with confidence 0.9; NaN and 0 behind the camera."""
    poses = np.broadcast_to(world_T_camera, (len(joints), 4, 4))
    p_camera = np.einsum('tij,tki->tkj', poses[:, :3, :3], joints - poses[:, None, :3, 3])
    in_front = p_camera[..., 2] > 0.1
    keypoints = np.full(joints.shape, np.nan, np.float32)
    keypoints[..., :2] = p_camera[..., :2] / p_camera[..., 2:]
    rng = np.random.default_rng(seed)
    keypoints[..., :2] += rng.normal(0, noise / focal_length, keypoints[..., :2].shape)
    keypoints[..., 2] = 0.9
    keypoints[~in_front] = (np.nan, np.nan, 0.0)
    return keypoints


def windows_of(people, world_T_camera, stamps, noise=0.0, stature=None, first_id=1):
    """KeypointWindows of several people's joints [T,17,3]."""
    poses = np.broadcast_to(world_T_camera, (len(stamps), 4, 4)).copy()
    keypoints = np.stack([project(p, poses, noise, seed=i) for i, p in enumerate(people)])
    known = np.full(len(people), np.nan) if stature is None else stature
    return KeypointWindows(np.asarray(stamps, float), keypoints, poses, 1000.0,
                           np.arange(first_id, first_id + len(people)),
                           np.asarray(known, np.float32))
