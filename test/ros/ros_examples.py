# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Made-up people for the tests of messages."""

import numpy as np
from scipy.spatial.transform import Rotation

from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.skeletons.formats import OUTPUT19
from mocap23_ros.tracking.track import TrackState

STAMP = 1_700_000_000.25


def random_estimate(seed, person_id=1, state=TrackState.TRACKED, missing=0.2):
    random = np.random.default_rng(seed)
    count = len(OUTPUT19)
    joints = random.normal(size=(count, 3)).astype(np.float32)
    factors = 0.1 * random.normal(size=(count, 3, 3))
    covariance = (factors @ factors.swapaxes(1, 2)).astype(np.float32)
    confidence = random.uniform(size=count).astype(np.float32)
    gone = random.uniform(size=count) < missing
    joints[gone], covariance[gone], confidence[gone] = np.nan, np.nan, 0.0
    pose = np.eye(4)
    pose[:3, :3] = Rotation.random(random_state=seed).as_matrix()
    pose[:3, 3] = random.normal(size=3)
    root_factor = random.normal(size=(6, 6))
    return SkeletonEstimate(
        person_id=person_id, state=state, stamp=STAMP, joints=joints, confidence=confidence,
        covariance=covariance, world_T_root=pose, root_covariance=root_factor @ root_factor.T,
        root_velocity=random.normal(size=3), contact=random.uniform(size=2).astype(np.float32),
        stature=1.75, stature_sd=0.05)
