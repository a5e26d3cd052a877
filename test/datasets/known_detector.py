# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""A detector that is known exactly, and what it reports of moving people."""

import numpy as np

from mocap23_ros.datasets.augmentation import preset
from mocap23_ros.datasets.detected_clips import DetectedClip
from mocap23_ros.datasets.detector_errors import detector_keypoints
from mocap23_ros.datasets.observation import to_camera
from mocap23_ros.datasets.training_windows import WindowSource, WindowSpec
from mocap23_ros.detection.detector_noise import (
    GROUPS,
    DetectorNoise,
    Episodes,
    ErrorTable,
    JointNoise,
    Outliers,
    Stated,
)
from mocap23_ros.skeletons.coco17 import COCO_SIGMAS
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.skeletons.person_scale import person_scale

RATE = 30.0


def known_noise(**changes):
    """Every number is another than what the fit assumes where it knows nothing."""
    joints = {name: JointNoise(0.3 * sigma, 0.2 * sigma, 0.1 * sigma, 0.04, 100)
              for name, sigma in zip(COCO17.joint_names, COCO_SIGMAS.tolist(), strict=True)}
    joints['left_wrist'] = JointNoise(0.01, 0.06, 0.02, 0.10, 100)
    # Overconfident: 0.5 to 0.95, whatever the error is.
    lies = tuple(0.5 + 0.45 * q for q in (0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1))
    sure = tuple(0.9 + 0.1 * q for q in (0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1))
    values = {
        'detector': 'made up', 'made': 'by hand', 'clips': 100, 'keypoints': 10_000,
        'time_constant': 0.15, 'resolution_px': 60.0, 'dropped': Episodes(0.05, 0.3, 9),
        'exchanges': {'arms': Episodes(0.06, 0.4, 9), 'legs': Episodes(0.12, 0.8, 9),
                      'both': Episodes(0.03, 0.3, 9)},
        'outliers': {group: Outliers(0.03, 0.3, 9, 0.3) for group in GROUPS},
        'joints': joints,
        'confidence': {group: Stated((sure, sure, sure, lies, lies, lies), (9,) * 6)
                       for group in GROUPS},
        'error': {group: ErrorTable(((1.0,) * 6,) * 3, ((9,) * 6,) * 3) for group in GROUPS}}
    return DetectorNoise(**{**values, **changes})


def detected(noise, clips, count=200, length=90, seed=0):
    """Clips of people of the motion ``clips``, as a detector of this noise reports them."""
    source = WindowSource(clips, WindowSpec(length, RATE), preset('clean'), seed=seed)
    batch = source.batch(count, 0)
    p_camera = to_camera(batch.joints, batch.world_T_camera)
    truth = p_camera[..., :2] / np.maximum(p_camera[..., 2:], 0.15) \
        * batch.focal_length[:, None, None, None]
    rng = np.random.default_rng(seed)
    pixels, confidence, missed = detector_keypoints(
        truth, person_scale(truth), RATE, noise, rng)
    found = np.concatenate([pixels, confidence[..., None]], axis=-1)
    found[missed] = (np.nan, np.nan, 0)
    return [DetectedClip(*arrays, RATE) for arrays in zip(truth, found, strict=True)]
