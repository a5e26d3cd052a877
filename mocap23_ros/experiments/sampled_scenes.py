# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Scenes that motion is drawn in: nothing known, a 2D recording, or motion made by rules."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from mocap23_ros.datasets.augmentation import preset
from mocap23_ros.datasets.procedural import procedural_motion
from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
from mocap23_ros.errors import InputError
from mocap23_ros.experiments.motion_sampling import VIEW_NAMES, SampledScene
from mocap23_ros.lifting.network_inputs import CAMERA_FEATURES, make_network_inputs
from mocap23_ros.network.triangulation import split_planes
from mocap23_ros.network.views import make_views, project
from mocap23_ros.skeletons.keypoint_layout import keypoint_layout
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat
from mocap23_ros.training.keypoint_tracks import load_keypoint_tracks
from mocap23_ros.training.targets import training_windows
from mocap23_ros.windows.recording_windows import recording_windows

PARTS = ('legs', 'arms', 'head', 'late')
_CAMERA_HEIGHT, _DISTANCE, _HIP_HEIGHT = 1.5, 4.0, 0.95  # metres
_MINUTES = 0.5  # of motion made by rules, of which one window is taken


def empty_scene(window: WindowSpec, skeleton: SkeletonFormat) -> SampledScene:
    """Nothing known: a still camera of f = 1000 px at 1.5 m, the anchor 4 m before it."""
    camera = torch.zeros(window.length, CAMERA_FEATURES)
    camera[:, 2], camera[:, 3] = _CAMERA_HEIGHT, 1.0
    shape = (len(VIEW_NAMES), window.length, len(skeleton))
    return SampledScene(camera, torch.tensor([_DISTANCE, _HIP_HEIGHT, 0.2]),
                        torch.zeros(*shape, 2), torch.zeros(shape))


def generated_scene(window: WindowSpec, skeleton: SkeletonFormat, seed: int) -> SampledScene:
    """Motion made by rules before a random camera, known exactly in all views."""
    source = WindowSource(procedural_motion(_MINUTES, seed), window, preset('clean'), seed,
                          skeleton)
    windows = training_windows(source.batch(1, 0), skeleton, seed)
    views = make_views(windows.camera, windows.anchor, None, len(VIEW_NAMES))
    u, v, _ = project(views, split_planes(windows.joints))
    return SampledScene(windows.camera[0], windows.anchor[0], torch.stack([u, v], dim=-1)[0],
                        torch.ones_like(u)[0])


def recorded_scene(path: Path, window: WindowSpec, skeleton: SkeletonFormat) -> SampledScene:
    """The window of a keypoint file (docs/LIFT.md) that shows most of a person; InputError.

    It is known in the real view alone.
    """
    length, rate = window.length, window.rate
    best, seen = None, 0
    for track in load_keypoint_tracks(path, skeleton):
        samples = max(1, int((track.stamps[-1] - track.stamps[0]) * rate) + 2 - length)
        ends = track.stamps[-1] - np.arange(samples) / rate
        for found in recording_windows(track.stamps, track.keypoints[None], track.world_T_camera,
                                       float(track.focal_length[-1]), length, rate, ends):
            count = int((found.keypoints[..., 2] > 0).sum())
            if count > seen:
                best, seen = (found, track), count
    if best is None:
        raise InputError(f'{path}: nobody is seen in it')
    found, track = best
    inputs = make_network_inputs(found.keypoints, found.world_T_camera[None],
                                 np.array([found.focal_length]), np.array([track.stature]),
                                 skeleton)
    scene = empty_scene(window, skeleton)
    scene.point[0] = torch.from_numpy(inputs.observation[0, ..., :2])
    scene.confidence[0] = torch.from_numpy(inputs.observation[0, ..., 2])
    return replace(scene, camera=torch.from_numpy(inputs.camera[0]),
                   anchor=torch.from_numpy(inputs.anchor[0]))


def hide(scene: SampledScene, names: Sequence[str], skeleton: SkeletonFormat) -> SampledScene:
    """The scene without joints, given by name, and ``PARTS``; late: the second half of the time.

    legs and arms are without hips and shoulders.

    InputError for other names.
    """
    layout = keypoint_layout(skeleton)
    head = np.zeros(len(skeleton), bool)
    head[layout.face] = True
    hips = np.isin(np.arange(len(skeleton)), layout.hips)
    shoulders = np.isin(np.arange(len(skeleton)), layout.shoulders)
    masks = {'legs': layout.swap_parts[0] & ~hips, 'arms': layout.swap_parts[1] & ~shoulders,
             'head': head}
    confidence = scene.confidence.clone()
    for name in names:
        if name == 'late':
            confidence[:, confidence.shape[1] // 2:] = 0
        elif name in masks:
            confidence[:, :, torch.from_numpy(masks[name])] = 0
        elif name in skeleton.joint_names:
            confidence[:, :, skeleton.index(name)] = 0
        else:
            raise InputError(f'--hide {name}: give {", ".join(PARTS)} or joints of '
                             f'{skeleton.name}, such as {skeleton.joint_names[-1]}')
    point = scene.point * (confidence > 0)[..., None]
    return replace(scene, point=point, confidence=confidence)
