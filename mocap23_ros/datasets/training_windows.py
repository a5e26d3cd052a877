# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of synthetic training windows: random motion, body, camera, and detector errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mocap23_ros.datasets.augmentation import Augmentation
from mocap23_ros.datasets.body_shape import reshape_bodies
from mocap23_ros.datasets.cameras import draw_cameras, draw_distances
from mocap23_ros.datasets.clip_resampling import gather_windows, mirror, rotate_about_vertical
from mocap23_ros.datasets.motion_clips import MotionClips
from mocap23_ros.datasets.moving_camera import believed_path
from mocap23_ros.datasets.observation import observe, to_camera, to_world
from mocap23_ros.datasets.pose_variation import vary_poses
from mocap23_ros.errors import InputError
from mocap23_ros.skeletons.formats import COCO17
from mocap23_ros.skeletons.keypoint_layout import keypoint_layout
from mocap23_ros.skeletons.skeleton_format import SkeletonFormat


@dataclass(frozen=True)
class WindowSpec:
    """length: samples T of a window; rate: samples per second."""

    length: int
    rate: float


@dataclass
class TrainingBatch:
    """B windows of T samples of the J joints of a skeleton format, with their truth.

    stamps: float64 [B,T] seconds relative to the newest sample (<= 0).
    keypoints: float32 [B,T,J,3] observed undistorted normalised x, y and confidence; zeros where
        not seen.
    world_T_camera: float32 [B,T,4,4] believed poses, z up, floor z = 0.
    focal_length: float32 [B] pixels.
    joints: float32 [B,T,J,3] true joints in the camera mapped to the world by the believed pose,
        so that they lie on the rays of the true 2D.
    contact: float32 [B,T,2] left, right foot on the floor; contact_mask: float32 [B], 0 where the
        clip has no reliable floor.
    stature: float32 [B] metres; stature_known: float32 [B], NaN where the user gave none.
    kind: int8 [B,T,J] why a keypoint is what it is (observation.Observation).
    image_size: float32 [B,2] pixels; clip: int64 [B] index of the source clip.
    """

    stamps: NDArray[np.float64]
    keypoints: NDArray[np.float32]
    world_T_camera: NDArray[np.float32]
    focal_length: NDArray[np.float32]
    joints: NDArray[np.float32]
    contact: NDArray[np.float32]
    contact_mask: NDArray[np.float32]
    stature: NDArray[np.float32]
    stature_known: NDArray[np.float32]
    kind: NDArray[np.int8]
    image_size: NDArray[np.float32]
    clip: NDArray[np.int64]


class WindowSource:
    """Endless source of training windows; a batch depends only on (seed, index, size).

    skeleton: format of keypoints and joints; InputError where the motion lacks its joints.
    """

    def __init__(self, clips: MotionClips, spec: WindowSpec,
                 augmentation: Augmentation | None = None, seed: int = 0,
                 skeleton: SkeletonFormat = COCO17) -> None:
        self.layout = keypoint_layout(skeleton)
        self.spec = spec
        self.augmentation = augmentation or Augmentation()
        self.seed = int(seed)
        # A clip must last at least half a window; its ends are held for the rest.
        enough = clips.length >= 0.5 * spec.length / spec.rate * clips.fps
        if not enough.any():
            raise InputError(f'no motion clip lasts half a window of {spec.length} samples at '
                             f'{spec.rate:g} Hz; give longer clips or shorter windows')
        self.clips = clips.select(enough)
        self._cumulative = np.cumsum(self._clip_weights())

    def _clip_weights(self) -> NDArray[np.float64]:
        clips, weight = self.clips, np.zeros(len(self.clips))
        for subject in np.unique(clips.subject):
            own = clips.subject == subject
            total = clips.length[own].sum()
            weight[own] = clips.length[own] / total * total ** self.augmentation.subject_power
        weight *= np.where(clips.flat, 1.0, self.augmentation.nonflat_weight)
        return self._balanced(weight / weight.sum())

    def _balanced(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Data sets with a share of their own get it; the others keep their proportions."""
        shares = dict(self.augmentation.data_set_share)
        share = np.array([shares.get(name, 0.0) for name in self.clips.data_set.tolist()])
        own = share > 0
        if not own.any():
            return weight
        balanced = np.zeros(len(weight))
        for name, wanted in shares.items():
            members = self.clips.data_set == name
            if members.any():
                balanced[members] = wanted * weight[members] / weight[members].sum()
        if not own.all():
            balanced[~own] = (1 - balanced.sum()) * weight[~own] / weight[~own].sum()
        return balanced / balanced.sum()

    def batch(self, size: int, index: int) -> TrainingBatch:
        """Draw ``size`` windows; ``index`` picks the batch."""
        rng = np.random.default_rng([self.seed, index])
        spec, augmentation, clips = self.spec, self.augmentation, self.clips
        clip = np.searchsorted(self._cumulative[:-1], rng.random(size), side='right')
        step = clips.fps / spec.rate * rng.uniform(*augmentation.speed, size)
        room = clips.length[clip] - 1 - step * (spec.length - 1)
        first = np.where(room > 0, rng.random(size) * room, rng.uniform(0, 1, size) * room)
        joints, contact = gather_windows(clips, clip, first, step, spec.length)
        mirror(joints, contact, rng.random(size) < augmentation.mirror)
        joints, contact = vary_poses(joints, contact, clips.stature[clip], spec.rate,
                                     augmentation.poses, rng)
        joints, stature = reshape_bodies(joints, clips.stature[clip], augmentation.body, rng)
        return self._observe(self.layout.take(joints), contact, stature, clip, rng)

    def _observe(self, joints: NDArray[np.float32], contact: NDArray[np.bool_],
                 stature: NDArray[np.float32], clip: NDArray[np.int64],
                 rng: np.random.Generator) -> TrainingBatch:
        size, rate, augmentation = len(joints), self.spec.rate, self.augmentation
        hips, shoulders = list(self.layout.hips), list(self.layout.shoulders)
        joints = rotate_about_vertical(joints, rng.uniform(-np.pi, np.pi, size).astype(np.float32))
        middle = rng.integers(joints.shape[1], size=size)
        root = joints[:, :, hips].mean(axis=2)
        joints[..., :2] -= root[np.arange(size), middle, None, None, :2]
        joints[..., 0] += draw_distances(size, augmentation.camera, rng)[:, None, None]
        chest = (joints[:, :, shoulders].mean(axis=2) + joints[:, :, hips].mean(axis=2)) / 2
        cameras = draw_cameras(chest, augmentation.camera, rate, rng)
        true_pose = cameras.path.world_T_camera()
        seen = observe(joints, cameras, true_pose, rate, augmentation, rng, self.layout)
        believed = believed_path(cameras.path, augmentation.pose_error, rate, rng)
        believed_pose = believed.world_T_camera()
        known = stature * (1 + augmentation.stature_error * rng.standard_normal(size))
        known[rng.random(size) >= augmentation.stature_known] = np.nan
        stamps = (np.arange(self.spec.length) - (self.spec.length - 1)) / rate
        return TrainingBatch(
            np.broadcast_to(stamps, (size, len(stamps))).copy(), seen.keypoints, believed_pose,
            cameras.focal_length, to_world(to_camera(joints, true_pose), believed_pose),
            contact.astype(np.float32), self.clips.flat[clip].astype(np.float32), stature,
            known.astype(np.float32), seen.kind, cameras.image_size, clip)
