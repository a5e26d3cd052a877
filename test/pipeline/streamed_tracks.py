# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks of people in front of a camera, fed to a streaming lifter image by image."""

import numpy as np
from synthetic_people import look_at, walking_person

from mocap23_ros.geometry.camera_model import CameraModel
from mocap23_ros.tracking.track import Track, TrackState

CAMERA = CameraModel.from_calibration([1000, 0, 640, 0, 1000, 360, 0, 0, 1],
                                      image_size=(1280, 720))
POSE = look_at((0, 0, 1.5), (4, 0, 0.9))
RATE = 30.0


def track(person_id, joints, state=TrackState.TRACKED):
    """A track of someone whose world joints [17,3] are seen by CAMERA; None = not seen."""
    keypoints = np.full((17, 3), np.nan, np.float32)
    if joints is None:
        keypoints[:, 2] = 0
    else:
        p_camera = (joints - POSE[:3, 3]) @ POSE[:3, :3]
        keypoints[:, :2] = CAMERA.project(p_camera)
        keypoints[:, 2] = 0.9
    return Track(person_id, state, keypoints, np.zeros(4, np.float32), 1.0)


def walk(frames, **person):
    return walking_person(np.arange(frames) / RATE, start=(4.0, -0.5), heading=1.3, **person)


def run(streaming, people, poses=None):
    """Feed {id: joints [F,17,3]}; returns the list of estimates of every update and the rest."""
    frames = len(next(iter(people.values())))
    results = [streaming.update(10 + i / RATE, [track(p, j[i]) for p, j in people.items()],
                                CAMERA, POSE if poses is None else poses[i])
               for i in range(frames)]
    return results, streaming.finish()
