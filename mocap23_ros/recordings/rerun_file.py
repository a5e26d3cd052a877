# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifted motion as a recording of the viewer Rerun."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.atomic_files import saving
from mocap23_ros.recordings.recorded_motion import RecordedMotion
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.viewers.rerun_scene import RerunScene
from mocap23_ros.viewers.scene_shapes import colour_of, floor_grid


def save_rerun(path: Path, motions: Mapping[str, RecordedMotion],
               observed: KeypointRecording | None = None) -> None:
    """Write skeletons, their 95 % ellipsoids, the floor, the camera and its keypoints.

    motions: by the name under which they are shown, z up, floor at z = 0. observed: what the camera
    saw, in the same world. Raises InputError where rerun is absent or the file cannot be written.
    """
    scene = RerunScene('--rerun')
    with saving(path) as temporary:
        scene.stream.save(str(temporary))
        scene.begin(floor_grid(np.concatenate(
            [motion.joints[..., :2].reshape(-1, 2) for motion in motions.values()])))
        for name, motion in motions.items():
            for column in range(len(motion.person_ids)):
                _log_person(scene, name, motion, column)
        if observed is not None:
            _log_camera(scene, observed)
        scene.stream.flush()
        scene.stream.disconnect()


def _log_person(scene: RerunScene, name: str, motion: RecordedMotion, column: int) -> None:
    known: NDArray[np.bool_] = np.asarray(
        np.isfinite(motion.joints[:, column]).all(axis=-1).any(axis=-1))
    before = False
    for frame, stamp in enumerate(motion.stamps.tolist()):
        if known[frame] or before:
            scene.set_time(stamp)
            scene.log_person(name, int(motion.person_ids[column]), colour_of(column),
                             motion.joints[frame, column], motion.covariance[frame, column])
        before = bool(known[frame])


def _log_camera(scene: RerunScene, observed: KeypointRecording) -> None:
    rays = observed.undistorted()
    poses = observed.world_T_camera
    still = bool((poses == poses[0]).all())
    for frame, stamp in enumerate(observed.stamps.tolist()):
        camera = observed.camera(frame)
        scene.set_time(stamp)
        if frame == 0 or not still:
            scene.log_pose(poses[frame], static=still)
        if frame == 0 or len(observed.cameras) > 1:
            scene.log_camera(camera, static=len(observed.cameras) == 1)
        for column in range(observed.people):
            scene.log_keypoints(column + 1, camera, rays[frame, column])
