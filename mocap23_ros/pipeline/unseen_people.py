# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Predicts skeletons of people who are not seen right now."""

from dataclasses import replace

import numpy as np

from mocap23_ros.pipeline.root_filter import RootFilter
from mocap23_ros.pipeline.skeleton_assembly import grown
from mocap23_ros.pipeline.skeleton_estimate import SkeletonEstimate
from mocap23_ros.tracking.track import TrackState

_WANDER = 0.8  # m/s, sd of how a person's unseen motion departs from the prediction
_CONFIDENCE_TIME = 0.5  # seconds in which confidence falls to a third
_CONTACT_TIME = 0.3


def predict_estimate(last: SkeletonEstimate, stamp: float, root_filter: RootFilter,
                     state: TrackState) -> SkeletonEstimate:
    """Carry the last skeleton on with its fading velocity; the covariance grows with time.

    state: of the track; anything but LOST becomes PREDICTED.
    """
    seconds = max(stamp - last.stamp, 0.0)
    position, velocity, _ = root_filter.predict(stamp, np.array([last.person_id]))
    pose = last.world_T_root.copy()
    pose[:3, 3] = position[0]
    root_covariance = last.root_covariance.copy()
    root_covariance[:3, :3] = grown(root_covariance[:3, :3], seconds, _WANDER)
    root_covariance[3:, 3:] = grown(root_covariance[3:, 3:], seconds, 1.0)
    moved = (position[0] - last.world_T_root[:3, 3]).astype(np.float32)
    return replace(
        last, stamp=stamp,
        state=TrackState.LOST if state == TrackState.LOST else TrackState.PREDICTED,
        joints=last.joints + moved, covariance=grown(last.covariance, seconds, _WANDER),
        confidence=last.confidence * np.float32(np.exp(-seconds / _CONFIDENCE_TIME)),
        contact=last.contact * np.float32(np.exp(-seconds / _CONTACT_TIME)),
        world_T_root=pose, root_covariance=root_covariance, root_velocity=velocity[0])
