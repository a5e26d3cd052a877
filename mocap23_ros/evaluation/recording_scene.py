# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""The scene of a recording: the people of every method, at the stamps of the images."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mocap23_ros.evaluation.motion_files import MotionArrays
from mocap23_ros.evaluation.motion_matching import in_rows, match_frames
from mocap23_ros.evaluation.report_scene import Curve, Scene, ScenePeople, frustum_of, motion_curves
from mocap23_ros.recordings.recording import KeypointRecording
from mocap23_ros.skeletons.coco17 import COCO_JOINTS


def motion_scene(name: str, motion: MotionArrays, truth: MotionArrays | None = None,
                 errors: Sequence[Curve] = ()) -> Scene:
    """The scene of one method's motion [F,P,...]; times count from its first frame.

    truth: in the same world. errors: curves of the method against it.
    """
    stamps = motion['stamps'] - motion['stamps'][0]
    joints = motion['joints']
    ids = motion.get('person_ids', np.arange(1, joints.shape[1] + 1)).tolist()
    covariance = motion.get('covariance')
    people = ScenePeople(name, joints[:, :, COCO_JOINTS], ids,
                         None if covariance is None else covariance[:, :, COCO_JOINTS])
    true = None
    if truth is not None:
        match = match_frames(truth, motion)
        true = ScenePeople('truth', in_rows(match.near, truth['joints'][match.row, :, COCO_JOINTS]),
                           list(range(1, truth['joints'].shape[1] + 1)))
    curves = [*errors, *motion_curves(name, stamps, covariance, motion.get('contact'))]
    return Scene(stamps, [people], true, curves=curves)


def merged(scenes: Sequence[Scene]) -> Scene:
    """All methods in one scene, at the stamps of the first."""
    first = scenes[0]
    people = []
    for scene in scenes:
        match = match_frames({'stamps': scene.stamps}, {'stamps': first.stamps})
        people += [replace(motion, joints=in_rows(match.near, motion.joints[match.row]),
                           covariance=None if motion.covariance is None
                           else in_rows(match.near, motion.covariance[match.row]))
                   for motion in scene.people]
    return replace(first, people=people, curves=[c for scene in scenes for c in scene.curves])


def with_camera(scene: Scene, name: str, start: float, observed: KeypointRecording,
                floor_height: float) -> Scene:
    """The scene with the camera, and the confidence of the keypoints of this method.

    start: stamp of the scene's time 0. observed: in a world whose floor is at z = 0.
    """
    if not observed.frames:
        return scene
    stamps = observed.stamps - start
    confidence = np.where(observed.keypoints[..., 2] > 0, observed.keypoints[..., 2], np.nan)
    curves = [*scene.curves, *motion_curves(name, stamps, confidence=confidence)]
    frustum = np.concatenate([frustum_of(observed.camera(frame), observed.world_T_camera[[frame]])
                              for frame in range(observed.frames)])
    row = np.clip(np.searchsorted(stamps, scene.stamps, side='right') - 1, 0, None)
    return replace(scene, frustum=frustum[row] + (0, 0, floor_height), curves=curves)
