# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Lifting without learning: floor, body size, bone lengths."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.errors import InputError
from mocap23_ros.geometry.rays import depth_covariance, from_levelled, levelled, world_rays
from mocap23_ros.lifting.contact_estimate import contact_probability
from mocap23_ros.lifting.depth_evidence import POSTURE, angular_sd
from mocap23_ros.lifting.floor_doubt import floor_doubt
from mocap23_ros.lifting.gap_filling import fill_gaps
from mocap23_ros.lifting.initial_root import root_on_its_ray
from mocap23_ros.lifting.lifter import LiftedMotion
from mocap23_ros.lifting.ray_chain import ChainDepths, chain_depths
from mocap23_ros.lifting.root_evidence import FrameEvidence, frame_evidence
from mocap23_ros.lifting.root_smoother import smooth_roots
from mocap23_ros.lifting.stature_state import StatureState
from mocap23_ros.skeletons.body_proportions import ANKLE_HEIGHT
from mocap23_ros.skeletons.coco17 import ANKLES, HIPS, KNEES, PELVIS, SHOULDERS
from mocap23_ros.skeletons.formats import COCO17, OUTPUT19
from mocap23_ros.windows.keypoint_windows import KeypointWindows

_SYSTEMATIC_SHARE = 0.7  # of a single frame's root sd that neighbours share and cannot average away
_REACH = 0.3  # seconds after the last measurement in which a path is continued


class GeometricLifter:
    """A ``Lifter`` from first principles: baseline, start and fallback of the learned one.

    The root's distance comes from ankle rays that meet the floor and from apparent size, weighed
    by their variances and smoothed over the window; the joints follow along their rays from bone
    lengths. Any window length works; ``window_length`` is the one it asks for. Between calls it
    keeps only each person's stature.
    """

    input_format = COCO17
    output_format = OUTPUT19

    def __init__(self, window_length: int = 32, rate: float = 20.0) -> None:
        """Raise InputError for less than two samples or a rate that is not positive."""
        if window_length < 2 or not rate > 0:
            raise InputError(f'a window of {window_length} samples at {rate} Hz cannot be lifted; '
                             'give at least 2 samples and a positive rate')
        self.window_length = window_length
        self.rate = rate
        self._stature = StatureState()

    def restart(self, person_ids: Iterable[int]) -> None:
        """Do nothing: every motion begins from the keypoints alone."""

    def forget(self, person_ids: Iterable[int] | None = None) -> None:
        """Drop the learned statures of these people; of everybody when None."""
        self._stature.forget(person_ids)

    def close(self) -> None:
        """Do nothing: no model is loaded."""

    def lift(self, windows: KeypointWindows) -> LiftedMotion:
        """Lift all people; NaN where a person is not seen, see also ``initial_root``."""
        with np.errstate(all='ignore'):
            return self._lift(windows)

    def _lift(self, windows: KeypointWindows) -> LiftedMotion:
        centre = windows.world_T_camera[:, :3, 3]
        direction = world_rays(windows.keypoints[..., :2], windows.world_T_camera)
        confidence = np.nan_to_num(windows.keypoints[..., 2])
        stature, stature_sd = self._stature.current(windows.person_ids, windows.stature)
        evidence = frame_evidence(centre, direction, confidence, windows.focal_length,
                                  stature[:, None], stature_sd[:, None])
        self._learn_stature(windows, evidence)
        stature, stature_sd = self._stature.current(windows.person_ids, windows.stature)

        p_root = root_on_its_ray(centre, evidence, evidence.distance, stature[:, None])
        smooth = smooth_roots(windows.stamps, p_root, evidence.distance_sd)
        smooth = np.where(_within_reach(np.isfinite(p_root[..., 0]), windows.stamps)[..., None],
                          smooth, np.nan)
        offset = smooth - centre
        heading = np.where(np.isfinite(evidence.heading), evidence.heading,
                           offset[..., :2] / np.linalg.norm(offset[..., :2], axis=-1)[..., None])
        ahead = levelled(offset, heading)[0]
        ahead = np.where(ahead > 0.2, ahead, np.nan)
        on_ray = root_on_its_ray(centre, evidence, ahead, stature[:, None])
        pelvis_v = np.where(np.isfinite(on_ray[..., 2]), on_ray[..., 2] - centre[:, 2],
                            offset[..., 2]) / ahead
        left_velocity = _left_velocity(windows.stamps, smooth, heading)
        chain = chain_depths(evidence.u, evidence.v, evidence.weight, ahead, pelvis_v,
                             np.broadcast_to(stature[:, None], ahead.shape), left_velocity)

        contact = self._contact(windows.stamps, centre, heading, evidence, ahead, stature)
        joint_ahead, joint_sd = self._plant_feet(evidence, chain, contact)
        p_joints = from_levelled(centre[:, None], heading[..., None, :], joint_ahead,
                                 joint_ahead * chain.u, joint_ahead * chain.v)
        pelvis_missing = np.isnan(p_joints[..., PELVIS, 0])
        p_joints[..., PELVIS, :] = np.where(pelvis_missing[..., None], smooth,
                                            p_joints[..., PELVIS, :])
        joint_sd[..., PELVIS] = np.where(pelvis_missing, 0.1, joint_sd[..., PELVIS])
        p_joints, joint_sd, age = fill_gaps(windows.stamps, p_joints, joint_sd,
                                            stature, PELVIS)
        root_sd = self._root_sd(evidence, ahead)
        covariance = self._covariance(p_joints, centre, joint_sd, root_sd, age,
                                      windows.focal_length)
        raised = floor_doubt(evidence.ground, evidence.apparent_size, ahead, windows.stature)
        covariance += depth_covariance(p_joints, centre, raised[:, None])
        stature_sd = np.hypot(stature_sd, np.where(windows.stature > 0, 0, raised))
        without = ~(np.isfinite(covariance).all(axis=(-2, -1)) & np.isfinite(p_joints[..., 0]))
        p_joints[without], covariance[without] = np.nan, np.nan
        confidence19 = np.concatenate(
            [confidence, confidence[..., HIPS].min(axis=-1, keepdims=True),
             confidence[..., SHOULDERS].min(axis=-1, keepdims=True)], axis=-1)
        confidence19 = np.where(np.isfinite(p_joints[..., 0]),
                                np.where(age > 0, 0.5 * np.exp(-age / 0.5), confidence19), 0.0)
        return LiftedMotion(
            windows.stamps, p_joints.astype(np.float32), covariance.astype(np.float32),
            confidence19.astype(np.float32), contact.astype(np.float32),
            stature.astype(np.float32), (stature * stature_sd).astype(np.float32))

    def _learn_stature(self, windows: KeypointWindows, evidence: FrameEvidence) -> None:
        measured = evidence.ground * evidence.apparent_size
        posture = np.hypot(POSTURE, angular_sd(
            evidence.ground, windows.focal_length) * evidence.ground)
        relative_sd = np.hypot(evidence.ground_sd / evidence.ground, posture)
        self._stature.update(windows.person_ids, windows.stamps, measured, relative_sd)

    def _contact(self, stamps: NDArray, centre: NDArray, heading: NDArray,
                 evidence: FrameEvidence, ahead: NDArray, stature: NDArray) -> NDArray:
        v, u = evidence.v[..., ANKLES], evidence.u[..., ANKLES]
        seen = evidence.weight[..., ANKLES] > 0
        hits = np.where(seen, evidence.ankle_hits, np.nan)
        sine, cosine = heading[..., None, 1], heading[..., None, 0]
        points = np.stack([centre[:, None, 0] + hits * (cosine - u * sine),
                           centre[:, None, 1] + hits * (sine + u * cosine),
                           centre[:, None, 2] + hits * v], axis=-1)
        height = np.where(seen, centre[:, None, 2] + ahead[..., None] * v, np.nan)
        planted = np.broadcast_to(ANKLE_HEIGHT * stature[:, None], ahead.shape)
        return contact_probability(stamps, points, heading, np.abs(v), height, planted)

    @staticmethod
    def _plant_feet(evidence: FrameEvidence, chain: ChainDepths, contact: NDArray
                    ) -> tuple[NDArray, NDArray]:
        """Pull standing ankles towards their floor hits and the knees half as much."""
        ahead, sd = chain.ahead.copy(), chain.sd.copy()
        chain_variance = sd[..., ANKLES] ** 2 + 0.08**2
        floor_variance = evidence.ankle_hit_sds**2 / np.clip(contact, 1e-3, 1.0) ** 2
        share = np.nan_to_num(chain_variance / (chain_variance + floor_variance))
        shift = share * np.nan_to_num(np.clip(evidence.ankle_hits - ahead[..., ANKLES], -0.5, 0.5))
        ahead[..., ANKLES] += shift
        ahead[..., KNEES] += 0.5 * shift
        sd[..., ANKLES] *= np.sqrt(1 - 0.5 * share)
        return ahead, sd

    @staticmethod
    def _root_sd(evidence: FrameEvidence, ahead: NDArray) -> NDArray:
        """Sd [P,T] of the smoothed distance: what neighbours share, and more where unobserved."""
        frame = evidence.distance_sd
        usable = np.isfinite(frame) & np.isfinite(ahead)
        typical = (np.where(usable, frame, 0.0).sum(axis=1, keepdims=True)
                   / usable.sum(axis=1, keepdims=True))
        return np.where(np.isfinite(frame), _SYSTEMATIC_SHARE * np.hypot(frame, 0.3 * typical),
                        1.5 * typical)

    @staticmethod
    def _covariance(p_joints: NDArray, centre: NDArray, joint_sd: NDArray,
                    root_sd: NDArray, age: NDArray, focal_length: float) -> NDArray:
        """Along the ray: root and chain; across: keypoint noise; both grow while unseen."""
        ray = p_joints - centre[:, None]
        distance = np.linalg.norm(ray, axis=-1, keepdims=True)
        ray = ray / distance
        drift = np.minimum(0.6 * age, 0.4) ** 2
        along = joint_sd**2 + root_sd[..., None] ** 2 + drift
        across = (distance[..., 0] * angular_sd(distance[..., 0], focal_length)) ** 2 + drift
        outer = ray[..., :, None] * ray[..., None, :]
        covariance = (along - across)[..., None, None] * outer
        covariance[..., range(3), range(3)] += across[..., None]
        return covariance


def _within_reach(measured: NDArray, stamps: NDArray) -> NDArray:
    """True [P,T] from the first measured frame to shortly after the last one."""
    first = np.where(measured, stamps, np.inf).min(axis=1)
    last = np.where(measured, stamps, -np.inf).max(axis=1)
    return (stamps >= first[:, None]) & (stamps <= last[:, None] + _REACH)


def _left_velocity(stamps: NDArray, p_root: NDArray, heading: NDArray) -> NDArray:
    """Speed [P,T] of the root to the left of the view, m/s; 0 where unknown."""
    if len(stamps) < 2:
        return np.zeros(p_root.shape[:2])
    velocity = np.gradient(p_root[..., :2], stamps, axis=1)
    return np.nan_to_num(velocity[..., 1] * heading[..., 0] - velocity[..., 0] * heading[..., 1])
