# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoint files of two people who walk before a known camera."""


import numpy as np
from synthetic_people import look_at, walking_person

RATE, FRAMES = 30.0, 52
STAMPS = 5 + np.arange(FRAMES) / RATE
POSE = look_at((0, 0, 1.5), (4, 0, 0.9))
K = np.array([[1000.0, 0, 640], [0, 1000, 360], [0, 0, 1]])


def truth(stamps=STAMPS):
    """World joints [F,2,17,3] of two people."""
    stamps = stamps - stamps[0]
    return np.stack([walking_person(stamps, (4.0, -0.6), heading=1.4),
                     walking_person(stamps, (5.0, 0.8), heading=-1.7)], axis=1)


def observed(stamps, K=K, pose=POSE, noise=0.0):
    """The arrays of an input file; K and pose for all frames or for each, noise in pixels."""
    frames = len(stamps)
    poses, matrices = np.broadcast_to(pose, (frames, 4, 4)), np.broadcast_to(K, (frames, 3, 3))
    p_camera = np.einsum('fba,fpjb->fpja', poses[:, :3, :3],
                         truth(stamps) - poses[:, None, None, :3, 3])
    pixels = np.einsum('fab,fpjb->fpja', matrices, p_camera / p_camera[..., 2:])
    pixels[..., :2] += noise * np.random.default_rng(0).standard_normal(pixels[..., :2].shape)
    pixels[..., 2] = 0.9
    return {'keypoints': pixels.astype(np.float32), 'stamps': np.asarray(stamps, float), 'K': K,
            'world_T_camera': pose, 'image_size': np.array([1280, 720])}


def recording(**changes):
    """The arrays of a valid input file, with changes; None removes a key."""
    arrays = observed(STAMPS) | changes
    return {key: value for key, value in arrays.items() if value is not None}
