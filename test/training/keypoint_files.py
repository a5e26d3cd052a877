# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Keypoint files of generated motion before a known camera, as a perfect detector would write."""


import numpy as np
from synthetic_people import look_at

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.skeletons.keypoint_layout import keypoint_layout

FRAMES, FPS = 90, 30.0
POSE = look_at((-4.0, 0.5, 1.7), (0, 0, 0.9))
CAMERA = CameraModel.from_calibration([[900.0, 0, 640], [0, 900, 360], [0, 0, 1]],
                                      (-0.1, 0.02, 0.001, 0.0, 0.0), 'plumb_bob', (1280, 720))


def arrays(clips, form=COCO17, people=2, frames=FRAMES, **changes):
    """The arrays of a file: the first people of ``clips``, put before the camera."""
    keypoints = np.zeros((frames, people, len(form), 3), np.float32)
    for person in range(people):
        joints = keypoint_layout(form).take(clips.positions(person)[:frames])
        hips = joints[:, keypoint_layout(form).hips].mean(axis=(0, 1))
        joints = joints - hips * (1, 1, 0) + (0, 1.0 - person, 0)
        p_camera = (joints - POSE[:3, 3]) @ POSE[:3, :3]
        keypoints[:, person, :, :2] = CAMERA.project(p_camera)
    keypoints[..., 2] = 0.9
    return {'keypoints': keypoints, 'stamps': 3 + np.arange(frames) / FPS, 'K': CAMERA.K,
            'distortion': CAMERA.distortion, 'world_T_camera': POSE,
            'image_size': np.array(CAMERA.image_size), 'skeleton': np.array(form.name),
            **changes}


def write(path, clips, form=COCO17, **changes):
    """Write a file; keys that are changed to None are left out."""
    values = arrays(clips, form, **changes)
    np.savez(path, **{key: value for key, value in values.items() if value is not None})
    return path
